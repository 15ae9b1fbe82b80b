"""What broadcast keeps of a person: for their own eyes, and to be forgotten at their word."""

from typing import Any

import sqlalchemy as sa

from gatecrier.broadcast.model import FINAL
from gatecrier.broadcast.tables import campaigns, clicks, deliveries
from gatecrier.registry.store import subscribers
from gatecrier.storage.database import Database

NOBODY = 0
"""The person of a delivery who was erased: the sums of the ledger stay true."""


async def kept(database: Database, bot_id: int, person_id: int) -> dict[str, Any]:
    """Every delivery to them, and every click of theirs."""
    d, c = deliveries.c, campaigns.c
    sent = (
        sa.select(d.campaign_id, d.state, d.code, d.sent_at, d.message_id)
        .join(campaigns, c.id == d.campaign_id)
        .where(c.bot_id == bot_id, d.subscriber_id == _number(bot_id, person_id), d.person_id == person_id)
        .order_by(d.campaign_id)
    )
    pressed = (
        sa.select(clicks.c.campaign_id, clicks.c.link, clicks.c.first_at, clicks.c.count)
        .where(clicks.c.subscriber_id == _number(bot_id, person_id))
        .order_by(clicks.c.campaign_id, clicks.c.link)
    )
    async with database.read() as connection:
        return {
            "deliveries": [dict(row) for row in (await connection.execute(sent)).mappings()],
            "clicks": [dict(row) for row in (await connection.execute(pressed)).mappings()],
        }


async def forget(database: Database, bot_id: int, person_id: int) -> int:
    """
    Forget who the deliveries went to, and the clicks; call it before the subscriber is erased.

    Returns:
        How many deliveries. One that has not ended yet keeps the person's number until its campaign is over:
        it is needed to keep the message from them.
    """
    number = _number(bot_id, person_id)
    mine = sa.select(campaigns.c.id).where(campaigns.c.bot_id == bot_id)
    async with database.transaction() as connection:
        await connection.execute(sa.delete(clicks).where(clicks.c.subscriber_id == number))
        done = await connection.execute(
            sa.update(deliveries)
            .where(deliveries.c.campaign_id.in_(mine), deliveries.c.subscriber_id == number)
            .where(deliveries.c.state.in_(FINAL))
            .values(person_id=NOBODY)
        )
        return done.rowcount


def _number(bot_id: int, person_id: int) -> sa.ScalarSelect[int]:
    s = subscribers.c
    return sa.select(s.id).where(s.bot_id == bot_id, s.person_id == person_id).scalar_subquery()
