"""
Rows 4: the ledger alone, and whole campaigns through the sender.

On SQLite in a temporary folder; on PostgreSQL, too, where one is named.
"""

import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

from benchmarks import peers, samples
from benchmarks.calls import AGAINST_BARE, BARE, Sends, bare, in_flight
from benchmarks.measure import Ratio, Row, Size, medians
from benchmarks.servers import Server
from gatecrier.broadcast import snapshot
from gatecrier.broadcast.agenda import BATCH
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.ledger import Ledger
from gatecrier.broadcast.model import (
    Button,
    Campaign,
    Delivery,
    DeliveryState,
    Options,
    Outcome,
    ParseMode,
    Text,
    Verb,
    Verdict,
)
from gatecrier.broadcast.service import Broadcast
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.worker import Sender
from gatecrier.kernel.clock import SystemClock
from gatecrier.registry.model import Subscriber
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database
from gatecrier.storage.jobs import Jobs
from gatecrier.storage.migrate import migrate

GROUP = "delivery"
WINDOW = 25
WORKER = "bench"
AT_ONCE = 10_000  # subscribers written in one transaction
HELD = timedelta(minutes=10)
TEXT = Text(
    text=samples.HTML,
    parse_mode=ParseMode.HTML,
    buttons=tuple(
        (Button(text=text, url=url, data="" if url else "later:1"),) for text, url in samples.BUTTONS
    ),
)
CLOCK = SystemClock()


async def rows(size: Size, responder: Server) -> list[Row]:
    """The ledger beside bare SQLite, and a delivery beside a bare call."""
    with tempfile.TemporaryDirectory() as folder:
        async with _subscribed(f"sqlite:///{folder}/ours.db", size.deliveries) as (database, broadcast):
            found = [
                await _ledger(size, database, broadcast),
                *await _campaigns(size, database, broadcast, responder),
            ]
    if size.postgres:
        async with _subscribed(size.postgres, size.deliveries) as (database, broadcast):
            found.append(await _on_postgres(size, database, broadcast, responder))
    return found


@asynccontextmanager
async def _subscribed(url: str, subscribers: int) -> AsyncIterator[tuple[Database, Broadcast]]:
    """A database with so many subscribers, and the service that makes campaigns."""
    database = Database.at(url)
    await migrate(database)
    try:
        for first in range(0, subscribers, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, subscribers))
            async with database.transaction() as connection:
                await SubscriberStore(connection).put([_subscriber(number) for number in numbers])
        yield database, Broadcast(database, clock=CLOCK, jobs=Jobs(CLOCK, database))
    finally:
        await database.close()


def _subscriber(number: int) -> Subscriber:
    now = CLOCK.now()
    return Subscriber(
        id=0,
        bot_id=samples.BOT_ID,
        person_id=5_000_000_000 + number,
        first_name="Ann",
        username="",
        language_code="en",
        is_premium=False,
        source="",
        started_at=now,
        last_seen_at=now,
    )


async def _start(broadcast: Broadcast) -> Campaign:
    options = Options(canary=0, window=WINDOW)
    campaign = await broadcast.create(samples.BOT_ID, "Autumn", TEXT, actor="bench", options=options)
    return await broadcast.start(campaign.id, actor="bench")


# The ledger alone


async def _ledger(size: Size, database: Database, broadcast: Broadcast) -> Row:
    """Each round moves another campaign's rows; the plain database is a copy of ours, made before."""
    prepared = [await _prepare(database, await _start(broadcast)) for _ in range(size.rounds + 1)]
    with closing(_copy(database)) as plain:

        async def ours(number: int) -> int:
            return await _move_rows(database, prepared[number])

        async def theirs(number: int) -> int:
            return _move_rows_plainly(plain, prepared[number])

        taken = await medians({"ours": ours, "theirs": theirs}, rounds=size.rounds)
    for campaign in prepared:
        await broadcast.cancel(campaign.id, actor="bench")
    return Row(
        group=GROUP,
        what=f"ledger, {WINDOW} rows a commit, per row",
        note=f"{1e6 / taken['ours']:,.0f}/s",
        ours=taken["ours"],
        peer="sqlite3 executemany",
        theirs=taken["theirs"],
        reads=Ratio.OVERHEAD,
    )


async def _prepare(database: Database, campaign: Campaign) -> Campaign:
    async with database.transaction() as connection:
        await snapshot.write_chunk(connection, campaign)
        return await CampaignStore(connection).move(campaign.id, Verb.PREPARED, now=CLOCK.now())


async def _move_rows(database: Database, campaign: Campaign) -> int:
    """As `Sender` does: a window's commit records the window before and marks its own."""
    moved = 0
    landed: list[Outcome] = []
    while True:
        now = CLOCK.now()
        async with database.transaction() as connection:
            held = await Ledger(connection, WORKER).lease(campaign, now=now, until=now + HELD, limit=BATCH)
        for start in range(0, max(len(held), 1), WINDOW):
            window = held[start : start + WINDOW]
            async with database.transaction() as connection:
                ledger = Ledger(connection, WORKER)
                moved += await ledger.record(landed)
                if window:
                    await ledger.mark_sending(campaign, window, now=now, lasting=now, consent=Consent())
            landed = [_sent(row) for row in window]
        if not held:
            return moved


def _sent(row: Delivery) -> Outcome:
    verdict = Verdict(state=DeliveryState.SENT)
    return Outcome(delivery=row, verdict=verdict, message_id=row.subscriber_id, at=CLOCK.now())


def _copy(database: Database) -> sqlite3.Connection:
    plain = sqlite3.connect(f"{database.url.database}.plain", isolation_level=None)
    with closing(sqlite3.connect(f"{database.url.database}")) as ours:
        ours.backup(plain)
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("PRAGMA synchronous=NORMAL")
    return plain


