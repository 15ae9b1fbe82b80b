"""
Join requests that wait: in gated groups for the person to belong, in required channels for their admins.

Telegram tells when somebody asks, and when they are let in; not when they take it back, or are turned
away: what is too old is forgotten.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.tables import join_requests
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.ids import opaque
from gatecrier.storage.database import Database, insert_into
from gatecrier.telegram.updates import JoinRequest

PENDING_LIFE = timedelta(days=7)  # how long a request in a channel counts: nobody tells of its refusal
WAITING_LIFE = timedelta(days=30)  # how long somebody who joins the channel is still let into the group
FORGOTTEN_AT_ONCE = 1000
TOLD = 0  # as `card_id`: they are being told, or were, and the message is not known


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """
    Somebody waits to be let into a group.

    Args:
        id: Opaque; what the button of their private card carries.
        private_chat_id: Where they were written to.
        card_id: That message; None: they have not been told.
    """

    id: str
    chat_id: int
    person_id: int
    private_chat_id: int
    asked_at: datetime
    card_id: int | None = None


class Requests:
    """The requests that wait in required channels, which may count as belonging (`pending_counts`)."""

    def __init__(self, database: Database, clock: Clock, bot_id: int, standings: Standings) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._standings = standings

    async def load(self, channels: Collection[int]) -> None:
        """Remember the requests of before the start, for what is left of their life."""
        now = self._clock.now()
        async with self._database.read() as connection:
            store = RequestStore(connection, self._bot_id)
            found = await store.pending(since=now - PENDING_LIFE)
        for channel_id, person_id, asked_at in found:
            if channel_id in channels:
                self._pend(channel_id, person_id, asked_at, now)

    async def pend(self, request: JoinRequest) -> None:
        """Somebody asks to be let into a required channel."""
        asked_at = datetime.fromtimestamp(request.date, UTC)
        async with self._database.transaction() as connection:
            await RequestStore(connection, self._bot_id).pend(request.chat.id, request.person.id, asked_at)
        self._pend(request.chat.id, request.person.id, asked_at, self._clock.now())

    async def settle(self, channel_id: int, person_id: int) -> None:
        """They were let in, or came otherwise, or went: nothing waits there any more."""
        if not self._standings.is_pending(channel_id, person_id):
            return
        self._standings.pend(channel_id, person_id, 0)
        async with self._database.transaction() as connection:
            await RequestStore(connection, self._bot_id).end(channel_id, person_id)

    async def forget_old(self) -> int:
        """Forget, some at a time, what waits no longer; returns how many."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            store = RequestStore(connection, self._bot_id)
            return await store.forget(pending=now - PENDING_LIFE, waiting=now - WAITING_LIFE)

    def _pend(self, channel_id: int, person_id: int, asked_at: datetime, now: datetime) -> None:
        left = (asked_at + PENDING_LIFE - now).total_seconds()
        self._standings.pend(channel_id, person_id, max(left, 0.0))


