"""
An operator composes a message in Telegram: asked for it, they send it, any kind, an album too.

The question stands in a table, so a restart forgets nothing; it ends by itself when nothing comes.
An album arrives as several messages, and Telegram does not say which is the last: it is whole when
no more of it has come for a moment.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.tables import compositions
from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database, insert_into

ALBUM_QUIET = timedelta(seconds=2)
"""After the last part of an album that came: the parts of one album arrive within a second."""
MOST_IN_ALBUM = 10
"""Bot API sendMediaGroup."""


class Purpose(StrEnum):
    """What a composed message is for."""

    BROADCAST = "broadcast"
    PREVIEW = "preview"
    SCHEDULE = "schedule"


@dataclass(frozen=True, kw_only=True)
class Composition:
    """What an operator was asked for, and has sent so far."""

    bot_id: int
    person_id: int
    purpose: Purpose
    #: When the campaign is to start; None: when it is confirmed.
    start_at: datetime | None = None
    message_ids: tuple[int, ...] = ()
    album: str = ""
    #: When it ends: nothing came, or the album is whole.
    due_at: datetime


class Composer:
    """
    Compositions of all bots.

    Args:
        patience: Seconds an operator has to send the message.
    """

    def __init__(self, database: Database, *, clock: Clock, patience: float) -> None:
        self._database = database
        self._clock = clock
        self.patience = patience

    async def ask(
        self, bot_id: int, person_id: int, purpose: Purpose, *, start_at: datetime | None = None
    ) -> Composition:
        """The next message of this person is what the campaign says; an earlier question is forgotten."""
        asked = Composition(
            bot_id=bot_id,
            person_id=person_id,
            purpose=purpose,
            start_at=start_at,
            due_at=self._clock.now() + timedelta(seconds=self.patience),
        )
        async with self._database.transaction() as connection:
            await _put(connection, asked)
        return asked

    async def awaits(self, bot_id: int, person_id: int) -> bool:
        """Whether this person's next message is awaited."""
        async with self._database.read() as connection:
            found = await _find(connection, bot_id, person_id)
        return found is not None and self._awaits(found)

    async def take(
        self, bot_id: int, person_id: int, message_id: int, *, album: str = ""
    ) -> Composition | None:
        """
        A message that this person sent.

        Returns:
            What is composed by it; None when nothing was asked for, or it is a part of an album: `due`
            hands that out when it is whole.
        """
        async with self._database.transaction() as connection:
            found = await _find(connection, bot_id, person_id, lock=True)
            if found is None or not self._awaits(found) or (found.album and found.album != album):
                return None
            ids = tuple(sorted({*found.message_ids, message_id}))[:MOST_IN_ALBUM]
            due_at = self._clock.now() + ALBUM_QUIET
            composed = Composition(
                **{**vars(found), "message_ids": ids, "album": album, "due_at": due_at},
            )
            if not album:
                await _remove(connection, bot_id, person_id)
                return composed
            await _put(connection, composed)
        return None

    async def due(self, bot_id: int) -> list[Composition]:
        """Albums that are whole, and questions that nobody answered in time; each is handed out once."""
        async with self._database.transaction() as connection:
            query = (
                sa.delete(compositions)
                .where(compositions.c.bot_id == bot_id, compositions.c.due_at <= self._clock.now())
                .returning(compositions)
            )
            return [_composition(row) for row in (await connection.execute(query)).mappings()]

    async def forget(self, bot_id: int, person_id: int) -> bool:
        """Ask no longer; whether anything was asked."""
        async with self._database.transaction() as connection:
            return await _remove(connection, bot_id, person_id)

    def _awaits(self, found: Composition) -> bool:
        return self._clock.now() < found.due_at


async def _find(
    connection: AsyncConnection, bot_id: int, person_id: int, *, lock: bool = False
) -> Composition | None:
    query = sa.select(compositions).where(
        compositions.c.bot_id == bot_id, compositions.c.person_id == person_id
    )
    if lock:
        query = query.with_for_update()
    row = (await connection.execute(query)).mappings().one_or_none()
    return _composition(row) if row else None


async def _put(connection: AsyncConnection, one: Composition) -> None:
    values = {**vars(one), "message_ids": list(one.message_ids), "purpose": one.purpose.value}
    statement = insert_into(connection, compositions).values(values)
    changed = {name: statement.excluded[name] for name in values if name not in ("bot_id", "person_id")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["bot_id", "person_id"], set_=changed)
    )


async def _remove(connection: AsyncConnection, bot_id: int, person_id: int) -> bool:
    result = await connection.execute(
        sa.delete(compositions).where(compositions.c.bot_id == bot_id, compositions.c.person_id == person_id)
    )
    return result.rowcount > 0


def _composition(row: sa.RowMapping) -> Composition:
    values = dict(row)
    values["purpose"] = Purpose(values["purpose"])
    values["message_ids"] = tuple(values["message_ids"])
    return Composition(**values)
