"""
pgqueuer: the queue of wake-ups, where several processes share it (PgQueuer 1.6.0's own schema).

Why: ADR 0012. It is written out, not asked of the library: a migration is frozen, the library is not. When
PgQueuer is renewed, compare with `pgq install --dry-run` and bring the difference in a new step; the test
tests/storage/test_jobs.py::test_the_schema_is_the_librarys fails until then.
Phase: expand (before the code); new tables only, and only on PostgreSQL: SQLite's queue is in memory.
"""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in Path(__file__).with_name("pgqueuer-1.6.0.sql").read_text().split("\n\n-- next\n\n"):
        op.get_bind().exec_driver_sql(statement)
