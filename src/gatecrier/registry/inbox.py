"""
Where an update is safe: kept in a table until its effect is done, worked on in order per person.

At least once in: an update is confirmed to Telegram only after it is kept, and what a crash left
open is worked on again. At most once visible: a repeated update is marked so, and what answers a
person leaves those alone, while the gate, whose effects may be repeated, does not.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.registry.store import InboxStore
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Received, Update, decode

log = structlog.get_logger(__name__)

MAX_IN_FLIGHT = 500  # updates at work at once; beyond that Telegram keeps the rest for us
CLAIM_LIFE = timedelta(hours=24)  # as long as Telegram repeats an update
GIVE_UP = timedelta(hours=1)  # an update whose effect failed for so long has lost its meaning


class Work(Protocol):
    """What is done with updates; `bot/routing.py` is the one that exists."""

    def wants(self, update: Update) -> bool:
        """Whether this update has an effect: False, decided without waiting, for most group traffic."""

    def handle(self, received: Received, *, repeated: bool) -> Awaitable[None]:
        """Have the effect. `repeated`: an earlier run may have had part of it."""


class Inbox:
    """The updates of one bot; `take` hands them in, `run_once` mends what failed, `drain` waits for all."""

    def __init__(self, database: Database, clock: Clock, bot_id: int, work: Work) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._work = work
        self._mine: set[int] = (
            set()
        )  # from before it is kept until it is noted as done: nobody else begins it
        self._at_work: set[asyncio.Task[None]] = set()
        self._last_of: dict[int, asyncio.Task[None]] = {}
        self._done: list[int] = []
        self._noting = asyncio.Lock()
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def take(self, batch: Sequence[Received]) -> None:
        """
        Keep the updates that have an effect and begin to work on them; returns when they are safe.

        Raises:
            TryLater: the database is gone; nothing is safe, so nothing may be confirmed.
        """
        effects = {item.update.update_id: item for item in batch if self._work.wants(item.update)}
        new = {id_: item.body for id_, item in effects.items() if id_ not in self._mine}
        if not new:
            return
        self._mine |= new.keys()
        fresh: set[int] = set()
        try:
            async with self._database.transaction() as connection:
                fresh = await InboxStore(connection).add(self._bot_id, new, now=self._clock.now())
        finally:
            self._mine -= new.keys() - fresh
        for id_ in sorted(fresh):
            await self._begin(effects[id_], repeated=False)

    async def run_once(self) -> dict[str, int]:
        """Work again on what a crash or a failure left open; forget what is old."""
        now = self._clock.now()
        await self._note_done()
        async with self._database.read() as connection:
            left = await InboxStore(connection).open(self._bot_id)
        again = [(id_, body) for id_, body in left if id_ not in self._mine]
        self._mine |= {id_ for id_, _ in again}
        for _, body in again:
            await self._begin(Received(decode(body), body), repeated=True)
        async with self._database.transaction() as connection:
            store = InboxStore(connection)
            given_up = await store.give_up(self._bot_id, before=now - GIVE_UP, now=now)
            expired = await store.expire(before=now - CLAIM_LIFE)
        if given_up:
            log.error("inbox.gave_up", updates=given_up, after=str(GIVE_UP))
        return {"again": len(again), "given_up": given_up, "expired": expired}

    async def drain(self) -> None:
        """Wait until everything at work is done, and noted as done."""
        while self._at_work:
            await asyncio.wait(list(self._at_work))
        await self._note_done()

    async def _begin(self, received: Received, *, repeated: bool) -> None:
        await self._room.acquire()
        key = _person(received.update)
        before = self._last_of.get(key)
        task = asyncio.create_task(self._run(received, before, repeated=repeated))
        self._at_work.add(task)
        self._last_of[key] = task
        task.add_done_callback(lambda done: self._end(done, key))

    def _end(self, task: asyncio.Task[None], key: int) -> None:
        self._room.release()
        self._at_work.discard(task)
        if self._last_of.get(key) is task:
            del self._last_of[key]

    async def _run(self, received: Received, before: asyncio.Task[None] | None, *, repeated: bool) -> None:
        if before is not None:
            await asyncio.wait([before])
        update_id = received.update.update_id
        try:
            await self._work.handle(received, repeated=repeated)
        except TryLater as error:
            log.warning("inbox.postponed", update=update_id, code=error.code, text=str(error))
            self._mine.discard(update_id)  # stays open: `run_once` comes back to it
            return
        except Exception:  # the edge of the update loop: what fails once would fail again; the rest goes on
            log.exception("inbox.failed", update=update_id)
        self._done.append(update_id)
        if not self._noting.locked():
            await self._note_done()

    async def _note_done(self) -> None:
        """Close what is done, all that has gathered in one commit: under load one write serves many."""
        async with self._noting:
            while self._done:
                ids, self._done = self._done, []
                try:
                    async with self._database.transaction() as connection:
                        await InboxStore(connection).finish(self._bot_id, ids, now=self._clock.now())
                except TryLater as error:
                    self._done = ids + self._done  # noted with the next one, or by `run_once`
                    log.warning("inbox.not_noted", updates=len(ids), code=error.code)
                    return
                self._mine.difference_update(ids)


def _person(update: Update) -> int:
    """Whose update it is: one person's are worked on in order, different people's side by side."""
    if message := update.message or update.edited_message:
        return message.sender.id if message.sender and not message.sender_chat else message.chat.id
    if update.callback_query:
        return update.callback_query.sender.id
    change = update.chat_member or update.my_chat_member
    return change.person.id if change else 0
