"""What just happened, for whoever watches (the chat page, streams); costs nothing while nobody does."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from msgspec import Struct

BACKLOG = 1_000
"""Events kept for a slow watcher; older ones are dropped and counted."""


class Event(Struct, frozen=True, gc=False):
    """
    One thing that happened, and where; a field that does not apply is 0.

    `kind`: message, edited, deleted, reaction, member, chat, person, bot, click, call, update, law (limits,
    faults, the clock). A dialog is named by `bot_id` and `person_id`, any other room by `chat_id`.
    """

    kind: str
    chat_id: int = 0
    bot_id: int = 0
    person_id: int = 0
    message_id: int = 0


class Watch:
    """One watcher's events, in order; iterate over it until `close`."""

    def __init__(self) -> None:
        self.dropped = 0
        self._events: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> None:
        """Hand over an event; the oldest goes when the watcher is too slow."""
        if len(self._events) >= BACKLOG:
            self._events.popleft()
            self.dropped += 1
        self._events.append(event)
        self._arrived.set()

    def close(self) -> None:
        """End the iteration once what has arrived is read."""
        self._closed = True
        self._arrived.set()

    def take(self) -> list[Event]:
        """All that has arrived and was not taken yet."""
        events = list(self._events)
        self._events.clear()
        if not self._closed:
            self._arrived.clear()
        return events

    @property
    def is_closed(self) -> bool:
        """Whether nothing will come any more."""
        return self._closed

    async def wait(self, seconds: float) -> bool:
        """Whether something arrived, or the end came, within this many real seconds; `take` has what."""
        try:
            await asyncio.wait_for(self._arrived.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Each event as it comes."""
        while True:
            await self._arrived.wait()
            for event in self.take():
                yield event
            if self._closed:
                return


class Feed:
    """The watchers of one world."""

    def __init__(self) -> None:
        self.watches: set[Watch] = set()

    def publish(self, event: Event) -> None:
        """Tell every watcher. Check `watches` first where even making the event would cost."""
        for watch in self.watches:
            watch.put(event)

    @contextmanager
    def listen(self) -> Iterator[Watch]:
        """Watch until the block ends."""
        watch = Watch()
        self.watches.add(watch)
        try:
            yield watch
        finally:
            self.watches.discard(watch)

    def close(self) -> None:
        """End every watch: the server stops."""
        for watch in self.watches:
            watch.close()
