"""What came back of a campaign: who pressed a button, and who left because of it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.model import Campaign
from gatecrier.broadcast.segments.model import Deed, Did
from gatecrier.broadcast.segments.selection import condition
from gatecrier.registry.store import subscribers


@dataclass(frozen=True, kw_only=True)
class Echo:
    """People, each counted once."""

    clicked: int
    #: Blocked the bot or deleted the account when it came, or since.
    blocked_after: int


async def of(connection: AsyncConnection, campaign: Campaign) -> Echo:
    """Count; one pass over the bot's subscribers each."""
    clicked, blocked = [
        await connection.scalar(
            sa.select(sa.func.count())
            .select_from(subscribers)
            .where(
                subscribers.c.bot_id == campaign.bot_id,
                condition(Did(deed, campaign.id), now=campaign.created_at),
            )
        )
        for deed in (Deed.CLICKED, Deed.BLOCKED_AFTER)
    ]
    return Echo(clicked=clicked or 0, blocked_after=blocked or 0)
