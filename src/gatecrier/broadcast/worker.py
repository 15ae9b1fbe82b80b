"""
The loop that sends: one `Sender` for each bot, for all its campaigns, fairly by messages.

    lease      a batch of due rows, so that nobody else takes them
    reserve    permits of the bot's budget: as many as have built up
    window     one commit records what landed and marks as many rows `sending`; then the calls start
    record     outcomes, with the next window or after 50 ms

After SIGKILL only rows of windows in flight are in doubt; leased ones were never called.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from gatecrier.broadcast.agenda import CALL, Agenda
from gatecrier.broadcast.clicks import Links
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.flight import Flight, first
from gatecrier.broadcast.ledger import Ledger, Marked
from gatecrier.broadcast.model import Campaign, Delivery, DeliveryState, Outcome
from gatecrier.broadcast.recorder import Recorder
from gatecrier.broadcast.sending import Telegram
from gatecrier.broadcast.stars import Balance
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.storage.database import Database

log = structlog.get_logger(__name__)

T = TypeVar("T")

FLUSH = 0.05
"""Seconds an outcome waits for the next window before it is recorded by itself."""
NAP = 1.0
"""Seconds, at most, that the sender waits without looking for a campaign that began or ended."""
PATIENCE = 60.0
"""Seconds ahead for which the sender itself waits for a postponed row; for later ones it is woken."""
STOP = 7.0
"""Seconds that calls in flight are waited for when the process stops; 3 more remain to record them."""


class Budgets(Protocol):
    """What we need of `telegram.budgets.Budgets`."""

    async def reserve(self, bot_id: int, *, upto: int, paid: bool = False) -> int:
        """Wait until the bot may send for a campaign; take 1 to `upto` permits."""

    def has_permits(self, bot_id: int, *, paid: bool = False) -> bool:
        """Whether `reserve` would not wait."""


class Sender:
    """
    Sends for one bot. Any number may run at once, in any process: leases keep them apart.

    Start: `run()`, as a job; it returns when nothing is due within a minute. Stop: `stop()`, which
    returns when calls in flight have ended (7 s at most), are recorded, and leases are given back.

    Args:
        worker: Whose leases these are: a new name for each process.
        links: Addresses that count presses; None: we cannot be reached.
        consent: What the deployment promises its subscribers.
    """

    def __init__(
        self,
        bot_id: int,
        telegram: Telegram,
        budgets: Budgets,
        database: Database,
        *,
        clock: Clock,
        worker: str,
        links: Links | None = None,
        consent: Consent | None = None,
    ) -> None:
        self._consent = consent or Consent()
        self._bot_id = bot_id
        self._budgets = budgets
        self._database = database
        self._clock = clock
        self._worker = worker
        self._flight = Flight(telegram, clock, links)
        self._recorder = Recorder(database, bot_id, clock=clock, worker=worker)
        self._agenda = Agenda(
            bot_id,
            database,
            self._recorder,
            Balance(telegram, clock),
            clock=clock,
            worker=worker,
            consent=self._consent,
        )
        self._spare: Counter[bool] = Counter()
        """Permits left over, by whether they are paid ones."""
        self._is_closing = False
        self._counts: Counter[str] = Counter()
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Send until nothing is due, nor will be within a minute; a database that is gone is waited for."""
        self._idle.clear()
        try:
            while not self._stop.is_set():
                pause = await self._run_and_tell()
                if pause is None or pause > PATIENCE:
                    return
                await self._unless_stopped(self._clock.sleep(min(pause, NAP)))
        finally:
            self._idle.set()

    async def run_once(self) -> Counter[str]:
        """Send all that is due now; returns how many deliveries reached which state."""
        self._counts = Counter()
        self._is_closing = False
        self._agenda.look_again()
        flusher = asyncio.create_task(self._flush_landed())
        try:
            while not self._stop.is_set() and await self._step():
                pass
        except asyncio.CancelledError:
            self._flight.abandon()
            flusher.cancel()
            raise
        except BaseException:
            await self._settle(flusher)
            raise
        await self._settle(flusher)
        return self._counts

    async def stop(self) -> None:
        """Open no new window; return when all is recorded and given back, within 10 s."""
        self._stop.set()
        await self._idle.wait()

    async def _run_and_tell(self) -> float | None:
        """Run once; seconds until there is more to do, None when that is not known."""
        try:
            await self.run_once()
            return self._flight.rest or await self._agenda.seconds_until_due()
        except (TryLater, DBAPIError) as error:
            log.warning("broadcast.database_gone", bot=self._bot_id, error=str(error))
            return NAP

    async def _step(self) -> bool:
        """Do one thing that there is to do; False when there is nothing."""
        if not self._agenda.is_fresh:
            await self._agenda.refresh()
        is_busy = await self._agenda.prepare()
        if not self._agenda.is_fresh:
            await self._agenda.refresh()
        is_busy = await self._agenda.close_ended() or is_busy
        campaign = None
        if not self._flight.is_resting:
            campaign = await self._agenda.next(self._flight, self._has_permits)
        if campaign is not None:
            await self._window(campaign)
        elif self._agenda.full and not self._flight.is_resting:
            room = self._flight.room(self._agenda.full)
            await first(room, self._stop.wait(), self._clock.sleep(NAP))
        elif self._flight.open:
            await self._await_landing()
        elif (wait := self._agenda.seconds_until_capped()) is not None and not self._flight.is_resting:
            await self._unless_stopped(self._clock.sleep(min(wait, NAP)))
        elif not is_busy:
            return False
        return True

    async def _window(self, campaign: Campaign) -> None:
        """Take permits, mark as many rows, and start their calls."""
        await self._unless_stopped(self._flight.half(campaign))
        room = campaign.options.window - self._flight.flying[campaign.id]
        batch = self._agenda.batch(campaign.id)
        capped = min(self._agenda.shares.room(campaign), self._agenda.affordable(campaign))
        wanted = min(room, len(batch.rows), self._agenda.canary_left(campaign.id) or room, capped)
        paid = campaign.options.paid
        permits = await self._permits(wanted, paid=paid) if wanted > 0 else 0
        if self._flight.is_resting:
            self._spare[paid] = permits
            return
        rows = batch.take(min(permits, wanted))
        try:
            rows = await self._awake(campaign, rows)
            if not rows:
                self._spare[paid] = permits
                return
            marked = await self._mark(campaign, rows)
        except BaseException:
            batch.put_back(rows)
            self._spare[paid] = permits
            raise
        self._spare[paid] = permits - len(marked.sending)
        self._agenda.took(campaign, len(marked.sending))
        for row in rows:
            if row.subscriber_id in marked.sending:
                self._flight.start(campaign, row)
        lost = [row for row in rows if row.subscriber_id not in marked.sending | marked.suppressed.keys()]
        if lost:
            await self._lose(campaign, lost)

    def _has_permits(self, campaign: Campaign) -> bool:
        """Whether a window of it need not wait for the bot's rate."""
        paid = campaign.options.paid
        return self._spare[paid] > 0 or self._budgets.has_permits(self._bot_id, paid=paid)

    async def _permits(self, wanted: int, *, paid: bool) -> int:
        """Those left over from rows that turned out suppressed, else new ones; 0: none within a second."""
        if self._spare[paid]:
            return self._spare[paid]
        reserving = self._budgets.reserve(self._bot_id, upto=wanted, paid=paid)
        return await first(reserving, self._stop.wait(), self._clock.sleep(NAP)) or 0

    async def _mark(self, campaign: Campaign, rows: Sequence[Delivery]) -> Marked:
        """One commit: what landed meanwhile is recorded, these rows are `sending`."""
        outcomes = self._flight.take()
        now = self._clock.now()
        lasting = now + timedelta(seconds=CALL)
        try:
            async with self._database.transaction() as connection:
                await self._recorder.write(connection, outcomes)
                ledger = Ledger(connection, self._worker)
                marked = await ledger.mark_sending(
                    campaign, rows, now=now, lasting=lasting, consent=self._consent
                )
        except BaseException:
            self._flight.give_back(outcomes)
            raise
        self._note(outcomes)
        self._counts[DeliveryState.SUPPRESSED] += len(marked.suppressed)
        return marked

    async def _awake(self, campaign: Campaign, rows: list[Delivery]) -> list[Delivery]:
        """Those whose quiet hours it is not; the others are sent when theirs are over."""
        if not rows or campaign.options.urgent or self._consent.quiet_from is None:
            return rows
        now = self._clock.now()
        async with self._database.read() as connection:
            zones = await Ledger(connection).zones(rows)
        asleep: dict[datetime, list[Delivery]] = defaultdict(list)
        awake: list[Delivery] = []
        for row in rows:
            until = self._consent.quiet_until(zones.get(row.subscriber_id, ""), now)
            (awake if until is None else asleep[until]).append(row)
        if asleep:
            async with self._database.transaction() as connection:
                for until, some in asleep.items():
                    await Ledger(connection, self._worker).postpone(some, until=until)
        return awake

    async def _lose(self, campaign: Campaign, rows: list[Delivery]) -> None:
        """The fence held rows back: the campaign stopped, or they are no longer ours. Look again."""
        self._agenda.look_again()
        self._agenda.batch(campaign.id).put_back(rows)
        await self._agenda.give_back(campaign.id)

    async def _flush_landed(self) -> None:
        """Record outcomes that no window takes along soon."""
        while not self._is_closing:
            await self._flight.landed.wait()
            await self._clock.sleep(FLUSH)
            await self._flush()

    async def _flush(self) -> None:
        outcomes = self._flight.take()
        if not outcomes:
            return
        if not await self._recorder.write_patiently(outcomes):
            self._counts["unrecorded"] += len(outcomes)
        self._note(outcomes)

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        """They are recorded: what follows for this sender."""
        self._flight.recorded(outcomes)
        for outcome in outcomes:
            verdict, campaign_id = outcome.verdict, outcome.delivery.campaign_id
            self._counts[verdict.state] += 1
            if verdict.campaign or self._agenda.canary_left(campaign_id):
                self._agenda.look_again()

    async def _await_landing(self) -> None:
        """Nothing can be sent before some call ends; look at the campaigns once a second all the same."""
        await self._unless_stopped(self._flight.landing(within=NAP))
        if self._flight.landed.is_set():
            await self._flush()
            self._agenda.look_again()

    async def _settle(self, flusher: "asyncio.Task[None]") -> None:
        """Wait for calls in flight, record them, give back what we hold, and finish what is complete."""
        await self._unless_stopped(self._flight.drain())
        if self._flight.in_flight:
            await self._within(STOP, self._flight.drain())
            self._flight.abandon()
        self._is_closing = True
        self._flight.landed.set()
        await flusher
        await self._flush()
        self._spare.clear()
        await self._agenda.give_all_back()
        await self._agenda.refresh()

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of `work`; None when `stop()` came first, and `work` was cancelled."""
        return await first(work, self._stop.wait())

    async def _within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T | None:
        return await first(work, self._clock.sleep(seconds))
