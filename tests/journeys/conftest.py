"""Gatecrier and its sandbox side by side over real HTTP, for the stories that need both."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gatecrier.app import App, build
from gatecrier.broadcast.model import Text
from gatecrier.kernel.settings import BroadcastSettings, Role, Settings, load
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database
from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.world.model import Bot as SandboxBot
from gatecrier_sandbox.world.model import Message
from make import make_subscriber

LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 20.0


def fast(settings: Settings, rate: float, **broadcast: Any) -> Settings:
    """Settings with a rate that a person may not set, for a sandbox without limits: tests must be quick."""
    fast_ones = BroadcastSettings.model_construct(**{"rate": rate, "window": 25, "canary": 5, **broadcast})
    return settings.model_copy(update={"broadcast": fast_ones})


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Wait for a condition, never for a duration; fail with `what` when it does not come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"this did not happen within {PATIENCE_SECONDS:.0f} s: {what}")
        await asyncio.sleep(LOOK_SECONDS)


async def begin_campaign(
    app: App, sandbox: Sandbox, bot_id: int, text: str, *, people: int, blocked: float = 0.0
) -> int:
    """A started campaign to so many new subscribers, who blocked the bot in part; its number."""
    cohort = sandbox.world.subscribers(bot_id, people, blocked=blocked, announce=False)
    subscribers = [make_subscriber(bot_id, cohort.first_id + number) for number in range(cohort.count)]
    async with app.database.transaction() as connection:
        await SubscriberStore(connection).put(subscribers)
    campaign = await app.broadcast.create(bot_id, "Test", Text(text=text), actor="test")
    await app.broadcast.start(campaign.id, actor="test")
    return campaign.id


def is_card(message: Message) -> bool:
    """Whether a message has the button that only cards have."""
    return "verify:" in str(message.markup) or "door:" in str(message.markup)


@dataclass
class Stage:
    """A running Gatecrier, the sandbox it talks to, and its bot there."""

    app: App
    sandbox: Sandbox
    bot: SandboxBot
    operators: tuple[int, ...] = ()

    def answers(self, chat_id: int) -> list[str]:
        """What the bot answered in a group; cards, which have buttons, are none."""
        messages = self.sandbox.world.chats[chat_id].messages.values()
        return [one.text for one in messages if one.sender_id == self.bot.id and not is_card(one)]

    async def answer(self, chat_id: int, *, after: int) -> str:
        """The bot's next answer in a group, `after` the ones before."""
        await until(lambda: len(self.answers(chat_id)) > after, "the bot answers")
        return self.answers(chat_id)[after]


@asynccontextmanager
async def running(app: App, role: Role = Role.ALL) -> AsyncIterator[App]:
    """Let an app work for the length of the block; what ended it, if it ended, is raised."""
    task = asyncio.create_task(app.run(role))
    try:
        yield app
    finally:
        app.stop()
        await task


@asynccontextmanager
async def staged(
    database_url: str, *, operators: int = 0, rate: float = 500, **broadcast: Any
) -> AsyncIterator[Stage]:
    """
    A Gatecrier at work on an empty world without limits.

    Args:
        operators: How many people may steer it from Telegram.
        rate: Messages a second.
        broadcast: Settings of broadcast.
    """
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("gate_bot", first_name="Gate")
        people = [sandbox.world.person(f"Operator {number}").id for number in range(1, operators + 1)]
        settings = load(
            bot_token=bot.token,
            telegram_api_url=sandbox.url,
            database_url=database_url,
            operator_ids=tuple(people),
        )
        async with build(fast(settings, rate, **broadcast)) as app, running(app):
            yield Stage(app, sandbox, bot, tuple(people))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A Gatecrier at work on SQLite."""
    async with staged(f"sqlite:///{tmp_path}/g.db") as stage:
        yield stage


@pytest.fixture
async def stage_on_each(database: Database) -> AsyncIterator[Stage]:
    """A Gatecrier at work, on SQLite and on PostgreSQL in turn."""
    async with staged(database.url.render_as_string(hide_password=False)) as stage:
        yield stage
