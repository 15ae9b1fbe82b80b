"""Gatecrier and its sandbox side by side over real HTTP, for the stories that need both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatecrier.app import App, build
from gatecrier.kernel.settings import BroadcastSettings, Settings, load
from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.model import Bot as SandboxBot

LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 20.0


def fast(settings: Settings, rate: float) -> Settings:
    """Settings with a rate that a person may not set, for a sandbox without limits: tests must be quick."""
    broadcast = BroadcastSettings.model_construct(rate=rate, window=25, canary=5)
    return settings.model_copy(update={"broadcast": broadcast})


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Wait for a condition, never for a duration; fail with `what` when it does not come."""
    async with asyncio.timeout(PATIENCE_SECONDS) as limit:
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            if limit.when() is None:
                pytest.fail(what)
            await asyncio.sleep(LOOK_SECONDS)


@dataclass
class Stage:
    """A running Gatecrier, the sandbox it talks to, and its bot there."""

    app: App
    sandbox: Sandbox
    bot: SandboxBot

    def answers(self, chat_id: int) -> list[str]:
        """What the bot answered in a group; cards, which have buttons, are none."""
        messages = self.sandbox.world.chats[chat_id].messages.values()
        return [one.text for one in messages if one.sender_id == self.bot.id and not one.markup]

    async def answer(self, chat_id: int, *, after: int) -> str:
        """The bot's next answer in a group, `after` the ones before."""
        await until(lambda: len(self.answers(chat_id)) > after, "the bot answers")
        return self.answers(chat_id)[after]


@asynccontextmanager
async def running(app: App) -> AsyncIterator[App]:
    """Let an app work for the length of the block; what ended it, if it ended, is raised."""
    task = asyncio.create_task(app.run())
    try:
        yield app
    finally:
        app.stop()
        await task


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A Gatecrier at work on an empty world without limits."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("gate_bot", first_name="Gate")
        settings = load(
            bot_token=bot.token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{tmp_path}/g.db"
        )
        async with build(fast(settings, 500)) as app, running(app):
            yield Stage(app, sandbox, bot)
