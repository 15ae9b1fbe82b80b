"""The tables every feature may read. Functions never commit: the caller owns the transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.registry.model import DATED, Audience, AuditEntry, Subscriber, SuppressionReason
from gatecrier.storage.database import Database, insert_into
from gatecrier.storage.schema import BigId, Utc, metadata

subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("language_code", sa.Text, nullable=False),
    sa.Column("is_premium", sa.Boolean, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("started_at", Utc, nullable=False),
    sa.Column("last_seen_at", Utc, nullable=False),
    sa.Column("terms_at", Utc, nullable=True),  # when they accepted the terms
    sa.Column("time_zone", sa.Text, nullable=False, server_default=""),  # IANA; "": not known
    sa.UniqueConstraint("bot_id", "person_id"),
    sa.Index(None, "bot_id", "id"),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("since", Utc, nullable=False),
)

opt_outs = sa.Table(
    "opt_outs",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("since", Utc, nullable=False),
)

subscriber_tags = sa.Table(
    "subscriber_tags",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Index(None, "bot_id", "tag"),
)

received_updates = sa.Table(
    "received_updates",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("received_at", Utc, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=True),
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("answered_at", Utc, nullable=True),
    sa.Column("done_at", Utc, nullable=True),
    sa.Index(
        "ix_received_updates_open",
        "bot_id",
        "update_id",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    ),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False, server_default=""),
    sa.Index(None, "subject", "id"),
    sa.Index(None, "subject", "about", "id"),
)


LOG_LIFE = timedelta(days=30)  # of the audit log
FORGOTTEN_AT_ONCE = 1000  # its rows; SQLite has one writer, who must not be kept long
NO_BOT = 0
"""The bot of a subscriber who was erased: none has this number."""
NO_TERMS = "no_terms"
"""Why somebody must not be messaged who has not accepted the terms; no row of `suppressions` says it."""


class SubscriberStore:
    """Subscribers and suppressions of all bots."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, rows: Sequence[Subscriber]) -> None:
        """Add people, or renew what is known of them; `id`, `source` and `started_at` stay the first ones."""
        if not rows:
            return
        fresh = ("first_name", "username", "language_code", "is_premium", "last_seen_at")
        statement = insert_into(self._connection, subscribers)
        statement = statement.on_conflict_do_update(
            index_elements=["bot_id", "person_id"],
            set_={name: statement.excluded[name] for name in fresh},
            where=subscribers.c.last_seen_at <= statement.excluded.last_seen_at,
        )
        await self._connection.execute(statement, [_row(row) for row in rows])

    async def find(self, bot_id: int, person_id: int) -> Subscriber | None:
        """One subscriber by Telegram's id."""
        query = sa.select(subscribers).where(
            subscribers.c.bot_id == bot_id, subscribers.c.person_id == person_id
        )
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return Subscriber(**row) if row else None

    async def suppress(
        self, bot_id: int, people: Iterable[int], reason: SuppressionReason, *, since: datetime
    ) -> None:
        """Note that these people must not be messaged; noting it again keeps the latest moment."""
        rows = [{"bot_id": bot_id, "person_id": id_, "reason": reason, "since": since} for id_ in people]
        if not rows:
            return
        statement = insert_into(self._connection, suppressions)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["bot_id", "person_id", "reason"],
                set_={"since": statement.excluded.since},
                where=suppressions.c.since < statement.excluded.since,
            ),
            rows,
        )

    async def lift(
        self, bot_id: int, person_id: int, reasons: Iterable[SuppressionReason], *, at: datetime
    ) -> int:
        """
        Forget these reasons; returns how many held.

        Args:
            at: A /stop or an erasure that is newer than this stays. The other reasons go whatever their
                date: they may carry our clock's, and a campaign finds out again if they still hold.
        """
        result = await self._connection.execute(
            sa.delete(suppressions).where(
                suppressions.c.bot_id == bot_id,
                suppressions.c.person_id == person_id,
                suppressions.c.reason.in_(list(reasons)),
                sa.or_(suppressions.c.reason.not_in(DATED), suppressions.c.since <= at),
            )
        )
        return result.rowcount

    async def since(self, bot_id: int, person_id: int, reason: SuppressionReason) -> datetime | None:
        """Since when a reason has held; None: it does not."""
        s = suppressions.c
        query = sa.select(s.since).where(s.bot_id == bot_id, s.person_id == person_id, s.reason == reason)
        moment: datetime | None = await self._connection.scalar(query)
        return moment

    async def erased_among(self, bot_id: int, people: Iterable[int]) -> set[int]:
        """Those of these people who asked to be forgotten."""
        s = suppressions.c
        query = sa.select(s.person_id).where(
            s.bot_id == bot_id, s.person_id.in_(list(people)), s.reason == SuppressionReason.ERASED
        )
        return set((await self._connection.execute(query)).scalars())

    async def add(self, rows: Sequence[Subscriber]) -> set[int]:
        """Add people who are not here yet; returns which were added, by Telegram's id."""
        statement = insert_into(self._connection, subscribers).values([_row(row) for row in rows])
        added = statement.on_conflict_do_nothing().returning(subscribers.c.person_id)
        return set((await self._connection.execute(added)).scalars())

    async def reasons(self, bot_id: int, person_id: int) -> set[SuppressionReason]:
        """Why this person must not be messaged; empty when they may be."""
        query = sa.select(suppressions.c.reason).where(
            suppressions.c.bot_id == bot_id, suppressions.c.person_id == person_id
        )
        return {SuppressionReason(reason) for reason in (await self._connection.execute(query)).scalars()}

    async def kept(self, bot_id: int, person_id: int) -> dict[str, Any]:
        """Every row about a person, by table."""
        found: dict[str, Any] = {}
        for table in (subscribers, suppressions, opt_outs, subscriber_tags):
            query = sa.select(table).where(table.c.bot_id == bot_id, table.c.person_id == person_id)
            rows = (await self._connection.execute(query)).mappings()
            found[table.name] = [dict(row) for row in rows]
        return found

    async def erase(self, bot_id: int, person_id: int, *, at: datetime) -> None:
        """
        Delete every row about a person but an operator's ban.

        Of the subscriber an empty row stays, of no bot: without it SQLite would give the highest number
        again, and the next subscriber would inherit this one's deliveries.
        """
        for table in (suppressions, opt_outs, subscriber_tags):
            theirs = sa.delete(table).where(table.c.bot_id == bot_id, table.c.person_id == person_id)
            if table is suppressions:
                theirs = theirs.where(suppressions.c.reason != SuppressionReason.BANNED)
            await self._connection.execute(theirs)
        nobody = {
            "bot_id": NO_BOT,
            "person_id": -subscribers.c.id,
            **dict.fromkeys(("first_name", "username", "language_code", "source", "time_zone"), ""),
            **dict.fromkeys(("started_at", "last_seen_at"), at),
            "is_premium": False,
            "terms_at": None,
        }
        one = sa.and_(subscribers.c.bot_id == bot_id, subscribers.c.person_id == person_id)
        await self._connection.execute(sa.update(subscribers).where(one).values(nobody))

    async def accept_terms(self, bot_id: int, person_id: int, *, at: datetime) -> None:
        """Note when they first agreed."""
        await self._set(bot_id, person_id, subscribers.c.terms_at.is_(None), terms_at=at)

    async def set_time_zone(self, bot_id: int, person_id: int, zone: str) -> None:
        """Note their zone."""
        await self._set(bot_id, person_id, time_zone=zone)

    async def opt_out(self, bot_id: int, person_id: int, category: str, *, since: datetime) -> None:
        """They want nothing of this category; twice is once."""
        row = {"bot_id": bot_id, "person_id": person_id, "category": category, "since": since}
        statement = insert_into(self._connection, opt_outs).values(row).on_conflict_do_nothing()
        await self._connection.execute(statement)

    async def opt_in(self, bot_id: int, person_id: int, category: str) -> None:
        """They want it again."""
        o = opt_outs.c
        theirs = sa.and_(o.bot_id == bot_id, o.person_id == person_id, o.category == category)
        await self._connection.execute(sa.delete(opt_outs).where(theirs))

    async def opted_out(self, bot_id: int, person_id: int) -> frozenset[str]:
        """The categories they do not want."""
        o = opt_outs.c
        query = sa.select(o.category).where(o.bot_id == bot_id, o.person_id == person_id)
        return frozenset((await self._connection.execute(query)).scalars())

    async def _set(
        self, bot_id: int, person_id: int, *conditions: sa.ColumnElement[bool], **values: object
    ) -> None:
        await self._connection.execute(
            sa.update(subscribers)
            .where(subscribers.c.bot_id == bot_id, subscribers.c.person_id == person_id, *conditions)
            .values(**values)
        )

    async def tag(self, bot_id: int, people: Iterable[int], tag: str) -> None:
        """Give people a tag; who has it keeps it."""
        rows = [{"bot_id": bot_id, "person_id": id_, "tag": tag} for id_ in people]
        if rows:
            statement = insert_into(self._connection, subscriber_tags).on_conflict_do_nothing()
            await self._connection.execute(statement, rows)

    async def untag(self, bot_id: int, people: Iterable[int], tag: str) -> int:
        """Take a tag away; returns from how many."""
        t = subscriber_tags.c
        query = sa.delete(subscriber_tags).where(
            t.bot_id == bot_id, t.tag == tag, t.person_id.in_(list(people))
        )
        return (await self._connection.execute(query)).rowcount

    async def audience(self, bot_id: int, *, terms: bool = False) -> Audience:
        """
        How many there are, and how many must not be messaged, each under their strongest reason.

        Args:
            terms: Who has not accepted them must not be.
        """
        total = await self._connection.scalar(
            sa.select(sa.func.count()).select_from(subscribers).where(subscribers.c.bot_id == bot_id)
        )
        strongest = (
            sa.select(sa.func.min(strength()).label("strength"))
            .select_from(
                subscribers.join(
                    suppressions,
                    (suppressions.c.bot_id == subscribers.c.bot_id)
                    & (suppressions.c.person_id == subscribers.c.person_id),
                )
            )
            .where(subscribers.c.bot_id == bot_id)
            .group_by(subscribers.c.id)
            .subquery()
        )
        query = sa.select(strongest.c.strength, sa.func.count()).group_by(strongest.c.strength)
        order = list(SuppressionReason)
        rows = (await self._connection.execute(query)).all()
        suppressed: dict[str, int] = {order[rank]: count for rank, count in rows}
        if terms and (count := await self._without_terms(bot_id)):
            suppressed[NO_TERMS] = count
        return Audience(total=total or 0, suppressed=suppressed)

    async def _without_terms(self, bot_id: int) -> int:
        """How many have not accepted the terms, and have no stronger reason."""
        silent = sa.exists().where(
            suppressions.c.bot_id == bot_id, suppressions.c.person_id == subscribers.c.person_id
        )
        query = (
            sa.select(sa.func.count())
            .select_from(subscribers)
            .where(subscribers.c.bot_id == bot_id, subscribers.c.terms_at.is_(None), ~silent)
        )
        return await self._connection.scalar(query) or 0


