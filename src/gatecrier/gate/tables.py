"""The gate's tables. `store` and `ledger` are the only ones that read and write them."""

import sqlalchemy as sa

from gatecrier.storage.schema import Utc, metadata

gates = sa.Table(
    "gates",
    metadata,
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
    sa.Index(None, "bot_id"),
)

gate_channels = sa.Table(
    "gate_channels",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("channel_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("join_url", sa.Text, nullable=False),
    sa.Column("added_at", Utc, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Index(None, "channel_id"),
)

exemptions = sa.Table(
    "exemptions",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until", Utc, nullable=True),
    sa.Column("added_at", Utc, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
)

standings = sa.Table(
    "standings",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("standing", sa.SmallInteger, nullable=False),  # model.Standing
    sa.Column("date", sa.BigInteger, nullable=False),  # Unix seconds, Telegram's: newer wins
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("checked_at", Utc, nullable=False),
    sa.Index(None, "checked_at"),
)

restrictions = sa.Table(
    "restrictions",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("prior", sa.Text, nullable=False),  # names of the permissions they had, with commas
    sa.Column("prior_until", Utc, nullable=True),
    sa.Column("applied_at", Utc, nullable=False),
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),  # how often Telegram would not let us finish it
    sa.Column("outcome", sa.Text, nullable=True),
    sa.Index(None, "bot_id", "state", "due_at"),
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("thread_id", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("missing", sa.Text, nullable=False),  # ids of channels, with commas
    sa.Column("away", sa.Boolean, nullable=False),
    sa.Column("opened_at", Utc, nullable=False),
    sa.Column("closed_at", Utc, nullable=True),
    sa.Column("outcome", sa.Text, nullable=True),
    # One open case for a person in a group: the database's word, whoever comes first.
    sa.Index(
        "uq_cases_open",
        "chat_id",
        "person_id",
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    sa.Index(None, "chat_id", "thread_id", "opened_at"),
    sa.Index(None, "person_id"),
)

cards = sa.Table(
    "cards",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("thread_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=True),
    sa.Column("old_message_id", sa.BigInteger, nullable=True),
    sa.Column("wanted", sa.BigInteger, nullable=False),
    sa.Column("raised", sa.BigInteger, nullable=False),
    sa.Column("shown", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("id"),
)
