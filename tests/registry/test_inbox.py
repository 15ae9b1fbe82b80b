"""The inbox: an update is safe before it is confirmed, and has its effect once."""

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import TryLater
from gatecrier.registry.inbox import GIVE_UP, ClaimAnswer, Inbox, _date, _person, expire
from gatecrier.registry.store import InboxStore, received_updates
from gatecrier.storage.bells import Bells
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Received, Update, decode
from make import make_update

BOT = 42


class FakeWork:
    """Notes what it is given; `trouble` may raise, `slow` waits."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.answered: list[int] = []
        self.trouble: Callable[[int], Exception | None] = lambda _: None
        self.trouble_after: Exception | None = None
        self.slow: dict[int, asyncio.Event] = {}
        self.done_one = asyncio.Event()

    def wants(self, update: Update) -> bool:
        return update.message is None or update.message.text != "boring"

    async def handle(self, received: Received, claim_answer: ClaimAnswer) -> None:
        if waits_for := self.slow.get(received.update.update_id):
            await waits_for.wait()
        if error := self.trouble(received.update.update_id):
            raise error
        self.done.append(received.update.update_id)
        if await claim_answer():
            self.answered.append(received.update.update_id)
        self.done_one.set()
        if self.trouble_after:
            raise self.trouble_after


@pytest.fixture
def work() -> FakeWork:
    return FakeWork()


def _opened(database: Database, clock: FakeClock, work: FakeWork) -> Inbox:
    """The inbox of the bot's home."""
    inbox = Inbox(database, clock, BOT, work, Bells(database, clock))
    inbox.open()
    return inbox


@pytest.fixture
def inbox(database: Database, clock: FakeClock, work: FakeWork) -> Inbox:
    return _opened(database, clock, work)


async def test_an_update_delivered_twice_has_one_effect(inbox: Inbox, work: FakeWork) -> None:
    """Claimed once per (bot, update id), in any order, in one batch or in many."""
    await inbox.take([make_update(2), make_update(1)])
    await inbox.take([make_update(1), make_update(2), make_update(3)])
    await inbox.drain()
    assert sorted(work.done) == [1, 2, 3]


async def test_what_has_no_effect_leaves_no_row(inbox: Inbox, work: FakeWork, database: Database) -> None:
    """Ordinary group traffic never touches the database."""
    await inbox.take([make_update(1, text="boring")])
    await inbox.drain()
    assert work.done == []
    assert await rows(database) == 0


async def test_what_a_crash_left_is_worked_on_again_and_marked_so(
    inbox: Inbox, work: FakeWork, database: Database, clock: FakeClock
) -> None:
    """Killed between keeping and finishing: the next start has the effect, and knows it may be the second."""
    killed = work.slow[5] = asyncio.Event()  # the first process never gets to the end
    await inbox.take([make_update(5)])
    after = FakeWork()
    reborn = _opened(database, clock, after)
    assert (await reborn.run_once())["again"] == 1
    await reborn.drain()
    assert after.done == [5]
    assert (await reborn.run_once())["again"] == 0
    killed.set()
    await inbox.drain()


async def test_one_persons_updates_keep_their_order_others_do_not_wait(inbox: Inbox, work: FakeWork) -> None:
    """A slow effect holds up only the person it is for."""
    slow = work.slow[1] = asyncio.Event()
    await inbox.take([make_update(1, sender=1), make_update(2, sender=1), make_update(3, sender=2)])
    await asyncio.wait_for(work.done_one.wait(), 5)
    assert work.done == [3]
    slow.set()
    await inbox.drain()
    assert work.done == [3, 1, 2]


async def test_a_passing_failure_is_tried_again_a_lasting_one_is_not(
    inbox: Inbox, work: FakeWork, clock: FakeClock
) -> None:
    """TryLater leaves the update open; any other error closes it, so that it cannot fail for ever."""
    work.trouble = lambda id_: TryLater("later") if id_ == 1 else ValueError("broken")
    await inbox.take([make_update(1), make_update(2)])
    await inbox.drain()
    work.trouble = lambda _: None
    await clock.advance(10)
    assert (await inbox.run_once())["again"] == 1
    await inbox.drain()
    assert work.done == [1]


