"""A home that ends, however early, leaves nothing at work: the next one may have begun."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gatecrier.app import App, build
from gatecrier.kernel.errors import TryLater
from gatecrier.kernel.settings import load
from gatecrier.storage.database import Database
from gatecrier_sandbox import Limits, Sandbox
from journeys.conftest import until

pytestmark = pytest.mark.story


@pytest.fixture
async def app(database: Database) -> AsyncIterator[App]:
    """Built, and idle."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("home_bot")
        url = database.url.render_as_string(hide_password=False)
        settings = load(bot_token=bot.token, telegram_api_url=sandbox.url, database_url=url)
        async with build(settings) as app:
            yield app


async def test_who_cannot_move_in_is_not_at_home(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes in the middle of it: what comes is only kept again."""

    async def fail() -> None:
        raise TryLater("The database is gone.", code="database_gone")

    monkeypatch.setattr(app.first.healer, "run_once", fail)
    with pytest.raises(TryLater):
        await app.first.live()
    assert not app.first.inbox.is_open


async def test_who_is_cancelled_early_leaves_no_loop_behind(app: App) -> None:
    """The lease is lost in the second of rest: nothing polls, deletes or sends on."""
    before = asyncio.all_tasks()
    living = asyncio.create_task(app.first.live())
    await until(lambda: bool(_loops(before)), "its loops run")
    living.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living
    assert _loops(before) == []
    assert not app.first.inbox.is_open


def _loops(before: set[asyncio.Task[Any]]) -> list[str]:
    """The loops of the bot's home, of all that has begun since; the sandbox works in this process too."""
    begun = [str(task.get_coro()) for task in asyncio.all_tasks() - before]
    ours = (" every ", "CardKeeper.run ", "HostedBot._take_updates ")
    return [name for name in begun if any(one in name for one in ours)]
