"""A sandbox in a thread of its own, for tests of commands that run an event loop themselves."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gatecrier_sandbox import Limits, Sandbox


@dataclass
class Served:
    """A world with a group of Olga's, two channels, and a bot that administers them."""

    sandbox: Sandbox
    loop: asyncio.AbstractEventLoop
    bot_id: int
    token: str
    group: int

    @property
    def url(self) -> str:
        """Where its Bot API is."""
        return self.sandbox.url

    def demote(self) -> None:
        """The bot may only delete messages from now on."""

        async def act() -> None:
            rights = {"can_delete_messages": True}
            self.sandbox.world.set_member(self.group, self.bot_id, "administrator", rights=rights)

        asyncio.run_coroutine_threadsafe(act(), self.loop).result(5)


@contextmanager
def served() -> Iterator[Served]:
    """The sandbox runs while the block does."""
    begun: asyncio.Queue[Served] = asyncio.Queue()
    loop = asyncio.new_event_loop()
    end = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(_serve(begun, end)))
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(begun.get(), loop).result(20)
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


async def _serve(begun: "asyncio.Queue[Served]", end: asyncio.Event) -> None:
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        world = sandbox.world
        bot, olga = world.bot("gate_bot", first_name="Gate"), world.person("Olga")
        group = world.chat("supergroup", "Readers")
        channels = [world.chat("channel", name.title(), username=name) for name in ("daily", "weekly")]
        for chat in (group, *channels):
            world.set_member(chat.id, olga.id, "creator")
            world.set_member(chat.id, bot.id, "administrator")
        await begun.put(Served(sandbox, asyncio.get_running_loop(), bot.id, bot.token, group.id))
        await end.wait()
