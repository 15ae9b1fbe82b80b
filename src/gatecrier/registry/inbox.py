"""
Where an update is safe: kept in a table until its effect is done, worked on in order per person.

At least once in: an update is confirmed to Telegram only after it is kept, and what a crash left
open is worked on again. At most once visible: whoever wants to answer a person claims the answer
first, and only the first claim is granted, over all runs and processes; the gate, whose effects may
be repeated, needs none.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

import msgspec
import structlog

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.registry.store import InboxStore
from gatecrier.storage.bells import Bells
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Received, Update, decode

log = structlog.get_logger(__name__)

MAX_IN_FLIGHT = 500  # updates at work at once
MAX_WAITING = 5_000  # taken and not done, over all people; beyond that Telegram keeps the rest for us
AGAIN_AT_ONCE = 100  # open updates that are read at once: fresh ones always find room between
LEAST_PAUSE = 5.0  # seconds until a postponed update is worked on again; a quarter of its age when it is old
CLAIM_LIFE = timedelta(hours=24)  # as long as Telegram repeats an update
GIVE_UP_EVERY = timedelta(seconds=10)
GIVE_UP = timedelta(hours=1)  # an update whose effect failed for so long has lost its meaning

ClaimAnswer = Callable[[], Awaitable[bool]]
"""Whether this update may be answered now: True once, for whoever asks first."""


class Work(Protocol):
    """What is done with updates; `bot/routing.py` is the one that exists."""

    def wants(self, update: Update) -> bool:
        """Whether this update has an effect: False, decided without waiting, for most group traffic."""

    def handle(self, received: Received, claim_answer: ClaimAnswer) -> Awaitable[None]:
        """Have the effect, which an earlier run may have had in part; answer only after `claim_answer`."""


class Inbox:
    """
    The updates of one bot; `take` hands them in, `run_once` works on what is open, `drain` waits for all.

    Every process may take; only the bot's home, whose inbox is open, works.

    Attributes:
        bell: Set when another process has kept something.
        is_open: Whether this is the bot's home.
    """

    def __init__(self, database: Database, clock: Clock, bot_id: int, work: Work, bells: Bells) -> None:
        self._bells = bells
        self._name = f"inbox:{bot_id}"
        self.bell = bells.bell(self._name)
        self.is_open = False
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
        self._give_up_at = clock.now()
        self._noting = asyncio.Lock()
        self._waiting = asyncio.Semaphore(MAX_WAITING)
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT)

    def open(self) -> None:
        """This is the bot's home: work on what is taken."""
        self.is_open = True

    def close(self) -> None:
        """It is no longer: only keep."""
        self.is_open = False

    async def take(self, batch: Sequence[Received]) -> None:
        """
        Keep the updates that have an effect, and begin to work on them or wake the home; returns when
        they are safe.

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
                if fresh and not self.is_open:
                    await self._bells.ring(connection, self._name)
        finally:
            self._mine -= new.keys() - (fresh if self.is_open else set())
        if self.is_open:
            for id_ in sorted(fresh):
                await self._begin(effects[id_])

    async def run_once(self) -> dict[str, int]:
        """Work on what other processes kept, and again on what a crash or a failure left open."""
        await self._note_done()
        begun = 0
        while self.is_open and (some := await self._left()):
            for id_, body in some:
                await self._begin_again(id_, body)
            begun += len(some)
        return {"again": begun, "given_up": await self._give_up()}

    async def _left(self) -> list[tuple[int, bytes]]:
        """Some that are open, and not at work here; the oldest first."""
        mine = set(self._mine)  # one that is postponed while we read is open by that reading, and not due
        limit = AGAIN_AT_ONCE + len(mine)
        async with self._database.read() as connection:
            left = await InboxStore(connection).open(self._bot_id, now=self._clock.now(), limit=limit)
        return [(id_, body) for id_, body in left if id_ not in mine and id_ not in self._mine]

    async def _give_up(self) -> int:
        now = self._clock.now()
        if now < self._give_up_at:
            return 0
        self._give_up_at = now + GIVE_UP_EVERY
        async with self._database.transaction() as connection:
            given_up = await InboxStore(connection).give_up(self._bot_id, before=now - GIVE_UP, now=now)
        if given_up:
            log.error("inbox.gave_up", updates=given_up, after=str(GIVE_UP))
        return given_up

    async def drain(self) -> None:
        """Wait until everything at work is done, and noted as done."""
        while self._at_work:
            await asyncio.wait(list(self._at_work))
        await self._note_done()

    async def abandon(self) -> None:
        """Stop what is at work where it stands: it is kept, and the next process works on it again."""
        for task in self._at_work:
            task.cancel()
        await self.drain()

    async def _begin_again(self, update_id: int, body: bytes) -> None:
        self._mine.add(update_id)
        try:
            received = Received(decode(body), body)
        except msgspec.DecodeError:  # kept by another version, which understood it
            log.warning("inbox.not_understood", update=update_id)
            self._done.append(update_id)
            await self._note_done()
        else:
            await self._begin(received)

    async def _begin(self, received: Received) -> None:
        await self._waiting.acquire()
        key = _person(received.update)
        before = self._last_of.get(key)
        task = asyncio.create_task(self._run(received, before))
        self._at_work.add(task)
        self._last_of[key] = task
        task.add_done_callback(lambda done: self._end(done, key))

    def _end(self, task: asyncio.Task[None], key: int) -> None:
        self._waiting.release()
        self._at_work.discard(task)
        if self._last_of.get(key) is task:
            del self._last_of[key]

    async def _run(self, received: Received, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        update_id = received.update.update_id
        try:
            async with self._room:  # taken when its turn has come: one person's flood fills one place
                await self._work.handle(received, partial(self._claim_answer, update_id))
        except TryLater as error:
            await self._postpone(received.update, error)
            return
        except Exception:  # the edge of the update loop: what fails once would fail again; the rest goes on
            log.exception("inbox.failed", update=update_id)
        self._done.append(update_id)
        if not self._noting.locked():
            await self._note_done()

    async def _claim_answer(self, update_id: int) -> bool:
        async with self._database.transaction() as connection:
            return await InboxStore(connection).claim_answer(self._bot_id, update_id, now=self._clock.now())

    async def _postpone(self, update: Update, error: TryLater) -> None:
        """Leave it open; the longer it fails, the rarer it is tried."""
        now = self._clock.now()
        age = now.timestamp() - (_date(update) or now.timestamp())
        pause = max(LEAST_PAUSE, error.retry_after, age / 4)
        log.warning("inbox.postponed", update=update.update_id, code=error.code, seconds=round(pause))
        try:
            async with self._database.transaction() as connection:
                until = now + timedelta(seconds=pause)
                await InboxStore(connection).postpone(self._bot_id, update.update_id, until=until)
        except TryLater:
            log.warning("inbox.not_postponed", update=update.update_id)  # then it is due at once
        finally:
            self._mine.discard(update.update_id)

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
                except BaseException:
                    self._done = ids + self._done
                    raise
                self._mine.difference_update(ids)


async def expire(database: Database, clock: Clock) -> int:
    """Forget what was done a day ago, of all bots; to be run once an hour. Returns how many."""
    async with database.transaction() as connection:
        return await InboxStore(connection).expire(before=clock.now() - CLAIM_LIFE)


def _date(update: Update) -> int:
    """When it happened, by Telegram's clock, in Unix seconds; 0 when the update does not say."""
    dated = (
        update.message
        or update.edited_message
        or update.chat_member
        or update.my_chat_member
        or update.chat_join_request
        or update.message_reaction
    )
    return dated.date if dated else 0


def _person(update: Update) -> int:
    """Whose update it is: one person's are worked on in order, different people's side by side."""
    if message := update.message or update.edited_message:
        return message.sender.id if message.sender and not message.sender_chat else message.chat.id
    if update.callback_query:
        return update.callback_query.sender.id
    if update.message_reaction:
        return update.message_reaction.actor_id
    change = update.chat_member or update.my_chat_member or update.chat_join_request
    return change.person.id if change else 0