def strength() -> sa.ColumnElement[int]:
    """The rank of a suppression's reason as SQL: 0 is the strongest (the order of `SuppressionReason`)."""
    ranks = {reason.value: rank for rank, reason in enumerate(SuppressionReason)}
    return sa.case(ranks, value=suppressions.c.reason, else_=len(ranks))


def _row(subscriber: Subscriber) -> dict[str, object]:
    row = dict(vars(subscriber))
    del row["id"]
    return row


class InboxStore:
    """Updates that have an effect, kept until it is done."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, bot_id: int, bodies: dict[int, bytes], *, now: datetime) -> set[int]:
        """Keep these updates; returns the ids that were not here before: the caller's to work on."""
        rows = [
            {"bot_id": bot_id, "update_id": id_, "received_at": now, "due_at": now, "body": body}
            for id_, body in bodies.items()
        ]
        statement = (
            insert_into(self._connection, received_updates)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(received_updates.c.update_id)
        )
        return set((await self._connection.execute(statement)).scalars())

    async def finish(self, bot_id: int, update_ids: Sequence[int], *, now: datetime) -> None:
        """Note that the effects are done, and forget what people wrote."""
        await self._connection.execute(
            sa.update(received_updates)
            .where(received_updates.c.bot_id == bot_id, received_updates.c.update_id.in_(update_ids))
            .values(done_at=now, body=None)
        )

    async def claim_answer(self, bot_id: int, update_id: int, *, now: datetime) -> bool:
        """Whether the caller is the first to answer this update; nobody after them is."""
        result = await self._connection.execute(
            sa.update(received_updates)
            .where(
                received_updates.c.bot_id == bot_id,
                received_updates.c.update_id == update_id,
                received_updates.c.answered_at.is_(None),
            )
            .values(answered_at=now)
        )
        return result.rowcount == 1

    async def postpone(self, bot_id: int, update_id: int, *, until: datetime) -> None:
        """Leave an update open, to be worked on again from `until` on."""
        await self._connection.execute(
            sa.update(received_updates)
            .where(received_updates.c.bot_id == bot_id, received_updates.c.update_id == update_id)
            .values(due_at=until)
        )

    async def open(self, bot_id: int, *, now: datetime, limit: int) -> list[tuple[int, bytes]]:
        """Updates whose effect is still due, oldest first: what a crash left, or a failure postponed."""
        query = (
            sa.select(received_updates.c.update_id, received_updates.c.body)
            .where(received_updates.c.bot_id == bot_id, received_updates.c.done_at.is_(None))
            .where(received_updates.c.due_at <= now)
            .order_by(received_updates.c.update_id)
            .limit(limit)
        )
        return [(id_, body) for id_, body in (await self._connection.execute(query)).all()]

    async def give_up(self, bot_id: int, *, before: datetime, now: datetime) -> int:
        """Close updates received before `before` that are still open; returns how many."""
        result = await self._connection.execute(
            sa.update(received_updates)
            .where(
                received_updates.c.bot_id == bot_id,
                received_updates.c.done_at.is_(None),
                received_updates.c.received_at < before,
            )
            .values(done_at=now, body=None)
        )
        return result.rowcount

    async def expire(self, *, before: datetime) -> int:
        """Forget finished updates older than `before`; returns how many."""
        result = await self._connection.execute(
            sa.delete(received_updates).where(
                received_updates.c.done_at.is_not(None), received_updates.c.received_at < before
            )
        )
        return result.rowcount