class RequestStore:
    """Join requests in the database. Never commits."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def wait(self, request: JoinRequest) -> tuple[Waiting, bool]:
        """Somebody waits to be let in, and whether that is new; who asks again keeps their card."""
        asked_at = datetime.fromtimestamp(request.date, UTC)
        is_new = await self.waiting_in(request.chat.id, request.person.id) is None
        row = self._row(request.chat.id, request.person.id, asked_at)
        row |= {"private_chat_id": request.private_chat_id, "link": request.link}
        await self._put(row)
        waiting = await self.waiting_in(request.chat.id, request.person.id)
        assert waiting is not None  # noqa: S101 - written a line above, in the same transaction
        return waiting, is_new

    async def waiting_in(self, chat_id: int, person_id: int) -> Waiting | None:
        """The request of this person in this group."""
        rows = await self._waiting(join_requests.c.chat_id == chat_id, person_id)
        return rows[0] if rows else None

    async def waiting_of(self, person_id: int, groups: Iterable[int]) -> list[Waiting]:
        """The requests of this person in these groups."""
        return await self._waiting(join_requests.c.chat_id.in_(list(groups)), person_id)

    async def named(self, id_: str, person_id: int) -> Waiting | None:
        """The request that a button names, if it is this person's: anybody can forge what it carries."""
        rows = await self._waiting(join_requests.c.id == id_, person_id)
        return rows[0] if rows else None

    async def claim_telling(self, waiting: Waiting) -> bool:
        """Take on telling them what is missing; False: somebody did, or they wait no more."""
        return await self._set_card(waiting, TOLD, only_if=join_requests.c.card_id.is_(None))

    async def give_back_telling(self, waiting: Waiting) -> None:
        """They were surely not told."""
        await self._set_card(waiting, None, only_if=join_requests.c.card_id == TOLD)

    async def told(self, waiting: Waiting, card_id: int) -> bool:
        """This message tells them; False: they wait no more."""
        return await self._set_card(waiting, card_id, only_if=join_requests.c.card_id == TOLD)

    async def end(self, chat_id: int, person_id: int) -> bool:
        """They wait no more; False: they did not."""
        gone = await self._connection.execute(sa.delete(join_requests).where(*_whose(chat_id, person_id)))
        return gone.rowcount > 0

    async def asked_since(self, chat_id: int, since: datetime) -> int:
        """How many wait in this group who asked since then."""
        query = sa.select(sa.func.count()).where(
            join_requests.c.chat_id == chat_id, join_requests.c.asked_at >= since
        )
        return await self._connection.scalar(query) or 0

    async def pend(self, channel_id: int, person_id: int, asked_at: datetime) -> None:
        """Somebody waits to be let into a channel."""
        await self._put(self._row(channel_id, person_id, asked_at))

    async def pending(self, *, since: datetime) -> list[tuple[int, int, datetime]]:
        """(channel, person, when) of all requests in channels since then, whichever bot heard of them."""
        query = sa.select(join_requests.c.chat_id, join_requests.c.person_id, join_requests.c.asked_at).where(
            join_requests.c.private_chat_id == 0, join_requests.c.asked_at >= since
        )
        return [(row[0], row[1], row[2]) for row in await self._connection.execute(query)]

    async def forget(self, *, pending: datetime, waiting: datetime) -> int:
        """Delete some of the requests asked before then: in channels, and in groups."""
        is_old = sa.or_(
            join_requests.c.asked_at < waiting,
            sa.and_(join_requests.c.private_chat_id == 0, join_requests.c.asked_at < pending),
        )
        columns = sa.tuple_(join_requests.c.chat_id, join_requests.c.person_id)
        old = sa.select(join_requests.c.chat_id, join_requests.c.person_id).where(is_old)
        statement = sa.delete(join_requests).where(columns.in_(old.limit(FORGOTTEN_AT_ONCE)))
        return (await self._connection.execute(statement)).rowcount

    async def _waiting(self, which: sa.ColumnElement[bool], person_id: int) -> list[Waiting]:
        query = sa.select(join_requests).where(
            which,
            join_requests.c.person_id == person_id,
            join_requests.c.bot_id == self._bot_id,
            join_requests.c.private_chat_id != 0,
        )
        rows = (await self._connection.execute(query)).mappings()
        return [Waiting(**{name: row[name] for name in Waiting.__dataclass_fields__}) for row in rows]

    async def _put(self, row: dict[str, object]) -> None:
        statement = insert_into(self._connection, join_requests).values(row)
        fresh = ("bot_id", "private_chat_id", "asked_at", "link")
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["chat_id", "person_id"],
                set_={name: statement.excluded[name] for name in fresh},
            )
        )

    async def _set_card(
        self, waiting: Waiting, card_id: int | None, *, only_if: sa.ColumnElement[bool]
    ) -> bool:
        whose = _whose(waiting.chat_id, waiting.person_id)
        changed = await self._connection.execute(
            sa.update(join_requests).where(*whose, only_if).values(card_id=card_id)
        )
        return changed.rowcount > 0

    def _row(self, chat_id: int, person_id: int, asked_at: datetime) -> dict[str, object]:
        return {
            "chat_id": chat_id,
            "person_id": person_id,
            "bot_id": self._bot_id,
            "private_chat_id": 0,
            "asked_at": asked_at,
            "link": "",
            "card_id": None,
            "id": opaque(),
        }


def _whose(chat_id: int, person_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return join_requests.c.chat_id == chat_id, join_requests.c.person_id == person_id
