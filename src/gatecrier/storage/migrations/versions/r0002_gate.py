"""gate: gates, standings, restrictions, cases, cards.   Why: first tables of the gate.   Phase: expand."""

import sqlalchemy as sa
from alembic import op

from gatecrier.storage.schema import Utc

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _gates()
    _knowledge()
    _ledger()
    _cards()


def _gates() -> None:
    op.create_table(
        "gates",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("linked_chat_id", sa.BigInteger, nullable=True),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("suspended_at", Utc, nullable=True),
        sa.Column("suspended_cause", sa.Text, nullable=False),
        sa.Column("suspended_channel_id", sa.BigInteger, nullable=False),
        sa.Column("suspended_person_id", sa.BigInteger, nullable=False),
        sa.Column("told_at", Utc, nullable=True),
    )
    op.create_index("ix_gates_bot_id", "gates", ["bot_id"])
    op.create_table(
        "gate_channels",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("join_url", sa.Text, nullable=False),
        sa.Column("added_at", Utc, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
    )
    op.create_index("ix_gate_channels_channel_id", "gate_channels", ["channel_id"])


def _knowledge() -> None:
    op.create_table(
        "exemptions",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("until", Utc, nullable=True),
        sa.Column("added_at", Utc, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
    )
    op.create_table(
        "standings",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("standing", sa.SmallInteger, nullable=False),
        sa.Column("date", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("checked_at", Utc, nullable=False),
    )
    op.create_index("ix_standings_checked_at", "standings", ["checked_at"])


def _ledger() -> None:
    op.create_table(
        "restrictions",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("prior", sa.Text, nullable=False),
        sa.Column("prior_until", Utc, nullable=True),
        sa.Column("applied_at", Utc, nullable=False),
        sa.Column("due_at", Utc, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=True),
    )
    op.create_index("ix_restrictions_bot_id_state_due_at", "restrictions", ["bot_id", "state", "due_at"])
    op.create_table(
        "cases",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("thread_id", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("missing", sa.Text, nullable=False),
        sa.Column("away", sa.Boolean, nullable=False),
        sa.Column("opened_at", Utc, nullable=False),
        sa.Column("closed_at", Utc, nullable=True),
        sa.Column("outcome", sa.Text, nullable=True),
    )
    op.create_index(
        "uq_cases_open",
        "cases",
        ["chat_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_cases_chat_id_thread_id_opened_at", "cases", ["chat_id", "thread_id", "opened_at"])
    op.create_index("ix_cases_person_id", "cases", ["person_id"])


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("thread_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=True),
        sa.Column("old_message_id", sa.BigInteger, nullable=True),
        sa.Column("wanted", sa.BigInteger, nullable=False),
        sa.Column("raised", sa.BigInteger, nullable=False),
        sa.Column("shown", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("id", name="uq_cards_id"),
    )
