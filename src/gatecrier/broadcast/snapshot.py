"""The audience, written into the ledger: everybody, those too who must not be messaged."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.consent import Consent, Needs, known_zone, reason
from gatecrier.broadcast.consent import values as consented
from gatecrier.broadcast.model import Campaign, DeliveryState
from gatecrier.broadcast.segments.language import parse
from gatecrier.broadcast.segments.selection import condition
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.tables import campaigns, deliveries
from gatecrier.broadcast.timing.when import next_time
from gatecrier.registry.store import subscribers
from gatecrier.storage.schema import Utc

CHUNK = 20_000
"""Subscribers a transaction looks at: about 0.1 s, in which SQLite's other writers wait. Sending goes on."""


async def newest_subscriber(connection: AsyncConnection, bot_id: int) -> int:
    """The highest subscriber number of a bot: where its audience of this moment ends; 0: it has none."""
    query = sa.select(sa.func.max(subscribers.c.id)).where(subscribers.c.bot_id == bot_id)
    return await connection.scalar(query) or 0


async def audience_exceeds(
    connection: AsyncConnection, campaign: Campaign, most: int, *, now: datetime
) -> bool:
    """Whether a draft would be written to more than `most` subscribers if it began now."""
    upto = await newest_subscriber(connection, campaign.bot_id)
    some = sa.select(subscribers.c.id).where(*audience(replace(campaign, snapshot_upto=upto, started_at=now)))
    counted = sa.select(sa.func.count()).select_from(some.limit(most + 1).subquery())
    return (await connection.scalar(counted) or 0) > most


async def write_chunk(
    connection: AsyncConnection,
    campaign: Campaign,
    *,
    limit: int = CHUNK,
    consent: Consent | None = None,
) -> bool:
    """
    Write those of the next `limit` subscribers who belong to the audience, by one INSERT … SELECT.

    A segment that few belong to makes small chunks, never one long transaction over everybody.

    Returns:
        False when another worker wrote this chunk meanwhile, or the campaign is no longer active.
    """
    upto = await _boundary(connection, campaign, limit)
    if not await _advance(connection, campaign, upto):
        return False
    written = await _insert(connection, campaign, upto, consent or Consent())
    await connection.execute(
        sa.update(campaigns)
        .where(campaigns.c.id == campaign.id)
        .values(audience=campaigns.c.audience + written)
    )
    await CampaignStore(connection).count(await _suppressed(connection, campaign, upto))
    return True


async def _boundary(connection: AsyncConnection, campaign: Campaign, limit: int) -> int:
    """The last subscriber that the chunk looks at; the audience's end when fewer are left."""
    some = sa.select(subscribers.c.id).where(*_remaining(campaign)).order_by(subscribers.c.id)
    chunk = some.limit(limit).subquery()
    query = sa.select(sa.func.max(chunk.c.id), sa.func.count()).select_from(chunk)
    last, count = (await connection.execute(query)).one()
    return last if count == limit else campaign.snapshot_upto


async def _advance(connection: AsyncConnection, campaign: Campaign, upto: int) -> bool:
    """Claim the chunk: only one worker can move the cursor on from where both saw it."""
    result = await connection.execute(
        sa.update(campaigns)
        .where(campaigns.c.id == campaign.id, campaigns.c.snapshot_cursor == campaign.snapshot_cursor)
        .where(campaigns.c.state == campaign.state)
        .values(snapshot_cursor=upto)
    )
    return result.rowcount == 1


def audience(campaign: Campaign) -> list[sa.ColumnElement[bool]]:
    """
    Which subscribers belong to a campaign, from where its snapshot stands.

    Ages in its segment are counted from its start, so that all chunks agree.
    """
    conditions = _remaining(campaign)
    if campaign.segment:
        since = campaign.started_at or campaign.created_at
        conditions.append(condition(parse(campaign.segment), now=since))
    return conditions


def _remaining(campaign: Campaign) -> list[sa.ColumnElement[bool]]:
    """Who has not been looked at: what an index finds, without the segment."""
    conditions = [
        subscribers.c.bot_id == campaign.bot_id,
        subscribers.c.id > campaign.snapshot_cursor,
        subscribers.c.id <= campaign.snapshot_upto,
    ]
    if campaign.options.only:
        conditions.append(subscribers.c.person_id.in_(campaign.options.only))
    return conditions


async def _insert(connection: AsyncConnection, campaign: Campaign, upto: int, consent: Consent) -> int:
    """The frequency cap is left to the moment of sending: it may hold somebody now and not then."""
    needs = replace(Needs.of(campaign, consent), cap=False)
    dialect = connection.dialect.name
    why = reason(subscribers.c.person_id, subscribers.c.id, needs, dialect).label("reason")
    people = (
        sa.select(subscribers.c.id, subscribers.c.person_id, subscribers.c.time_zone, why)
        .where(*audience(campaign), subscribers.c.id <= upto)
        .subquery()
    )
    may_be_sent = people.c.reason.is_(None)
    due = await _due(connection, campaign, upto, consent, people.c.time_zone)
    rows = sa.select(
        sa.literal(campaign.id, sa.BigInteger),
        people.c.id,
        people.c.person_id,
        sa.case(
            (may_be_sent, sa.literal(DeliveryState.PENDING.value, sa.Text)),
            else_=sa.literal(DeliveryState.SUPPRESSED.value, sa.Text),
        ),
        sa.func.coalesce(people.c.reason, ""),
        sa.literal(0, sa.Integer),
        sa.case((may_be_sent, due), else_=None),
    )
    names = ["campaign_id", "subscriber_id", "person_id", "state", "code", "attempts", "due_at"]
    values = consented(campaign, consent, campaign.started_at or campaign.created_at)
    return (await connection.execute(sa.insert(deliveries).from_select(names, rows), values)).rowcount


async def _due(
    connection: AsyncConnection,
    campaign: Campaign,
    upto: int,
    consent: Consent,
    zone: sa.ColumnElement[str],
) -> sa.ColumnElement[datetime]:
    """When a row is due: at the campaign's start, or when the person's clock next shows the time."""
    start = campaign.started_at or campaign.created_at
    if not campaign.options.local_time:
        return sa.literal(start, Utc)
    clock = time.fromisoformat(campaign.options.local_time)
    zones = sa.select(subscribers.c.time_zone).where(*audience(campaign), subscribers.c.id <= upto).distinct()
    found = (await connection.execute(zones)).scalars().all()
    moments = {name: next_time(clock, start, known_zone(name or consent.zone)) for name in found}
    whens = {name: sa.literal(moment, Utc) for name, moment in moments.items()}
    return sa.case(whens, value=zone, else_=sa.literal(start, Utc)) if whens else sa.literal(start, Utc)


async def _suppressed(
    connection: AsyncConnection, campaign: Campaign, upto: int
) -> Counter[tuple[int, DeliveryState, str]]:
    query = (
        sa.select(deliveries.c.code, sa.func.count())
        .where(deliveries.c.campaign_id == campaign.id)
        .where(deliveries.c.subscriber_id > campaign.snapshot_cursor, deliveries.c.subscriber_id <= upto)
        .where(deliveries.c.state == DeliveryState.SUPPRESSED)
        .group_by(deliveries.c.code)
    )
    rows = (await connection.execute(query)).all()
    return Counter({(campaign.id, DeliveryState.SUPPRESSED, code): count for code, count in rows})
