"""What a bot has to send now: its campaigns in order, and the rows leased for each of them."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast import rules, snapshot
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.content.variants import HOLD_OUT, is_held_out
from gatecrier.broadcast.flight import Flight
from gatecrier.broadcast.ledger import Ledger
from gatecrier.broadcast.model import Campaign, CampaignState, Delivery, Tally, Verb
from gatecrier.broadcast.recipients import are_needed, introduce
from gatecrier.broadcast.recorder import Recorder
from gatecrier.broadcast.shares import NO_CAP, Shares
from gatecrier.broadcast.stars import Balance
from gatecrier.broadcast.store import CampaignStore
from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database

BATCH = 200
"""Rows leased at once: 8 s of sending at the free rate."""
LEASE = 180.0
"""Seconds a batch is held: how long a dead process's rows wait, where others may be alive."""
CALL = 100.0
"""Seconds of its lease a row must have left when its call starts. The gateway's patience (60 s) and one
network timeout (30 s) fit in; a call that took longer would be recorded as unknown."""
REFRESH = 1.0
"""Seconds between two looks at the campaigns: how late a start, pause or cancel may be noticed."""
CLOSE = 5_000
"""Rows of an ended campaign closed in one transaction."""
CLOSING = {CampaignState.CANCELLED: "cancelled", CampaignState.FAILED: "campaign_failed"}
"""Why rows end as suppressed that their campaign did not come to."""

_NEVER = float("-inf")


@dataclass(kw_only=True)
class Batch:
    """Rows of one campaign that we lease, in order."""

    rows: deque[Delivery]
    until: datetime

    def take(self, count: int) -> list[Delivery]:
        """The next `count` rows: they leave the batch."""
        return [self.rows.popleft() for _ in range(min(count, len(self.rows)))]

    def put_back(self, rows: list[Delivery]) -> None:
        """They were not sent: next time."""
        self.rows.extendleft(reversed(rows))


