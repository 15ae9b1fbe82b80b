"""Migrations: that they and the code's tables agree; what stores do with them is tested beside each store."""

import asyncio
import pkgutil
from importlib import import_module

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import gatecrier
from gatecrier.kernel.errors import Misconfigured
from gatecrier.storage.database import Database
from gatecrier.storage.migrate import migrate, newest
from gatecrier.storage.schema import metadata


def import_every_store() -> None:
    for module in pkgutil.walk_packages(gatecrier.__path__, "gatecrier."):
        if module.name.endswith((".store", ".tables")):
            import_module(module.name)


async def test_all_migrations_make_exactly_the_tables_the_code_declares(database: Database) -> None:
    """The schema a database has after every step is the schema the stores were written for."""
    import_every_store()
    async with database.transaction() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True, "include_name": _is_ours}),
                metadata,
            )
        )
    assert differences == []


async def test_processes_that_start_together_migrate_once(database: Database) -> None:
    """Migrating is safe to call at every start, by any number of processes at the same moment."""
    assert await asyncio.gather(*(migrate(database) for _ in range(5))) == [newest()] * 5


async def test_a_database_of_a_newer_version_is_left_alone(sqlite_database: Database) -> None:
    """Code that does not know the schema must not touch it, and says what to do."""
    async with sqlite_database.transaction() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misconfigured, match=r"9999.*newer version"):
        await migrate(sqlite_database)


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """PgQueuer's tables are compared with its own declaration, in test_jobs.py."""
    return not (kind == "table" and str(name).startswith("pgqueuer"))
