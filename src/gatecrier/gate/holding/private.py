"""
Private cards in the ledger: which cases are shown to their person alone, and how far that is.

    private_at, no private_id    to be shown
    private_at, private_id 0     being shown, or nobody knows: never twice
    private_at, private_id       shown; not named on the public card yet
    no private_at                named on the public card; a private_id is still there to be deleted
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.cards.deletions import Deletions
from gatecrier.gate.holding.ledger import Ledger, case_of
from gatecrier.gate.model import Case
from gatecrier.gate.tables import cases, gates, restrictions

IN_DOUBT = 0


class PrivateLedger:
    """The private cards of one bot's cases. Never commits: the caller owns the transaction."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def named(self, case_id: str) -> Case | None:
        """An open case of this bot's by what its private card's button carries."""
        held = sa.exists().where(
            restrictions.c.bot_id == self._bot_id,
            restrictions.c.chat_id == cases.c.chat_id,
            restrictions.c.person_id == cases.c.person_id,
        )
        query = sa.select(cases).where(
            cases.c.id == case_id, cases.c.closed_at.is_(None), sa.or_(held, self._gated())
        )
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return case_of(row) if row else None

    async def waiting(self) -> list[Case]:
        """Cases whose person is still to be shown a card, the oldest first."""
        query = (
            sa.select(cases)
            .where(*_PRIVATE, *_UNSHOWN, cases.c.away.is_(False), cases.c.silent.is_(False), self._gated())
            .order_by(cases.c.private_at)
        )
        return [case_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def waiting_in(self, chat_id: int) -> int:
        """How many of one group's cases wait for that."""
        query = sa.select(sa.func.count()).where(*_PRIVATE, *_UNSHOWN, cases.c.chat_id == chat_id)
        return await self._connection.scalar(query) or 0

    async def claim(self, case: Case) -> bool:
        """Announce that a card is about to be shown; False: it is, or is to be no more."""
        return await self._change(case, *_PRIVATE, *_UNSHOWN, private_id=IN_DOUBT)

    async def release(self, case: Case) -> None:
        """It was not shown yet."""
        await self._change(case, cases.c.private_id == IN_DOUBT, private_id=None)

    async def shown(self, case: Case, private_id: int, *, now: datetime) -> None:
        """It is there; unless the case was closed or changed meanwhile: then it is to go again."""
        same = (cases.c.closed_at.is_(None), cases.c.missing == ",".join(map(str, case.missing)))
        if not await self._change(case, *same, private_id=private_id):
            deletions = Deletions(self._connection, self._bot_id)
            await deletions.add(case.chat_id, private_id, now, receiver_id=case.person_id)
            await self.release(case)

    async def overdue(self, *, before: datetime, limit: int) -> list[Case]:
        """Cases that have been private since then or longer."""
        query = sa.select(cases).where(*_PRIVATE, cases.c.private_at <= before, self._gated())
        rows = await self._connection.execute(query.order_by(cases.c.private_at).limit(limit))
        return [case_of(row) for row in rows.mappings()]

    async def make_public(self, some: Iterable[Case], *, is_shown: bool = True) -> None:
        """
        From now on the public card names them; each card is raised once.

        Args:
            is_shown: Their private cards, if they have some, stay.
        """
        cards = set()
        kept: dict[str, object] = {} if is_shown else {"private_id": None}
        for case in sorted(some, key=lambda case: (case.chat_id, case.person_id)):
            if await self._change(case, *_PRIVATE, private_at=None, **kept):
                cards.add((case.chat_id, case.thread_id))
        ledger = Ledger(self._connection, self._bot_id)
        for chat_id, thread_id in sorted(cards):
            await ledger.touch(chat_id, thread_id, raised=True)

    async def _change(self, case: Case, *where: sa.ColumnElement[bool], **values: object) -> bool:
        statement = sa.update(cases).where(cases.c.id == case.id, *where).values(values)
        return (await self._connection.execute(statement)).rowcount > 0

    def _gated(self) -> sa.ColumnElement[bool]:
        return sa.exists().where(gates.c.chat_id == cases.c.chat_id, gates.c.bot_id == self._bot_id)


_PRIVATE = (cases.c.closed_at.is_(None), cases.c.private_at.is_not(None))
_UNSHOWN = (cases.c.private_id.is_(None),)