async def record_audit(
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: str = "",
    about: str = "",
) -> None:
    """
    Append to the audit log, in the transaction of the change itself.

    Args:
        actor: Who: "person:42", "operator:7", "cli" or "gatecrier".
        action: What, in snake_case with its noun first: "gate.protect".
        subject: On what: "chat:-100123", "campaign:4".
        detail: What else there is to say: a reason, or what was changed.
        about: Whom it concerns: "person:42"; "" when nobody in particular.
    """
    await connection.execute(
        sa.insert(audit_log).values(
            at=at, actor=actor, action=action, subject=subject, detail=detail, about=about
        )
    )


async def read_audit(
    connection: AsyncConnection, *, subject: str, about: str = "", before_id: int | None = None, limit: int
) -> list[AuditEntry]:
    """Rows of the audit log, newest first; with `about`, those alone that concern somebody."""
    query = sa.select(audit_log).where(audit_log.c.subject == subject)
    if about:
        query = query.where(audit_log.c.about == about)
    if before_id is not None:
        query = query.where(audit_log.c.id < before_id)
    rows = await connection.execute(query.order_by(audit_log.c.id.desc()).limit(limit))
    return [AuditEntry(**row) for row in rows.mappings()]


async def expire_audit(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` rows older than that; returns how many."""
    old = sa.select(audit_log.c.id).where(audit_log.c.at < before).order_by(audit_log.c.id).limit(limit)
    result = await connection.execute(sa.delete(audit_log).where(audit_log.c.id.in_(old)))
    return result.rowcount


async def expire_log(database: Database, *, now: datetime) -> int:
    """Forget rows of the audit log of a month ago, some at a time; to be run hourly. Returns how many."""
    async with database.transaction() as connection:
        return await expire_audit(connection, before=now - LOG_LIFE, limit=FORGOTTEN_AT_ONCE)
