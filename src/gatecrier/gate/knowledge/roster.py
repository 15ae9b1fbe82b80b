"""
Who was seen in which group, and what they did there: for the gate's memory of people, not of messages.

Bots cannot list members (facts/gate.md §3), so a group's roster is whoever wrote, came or went since
the gate was put up. What is seen is kept in memory and written together, by the healer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.model import History
from gatecrier.gate.store import ROWS_AT_ONCE
from gatecrier.gate.tables import roster
from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database, insert_into

FRESH = timedelta(hours=6)  # how exactly "last seen" is known: a write for each message would be too dear


class Roster:
    """The rosters of one bot's groups."""

    def __init__(self, database: Database, clock: Clock, bot_id: int) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._seen: dict[tuple[int, int], datetime] = {}
        self._unsaved: dict[tuple[int, int], datetime] = {}

    def see(self, chat_id: int, person_id: int) -> None:
        """Somebody wrote in a group: written down soon, and not again for six hours."""
        key, now = (chat_id, person_id), self._clock.now()
        if now - self._seen.get(key, now - FRESH) >= FRESH:
            self._seen[key] = self._unsaved[key] = now

    async def save(self) -> int:
        """Write down who was seen; returns how many."""
        unsaved, self._unsaved = self._unsaved, {}
        if not unsaved:
            return 0
        try:
            async with self._database.transaction() as connection:
                await RosterStore(connection, self._bot_id).see(unsaved)
        except BaseException:
            self._unsaved = unsaved | self._unsaved
            raise
        return len(unsaved)

    def trim(self) -> None:
        """Forget when people were last seen whose next sight is to be written anyway."""
        before = self._clock.now() - FRESH
        self._seen = {key: at for key, at in self._seen.items() if at > before}


class RosterStore:
    """Rosters in the database. Never commits."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def see(self, seen: dict[tuple[int, int], datetime]) -> None:
        """These people were seen in these groups, at those moments."""
        rows = [self._row(chat_id, person_id, at) for (chat_id, person_id), at in sorted(seen.items())]
        statement = insert_into(self._connection, roster)
        statement = statement.on_conflict_do_update(
            index_elements=["chat_id", "person_id"],
            set_={"last_seen_at": statement.excluded.last_seen_at, "present": True},
        )
        for start in range(0, len(rows), ROWS_AT_ONCE):
            await self._connection.execute(statement, rows[start : start + ROWS_AT_ONCE])

    async def came(self, chat_id: int, person_id: int, at: datetime) -> None:
        """Somebody joined the group."""
        await self._put(chat_id, person_id, at, came_at=at, present=True)

    async def came_since(self, chat_id: int, since: datetime) -> int:
        """How many joined the group since then."""
        query = sa.select(sa.func.count()).where(roster.c.chat_id == chat_id, roster.c.came_at >= since)
        return await self._connection.scalar(query) or 0

    async def went(self, chat_id: int, person_id: int, at: datetime) -> None:
        """Somebody is in the group no more."""
        await self._put(chat_id, person_id, at, present=False)

    async def left_channel(self, chat_id: int, person_id: int, at: datetime) -> None:
        """Somebody of this group left a channel that it requires."""
        await self._put(chat_id, person_id, at, left_channel_at=at)

    async def strike(self, chat_id: int, person_id: int, at: datetime, *, key: str) -> None:
        """One more message without belonging, unless it was the one counted last."""
        await self._put(chat_id, person_id, at)
        await self._connection.execute(
            sa.update(roster)
            .where(*_whose(chat_id, person_id), roster.c.strike_key != key)
            .values(strikes=roster.c.strikes + 1, strike_key=key)
        )

    async def muted_out(self, chat_id: int, person_id: int) -> None:
        """A mute of theirs has lasted as long as it should."""
        await self._connection.execute(
            sa.update(roster).where(*_whose(chat_id, person_id)).values(mutes=roster.c.mutes + 1)
        )

    async def end_grace(self, chat_id: int, person_id: int) -> None:
        """Their time to come back to a channel is over, and it was seen to."""
        await self._connection.execute(
            sa.update(roster).where(*_whose(chat_id, person_id)).values(left_channel_at=None)
        )

    async def forgive(self, chat_id: int, person_id: int) -> None:
        """They belong now: what was counted against them is forgotten."""
        await self._connection.execute(
            sa.update(roster)
            .where(*_whose(chat_id, person_id))
            .values(strikes=0, strike_key="", mutes=0, left_channel_at=None)
        )

    async def history(self, chat_id: int, person_id: int) -> History:
        """What one person did in one group so far."""
        query = sa.select(roster).where(*_whose(chat_id, person_id))
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return _history(row) if row else History()

    async def everybody(self, chat_id: int) -> list[tuple[int, History]]:
        """Whoever was seen in a group and has not left, with what they did."""
        query = sa.select(roster).where(roster.c.chat_id == chat_id, roster.c.present)
        rows = (await self._connection.execute(query.order_by(roster.c.person_id))).mappings()
        return [(row["person_id"], _history(row)) for row in rows]

    async def outside(self, person_id: int, groups: Sequence[int]) -> set[int]:
        """Those of these groups in which a person is known not to be."""
        query = sa.select(roster.c.chat_id).where(
            roster.c.person_id == person_id, roster.c.chat_id.in_(groups), ~roster.c.present
        )
        return set((await self._connection.execute(query)).scalars())

    async def _put(self, chat_id: int, person_id: int, at: datetime, **values: object) -> None:
        row = self._row(chat_id, person_id, at) | values
        statement = insert_into(self._connection, roster).values(row)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["chat_id", "person_id"], set_={"last_seen_at": at, **values}
            )
        )

    def _row(self, chat_id: int, person_id: int, at: datetime) -> dict[str, object]:
        return {
            "chat_id": chat_id,
            "person_id": person_id,
            "bot_id": self._bot_id,
            "first_seen_at": at,
            "last_seen_at": at,
            "present": True,
            "came_at": None,
            "left_channel_at": None,
            "strikes": 0,
            "strike_key": "",
            "mutes": 0,
        }


def _whose(chat_id: int, person_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return roster.c.chat_id == chat_id, roster.c.person_id == person_id


def _history(row: sa.RowMapping) -> History:
    return History(**{name: row[name] for name in History.__dataclass_fields__})
