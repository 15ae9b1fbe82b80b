"""
The ledger: one row for each subscriber of each campaign, moved many at a time.

Every statement that a worker makes fences: it touches only rows that this worker still holds, so one
that was frozen and comes back can neither send nor overwrite what another took. Never commits.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from gatecrier.broadcast.batch import batch, integers, is_in, is_picked, parameters
from gatecrier.broadcast.consent import Consent, Needs, barred, reason
from gatecrier.broadcast.consent import values as consented
from gatecrier.broadcast.model import (
    ACTIVE,
    FINAL,
    Campaign,
    CampaignState,
    Delivery,
    DeliveryState,
    Outcome,
    UnknownPolicy,
)
from gatecrier.broadcast.rules import WORKER_DIED
from gatecrier.broadcast.store import CampaignStore, End, ended_rows
from gatecrier.broadcast.tables import campaigns, deliveries
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.store import subscribers
from gatecrier.storage.schema import Utc

D = deliveries.c
NOBODY = {"lease_until": None, "leased_by": None}
CLOSED = {"due_at": None, **NOBODY}
NO_PERSON = 0
"""The person of a delivery whose recipient was erased."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
EVER = datetime(9999, 1, 1, tzinfo=UTC)
IN_ORDER = sa.text(
    "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)
"""For this transaction: read open rows in the order of their index. Before it has statistics of a new
campaign, PostgreSQL believes it small, and would fetch and sort all of it for each batch."""

OUTCOMES: dict[str, sa.types.TypeEngine[Any]] = {
    "campaign_id": sa.BigInteger(),
    "subscriber_id": sa.BigInteger(),
    "state": sa.Text(),
    "code": sa.Text(),
    "attempts": sa.Integer(),
    "due_at": Utc(),
    "message_id": sa.BigInteger(),
    "sent_at": Utc(),
    "withdraw_at": Utc(),
    "variant": sa.SmallInteger(),
    "more_ids": sa.Text(),
}


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What became of rows that were to be sent; those in neither were not ours any more, or must wait."""

    sending: set[int] = field(default_factory=set)
    #: Subscriber -> reason.
    suppressed: dict[int, str] = field(default_factory=dict)


class Ledger:
    """
    The deliveries of all campaigns.

    Args:
        worker: Whose leases these are; one name for each process and bot.
    """

    def __init__(self, connection: AsyncConnection, worker: str = "") -> None:
        self._connection = connection
        self._worker = worker
        self._dialect = connection.dialect.name
        self._campaigns = CampaignStore(connection)

    async def lease(
        self, campaign: Campaign, *, now: datetime, until: datetime, limit: int
    ) -> list[Delivery]:
        """Hold up to `limit` due rows until `until`: postponed ones first, then by subscriber."""
        if campaign.started_at is None:
            return []
        if self._dialect == "postgresql":
            await self._connection.execute(IN_ORDER)
        start = campaign.started_at
        found: list[Delivery] = []
        for after, upto in ((start, now), (start - INSTANT, start)):
            values = {
                "campaign": campaign.id,
                "worker": self._worker,
                "after": after,
                "upto": upto,
                "until": until,
                "most": limit - len(found),
            }
            rows = (await self._connection.execute(_lease(self._dialect), values)).all()
            found += [
                Delivery(campaign_id=campaign.id, subscriber_id=id_, person_id=person_id, attempts=attempts)
                for id_, person_id, attempts in sorted(tuple(row) for row in rows)
            ]
        return found

    async def mark_sending(
        self,
        campaign: Campaign,
        rows: Sequence[Delivery],
        *,
        now: datetime,
        lasting: datetime,
        consent: Consent,
    ) -> Marked:
        """
        Say that these calls are about to go out; whoever must not be messaged by now becomes suppressed.

        Args:
            lasting: Until when the lease must hold at least: a call must end before somebody doubts it.
        """
        needs = Needs.of(campaign, consent)
        values = self._ids(campaign.id, [row.subscriber_id for row in rows])
        values |= consented(campaign, consent, now) | {"lasting": lasting}
        sending = set((await self._connection.execute(_mark(self._dialect, needs), values)).scalars())
        if len(sending) == len(rows):
            return Marked(sending=sending)
        suppressed = (await self._connection.execute(_suppress(self._dialect, needs), values)).all()
        await self._campaigns.count(
            Counter((campaign.id, DeliveryState.SUPPRESSED, reason) for _, reason in suppressed)
        )
        return Marked(sending=sending, suppressed=dict(suppressed))

    async def record(self, outcomes: Sequence[Outcome]) -> int:
        """Write down what came of calls; returns how many were still ours to write."""
        if not outcomes:
            return 0
        values = parameters(self._dialect, OUTCOMES, map(_row, outcomes))
        values["worker"] = self._worker
        values["ids"] = integers(self._dialect, (row.delivery.subscriber_id for row in outcomes))
        rows = (await self._connection.execute(_record(self._dialect), values)).all()
        await self._campaigns.count(_ended((id_, state, code) for id_, state, code in rows))
        return len(rows)

    async def leave_out(self, campaign_id: int, ids: Collection[int], reason: str) -> None:
        """End rows that are leased: these people get nothing of this campaign."""
        if not ids:
            return
        values = self._ids(campaign_id, ids) | {"reason": reason}
        ended = (await self._connection.execute(_leave_out(self._dialect), values)).rowcount
        await self._campaigns.count(
            Counter({(campaign_id, DeliveryState.SUPPRESSED, reason): ended} if ended else {})
        )

    async def release(self, rows: Sequence[Delivery]) -> None:
        """Give back rows of one campaign that were leased and not sent."""
        if rows:
            values = self._ids(rows[0].campaign_id, [row.subscriber_id for row in rows])
            await self._connection.execute(_release(self._dialect), values)

    async def expire(self, *, now: datetime, bot_id: int | None = None) -> int:
        """
        Take back what the dead held: leased rows were never called, those sending become unknown
        (or pending, where a campaign would rather send twice). Returns how many there were.

        Args:
            bot_id: Of this bot's campaigns alone.
        """
        statement, values = _expire(), {"now_": now}
        if bot_id is not None:
            theirs = sa.select(campaigns.c.id).where(campaigns.c.bot_id == bot_id)
            statement = statement.where(D.campaign_id.in_(theirs))
        rows = (await self._connection.execute(statement, values)).all()
        await self._campaigns.count(_ended((id_, state, code) for id_, state, code in rows))
        return len(rows)

    async def close(self, campaign_id: int, reason: str, *, limit: int) -> int:
        """End up to `limit` rows, not called yet, of a campaign that ended; returns how many."""
        values = {"campaign": campaign_id, "reason": reason, "most": limit}
        closed = (await self._connection.execute(_close(self._dialect), values)).rowcount
        await self._campaigns.count(
            Counter({(campaign_id, DeliveryState.SUPPRESSED, reason): closed} if closed else {})
        )
        return closed

    async def zones(self, rows: Sequence[Delivery]) -> dict[int, str]:
        """Subscriber → their time zone, of whom it is known."""
        query = sa.select(subscribers.c.id, subscribers.c.time_zone).where(
            is_in(self._dialect, subscribers.c.id, "ids"), subscribers.c.time_zone != ""
        )
        values = {"ids": integers(self._dialect, [row.subscriber_id for row in rows])}
        rows_ = (await self._connection.execute(query, values)).all()
        return {id_: str(zone) for id_, zone in rows_}

    async def postpone(self, rows: Sequence[Delivery], *, until: datetime) -> None:
        """Give back rows of one campaign that were leased, to be sent from `until` on."""
        if rows:
            values = self._ids(rows[0].campaign_id, [row.subscriber_id for row in rows])
            await self._connection.execute(_postpone(self._dialect), values | {"until": until})

    async def reopen(
        self,
        campaign: Campaign,
        state: DeliveryState,
        *,
        after: int,
        now: datetime,
        limit: int,
        consent: Consent,
    ) -> list[int]:
        """
        Send again to up to `limit` subscribers above `after` whose row ended as `state`; returns them.

        Whoever must not be messaged by now stays as they are: so do people who blocked the bot.
        """
        may_be_sent = ~_barred(self._dialect, Needs.of(campaign, consent))
        found = (
            sa.select(D.subscriber_id, D.code)
            .where(D.campaign_id == campaign.id, D.subscriber_id > after, D.state == state, may_be_sent)
            .where(D.person_id != NO_PERSON)
            .order_by(D.subscriber_id)
            .limit(limit)
            .with_for_update()
        )
        rows = (await self._connection.execute(found, consented(campaign, consent, now))).all()
        ids = [id_ for id_, _ in rows]
        reopened = (
            sa.update(deliveries)
            .where(D.campaign_id == campaign.id, is_in(self._dialect, D.subscriber_id, "ids"))
            .values(state=DeliveryState.PENDING, code="", attempts=0, due_at=now)
        )
        await self._connection.execute(reopened, {"ids": integers(self._dialect, ids)})
        gone = Counter((campaign.id, state, code) for _, code in rows)
        await self._campaigns.count(Counter({end: -count for end, count in gone.items()}))
        return ids

    async def next_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        """When the next postponed row of a bot's active campaigns is due; None: there is none."""
        active = sa.select(campaigns.c.id).where(campaigns.c.bot_id == bot_id, campaigns.c.state.in_(ACTIVE))
        query = sa.select(sa.func.min(D.due_at)).where(D.campaign_id.in_(active), D.due_at > now)
        moment: datetime | None = await self._connection.scalar(query)
        return moment

    async def bots_with_work(self, *, now: datetime) -> list[int]:
        """Bots that have something to prepare, to send, to close or to finish now."""
        due = sa.exists().where(
            D.campaign_id == campaigns.c.id, D.due_at <= now, D.state == DeliveryState.PENDING
        )
        is_complete = campaigns.c.audience == ended_rows()
        idle = (CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PAUSED)
        query = (
            sa.select(campaigns.c.bot_id)
            .where(~campaigns.c.is_settled, campaigns.c.state.not_in(idle))
            .where((campaigns.c.state != CampaignState.RUNNING) | due | is_complete)
            .distinct()
        )
        return list((await self._connection.execute(query)).scalars())

    async def recount(self, campaign_id: int) -> Counter[tuple[str, str]]:
        """Rows by state and code, counted one by one: the proof of the tallies, slow for millions."""
        query = (
            sa.select(D.state, D.code, sa.func.count())
            .where(D.campaign_id == campaign_id)
            .group_by(D.state, D.code)
        )
        rows = (await self._connection.execute(query)).all()
        return Counter({(state, code): count for state, code, count in rows})

    def _ids(self, campaign_id: int, ids: Iterable[int]) -> dict[str, object]:
        return {
            "campaign": campaign_id,
            "worker": self._worker,
            "ids": integers(self._dialect, ids),
        }


def _row(outcome: Outcome) -> tuple[object, ...]:
    delivery, verdict = outcome.delivery, outcome.verdict
    return (
        delivery.campaign_id,
        delivery.subscriber_id,
        verdict.state.value,
        verdict.code,
        delivery.attempts + verdict.counts,
        verdict.due_at,
        outcome.message_id,
        outcome.at if verdict.state is DeliveryState.SENT else None,
        outcome.withdraw_at,
        outcome.variant,
        ",".join(map(str, outcome.more_ids)) or None,
    )


def _ended(rows: Iterable[tuple[int, str, str]]) -> Counter[End]:
    return Counter((id_, DeliveryState(state), code) for id_, state, code in rows if state in FINAL)


def _picked(*conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Rows of a campaign for one worker alone: others skip what it has locked."""
    return (
        sa.select(D.subscriber_id)
        .where(D.campaign_id == sa.bindparam("campaign"), *conditions)
        .limit(sa.bindparam("most", type_=sa.Integer))
        .with_for_update(skip_locked=True)
    )


def _ours(dialect: str, state: DeliveryState) -> sa.ColumnElement[bool]:
    return sa.and_(
        D.campaign_id == sa.bindparam("campaign"),
        is_in(dialect, D.subscriber_id, "ids"),
        D.state == state,
        D.leased_by == sa.bindparam("worker"),
    )


def _barred(dialect: str, needs: Needs) -> sa.ColumnElement[bool]:
    return barred(D.person_id, D.subscriber_id, needs, dialect)


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal(str(value), sa.Text)


@cache
def _lease(dialect: str) -> ReturningUpdate[int, int, int]:
    after, upto = sa.bindparam("after", type_=Utc), sa.bindparam("upto", type_=Utc)
    picked = _picked(D.due_at > after, D.due_at <= upto, D.state == DeliveryState.PENDING)
    return (
        sa.update(deliveries)
        .where(D.campaign_id == sa.bindparam("campaign"))
        .where(is_picked(dialect, D.subscriber_id, picked.order_by(D.due_at, D.subscriber_id)))
        .values(
            state=DeliveryState.LEASED,
            leased_by=sa.bindparam("worker"),
            lease_until=sa.bindparam("until", type_=Utc),
        )
        .returning(D.subscriber_id, D.person_id, D.attempts)
    )


@cache
def _mark(dialect: str, needs: Needs) -> ReturningUpdate[int]:
    active = sa.exists().where(campaigns.c.id == sa.bindparam("campaign"), campaigns.c.state.in_(ACTIVE))
    return (
        sa.update(deliveries)
        .where(_ours(dialect, DeliveryState.LEASED), D.lease_until >= sa.bindparam("lasting", type_=Utc))
        .where(active, ~_barred(dialect, needs))
        .values(state=DeliveryState.SENDING)
        .returning(D.subscriber_id)
    )


@cache
def _suppress(dialect: str, needs: Needs) -> ReturningUpdate[int, str]:
    why = reason(D.person_id, D.subscriber_id, needs, dialect)
    return (
        sa.update(deliveries)
        .where(_ours(dialect, DeliveryState.LEASED), D.lease_until >= sa.bindparam("lasting", type_=Utc))
        .where(_barred(dialect, needs))
        .values(
            state=DeliveryState.SUPPRESSED,
            code=why,
            person_id=sa.case((why == _text(SuppressionReason.ERASED), NO_PERSON), else_=D.person_id),
            **CLOSED,
        )
        .returning(D.subscriber_id, D.code)
    )


@cache
def _record(dialect: str) -> ReturningUpdate[int, str, str]:
    rows = batch(dialect, OUTCOMES)
    return (
        sa.update(deliveries)
        .where(D.campaign_id == rows.c.campaign_id, D.subscriber_id == rows.c.subscriber_id)
        .where(D.state == DeliveryState.SENDING, D.leased_by == sa.bindparam("worker"))
        .where(is_in(dialect, D.subscriber_id, "ids") if dialect != "sqlite" else sa.true())
        .values({name: rows.c[name] for name in list(OUTCOMES)[2:]} | NOBODY)
        .returning(D.campaign_id, D.state, D.code)
    )


@cache
def _release(dialect: str) -> sa.Update:
    return (
        sa.update(deliveries)
        .where(_ours(dialect, DeliveryState.LEASED))
        .values(state=DeliveryState.PENDING, **NOBODY)
    )


@cache
def _postpone(dialect: str) -> sa.Update:
    return (
        sa.update(deliveries)
        .where(_ours(dialect, DeliveryState.LEASED))
        .values(state=DeliveryState.PENDING, due_at=sa.bindparam("until", type_=Utc), **NOBODY)
    )


@cache
def _leave_out(dialect: str) -> sa.Update:
    return (
        sa.update(deliveries)
        .where(_ours(dialect, DeliveryState.LEASED))
        .values(state=DeliveryState.SUPPRESSED, code=sa.bindparam("reason"), **CLOSED)
    )


@cache
def _expire() -> ReturningUpdate[int, str, str]:
    repeats = sa.select(campaigns.c.id).where(campaigns.c.unknown_policy == UnknownPolicy.AT_LEAST_ONCE)
    called = D.state == DeliveryState.SENDING
    in_doubt = called & D.campaign_id.not_in(repeats)
    return (
        sa.update(deliveries)
        .where(D.lease_until <= sa.bindparam("now_", type_=Utc))
        .values(
            state=sa.case((in_doubt, _text(DeliveryState.UNKNOWN)), else_=_text(DeliveryState.PENDING)),
            code=sa.case((called, _text(WORKER_DIED)), else_=D.code),
            attempts=D.attempts + sa.case((called, 1), else_=0),
            due_at=sa.case((in_doubt, None), else_=D.due_at),
            **NOBODY,
        )
        .returning(D.campaign_id, D.state, D.code)
    )


@cache
def _close(dialect: str) -> sa.Update:
    # "Due at all" is said as a range: SQLite then reads the index of open rows, not the whole campaign.
    picked = _picked(D.due_at > EPOCH, D.state.in_([DeliveryState.PENDING, DeliveryState.LEASED]))
    return (
        sa.update(deliveries)
        .where(D.campaign_id == sa.bindparam("campaign"), is_picked(dialect, D.subscriber_id, picked))
        .values(state=DeliveryState.SUPPRESSED, code=sa.bindparam("reason"), **CLOSED)
    )
