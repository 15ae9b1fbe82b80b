"""
campaigns: remember the calls for rows that are sent again.

Why: they no longer stand in the tallies, and a paid campaign could spend its Stars twice.
Phase: expand (before the code); a constant default, no rewrite.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.add_column(sa.Column("called_before", sa.BigInteger, nullable=False, server_default="0"))
