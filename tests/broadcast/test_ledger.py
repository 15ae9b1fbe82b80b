"""The ledger on both databases: what is held, what is fenced, and that the tallies never lie."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from broadcast.stage import NOW, Stage, people
from gatecrier.broadcast import snapshot
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.ledger import Ledger, Marked
from gatecrier.broadcast.model import (
    Campaign,
    Delivery,
    DeliveryState,
    Options,
    Outcome,
    UnknownPolicy,
    Verdict,
)
from gatecrier.kernel.clock import FakeClock
from gatecrier.registry.model import SuppressionReason
from gatecrier.storage.database import Database

SOON = NOW + timedelta(seconds=120)
LATER = NOW + timedelta(seconds=121)


class Desk:
    """A prepared campaign and its ledger, one transaction a call."""

    def __init__(self, stage: Stage, campaign: Campaign) -> None:
        self.stage = stage
        self.campaign = campaign

    async def lease(self, limit: int, *, worker: str = "w1") -> list[Delivery]:
        async with self.stage.database.transaction() as connection:
            ledger = Ledger(connection, worker)
            return await ledger.lease(self.campaign, now=NOW, until=SOON, limit=limit)

    async def mark(self, rows: Sequence[Delivery], *, worker: str = "w1") -> Marked:
        async with self.stage.database.transaction() as connection:
            return await Ledger(connection, worker).mark_sending(
                self.campaign, rows, now=NOW, lasting=NOW, consent=Consent()
            )

    async def record(self, rows: Sequence[Delivery], verdict: Verdict, *, worker: str = "w1") -> int:
        outcomes = [Outcome(delivery=row, verdict=verdict, message_id=9, at=NOW) for row in rows]
        async with self.stage.database.transaction() as connection:
            return await Ledger(connection, worker).record(outcomes)

    async def expire(self) -> int:
        async with self.stage.database.transaction() as connection:
            return await Ledger(connection).expire(now=LATER)

    async def counts(self) -> dict[str, int]:
        tally = await self.stage.check_laws(self.campaign)
        return {state.value: count for state, count in tally.states.items() if count}


async def make_desk(
    database: Database,
    clock: FakeClock,
    *,
    audience: int = 10,
    options: Options | None = None,
    chunk: int = 4,
) -> Desk:
    stage = Stage(database, clock)
    await stage.subscribe(audience)
    campaign = await stage.begin(options)
    while not campaign.is_prepared:
        async with database.transaction() as connection:
            assert await snapshot.write_chunk(connection, campaign, limit=chunk)
        campaign = await stage.broadcast.get(campaign.id)
    return Desk(stage, campaign)


SENT = Verdict(state=DeliveryState.SENT)


async def test_everybody_is_in_the_ledger_those_too_who_must_not_be_messaged(
    database: Database, clock: FakeClock
) -> None:
    """The audience is every subscriber of the bot at the start: counted once, under the strongest reason."""
    stage = Stage(database, clock)
    await stage.subscribe(10)
    await stage.subscribe(5, bot_id=8)
    await stage.suppress(people(2, 3))
    await stage.suppress(people(3), SuppressionReason.BANNED)
    campaign = await stage.begin()
    await stage.subscribe(12)  # two come too late
    for chunk in (3, 100):
        async with database.transaction() as connection:
            assert await snapshot.write_chunk(connection, campaign, limit=chunk)
        campaign = await stage.broadcast.get(campaign.id)
    assert campaign.is_prepared
    tally = await stage.check_laws(campaign)
    assert tally.audience == 10
    assert tally.suppressed == {"stopped": 1, "banned": 1}


async def test_a_chunk_is_written_once(database: Database, clock: FakeClock) -> None:
    """Two workers that prepare the same campaign write no row twice."""
    stage = Stage(database, clock)
    await stage.subscribe(5)
    campaign = await stage.begin()
    for expected in (True, False):
        async with database.transaction() as connection:
            assert await snapshot.write_chunk(connection, campaign) is expected
    assert (await stage.check_laws(campaign)).audience == 5


async def test_a_row_is_leased_to_one_worker(database: Database, clock: FakeClock) -> None:
    """Leases are disjoint and go by subscriber."""
    desk = await make_desk(database, clock)
    one, two = await desk.lease(6), await desk.lease(6, worker="w2")
    assert [row.subscriber_id for row in one + two] == sorted({row.subscriber_id for row in one + two})
    assert (len(one), len(two)) == (6, 4)
    assert await desk.counts() == {"leased": 10}


async def test_postponed_rows_go_first_when_they_are_due(database: Database, clock: FakeClock) -> None:
    """A flood wait of 3 s does not send a person to the end of a queue of hours."""
    desk = await make_desk(database, clock)
    rows = await desk.lease(3)
    await desk.mark(rows)
    for row, wait in zip(rows, (2, 1, 99), strict=True):
        due = NOW + timedelta(seconds=wait)
        await desk.record([row], Verdict(state=DeliveryState.PENDING, due_at=due, counts=False))
    async with database.transaction() as connection:
        ledger = Ledger(connection, "w1")
        later = await ledger.lease(desk.campaign, now=NOW + timedelta(seconds=3), until=SOON, limit=4)
        assert await ledger.next_due(7, now=NOW + timedelta(seconds=3)) == NOW + timedelta(seconds=99)
    assert [row.subscriber_id for row in later] == [1, 2, 4, 5]
    assert all(row.attempts == 0 for row in later)


async def test_only_the_holder_may_send(database: Database, clock: FakeClock) -> None:
    """Marking fences: rows of another worker, or whose lease is nearly over, are not to be sent."""
    desk = await make_desk(database, clock)
    rows = await desk.lease(4)
    assert (await desk.mark(rows, worker="w2")).sending == set()
    async with database.transaction() as connection:
        marked = await Ledger(connection, "w1").mark_sending(
            desk.campaign, rows, now=NOW, lasting=LATER, consent=Consent()
        )
    assert marked.sending == set()
    assert (await desk.mark(rows)).sending == {1, 2, 3, 4}
    assert (await desk.mark(rows)).sending == set()  # not twice


async def test_whoever_left_since_the_snapshot_is_not_sent(database: Database, clock: FakeClock) -> None:
    """Suppression is looked up when the message is about to leave, not when the audience was written."""
    desk = await make_desk(database, clock)
    rows = await desk.lease(4)
    await desk.stage.suppress(people(2))
    await desk.stage.suppress(people(2), SuppressionReason.BLOCKED)
    marked = await desk.mark(rows)
    assert (marked.sending, marked.suppressed) == ({1, 3, 4}, {2: "blocked"})
    assert (await desk.stage.check_laws(desk.campaign)).suppressed == {"blocked": 1}


@pytest.mark.parametrize("verb", ["pause", "cancel"])
async def test_nothing_is_marked_for_a_campaign_that_stopped(
    database: Database, clock: FakeClock, verb: str
) -> None:
    """Pause and cancel work by the fence: the next window finds nothing to send."""
    desk = await make_desk(database, clock)
    rows = await desk.lease(4)
    await getattr(desk.stage.broadcast, verb)(desk.campaign.id, actor="cli")
    assert await desk.mark(rows) == Marked()


async def test_an_outcome_is_recorded_once_and_only_by_its_worker(
    database: Database, clock: FakeClock
) -> None:
    """A worker that was frozen while its rows became unknown cannot overwrite them when it thaws."""
    desk = await make_desk(database, clock)
    rows = await desk.lease(4)
    await desk.mark(rows)
    assert await desk.record(rows[:2], SENT, worker="w2") == 0
    assert await desk.record(rows[:2], SENT) == 2
    assert await desk.record(rows[:2], SENT) == 0
    assert await desk.expire() == 2
    assert await desk.record(rows, SENT) == 0
    assert await desk.counts() == {"sent": 2, "unknown": 2, "pending": 6}


async def test_after_a_crash_only_what_was_sending_is_in_doubt(database: Database, clock: FakeClock) -> None:
    """Leased rows were never called and go back; rows whose call may have left become unknown."""
    desk = await make_desk(database, clock)
    rows = await desk.lease(8)
    await desk.mark(rows[:3])
    assert await desk.expire() == 8
    assert await desk.counts() == {"unknown": 3, "pending": 7}
    assert (await desk.stage.tally(desk.campaign)).unknown == {"worker_died": 3}


async def test_a_campaign_may_prefer_to_send_twice(database: Database, clock: FakeClock) -> None:
    """At least once: doubt goes back to pending, and counts as an attempt."""
    desk = await make_desk(database, clock, options=Options(unknown=UnknownPolicy.AT_LEAST_ONCE))
    await desk.mark(await desk.lease(3))
    await desk.expire()
    assert await desk.counts() == {"pending": 10}
    assert [row.attempts for row in await desk.lease(4)] == [1, 1, 1, 0]


async def test_what_is_given_back_is_pending_again(database: Database, clock: FakeClock) -> None:
    """A worker that stops leaves nothing held."""
    desk = await make_desk(database, clock)
    rows = await desk.lease(5)
    await desk.mark(rows[:2])
    async with database.transaction() as connection:
        await Ledger(connection, "w1").release(rows)
    assert await desk.counts() == {"sending": 2, "pending": 8}


async def test_closing_ends_all_that_was_not_called(database: Database, clock: FakeClock) -> None:
    """The rest of a cancelled campaign is counted by its reason; calls in flight end as they end."""
    desk = await make_desk(database, clock)
    await desk.mark((await desk.lease(4))[:2])
    for limit, expected in ((5, 5), (5, 3), (5, 0)):
        async with database.transaction() as connection:
            closed = await Ledger(connection).close(desk.campaign.id, "cancelled", limit=limit)
            assert closed == expected
    assert await desk.counts() == {"sending": 2, "suppressed": 8}
    assert (await desk.stage.tally(desk.campaign)).suppressed == {"cancelled": 8}