async def test_an_update_that_fails_for_an_hour_is_given_up(
    inbox: Inbox, work: FakeWork, clock: FakeClock
) -> None:
    """An effect that old has lost its meaning; the log says so."""
    work.trouble = lambda _: TryLater("later")
    await inbox.take([make_update(1)])
    await inbox.drain()
    await clock.advance(GIVE_UP.total_seconds() + 1)
    assert (await inbox.run_once())["given_up"] == 1
    await inbox.drain()


async def test_finished_updates_are_forgotten_after_a_day(
    inbox: Inbox, database: Database, clock: FakeClock
) -> None:
    """Claims live as long as Telegram repeats an update, then the table shrinks again."""
    await inbox.take([make_update(1)])
    await inbox.drain()
    assert await expire(database, clock) == 0
    await clock.advance(24 * 3600 + 1)
    assert await expire(database, clock) == 1


async def test_an_update_is_answered_once_however_often_it_is_worked_on(
    inbox: Inbox, work: FakeWork, database: Database, clock: FakeClock
) -> None:
    """A process that died after its answer and before noting it must not be followed by a second answer."""
    killed = work.slow[5] = asyncio.Event()
    await inbox.take([make_update(5)])
    first, second = FakeWork(), FakeWork()
    first.trouble_after = TryLater("died here")
    again = _opened(database, clock, first)
    await again.run_once()
    await again.drain()
    assert first.answered == [5]
    await clock.advance(60)
    last = _opened(database, clock, second)
    await last.run_once()
    await last.drain()
    assert (second.done, second.answered) == ([5], [])
    killed.set()
    await inbox.drain()


async def test_a_postponed_update_waits_as_long_as_it_was_told(
    inbox: Inbox, work: FakeWork, clock: FakeClock
) -> None:
    """What Telegram asked to leave for a minute is not tried every few seconds."""
    work.trouble = lambda _: TryLater("later", retry_after=60)
    await inbox.take([make_update(1)])
    await inbox.drain()
    await clock.advance(59)
    assert (await inbox.run_once())["again"] == 0
    await clock.advance(2)
    assert (await inbox.run_once())["again"] == 1
    await inbox.drain()


async def test_one_persons_flood_does_not_keep_others_waiting(
    database: Database, clock: FakeClock, work: FakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many updates of one person wait, they take one place of those at work."""
    monkeypatch.setattr("gatecrier.registry.inbox.MAX_IN_FLIGHT", 2)
    inbox = _opened(database, clock, work)
    slow = work.slow[1] = asyncio.Event()
    await inbox.take([make_update(number, sender=1) for number in range(1, 20)])
    await inbox.take([make_update(50, sender=2)])
    await asyncio.wait_for(work.done_one.wait(), 5)
    assert work.done == [50]
    slow.set()
    await inbox.drain()


async def test_a_row_nobody_understands_any_more_is_let_go(
    inbox: Inbox, work: FakeWork, database: Database, clock: FakeClock
) -> None:
    """A body kept by another version must not keep this one from starting."""
    async with database.transaction() as connection:
        await InboxStore(connection).add(BOT, {1: b"{not json", 2: make_update(2).body}, now=clock.now())
    await inbox.run_once()
    await inbox.drain()
    assert work.done == [2]
    assert (await inbox.run_once())["again"] == 0


async def test_what_is_abandoned_at_stop_is_worked_on_by_the_next_process(
    inbox: Inbox, work: FakeWork, database: Database, clock: FakeClock
) -> None:
    """A stop that cannot wait any longer loses nothing."""
    work.slow[1] = asyncio.Event()
    await inbox.take([make_update(1)])
    await inbox.abandon()
    assert work.done == []
    after = FakeWork()
    reborn = _opened(database, clock, after)
    await reborn.run_once()
    await reborn.drain()
    assert after.done == [1]


async def rows(database: Database) -> int:
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(received_updates)) or 0


@pytest.mark.parametrize(
    ("about", "person"),
    [
        (b'"chat_join_request":{"from":{"id":7},"user_chat_id":7,', 7),
        (b'"message_reaction":{"user":{"id":8},"message_id":1,"new_reaction":[],', 8),
        (b'"message_reaction":{"actor_chat":{"id":-9,"type":"channel"},"message_id":1,', -9),
    ],
)
def test_requests_and_reactions_have_a_person_and_a_date(about: bytes, person: int) -> None:
    """What somebody asks for is worked on after what happened to them before, and its age is known."""
    update = decode(b'{"update_id":1,' + about + b'"chat":{"id":-1,"type":"supergroup"},"date":5}}')
    assert (_person(update), _date(update)) == (person, 5)
