"""A stage for campaigns: subscribers, a service, senders, and the laws that must hold whatever happens."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from broadcast.fake_telegram import FakeBudgets, FakeJobs, FakeTelegram
from gatecrier.broadcast.clicks import Links
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.ledger import Ledger
from gatecrier.broadcast.model import FINAL, Campaign, CampaignState, Content, Delivery, Options, Tally, Text
from gatecrier.broadcast.reconciler import Reconciler
from gatecrier.broadcast.service import Broadcast
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.tables import deliveries
from gatecrier.broadcast.worker import Sender
from gatecrier.kernel.clock import FakeClock
from gatecrier.registry.model import Subscriber, SuppressionReason
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Breaker, Database

Opened = Callable[[], AbstractAsyncContextManager[AsyncConnection]]

BOT = 7
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PERSON = 5000
"""The person of subscriber n is PERSON + n."""


def make_delivery(*, attempts: int = 0) -> Delivery:
    return Delivery(campaign_id=1, subscriber_id=1, person_id=PERSON + 1, attempts=attempts)


def make_subscriber(number: int, *, bot_id: int = BOT, first_name: str = "Ann") -> Subscriber:
    return Subscriber(
        id=0,
        bot_id=bot_id,
        person_id=PERSON + number,
        first_name=first_name,
        username="",
        language_code="en",
        is_premium=False,
        source="",
        started_at=NOW,
        last_seen_at=NOW,
    )


def people(*numbers: int) -> list[int]:
    return [PERSON + number for number in numbers]


class JumpingClock(FakeClock):
    """A clock that jumps to the next sleeper's moment once nobody has anything to do, nor a transaction."""

    def __init__(self) -> None:
        super().__init__()
        self._driver: asyncio.Task[None] | None = None
        self._transactions = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def sleep(self, seconds: float) -> None:
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive())
        await super().sleep(seconds)

    async def _drive(self) -> None:
        await asyncio.sleep(0)
        while self.sleepers:
            await self._quiet.wait()
            await self._settle()
            if self._quiet.is_set() and self._sleepers:
                self._wake(self._sleepers[0][0])

    def watch(self, database: Database) -> None:
        """Let no time pass while a transaction of `database` is open: its thread may take a while."""
        for name in ("read", "transaction"):
            setattr(database, name, self._counted(getattr(database, name)))

    def _counted(self, opened: Opened) -> Opened:
        @asynccontextmanager
        async def counted() -> AsyncIterator[AsyncConnection]:
            self._transactions += 1
            self._quiet.clear()
            try:
                async with opened() as connection:
                    yield connection
            finally:
                self._transactions -= 1
                if not self._transactions:
                    self._quiet.set()

        return counted


class Stage:
    """One bot with subscribers, on one database."""

    def __init__(self, database: Database, clock: FakeClock | None = None, *, latency: float = 0.0) -> None:
        self.database = database
        self.clock = clock or JumpingClock()
        database._breaker = Breaker(self.clock.monotonic)  # by the time that passes here
        if isinstance(self.clock, JumpingClock):
            self.clock.watch(database)
        self.telegram = FakeTelegram(self.clock, latency=latency)
        self.budgets = FakeBudgets()
        self.jobs = FakeJobs()
        self.broadcast = Broadcast(database, clock=self.clock, jobs=self.jobs, purses={BOT: self.telegram})
        self.reconciler = Reconciler(database, clock=self.clock, jobs=self.jobs)

    def sender(
        self,
        worker: str = "w1",
        *,
        telegram: FakeTelegram | None = None,
        links: Links | None = None,
        consent: Consent | None = None,
    ) -> Sender:
        return Sender(
            BOT,
            telegram or self.telegram,
            self.budgets,
            self.database,
            clock=self.clock,
            worker=worker,
            links=links,
            consent=consent,
        )

    async def subscribe(self, count: int, *, bot_id: int = BOT) -> None:
        async with self.database.transaction() as connection:
            rows = [make_subscriber(number, bot_id=bot_id) for number in range(1, count + 1)]
            await SubscriberStore(connection).put(rows)

    async def suppress(
        self, who: Iterable[int], reason: SuppressionReason = SuppressionReason.STOPPED
    ) -> None:
        async with self.database.transaction() as connection:
            await SubscriberStore(connection).suppress(BOT, who, reason, since=NOW)

    async def begin(
        self, options: Options | None = None, *, text: str = "Hello", content: Content | None = None
    ) -> Campaign:
        content = content or Text(text=text)
        campaign = await self.broadcast.create(BOT, "news", content, actor="cli", options=options)
        return await self.broadcast.start(campaign.id, actor="cli")

    async def tally(self, campaign: Campaign) -> Tally:
        async with self.database.read() as connection:
            return await CampaignStore(connection).tally(campaign.id)

    async def rows(self, campaign: Campaign) -> Sequence[sa.RowMapping]:
        async with self.database.read() as connection:
            query = sa.select(deliveries).where(deliveries.c.campaign_id == campaign.id)
            return (await connection.execute(query)).mappings().all()

    async def check_laws(self, campaign: Campaign) -> Tally:
        """The sum law, the tallies' truth, and what NULL means; nobody got the message twice."""
        tally = await self.tally(campaign)
        rows = await self.rows(campaign)
        async with self.database.read() as connection:
            counted = await Ledger(connection).recount(campaign.id)
        assert len(rows) == tally.audience == sum(tally.states.values())
        by_state: Counter[str] = Counter()
        for (state, _), count in counted.items():
            by_state[state] += count
        assert {state: count for state, count in tally.states.items() if count} == dict(by_state)
        for state, codes in (("failed", tally.failed), ("suppressed", tally.suppressed)):
            assert codes == {code: count for (name, code), count in counted.items() if name == state}
        for row in rows:
            assert (row["due_at"] is None) == (row["state"] in FINAL)
            assert (row["lease_until"] is None) == (row["leased_by"] is None)
            assert (row["state"] in ("leased", "sending")) == (row["leased_by"] is not None)
        assert max(self.telegram.got.values(), default=0) <= 1
        return tally


PATIENCE = 20.0  # seconds


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until `condition` holds."""
    deadline = time.monotonic() + PATIENCE  # the database's thread needs time, not turns of ours
    while time.monotonic() < deadline:
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to that")


@asynccontextmanager
async def running(sender: Sender) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(sender.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def ended(stage: Stage, campaign: Campaign, state: CampaignState = CampaignState.FINISHED) -> Tally:
    tally = await stage.check_laws(campaign)
    assert (await stage.broadcast.get(campaign.id)).state is state
    assert tally.open == 0
    return tally
