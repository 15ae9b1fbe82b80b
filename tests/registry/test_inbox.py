"""The inbox: an update is safe before it is confirmed, and has its effect once."""

import asyncio
from collections.abc import Callable

import pytest

from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import TryLater
from gatecrier.registry.inbox import GIVE_UP, Inbox
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Received, Update
from make import make_update

BOT = 42


class FakeWork:
    """Notes what it is given; `trouble` may raise, `slow` waits."""

    def __init__(self) -> None:
        self.done: list[tuple[int, bool]] = []
        self.trouble: Callable[[int], Exception | None] = lambda _: None
        self.slow: dict[int, asyncio.Event] = {}
        self.done_one = asyncio.Event()

    def wants(self, update: Update) -> bool:
        return update.message is None or update.message.text != "boring"

    async def handle(self, received: Received, *, repeated: bool) -> None:
        if waits_for := self.slow.get(received.update.update_id):
            await waits_for.wait()
        if error := self.trouble(received.update.update_id):
            raise error
        self.done.append((received.update.update_id, repeated))
        self.done_one.set()


@pytest.fixture
def work() -> FakeWork:
    return FakeWork()


@pytest.fixture
def inbox(database: Database, clock: FakeClock, work: FakeWork) -> Inbox:
    return Inbox(database, clock, BOT, work)


async def test_an_update_delivered_twice_has_one_effect(inbox: Inbox, work: FakeWork) -> None:
    """Claimed once per (bot, update id), in any order, in one batch or in many."""
    await inbox.take([make_update(2), make_update(1)])
    await inbox.take([make_update(1), make_update(2), make_update(3)])
    await inbox.drain()
    assert sorted(work.done) == [(1, False), (2, False), (3, False)]


async def test_what_has_no_effect_leaves_no_row(inbox: Inbox, work: FakeWork) -> None:
    """Ordinary group traffic never touches the database."""
    await inbox.take([make_update(1, text="boring")])
    await inbox.drain()
    assert work.done == []
    assert (await inbox.run_once())["expired"] == 0


async def test_what_a_crash_left_is_worked_on_again_and_marked_so(
    inbox: Inbox, work: FakeWork, database: Database, clock: FakeClock
) -> None:
    """Killed between keeping and finishing: the next start has the effect, and knows it may be the second."""
    killed = work.slow[5] = asyncio.Event()  # the first process never gets to the end
    await inbox.take([make_update(5)])
    after = FakeWork()
    reborn = Inbox(database, clock, BOT, after)
    assert (await reborn.run_once())["again"] == 1
    await reborn.drain()
    assert after.done == [(5, True)]
    assert (await reborn.run_once())["again"] == 0
    killed.set()
    await inbox.drain()


async def test_one_persons_updates_keep_their_order_others_do_not_wait(inbox: Inbox, work: FakeWork) -> None:
    """A slow effect holds up only the person it is for."""
    slow = work.slow[1] = asyncio.Event()
    await inbox.take([make_update(1, sender=1), make_update(2, sender=1), make_update(3, sender=2)])
    await asyncio.wait_for(work.done_one.wait(), 5)
    assert work.done == [(3, False)]
    slow.set()
    await inbox.drain()
    assert work.done == [(3, False), (1, False), (2, False)]


async def test_a_passing_failure_is_tried_again_a_lasting_one_is_not(
    inbox: Inbox, work: FakeWork, clock: FakeClock
) -> None:
    """TryLater leaves the update open; any other error closes it, so that it cannot fail for ever."""
    work.trouble = lambda id_: TryLater("later") if id_ == 1 else ValueError("broken")
    await inbox.take([make_update(1), make_update(2)])
    await inbox.drain()
    work.trouble = lambda _: None
    assert (await inbox.run_once())["again"] == 1
    await inbox.drain()
    assert work.done == [(1, True)]


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


async def test_finished_updates_are_forgotten_after_a_day(inbox: Inbox, clock: FakeClock) -> None:
    """Claims live as long as Telegram repeats an update, then the table shrinks again."""
    await inbox.take([make_update(1)])
    await inbox.drain()
    assert (await inbox.run_once())["expired"] == 0
    await clock.advance(24 * 3600 + 1)
    assert (await inbox.run_once())["expired"] == 1
