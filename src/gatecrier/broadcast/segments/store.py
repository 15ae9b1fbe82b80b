"""Saved segments. Never commits."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.tables import segments
from gatecrier.storage.database import insert_into


@dataclass(frozen=True, kw_only=True)
class SavedSegment:
    """A segment with a name."""

    bot_id: int
    name: str
    query: str
    created_at: datetime
    created_by: str


class SegmentStore:
    """The saved segments of one bot."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def put(self, segment: SavedSegment) -> None:
        """Save it; one of the same name is replaced."""
        statement = insert_into(self._connection, segments).values(**vars(segment))
        renewed = {name: statement.excluded[name] for name in ("query", "created_at", "created_by")}
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["bot_id", "name"], set_=renewed)
        )

    async def all(self) -> dict[str, SavedSegment]:
        """All of them, by name."""
        query = sa.select(segments).where(segments.c.bot_id == self._bot_id).order_by(segments.c.name)
        rows = (await self._connection.execute(query)).mappings()
        return {row["name"]: SavedSegment(**row) for row in rows}

    async def remove(self, name: str) -> bool:
        """Whether there was one."""
        mine = sa.and_(segments.c.bot_id == self._bot_id, segments.c.name == name)
        return (await self._connection.execute(sa.delete(segments).where(mine))).rowcount > 0
