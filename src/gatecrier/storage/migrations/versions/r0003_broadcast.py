"""broadcast: campaigns, their ledger, its tallies.   Why: first tables.   Phase: expand."""

import sqlalchemy as sa
from alembic import op

from gatecrier.storage.schema import BigId, Utc

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "campaigns",
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
        sa.Column("is_settled", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_campaigns_bot_id_id", "campaigns", ["bot_id", "id"])
    op.create_index(
        "ix_campaigns_unsettled",
        "campaigns",
        ["bot_id"],
        sqlite_where=sa.text("is_settled = 0"),
        postgresql_where=sa.text("NOT is_settled"),
    )
    op.create_table(
        "deliveries",
        sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subscriber_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", Utc, nullable=True),
        sa.Column("lease_until", Utc, nullable=True),
        sa.Column("leased_by", sa.Text, nullable=True),
        sa.Column("message_id", sa.BigInteger, nullable=True),
        sa.Column("sent_at", Utc, nullable=True),
        postgresql_with={"fillfactor": "80"},
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["campaign_id", "due_at", "subscriber_id"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_held",
        "deliveries",
        ["lease_until"],
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_table(
        "campaign_tallies",
        sa.Column("campaign_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
