"""All that is kept of a subscriber: for their own eyes, and to be forgotten at their word (ADR 0011)."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.ledger import CLOSED, NO_PERSON
from gatecrier.broadcast.model import FINAL, DeliveryState
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.tables import campaigns, clicks, deliveries
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import NotFound, TryLater
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.store import SubscriberStore, record_audit, subscribers
from gatecrier.storage.database import Database

D = deliveries.c
LEFT_OUT = (
    "What the gates of groups keep of their members (standings, cases, rosters) belongs to those groups, "
    "and is not listed here."
)


class Personal:
    """What is kept of the subscribers of all bots; each method is one transaction."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def kept(self, bot_id: int, person_id: int) -> dict[str, Any]:
        """
        Every row about a person, by table; each delivery to them, and each click of theirs.

        Raises:
            NotFound: there is none.
        """
        async with self._database.read() as connection:
            found = await SubscriberStore(connection).kept(bot_id, person_id)
            if not any(found.values()):
                raise NotFound("Nothing is kept of this person.", field="person")
            sent, pressed = _deliveries(bot_id, person_id), _clicks(bot_id, person_id)
            found["deliveries"] = [dict(row) for row in (await connection.execute(sent)).mappings()]
            found["clicks"] = [dict(row) for row in (await connection.execute(pressed)).mappings()]
        return found | {"left_out": LEFT_OUT}

    async def erase(self, bot_id: int, person_id: int, *, actor: str) -> None:
        """
        Forget a person: who they are, what they chose, where they came from, what they got and pressed.

        Their deliveries stay, and name nobody; those to come are not sent. That they were erased stays, so
        that no import brings them back, and a ban stays a ban. Their own /start makes a new subscriber.

        Raises:
            NotFound: nothing is kept of them.
            TryLater: a message to them is going out at this moment.
        """
        now = self._clock.now().replace(microsecond=0)  # Telegram dates a later /start in whole seconds
        async with self._database.transaction() as connection:
            store = SubscriberStore(connection)
            if not any((await store.kept(bot_id, person_id)).values()):
                raise NotFound("Nothing is kept of this person.", field="person")
            number = await connection.scalar(sa.select(_number(bot_id, person_id)))
            if number is not None:
                await _forget_deliveries(connection, bot_id, number)
                await connection.execute(sa.delete(clicks).where(clicks.c.subscriber_id == number))
            await store.erase(bot_id, person_id, at=now)
            await store.suppress(bot_id, [person_id], SuppressionReason.ERASED, since=now)
            await record_audit(
                connection,
                at=now,
                actor=actor,
                action="subscriber.erase",
                subject=f"bot:{bot_id}",
                about=f"subscriber:{number}" if number is not None else "",
            )


async def _forget_deliveries(connection: AsyncConnection, bot_id: int, number: int) -> None:
    """Those not called yet end as suppressed, whoever holds them: the fence keeps their workers away."""
    mine = sa.select(campaigns.c.id).where(campaigns.c.bot_id == bot_id)
    theirs = sa.and_(D.campaign_id.in_(mine), D.subscriber_id == number)
    not_called = D.state.in_([DeliveryState.PENDING, DeliveryState.LEASED])
    erased = SuppressionReason.ERASED.value
    closed = await connection.execute(
        sa.update(deliveries)
        .where(theirs, not_called)
        .values(state=DeliveryState.SUPPRESSED, code=erased, person_id=NO_PERSON, **CLOSED)
        .returning(D.campaign_id)
    )
    ended = Counter((id_, DeliveryState.SUPPRESSED, erased) for id_ in closed.scalars())
    if await connection.scalar(sa.select(sa.exists().where(theirs, D.state == DeliveryState.SENDING))):
        raise TryLater(
            "A message to this person is going out at this moment.",
            remedy="Try again in a few minutes.",
            code="on_its_way",
        )
    await connection.execute(
        sa.update(deliveries)
        .where(theirs, D.state.in_(FINAL))
        .values(person_id=NO_PERSON, withdraw_at=None)  # nobody is left whose chat it could be deleted from
    )
    await CampaignStore(connection).count(ended)


def _deliveries(bot_id: int, person_id: int) -> sa.Select[Any]:
    c = campaigns.c
    return (
        sa.select(D.campaign_id, c.category, D.state, D.code, D.sent_at, D.message_id)
        .join(campaigns, c.id == D.campaign_id)
        .where(c.bot_id == bot_id, D.subscriber_id == _number(bot_id, person_id), D.person_id == person_id)
        .order_by(D.campaign_id)
    )


def _clicks(bot_id: int, person_id: int) -> sa.Select[Any]:
    k = clicks.c
    return (
        sa.select(k.campaign_id, k.link, k.first_at, k.count)
        .where(k.subscriber_id == _number(bot_id, person_id))
        .order_by(k.campaign_id, k.link)
    )


def _number(bot_id: int, person_id: int) -> sa.ScalarSelect[int]:
    s = subscribers.c
    return sa.select(s.id).where(s.bot_id == bot_id, s.person_id == person_id).scalar_subquery()
