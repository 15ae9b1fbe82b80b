"""A Gatecrier and a sandbox that share one clock; the test brings the updates, in whatever order it likes."""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

from gate_world.joint_clock import JointClock, idle
from gate_world.network import Network
from gate_world.plain_screens import PlainScreens
from gate_world.prompt_sqlite import Disk, prompt
from gatecrier.app import App, build
from gatecrier.kernel.settings import Settings, load
from gatecrier.telegram.glance import passed
from gatecrier.telegram.updates import ALLOWED_UPDATES, Chat, ChatType, Person, Received, decode
from gatecrier_sandbox import Limits, World
from gatecrier_sandbox.botapi.api import BotApi
from gatecrier_sandbox.world.clock import ManualClock

T = TypeVar("T")

LONGEST = 6 * 3600.0
"""Seconds of the clock after which what has not ended is taken for stuck."""


class Stage:
    """
    Both sides and what lies between them. `await stage.open()` first, `await stage.close()` last.

    Args:
        file: A migrated SQLite file of this stage's own.
        seed: Of the world, and of everything else that is left to chance.
    Attributes:
        mail: Updates that Telegram has for the bot and nobody delivered yet, oldest first.
        arrived: All there ever were.
    """

    def __init__(self, file: Path, *, seed: int = 1, limits: Limits | None = None) -> None:
        self.world = World(ManualClock(), limits=limits or Limits(), seed=seed)
        self.clock = JointClock(self.world.clock)  # type: ignore[arg-type]
        self.bot = self.world.bot("gate_bot", first_name="Gate")
        self.bot.queue.subscribe(list(ALLOWED_UPDATES))
        self.rng = random.Random(seed)
        self.network = Network(BotApi(self.world), self.clock, random.Random(seed + 1))
        self.disk = Disk()
        self.mail: list[bytes] = []
        self.arrived: list[bytes] = []
        self.screens: PlainScreens
        self.app: App
        self._settings = _settings(self.bot.token, file)
        self._open = AsyncExitStack()

    async def open(self) -> None:
        """Start the product, as `App.start` does; its screens are plain ones."""
        self._open = AsyncExitStack()
        self._open.enter_context(prompt(self.disk))
        self.app = await self._open.enter_async_context(
            build(self._settings, clock=self.clock, transport=self.network, rng=self.rng)
        )
        self.screens = PlainScreens(self.app, self.world)
        self.app.first.routing.open_screens(self.screens)
        self.app.first.inbox.open()
        await self.finish(self.app.first.gate.start())
        await self.finish(self.app.first.healer.run_once())
        await self.finish(self.app.first.inbox.run_once())

    async def close(self) -> None:
        """Let what is at work end, and close everything."""
        await self.finish(self.app.first.inbox.drain())
        await self._open.aclose()

    async def restart(self) -> None:
        """The process dies where it stands (it writes and sends nothing more), and another one begins."""
        await self.abandon()
        self.disk.is_gone = self.network.cut = False
        await self.open()

    async def abandon(self) -> None:
        """The process dies where it stands."""
        self.disk.is_gone = self.network.cut = True
        dying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in dying:
            task.cancel()
        await asyncio.gather(*dying, return_exceptions=True)
        await self._open.aclose()

    # Updates

    def collect(self) -> list[bytes]:
        """Take what lies in the bot's queue over to `mail`."""
        arrived = [update.body for update in self.bot.queue.updates]
        self.bot.queue.updates.clear()
        self.mail += arrived
        self.arrived += arrived
        return arrived

    async def deliver(self, bodies: Sequence[bytes]) -> None:
        """
        Hand updates in, as the poller does; work on them begins, and goes on until it waits for the clock.

        Raises:
            TryLater: the database is gone, and nothing was taken.
        """
        unsettled = [body for body in bodies if passed(body, self.app.first.gate.glance) is None]
        await self.app.first.inbox.take([Received(decode(body), body) for body in unsettled])
        await idle()

    async def deliver_all(self) -> None:
        """Deliver all there is, in order, and let it be worked on to its end, with all that this causes."""
        while self.collect() or self.mail:
            bodies, self.mail = self.mail, []
            await self.deliver(bodies)
            await self.drain()

    async def drain(self) -> None:
        """Let time pass until everything at work has ended."""
        await self.finish(self.app.first.inbox.drain())

    async def finish(self, work: Awaitable[T]) -> T:
        """Let time pass, and no more than that needs, until something has ended."""
        task = asyncio.ensure_future(work)
        waited = 0.0
        await idle()
        while not task.done():
            waited += await self.clock.next()
            await idle()
            assert waited < LONGEST, "it never ends"
        return await task

    # Short words for tests

    async def protect(self, chat_id: int, actor: int, text: str) -> None:
        """Somebody protects a group."""
        await self.finish(self.app.first.gate.protect(self.chat(chat_id), self.person(actor), None, text))

    async def unprotect(self, chat_id: int, actor: int, text: str = "") -> None:
        """Somebody takes a group's gate off, or part of it."""
        await self.finish(self.app.first.gate.unprotect(self.chat(chat_id), self.person(actor), None, text))

    def chat(self, chat_id: int) -> Chat:
        """A supergroup as an update shows it."""
        return Chat(id=chat_id, type=ChatType.SUPERGROUP, title=self.world.chats[chat_id].title)

    def person(self, person_id: int) -> Person:
        """A person as an update shows them."""
        return Person(id=person_id, first_name=self.world.people[person_id].first_name)

    def may_write(self, chat_id: int, person_id: int) -> bool:
        """Whether the sandbox lets somebody write."""
        return "can_send_messages" in self.world.allowed(chat_id, person_id)


def _settings(token: str, file: Path) -> Settings:
    return load(bot_token=token, telegram_api_url="http://sandbox.test", database_url=f"sqlite:///{file}")