_KEY = "WHERE campaign_id = ? AND subscriber_id = ?"
_LEASE = f"UPDATE deliveries SET state = 'leased', leased_by = 'bench', lease_until = ? {_KEY}"
_MARK = f"UPDATE deliveries SET state = 'sending' {_KEY}"
_RECORD = (
    "UPDATE deliveries SET state = 'sent', attempts = 1, due_at = NULL, lease_until = NULL,"
    f" leased_by = NULL, message_id = ?, sent_at = ? {_KEY}"
)


def _move_rows_plainly(plain: sqlite3.Connection, campaign: Campaign) -> int:
    """What any ledger on SQLite must do at least: the same changes in the same commits, nothing asked."""
    query = "SELECT subscriber_id FROM deliveries WHERE campaign_id = ? ORDER BY subscriber_id"
    ids = [id_ for (id_,) in plain.execute(query, (campaign.id,))]
    landed: Sequence[int] = ()
    moment = "2026-11-21 12:00:00.000000"
    for start in range(0, len(ids), BATCH):
        held = ids[start : start + BATCH]
        plain.execute("BEGIN IMMEDIATE")
        plain.executemany(_LEASE, [(moment, campaign.id, id_) for id_ in held])
        plain.execute("COMMIT")
        for first in range(0, len(held), WINDOW):
            window = held[first : first + WINDOW]
            plain.execute("BEGIN IMMEDIATE")
            plain.executemany(_RECORD, [(id_, moment, campaign.id, id_) for id_ in landed])
            plain.executemany(_MARK, [(campaign.id, id_) for id_ in window])
            plain.execute("COMMIT")
            landed = window
    plain.executemany(_RECORD, [(id_, moment, campaign.id, id_) for id_ in landed])
    return len(ids)


# All of it


class Mailing:
    """A campaign a round: audience, lease, permits, calls, outcomes; nothing ever waits for a limit."""

    def __init__(self, size: Size, database: Database, broadcast: Broadcast, responder: Server) -> None:
        self._size = size
        self._broadcast = broadcast
        self._sends = Sends(responder.url)
        bot, budgets = self._sends.bot, self._sends.budgets
        self._sender = Sender(samples.BOT_ID, bot, budgets, database, clock=CLOCK, worker=WORKER)
        self.seen = 0.0
        """Deliveries a second in the last round, by a clock on the wall."""

    async def send(self, _round: int) -> int:
        """
        One round.

        Raises:
            RuntimeError: somebody did not get it.
        """
        began = time.perf_counter()
        await _start(self._broadcast)
        counts = await self._sender.run_once()
        if counts[DeliveryState.SENT] != self._size.deliveries:
            raise RuntimeError(f"not all were sent: {dict(counts)}")
        self.seen = self._size.deliveries / (time.perf_counter() - began)
        return self._size.deliveries

    async def close(self) -> None:
        """Its connections."""
        await self._sends.gateway.close()


async def _on_postgres(size: Size, database: Database, broadcast: Broadcast, responder: Server) -> Row:
    """The server's own CPU time is not ours, and not counted."""
    campaign = Mailing(size, database, broadcast, responder)
    async with bare(responder.url) as posting:
        work = {"ours": campaign.send, BARE: in_flight(posting.call, WINDOW, size.deliveries)}
        taken = await medians(work, rounds=size.rounds)
    await campaign.close()
    return Row(
        group=GROUP,
        what=f"campaign to {size.deliveries:,} on PostgreSQL, per delivery",
        note=f"{1e6 / taken['ours']:,.0f}/s by CPU time, {campaign.seen:,.0f}/s seen",
        ours=taken["ours"],
        peer=BARE,
        theirs=taken[BARE],
        reads=Ratio.OVERHEAD,
        budget=AGAINST_BARE,
    )


async def _campaigns(size: Size, database: Database, broadcast: Broadcast, responder: Server) -> list[Row]:
    """
    A campaign beside the peers.

    Their loops keep no books at all: who got it is nowhere when they end. aiogram-broadcaster does.
    """
    campaign = Mailing(size, database, broadcast, responder)
    async with bare(responder.url) as posting, peers.sends(responder.url) as (ptb, aiogram):
        mailings = peers.AiogramBroadcaster(aiogram, Path(str(database.url.database) + ".mailers"))
        await mailings.storage.startup()

        async def theirs(_round: int) -> int:
            return await mailings.mail(size.mailed)

        taken = await medians(
            {
                "ours": campaign.send,
                BARE: in_flight(posting.call, WINDOW, size.deliveries),
                peers.PTB: in_flight(ptb.call, WINDOW, size.mailed),
                peers.AIOGRAM: in_flight(aiogram.call, WINDOW, size.mailed),
                peers.BROADCASTER: theirs,
            },
            rounds=size.rounds,
        )
    await campaign.close()
    what = f"campaign to {size.deliveries:,}, window {WINDOW}, per delivery"
    against_bare = Row(
        group=GROUP,
        what=what,
        note=f"{1e6 / taken['ours']:,.0f}/s by CPU time, {campaign.seen:,.0f}/s seen",
        ours=taken["ours"],
        peer=BARE,
        theirs=taken[BARE],
        reads=Ratio.OVERHEAD,
        budget=AGAINST_BARE,
    )
    loops = [
        Row(
            group=GROUP,
            what=what,
            ours=taken["ours"],
            peer=peer if peer is peers.BROADCASTER else f"a loop of {peer}",
            theirs=taken[peer],
            reads=Ratio.CHEAPER,
        )
        for peer in (peers.PTB, peers.AIOGRAM, peers.BROADCASTER)
    ]
    return [against_bare, *loops]