class Agenda:
    """One sender's view of its bot's campaigns, a second old at most."""

    def __init__(
        self,
        bot_id: int,
        database: Database,
        recorder: Recorder,
        balance: Balance,
        *,
        clock: Clock,
        worker: str,
        consent: Consent,
    ) -> None:
        self._consent = consent
        self._bot_id = bot_id
        self._database = database
        self._recorder = recorder
        self._balance = balance
        self._clock = clock
        self._worker = worker
        self._campaigns: dict[int, Campaign] = {}
        self._tallies: dict[int, Tally] = {}
        self._batches: dict[int, Batch] = {}
        self.shares = Shares(clock)
        self.full: list[Campaign] = []
        """Campaigns that only their full windows kept from being the next."""
        self._dry: set[int] = set()
        self._called: Counter[int] = Counter()
        """Campaign -> calls since the last look."""
        self._looked_at = _NEVER

    @property
    def is_fresh(self) -> bool:
        """Nothing is known to have changed since the last look, a second ago at most."""
        return self._clock.monotonic() - self._looked_at < REFRESH

    def look_again(self) -> None:
        """What we know is old: look before the next window."""
        self._looked_at = _NEVER

    async def refresh(self) -> None:
        """Look at the campaigns and their tallies; finish, settle and pause what has come to that."""
        self._looked_at = self._clock.monotonic()
        self._dry.clear()
        self._called.clear()
        async with self._database.read() as connection:
            store = CampaignStore(connection)
            found = await store.unsettled(self._bot_id)
            self._tallies = {campaign.id: await store.tally(campaign.id) for campaign in found}
        self._campaigns = {campaign.id: campaign for campaign in found}
        self.shares.forget(self._campaigns)
        for campaign in found:
            await self._judge(campaign, self._tallies[campaign.id])
        for id_ in self._batches.keys() - self._campaigns.keys():
            await self.give_back(id_)

    async def prepare(self) -> bool:
        """Write the next chunk of each audience that is not whole; False when all are."""
        unready = [c for c in self._campaigns.values() if c.state is CampaignState.PREPARING]
        for campaign in unready:
            async with self._database.transaction() as connection:
                if not campaign.is_prepared:
                    await snapshot.write_chunk(connection, campaign, consent=self._consent)
                written = await CampaignStore(connection).get(campaign.id)
                if written.is_prepared:
                    await self._recorder.move(connection, campaign.id, Verb.PREPARED)
                    written = await CampaignStore(connection).get(campaign.id)
            self._campaigns[campaign.id] = written
            self._dry.discard(campaign.id)
            if campaign.options.paid:
                self.look_again()  # only now is known what it may cost
        return bool(unready)

    async def close_ended(self) -> bool:
        """End thousands of open rows of campaigns that were cancelled or failed; False when none is left."""
        closed = 0
        for campaign in self._campaigns.values():
            reason = CLOSING.get(campaign.state)
            if reason is None or campaign.id in self._dry:
                continue
            async with self._database.transaction() as connection:
                count = await Ledger(connection).close(campaign.id, reason, limit=CLOSE)
            if count < CLOSE:
                self._dry.add(campaign.id)
            closed += count
        return closed > 0

    async def next(self, flight: Flight, has_permits: Callable[[Campaign], bool]) -> Campaign | None:
        """
        The campaign that has sent least of those that may send, with rows leased for it.

        One that would have to wait for permits lets another go first that would not: free and paid ones
        have rates of their own, and neither waits for the other's.

        Args:
            flight: What is under way. A canary waits for all its outcomes, a full window for one.
        """
        waiting: Campaign | None = None
        self.full.clear()
        for campaign in self.shares.in_order(self._active()):
            if not self.shares.room(campaign) or self.affordable(campaign) <= 0:
                continue
            if self.canary_left(campaign.id) and (flight.open.get(campaign.id) or not self.is_fresh):
                continue
            if flight.is_full(campaign):
                self.full.append(campaign)
            elif await self._lease(campaign):
                if has_permits(campaign):
                    return campaign
                waiting = waiting or campaign
        return waiting

    def batch(self, campaign_id: int) -> Batch:
        """The rows leased for the campaign that `next` gave."""
        return self._batches[campaign_id]

    def canary_left(self, campaign_id: int) -> int:
        """How many deliveries of a campaign must be awaited before the rest may go out."""
        if campaign_id not in self._campaigns:
            return 0
        return rules.canary_left(self._campaigns[campaign_id].options.canary, self._tallies[campaign_id])

    async def give_back(self, campaign_id: int) -> None:
        """Release the rows leased for a campaign."""
        batch = self._batches.pop(campaign_id, None)
        if batch and batch.rows:
            async with self._database.transaction() as connection:
                await Ledger(connection, self._worker).release(list(batch.rows))

    async def give_all_back(self) -> None:
        """Release every row leased."""
        for campaign_id in list(self._batches):
            await self.give_back(campaign_id)

    def affordable(self, campaign: Campaign) -> int:
        """How many more calls a campaign may make: of a paid one as many as its Stars pay for."""
        left = rules.affordable(campaign, self._tallies[campaign.id])
        return NO_CAP if left is None else left - self._called[campaign.id]

    def took(self, campaign: Campaign, count: int) -> None:
        """So many calls of a campaign leave."""
        self.shares.took(campaign, count)
        self._called[campaign.id] += count

    def seconds_until_capped(self) -> float | None:
        """Until a campaign with rows to send may go on by its own cap; None: none waits for that."""
        return self.shares.wait(one for one in self._active() if one.id not in self._dry)

    async def seconds_until_due(self) -> float | None:
        """Until the next postponed row; None when there is none."""
        now = self._clock.now()
        async with self._database.read() as connection:
            moment = await Ledger(connection).next_due(self._bot_id, now=now)
        return (moment - now).total_seconds() if moment else None

    def _active(self) -> list[Campaign]:
        return [campaign for campaign in self._campaigns.values() if campaign.is_active]

    async def _lease(self, campaign: Campaign) -> bool:
        """Have rows of this campaign whose lease lasts for a call."""
        now = self._clock.now()
        batch = self._batches.get(campaign.id)
        if batch and batch.rows and batch.until - now > timedelta(seconds=CALL):
            return True
        await self.give_back(campaign.id)
        if campaign.id in self._dry:
            return False
        until = now + timedelta(seconds=LEASE)
        rows: list[Delivery] = []
        while not rows:
            async with self._database.transaction() as connection:
                ledger = Ledger(connection, self._worker)
                leased = await ledger.lease(campaign, now=now, until=until, limit=BATCH)
                rows = await self._to_send(connection, campaign, leased)
            if not leased:
                self._dry.add(campaign.id)
                self.shares.rests(campaign.id)
                return False
        self._batches[campaign.id] = Batch(rows=deque(rows), until=until)
        return True

    async def _to_send(
        self, connection: AsyncConnection, campaign: Campaign, leased: list[Delivery]
    ) -> list[Delivery]:
        """Of rows just leased those that get something, with what the content needs to know of them."""
        content = campaign.content
        ids = {id_ for row in leased if is_held_out(content, campaign.id, id_ := row.subscriber_id)}
        await Ledger(connection, self._worker).leave_out(campaign.id, ids, HOLD_OUT)
        rows = [row for row in leased if row.subscriber_id not in ids] if ids else leased
        return await introduce(connection, rows) if rows and are_needed(content) else rows

    async def _judge(self, campaign: Campaign, tally: Tally) -> None:
        if campaign.is_active:
            balance = await self._balance.stars() if campaign.options.paid else None
            verb, cause = rules.judge(campaign, tally, balance=balance)
            if verb is not None:
                await self._move(campaign, verb, cause)
        elif tally.open == 0:
            async with self._database.transaction() as connection:
                await CampaignStore(connection).settle(self._bot_id)

    async def _move(self, campaign: Campaign, verb: Verb, cause: str) -> None:
        async with self._database.transaction() as connection:
            await self._recorder.move(connection, campaign.id, verb, cause)
            store = CampaignStore(connection)
            await store.settle(self._bot_id)
            self._campaigns[campaign.id] = await store.get(campaign.id)
