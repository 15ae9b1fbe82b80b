"""
The messages of ours that must go: written down with the moment, deleted then, whoever lives to do it.

What is queued in the transaction that decides it survives a crash; a deletion made twice does no harm.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.outside import Acts
from gatecrier.gate.tables import deletions
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, OutcomeUnknown, PeerGone, TryLater
from gatecrier.storage.database import Database, insert_into
from gatecrier.telegram.bot import MOST_DELETED_AT_ONCE

log = structlog.get_logger(__name__)

NOTICE_LIFE = timedelta(days=1)  # of a word to a whole group; Telegram lets us delete for two
MOST_AT_ONCE = 1000  # messages of one run
GROUPS_AT_ONCE = 10  # in which messages are deleted side by side
FIRST_WAIT = 5.0  # seconds until what Telegram did not take is tried again; doubled each time
LONGEST_WAIT = 3600.0


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """
    A message to be deleted.

    Args:
        receiver_id: Who alone sees it; 0: everybody does.
        failures: How often Telegram would not take it yet.
    """

    chat_id: int
    message_id: int
    receiver_id: int
    failures: int = 0


class Deletions:
    """What one bot has to delete. Never commits: the caller owns the transaction."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def add(self, chat_id: int, message_id: int, due_at: datetime, *, receiver_id: int = 0) -> None:
        """Delete this message then; asked twice, the earlier moment holds."""
        row = {
            "bot_id": self._bot_id,
            "chat_id": chat_id,
            "message_id": message_id,
            "receiver_id": receiver_id,
            "due_at": due_at,
            "failures": 0,
        }
        statement = insert_into(self._connection, deletions).values(row)
        fresh = statement.excluded.due_at
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["bot_id", "chat_id", "message_id", "receiver_id"],
                set_={"due_at": sa.case((fresh < deletions.c.due_at, fresh), else_=deletions.c.due_at)},
            )
        )

    async def due(self, *, now: datetime, limit: int) -> list[Deletion]:
        """What is to be deleted by now, the longest due first."""
        query = (
            sa.select(deletions)
            .where(deletions.c.bot_id == self._bot_id, deletions.c.due_at <= now)
            .order_by(deletions.c.due_at)
            .limit(limit)
        )
        names = Deletion.__dataclass_fields__
        rows = (await self._connection.execute(query)).mappings()
        return [Deletion(**{name: row[name] for name in names}) for row in rows]

    async def done(self, gone: Sequence[Deletion]) -> None:
        """These are gone, or never will be."""
        for deletion in gone:
            await self._connection.execute(sa.delete(deletions).where(*self._which(deletion)))

    async def postpone(self, later: Sequence[Deletion], due_at: datetime) -> None:
        """Telegram did not take these yet."""
        for deletion in later:
            await self._connection.execute(
                sa.update(deletions)
                .where(*self._which(deletion))
                .values(due_at=due_at, failures=deletion.failures + 1)
            )

    def _which(self, deletion: Deletion) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            deletions.c.bot_id == self._bot_id,
            deletions.c.chat_id == deletion.chat_id,
            deletions.c.message_id == deletion.message_id,
            deletions.c.receiver_id == deletion.receiver_id,
        )


class DeletionQueue:
    """Deletes what is due, group by group, a hundred messages with one call."""

    def __init__(self, database: Database, clock: Clock, telegram: Acts, bot_id: int) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id

    async def run_once(self) -> dict[str, int]:
        """Delete what is due; groups do not wait for each other."""
        async with self._database.read() as connection:
            due = await Deletions(connection, self._bot_id).due(now=self._clock.now(), limit=MOST_AT_ONCE)
        parts = _parts(due)
        room = asyncio.Semaphore(GROUPS_AT_ONCE)

        async def one(part: list[Deletion]) -> int:
            async with room:
                return await self._settle(part)

        done = sum(await asyncio.gather(*map(one, parts)))
        return {"deleted": done, "postponed": len(due) - done}

    async def _settle(self, part: list[Deletion]) -> int:
        """Delete these, and note what became of them; returns how many need no more thought."""
        try:
            await self._delete(part)
        except (TryLater, OutcomeUnknown) as error:
            await self._postpone(part, error)
            return 0
        except (Misconfigured, PeerGone) as error:  # the right is lost, or the group is
            log.warning("gate.ours_not_deleted", chat=part[0].chat_id, count=len(part), code=error.code)
        except GatecrierError as error:
            if len(part) > 1:  # one of them spoils it for all: too old, most likely
                return sum([await self._settle([each]) for each in part])
            log.info("gate.ours_not_deleted", chat=part[0].chat_id, count=1, code=error.code)
        async with self._database.transaction() as connection:
            await Deletions(connection, self._bot_id).done(part)
        return len(part)

    async def _delete(self, part: list[Deletion]) -> None:
        first = part[0]
        if first.receiver_id:
            await self._telegram.delete_ephemeral(first.chat_id, first.receiver_id, first.message_id)
        elif len(part) == 1:
            await self._telegram.delete_message(first.chat_id, first.message_id)
        else:
            await self._telegram.delete_messages(first.chat_id, [each.message_id for each in part])

    async def _postpone(self, part: list[Deletion], error: GatecrierError) -> None:
        told = error.retry_after if isinstance(error, TryLater) else 0.0
        wait = max(told, min(FIRST_WAIT * 2.0 ** min(part[0].failures, 20), LONGEST_WAIT))
        due_at = self._clock.now() + timedelta(seconds=wait)
        async with self._database.transaction() as connection:
            await Deletions(connection, self._bot_id).postpone(part, due_at)


def _parts(due: Sequence[Deletion]) -> list[list[Deletion]]:
    """What one call can delete: of a group a hundred for all, or one for one person."""
    public: dict[int, list[Deletion]] = defaultdict(list)
    parts = []
    for deletion in due:
        if deletion.receiver_id:
            parts.append([deletion])
        else:
            public[deletion.chat_id].append(deletion)
    for of_group in public.values():
        parts += [
            of_group[start : start + MOST_DELETED_AT_ONCE]
            for start in range(0, len(of_group), MOST_DELETED_AT_ONCE)
        ]
    return parts
