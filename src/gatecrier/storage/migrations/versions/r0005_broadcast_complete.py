"""broadcast: segments, variants, clicks, amendments, schedules, opt-outs.   Phase: expand."""

import sqlalchemy as sa
from alembic import op

from gatecrier.storage.schema import BigId, Utc

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _add_columns()
    _make_registry_tables()
    _make_broadcast_tables()


def _add_columns() -> None:
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.add_column(sa.Column("created_by", sa.Text, nullable=False, server_default=""))
        campaigns.add_column(sa.Column("idempotency_key", sa.Text, nullable=True))
        campaigns.add_column(sa.Column("category", sa.Text, nullable=False, server_default=""))
        campaigns.add_column(sa.Column("segment", sa.Text, nullable=False, server_default=""))
        campaigns.add_column(sa.Column("approved_by", sa.Text, nullable=False, server_default=""))
        campaigns.add_column(sa.Column("scheduled_at", Utc, nullable=True))
        campaigns.add_column(sa.Column("schedule_id", sa.BigInteger, nullable=True))
        campaigns.create_unique_constraint(
            "uq_campaigns_bot_id_idempotency_key", ["bot_id", "idempotency_key"]
        )
    op.create_index(
        "ix_campaigns_scheduled",
        "campaigns",
        ["scheduled_at"],
        sqlite_where=sa.text("scheduled_at IS NOT NULL"),
        postgresql_where=sa.text("scheduled_at IS NOT NULL"),
    )
    op.add_column("deliveries", sa.Column("variant", sa.SmallInteger, nullable=True))
    op.add_column("deliveries", sa.Column("more_ids", sa.Text, nullable=True))
    op.add_column("deliveries", sa.Column("withdraw_at", Utc, nullable=True))
    op.add_column("deliveries", sa.Column("withdrawn_at", Utc, nullable=True))
    op.create_index(
        "ix_deliveries_withdraw",
        "deliveries",
        ["campaign_id", "withdraw_at"],
        sqlite_where=sa.text("withdraw_at IS NOT NULL"),
        postgresql_where=sa.text("withdraw_at IS NOT NULL"),
    )
    op.add_column("subscribers", sa.Column("terms_at", Utc, nullable=True))
    op.add_column("subscribers", sa.Column("time_zone", sa.Text, nullable=False, server_default=""))


def _make_registry_tables() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("since", Utc, nullable=False),
    )
    op.create_table(
        "subscriber_tags",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tag", sa.Text, primary_key=True),
    )
    op.create_index("ix_subscriber_tags_bot_id_tag", "subscriber_tags", ["bot_id", "tag"])


def _make_broadcast_tables() -> None:
    op.create_table(
        "segments",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
    )
    op.create_table(
        "clicks",
        sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subscriber_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("link", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("first_at", Utc, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "amendments",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=True),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("is_walked", sa.Boolean, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("finished_at", Utc, nullable=True),
    )
    op.create_index("ix_amendments_campaign_id", "amendments", ["campaign_id"])
    op.create_index(
        "ix_amendments_open",
        "amendments",
        ["bot_id"],
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "schedules",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("template", sa.JSON, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("blackout", sa.JSON, nullable=False),
        sa.Column("misfire", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_at", Utc, nullable=True),
        sa.Column("last_at", Utc, nullable=True),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_schedules_next",
        "schedules",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "status_messages",
        sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("is_final", sa.Boolean, nullable=False),
    )
    op.create_index(
        "ix_status_messages_live",
        "status_messages",
        ["bot_id"],
        sqlite_where=sa.text("is_final = 0"),
        postgresql_where=sa.text("NOT is_final"),
    )
    op.create_table(
        "compositions",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("start_at", Utc, nullable=True),
        sa.Column("message_ids", sa.JSON, nullable=False),
        sa.Column("album", sa.Text, nullable=False),
        sa.Column("due_at", Utc, nullable=False),
    )
