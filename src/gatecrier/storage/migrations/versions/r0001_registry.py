"""registry: subscribers, suppressions, received updates, audit log.   Why: first tables.   Phase: expand."""

import sqlalchemy as sa
from alembic import op

from gatecrier.storage.schema import BigId, Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "subscribers",
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
        sa.UniqueConstraint("bot_id", "person_id", name="uq_subscribers_bot_id_person_id"),
    )
    op.create_index("ix_subscribers_bot_id_id", "subscribers", ["bot_id", "id"])
    op.create_table(
        "suppressions",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("since", Utc, nullable=False),
    )
    op.create_table(
        "received_updates",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("received_at", Utc, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=True),
        sa.Column("due_at", Utc, nullable=False),
        sa.Column("answered_at", Utc, nullable=True),
        sa.Column("done_at", Utc, nullable=True),
    )
    op.create_index(
        "ix_received_updates_open",
        "received_updates",
        ["bot_id", "update_id"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("at", Utc, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_audit_log_subject_id", "audit_log", ["subject", "id"])
