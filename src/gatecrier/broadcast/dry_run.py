"""What a campaign would do if it began now: counted, not written."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast import snapshot
from gatecrier.broadcast.consent import Consent, Needs, reason
from gatecrier.broadcast.consent import values as consented
from gatecrier.broadcast.model import Campaign, DeliveryState
from gatecrier.broadcast.rules import MESSAGES_PER_STAR
from gatecrier.broadcast.tables import campaigns, deliveries
from gatecrier.registry.store import subscribers


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """An audience, before it is written to the ledger."""

    campaign: Campaign
    audience: int
    #: Reason → subscribers who must not be messaged now.
    excluded: dict[str, int] = field(default_factory=dict)
    #: The campaign of this bot that was started last, and how many of the reachable got it.
    last: Campaign | None = None
    repeated: int = 0
    #: Seconds it would take at the bot's rate.
    seconds: float

    @property
    def stars(self) -> int:
        """What it would cost at most, in Stars; 0: it is not paid."""
        paid = self.campaign.options.paid
        return min(-(-self.reachable // MESSAGES_PER_STAR), self.campaign.options.stars) if paid else 0

    @property
    def reachable(self) -> int:
        """Who would be sent the message."""
        return self.audience - sum(self.excluded.values())


async def count(
    connection: AsyncConnection,
    campaign: Campaign,
    last: Campaign | None,
    *,
    rate: float,
    now: datetime,
    consent: Consent,
) -> DryRun:
    """
    Count; one pass over the bot's subscribers, a second for a million.

    Args:
        last: The bot's last campaign: who of the audience got it.
        rate: Messages a second.
    """
    upto = await snapshot.newest_subscriber(connection, campaign.bot_id)
    begun = replace(campaign, snapshot_upto=upto, snapshot_cursor=0, started_at=now)
    got_last = _got(last) if last else sa.false()
    needs = Needs.of(campaign, consent)
    why = reason(subscribers.c.person_id, subscribers.c.id, needs, connection.dialect.name)
    people = (
        sa.select(why.label("reason"), got_last.label("got"))
        .select_from(subscribers)
        .where(*snapshot.audience(begun))
        .subquery()
    )
    query = sa.select(people.c.reason, people.c.got, sa.func.count()).group_by(people.c.reason, people.c.got)
    rows = (await connection.execute(query, consented(campaign, consent, now))).all()
    excluded: dict[str, int] = {}
    reachable, repeated = 0, 0
    for code, got, number in rows:
        if code is not None:
            excluded[code] = excluded.get(code, 0) + number
            continue
        reachable += number
        repeated += number if got else 0
    return DryRun(
        campaign=campaign,
        audience=reachable + sum(excluded.values()),
        excluded=dict(sorted(excluded.items(), key=lambda pair: -pair[1])),
        last=last,
        repeated=repeated,
        seconds=reachable / rate,
    )


async def last_of(connection: AsyncConnection, bot_id: int, *, before: int) -> int | None:
    """The number of the bot's campaign that was started last, `before` itself left out."""
    query = (
        sa.select(campaigns.c.id)
        .where(campaigns.c.bot_id == bot_id, campaigns.c.started_at.is_not(None), campaigns.c.id != before)
        .order_by(campaigns.c.started_at.desc())
        .limit(1)
    )
    found: int | None = await connection.scalar(query)
    return found


def _got(last: Campaign) -> sa.Exists:
    return sa.exists().where(
        deliveries.c.campaign_id == last.id,
        deliveries.c.subscriber_id == subscribers.c.id,
        deliveries.c.state == DeliveryState.SENT,
    )
