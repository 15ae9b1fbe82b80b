"""
Whom Telegram refuses again and again without saying why.

One such refusal passes by itself: it has cost another bot 3 % of its subscribers to believe it
(facts/broadcasting.md §0.8). Three campaigns that ended so in a row are believed, as read from the ledger.
"""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.batch import integers, is_in, is_picked
from gatecrier.broadcast.model import Delivery, DeliveryState
from gatecrier.broadcast.rules import SOFT, is_given_up
from gatecrier.broadcast.tables import campaigns, deliveries

LOOKED_BACK = 50
"""Campaigns of a bot that are looked at, the newest first."""

D = deliveries.c


async def given_up(connection: AsyncConnection, bot_id: int, refused: Sequence[Delivery]) -> list[int]:
    """Of the people of deliveries just refused, those not to be tried any more."""
    if not refused:
        return []
    dialect = connection.dialect.name
    newest = (
        sa.select(campaigns.c.id)
        .where(campaigns.c.bot_id == bot_id, campaigns.c.started_at.is_not(None))
        .order_by(campaigns.c.id.desc())
        .limit(LOOKED_BACK)
    )
    is_refused = sa.and_(D.state == DeliveryState.FAILED, D.code == SOFT)
    query = (
        sa.select(D.subscriber_id, D.state)
        .where(is_picked(dialect, D.campaign_id, newest), is_in(dialect, D.subscriber_id, "ids"))
        .where(sa.or_(D.state == DeliveryState.SENT, is_refused))
        .order_by(D.campaign_id.desc())
    )
    values = {"ids": integers(dialect, (row.subscriber_id for row in refused))}
    newest_first: dict[int, list[DeliveryState]] = defaultdict(list)
    for subscriber_id, state in (await connection.execute(query, values)).all():
        newest_first[subscriber_id].append(DeliveryState(state))
    return [row.person_id for row in refused if is_given_up(newest_first[row.subscriber_id])]
