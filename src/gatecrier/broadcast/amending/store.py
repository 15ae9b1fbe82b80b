"""Amendments, and the rows of the ledger that they are about. Never commits."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.amending.model import Amendment, Kind, Message
from gatecrier.broadcast.batch import integers, is_in
from gatecrier.broadcast.content.pack import pack, unpack
from gatecrier.broadcast.ledger import NO_PERSON
from gatecrier.broadcast.model import DeliveryState, Text
from gatecrier.broadcast.tables import amendments, campaigns, deliveries

A, D = amendments.c, deliveries.c


class AmendmentStore:
    """The amendments of all bots."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    async def add(
        self, campaign_id: int, bot_id: int, kind: Kind, content: Text | None, *, by: str, now: datetime
    ) -> Amendment:
        """A new one, nothing of it done."""
        values = {
            "campaign_id": campaign_id,
            "bot_id": bot_id,
            "kind": kind,
            "content": pack(content) if content else None,
            "cursor": 0,
            "is_walked": False,
            "done": 0,
            "failed": 0,
            "created_at": now,
            "created_by": by,
        }
        statement = sa.insert(amendments).values(values).returning(amendments)
        return _amendment((await self._connection.execute(statement)).mappings().one())

    async def of(self, campaign_id: int) -> list[Amendment]:
        """All of a campaign's, oldest first."""
        query = sa.select(amendments).where(A.campaign_id == campaign_id).order_by(A.id)
        return [_amendment(row) for row in (await self._connection.execute(query)).mappings()]

    async def open(self, bot_id: int) -> list[Amendment]:
        """Those of a bot that are not finished, oldest first."""
        query = sa.select(amendments).where(A.bot_id == bot_id, A.finished_at.is_(None)).order_by(A.id)
        return [_amendment(row) for row in (await self._connection.execute(query)).mappings()]

    async def bots_with_work(self) -> list[int]:
        """Bots that have an open one."""
        query = sa.select(A.bot_id).where(A.finished_at.is_(None)).distinct()
        return list((await self._connection.execute(query)).scalars())

    async def mark(self, amendment: Amendment, *, now: datetime, limit: int) -> None:
        """Order the deletion of the next `limit` messages of a campaign, and move the cursor on."""
        page = await self._page(amendment, limit)
        await self._connection.execute(
            sa.update(deliveries)
            .where(D.campaign_id == amendment.campaign_id, is_in(self._dialect, D.subscriber_id, "ids"))
            .values(withdraw_at=now),
            {"ids": integers(self._dialect, [one.subscriber_id for one in page])},
        )
        await self._advance(amendment, page, limit)

    async def next_page(self, amendment: Amendment, *, limit: int) -> list[Message]:
        """The next messages of a campaign after the cursor, in the order of subscribers."""
        return await self._page(amendment, limit)

    async def due(self, amendment: Amendment, *, now: datetime, limit: int) -> list[Message]:
        """Messages of a campaign that are to be deleted by now."""
        query = (
            _messages()
            .where(D.campaign_id == amendment.campaign_id, D.withdraw_at <= now)
            .order_by(D.withdraw_at)
            .limit(limit)
        )
        return [_message(row) for row in (await self._connection.execute(query)).all()]

    async def withdrawn(self, amendment: Amendment, messages: Sequence[Message], *, now: datetime) -> None:
        """These are deleted; only those count that were not before."""
        count = await self._close(amendment, messages, withdrawn_at=now)
        await self._count(amendment, done=count)

    async def kept(self, amendment: Amendment, messages: Sequence[Message]) -> None:
        """These cannot be deleted any more."""
        await self._count(amendment, failed=await self._close(amendment, messages))

    async def edited(
        self, amendment: Amendment, page: Sequence[Message], *, done: int, failed: int, limit: int
    ) -> None:
        """A page of messages was changed, but for `failed`."""
        await self._count(amendment, done=done, failed=failed)
        await self._advance(amendment, page, limit)

    async def postpone(self, amendment: Amendment, messages: Sequence[Message], *, until: datetime) -> None:
        """Delete these later."""
        await self._close(amendment, messages, withdraw_at=until)

    async def finish(self, bot_id: int, *, now: datetime) -> None:
        """Close what is walked and has nothing to delete any more, where the campaign sends no more."""
        waits = sa.exists().where(D.campaign_id == A.campaign_id, D.withdraw_at.is_not(None))
        rests = sa.exists().where(campaigns.c.id == A.campaign_id, campaigns.c.is_settled)
        await self._connection.execute(
            sa.update(amendments)
            .where(A.bot_id == bot_id, A.finished_at.is_(None), ~waits)
            .where(sa.or_(A.is_walked, sa.and_(A.kind == Kind.EXPIRE, rests)))
            .values(finished_at=now)
        )

    async def _page(self, amendment: Amendment, limit: int) -> list[Message]:
        query = (
            _messages()
            .where(D.campaign_id == amendment.campaign_id, D.subscriber_id > amendment.cursor)
            .where(D.state == DeliveryState.SENT, D.withdrawn_at.is_(None), D.person_id != NO_PERSON)
            .order_by(D.subscriber_id)
            .limit(limit)
        )
        return [_message(row) for row in (await self._connection.execute(query)).all()]

    async def _advance(self, amendment: Amendment, page: Sequence[Message], limit: int) -> None:
        cursor = page[-1].subscriber_id if page else amendment.cursor
        await self._connection.execute(
            sa.update(amendments)
            .where(A.id == amendment.id)
            .values(cursor=cursor, is_walked=len(page) < limit)
        )

    async def _close(
        self, amendment: Amendment, messages: Sequence[Message], **values: datetime | None
    ) -> int:
        """Set `values` (no `withdraw_at` among them: none) where the deletion is still to be done."""
        if not messages:
            return 0
        result = await self._connection.execute(
            sa.update(deliveries)
            .where(D.campaign_id == amendment.campaign_id, is_in(self._dialect, D.subscriber_id, "ids"))
            .where(D.withdraw_at.is_not(None))
            .values({"withdraw_at": None} | values),
            {"ids": integers(self._dialect, [one.subscriber_id for one in messages])},
        )
        return result.rowcount

    async def _count(self, amendment: Amendment, *, done: int = 0, failed: int = 0) -> None:
        await self._connection.execute(
            sa.update(amendments)
            .where(A.id == amendment.id)
            .values(done=A.done + done, failed=A.failed + failed)
        )


def _messages() -> sa.Select[int, int, int, int, str, datetime]:
    return sa.select(D.campaign_id, D.subscriber_id, D.person_id, D.message_id, D.more_ids, D.sent_at)


def _message(row: sa.Row[int, int, int, int, str, datetime]) -> Message:
    campaign_id, subscriber_id, person_id, message_id, more_ids, sent_at = row
    more = tuple(int(id_) for id_ in (more_ids or "").split(",") if id_)
    return Message(
        campaign_id=campaign_id,
        subscriber_id=subscriber_id,
        person_id=person_id,
        message_ids=(message_id, *more),
        sent_at=sent_at,
    )


def _amendment(row: sa.RowMapping) -> Amendment:
    content = unpack(row["content"]) if row["content"] else None
    return Amendment(
        **{
            **row,
            "kind": Kind(row["kind"]),
            "content": content if isinstance(content, Text) else None,
        }
    )
