"""gate: policies, options, roster, requests, deletions.   Why: issue C.   Phase: expand, nothing released."""

import json

import sqlalchemy as sa
from alembic import op

from gatecrier.storage.schema import Utc

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _gates()
    _exemptions()
    _people()
    _ledger()
    _deletions()
    with op.batch_alter_table("audit_log") as table:
        table.add_column(sa.Column("about", sa.Text, nullable=False, server_default=""))
        table.create_index("ix_audit_log_subject_about_id", ["subject", "about", "id"])


def _gates() -> None:
    """A gate of before demanded all of its channels."""
    with op.batch_alter_table("gates") as table:
        table.add_column(sa.Column("policy", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("options", sa.Text, nullable=False, server_default="{}"))
        table.add_column(sa.Column("raid_since", Utc, nullable=True))
        table.add_column(sa.Column("raid_until", Utc, nullable=True))
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT chat_id, channel_id FROM gate_channels ORDER BY added_at"))
    required: dict[int, list[int]] = {}
    for chat_id, channel_id in rows:
        required.setdefault(chat_id, []).append(channel_id)
    for chat_id, channels in required.items():
        policy = json.dumps(channels[0] if len(channels) == 1 else {"all": channels})
        connection.execute(
            sa.text("UPDATE gates SET policy = :policy WHERE chat_id = :chat_id"),
            {"policy": policy, "chat_id": chat_id},
        )
    connection.execute(
        sa.text(
            "UPDATE gates SET suspended_cause = CASE WHEN suspended_channel_id = 0 "
            "THEN 'lost_rights' ELSE 'channel' END WHERE suspended_at IS NOT NULL"
        )
    )


def _exemptions() -> None:
    """People only until now; from now on channels, bots and invite links too."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT chat_id, person_id, added_at, added_by FROM exemptions").columns(added_at=Utc)
    ).all()
    op.drop_table("exemptions")
    exemptions = op.create_table(
        "exemptions",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("until", Utc, nullable=True),
        sa.Column("added_at", Utc, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
    )
    op.bulk_insert(
        exemptions,
        [
            {"chat_id": chat_id, "subject": str(person), "until": None, "added_at": at, "added_by": by}
            for chat_id, person, at, by in rows
        ],
    )


def _people() -> None:
    op.create_table(
        "roster",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("first_seen_at", Utc, nullable=False),
        sa.Column("last_seen_at", Utc, nullable=False),
        sa.Column("present", sa.Boolean, nullable=False),
        sa.Column("came_at", Utc, nullable=True),
        sa.Column("left_channel_at", Utc, nullable=True),
        sa.Column("strikes", sa.Integer, nullable=False),
        sa.Column("strike_key", sa.Text, nullable=False),
        sa.Column("mutes", sa.Integer, nullable=False),
    )
    op.create_index("ix_roster_person_id", "roster", ["person_id"])
    op.create_table(
        "join_requests",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bot_id", sa.BigInteger, nullable=False),
        sa.Column("private_chat_id", sa.BigInteger, nullable=False),
        sa.Column("asked_at", Utc, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("card_id", sa.BigInteger, nullable=True),
        sa.Column("id", sa.Text, nullable=False),
    )
    op.create_index("ix_join_requests_person_id", "join_requests", ["person_id"])


def _ledger() -> None:
    with op.batch_alter_table("restrictions") as table:
        table.add_column(sa.Column("lift_at", Utc, nullable=True))
        table.create_index("ix_restrictions_bot_id_lift_at", ["bot_id", "lift_at"])
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("language", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("silent", sa.Boolean, nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("private_id", sa.BigInteger, nullable=True))
        table.add_column(sa.Column("private_at", Utc, nullable=True))
        table.add_column(sa.Column("asked_at", Utc, nullable=True))
    op.create_index(
        "ix_cases_asked",
        "cases",
        ["asked_at"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_cases_private",
        "cases",
        ["private_at"],
        sqlite_where=sa.text("closed_at IS NULL AND private_at IS NOT NULL"),
        postgresql_where=sa.text("closed_at IS NULL AND private_at IS NOT NULL"),
    )


def _deletions() -> None:
    op.create_table(
        "deletions",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("receiver_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("due_at", Utc, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
    )
    op.create_index("ix_deletions_bot_id_due_at", "deletions", ["bot_id", "due_at"])
