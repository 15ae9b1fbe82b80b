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
    sa.Column("policy", sa.Text, nullable=False, server_default=""),  # policy.as_json
    sa.Column("options", sa.Text, nullable=False, server_default="{}"),  # options.as_json
    sa.Column("raid_since", Utc, nullable=True),
    sa.Column("raid_until", Utc, nullable=True),
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
    sa.Column("subject", sa.Text, primary_key=True),  # an id of a person, bot or channel, or an invite link
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

roster = sa.Table(
    "roster",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("first_seen_at", Utc, nullable=False),
    sa.Column("last_seen_at", Utc, nullable=False),
    sa.Column("present", sa.Boolean, nullable=False),
    sa.Column("came_at", Utc, nullable=True),
    sa.Column("left_channel_at", Utc, nullable=True),
    sa.Column("strikes", sa.Integer, nullable=False),
    sa.Column("strike_key", sa.Text, nullable=False),  # what was counted last, so that it counts once
    sa.Column("mutes", sa.Integer, nullable=False),
    sa.Index(None, "person_id"),
)

join_requests = sa.Table(
    "join_requests",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("bot_id", sa.BigInteger, nullable=False),
    sa.Column("private_chat_id", sa.BigInteger, nullable=False),
    sa.Column("asked_at", Utc, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("card_id", sa.BigInteger, nullable=True),  # the message in private that says what is missing
    sa.Column("id", sa.Text, nullable=False),  # opaque; what that message's button carries
    sa.Index(None, "person_id"),
)

deletions = sa.Table(
    "deletions",
    metadata,
    sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("receiver_id", sa.BigInteger, primary_key=True, autoincrement=False),  # 0: not ephemeral
    sa.Column("due_at", Utc, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Index(None, "bot_id", "due_at"),
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
    sa.Column("lift_at", Utc, nullable=True),  # a mute that lasts so long; None: until they belong
    sa.Index(None, "bot_id", "state", "due_at"),
    sa.Index(None, "bot_id", "lift_at"),
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
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("silent", sa.Boolean, nullable=False, server_default=sa.false()),  # held without a word
    sa.Column("private_id", sa.BigInteger, nullable=True),  # the ephemeral card
    sa.Column("private_at", Utc, nullable=True),
    sa.Column("asked_at", Utc, nullable=True),  # when a sweep last asked about them
    sa.Index(
        "ix_cases_asked",
        "asked_at",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    sa.Index(
        "ix_cases_private",
        "private_at",
        sqlite_where=sa.text("closed_at IS NULL AND private_at IS NOT NULL"),
        postgresql_where=sa.text("closed_at IS NULL AND private_at IS NOT NULL"),
    ),
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
