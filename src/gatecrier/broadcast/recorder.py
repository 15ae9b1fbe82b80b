"""What came of calls, written down: the row, the person, the campaign, in one transaction."""

from collections import defaultdict
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast import rules
from gatecrier.broadcast.ledger import Ledger
from gatecrier.broadcast.model import Outcome, Verb
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.unreachable import given_up
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.store import SubscriberStore, record_audit
from gatecrier.storage.database import Database

log = structlog.get_logger(__name__)

GATECRIER = "gatecrier"
"""The actor of what a campaign does by itself."""
TRIES = 8
FIRST_WAIT = 0.25
"""Seconds before writing again to a database that is gone, doubled each time: half a minute in all."""


class Recorder:
    """Records for one worker of one bot."""

    def __init__(self, database: Database, bot_id: int, *, clock: Clock, worker: str) -> None:
        self._database = database
        self._bot_id = bot_id
        self._clock = clock
        self._worker = worker

    async def write(self, connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
        """Write these; campaigns first, so that all transactions lock campaign, row, tally in one order."""
        if not outcomes:
            return
        await self._move_campaigns(connection, outcomes)
        await Ledger(connection, self._worker).record(outcomes)
        gone: dict[SuppressionReason, list[int]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.verdict.suppress is not None:
                gone[outcome.verdict.suppress].append(outcome.delivery.person_id)
        refused = [one.delivery for one in outcomes if one.verdict.code == rules.SOFT]
        if people := await given_up(connection, self._bot_id, refused):
            gone[SuppressionReason.UNREACHABLE] = people
        for reason, people in gone.items():
            await SubscriberStore(connection).suppress(
                self._bot_id, sorted(people), reason, since=self._clock.now()
            )

    async def write_patiently(self, outcomes: Sequence[Outcome]) -> bool:
        """
        Write these in a transaction of their own, waiting for a database that is gone for a moment.

        Returns:
            False when it stayed away: the rows stay `sending`, and become unknown when the lease ends.
        """
        for attempt in range(TRIES):
            try:
                async with self._database.transaction() as connection:
                    await self.write(connection, outcomes)
            except (TryLater, DBAPIError) as error:
                log.warning("broadcast.outcomes_wait", outcomes=len(outcomes), error=str(error))
                await self._clock.sleep(FIRST_WAIT * 2**attempt)
            else:
                return True
        log.error("broadcast.outcomes_lost", outcomes=len(outcomes), effect="they become unknown")
        return False

    async def move(self, connection: AsyncConnection, campaign_id: int, verb: Verb, cause: str = "") -> None:
        """Let a campaign do `verb` by itself, if it may now, and say so in the audit log."""
        store = CampaignStore(connection)
        campaign = await store.get(campaign_id, lock=True)
        if rules.may(campaign.state, verb) is None:
            return
        if verb is Verb.FINISH and (await store.tally(campaign_id)).open:
            return  # an operator has reopened rows since whoever asks counted them
        now = self._clock.now()
        await store.move(campaign_id, verb, now=now, cause=cause)
        await record_audit(
            connection,
            at=now,
            actor=GATECRIER,
            action=f"campaign.{verb}",
            subject=f"campaign:{campaign_id}",
            detail=cause,
        )
        log.info("broadcast.campaign", campaign=campaign_id, verb=verb, cause=cause)

    async def _move_campaigns(self, connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
        """Pause or fail what the outcomes demand; the first cause of each is told."""
        causes: dict[tuple[int, Verb], str] = {}
        for outcome in outcomes:
            verdict = outcome.verdict
            if verdict.campaign is not None:
                causes.setdefault((outcome.delivery.campaign_id, verdict.campaign), verdict.cause)
        for (campaign_id, verb), cause in sorted(causes.items()):
            await self.move(connection, campaign_id, verb, cause)
