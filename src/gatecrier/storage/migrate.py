"""
Bring the database to today's schema, under a lock, so that processes started together do it once.

All steps run in one transaction: PostgreSQL and SQLite both undo schema changes, so a step that
fails leaves the database as it was. PostgreSQL's lock is an advisory one, SQLite's is its writer.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from gatecrier.kernel.errors import Misconfigured
from gatecrier.storage.database import Database

LOCK = 7_264_112_004  # any number of our own; PostgreSQL's advisory locks are named by numbers


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def newest() -> str:
    """The revision this code expects."""
    return ScriptDirectory.from_config(_config()).get_heads()[0]


async def migrate(database: Database) -> str:
    """
    Apply every step that is missing; safe to call at every start.

    Returns:
        The revision the database is at now.
    Raises:
        Misconfigured: the database was made by a newer Gatecrier.
    """
    async with database.patient_transaction() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        return await connection.run_sync(_upgrade)


def _upgrade(connection: sa.Connection) -> str:
    config = _config()
    script = ScriptDirectory.from_config(config)
    now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now not in {step.revision for step in script.walk_revisions()}:
        raise Misconfigured(
            f"The database is at revision {now}, which this Gatecrier does not know.",
            remedy="Start the newer version that made it, or restore a backup from before.",
            field="GATECRIER_DATABASE_URL",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return newest()
