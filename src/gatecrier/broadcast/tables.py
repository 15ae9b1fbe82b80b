"""Broadcast's tables. `store`, `ledger` and their like are the only ones that read and write them."""

import sqlalchemy as sa

from gatecrier.storage.schema import BigId, Utc, metadata

campaigns = sa.Table(
    "campaigns",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("unknown_policy", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False, server_default=""),
    sa.Column("audience", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("started_at", Utc, nullable=True),
    sa.Column("finished_at", Utc, nullable=True),
    sa.Column("active_since", Utc, nullable=True),
    sa.Column("active_seconds", sa.Float, nullable=False, server_default="0"),
    sa.Column("snapshot_upto", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("snapshot_cursor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("excused_attempts", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("excused_errors", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("excused_gone", sa.BigInteger, nullable=False, server_default="0"),
    # Calls for rows that were reopened since: what a paid campaign spent on them stays spent.
    sa.Column("called_before", sa.BigInteger, nullable=False, server_default="0"),
    # False while a row may still change: what the reconciler looks for.
    sa.Column("is_settled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_by", sa.Text, nullable=False, server_default=""),
    # What the maker of the campaign names this request: asked twice, it is made once.
    sa.Column("idempotency_key", sa.Text, nullable=True),
    sa.Column("category", sa.Text, nullable=False, server_default=""),  # what subscribers may opt out of
    sa.Column("segment", sa.Text, nullable=False, server_default=""),  # the query; "": everybody
    sa.Column("approved_by", sa.Text, nullable=False, server_default=""),
    sa.Column("scheduled_at", Utc, nullable=True),
    sa.Column("schedule_id", sa.BigInteger, nullable=True),  # the schedule that made it
    sa.UniqueConstraint("bot_id", "idempotency_key"),
    sa.Index(None, "bot_id", "id"),
    sa.Index(
        "ix_campaigns_scheduled",
        "scheduled_at",
        sqlite_where=sa.text("scheduled_at IS NOT NULL"),
        postgresql_where=sa.text("scheduled_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_campaigns_unsettled",
        "bot_id",
        sqlite_where=sa.text("is_settled = 0"),
        postgresql_where=sa.text("NOT is_settled"),
    ),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subscriber_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # Why: a failure's code, a suppression's reason; "" while all is well.
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # When it may be sent: the campaign's start, later when postponed, NULL exactly when the state is final.
    sa.Column("due_at", Utc, nullable=True),
    # Until when `leased_by` holds it; NULL exactly when nobody does.
    sa.Column("lease_until", Utc, nullable=True),
    sa.Column("leased_by", sa.Text, nullable=True),
    sa.Column("message_id", sa.BigInteger, nullable=True),
    sa.Column("sent_at", Utc, nullable=True),
    sa.Column("variant", sa.SmallInteger, nullable=True),  # which text it got; NULL while there is but one
    sa.Column("more_ids", sa.Text, nullable=True),  # ids of an album's other messages, with commas
    # When the message is to be deleted again, and when it was; of most rows neither.
    sa.Column("withdraw_at", Utc, nullable=True),
    sa.Column("withdrawn_at", Utc, nullable=True),
    sa.Index(
        "ix_deliveries_due",
        "campaign_id",
        "due_at",
        "subscriber_id",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_deliveries_held",
        "lease_until",
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_deliveries_withdraw",
        "campaign_id",
        "withdraw_at",
        sqlite_where=sa.text("withdraw_at IS NOT NULL"),
        postgresql_where=sa.text("withdraw_at IS NOT NULL"),
    ),
    # State is in no index and pages keep room, so PostgreSQL marks `sending` without touching one (HOT).
    postgresql_with={"fillfactor": "80"},
    sqlite_with_rowid=False,
)

tallies = sa.Table(
    "campaign_tallies",
    metadata,
    sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""Rows in each final state: changed in the statement's transaction that changes the rows, so always true."""

segments = sa.Table(
    "segments",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
)

clicks = sa.Table(
    "clicks",
    metadata,
    sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subscriber_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("link", sa.SmallInteger, primary_key=True, autoincrement=False),  # the button's number, from 0
    sa.Column("first_at", Utc, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
)

amendments = sa.Table(
    "amendments",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("campaign_id", sa.BigInteger, nullable=False),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # undo, expire, edit
    sa.Column("content", sa.JSON, nullable=True),  # the new content of an edit
    sa.Column("cursor", sa.BigInteger, nullable=False),  # the last subscriber looked at
    sa.Column("is_walked", sa.Boolean, nullable=False),  # the cursor has come to the end
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("finished_at", Utc, nullable=True),
    sa.Index(None, "campaign_id"),
    sa.Index(
        "ix_amendments_open",
        "bot_id",
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    ),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("template", sa.JSON, nullable=False),  # what each campaign is made of
    sa.Column("rule", sa.Text, nullable=False),  # cron, or RRULE
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("blackout", sa.JSON, nullable=False),  # dates on which nothing is sent
    sa.Column("misfire", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("next_at", Utc, nullable=True),
    sa.Column("last_at", Utc, nullable=True),
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Index(
        "ix_schedules_next",
        "next_at",
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    ),
)

status_messages = sa.Table(
    "status_messages",
    metadata,
    sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    sa.Column("is_final", sa.Boolean, nullable=False),
    sa.Index(
        "ix_status_messages_live",
        "bot_id",
        sqlite_where=sa.text("is_final = 0"),
        postgresql_where=sa.text("NOT is_final"),
    ),
)
"""The message by which an operator watches a campaign in Telegram: the same one goes on after a restart."""

compositions = sa.Table(
    "compositions",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("start_at", Utc, nullable=True),  # when the campaign is to start; NULL: when confirmed
    sa.Column("message_ids", sa.JSON, nullable=False),  # what was sent so far
    sa.Column("album", sa.Text, nullable=False),  # Telegram's id of the album that is arriving
    sa.Column("due_at", Utc, nullable=False),  # when it ends: nothing came, or the album is whole
)
"""An operator who was asked for a message, and has not sent all of it."""
