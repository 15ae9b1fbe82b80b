"""Fixtures every folder of tests shares: a clock that is told what time it is, and both databases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gatecrier.kernel.clock import FakeClock
from gatecrier.storage.database import Database
from gatecrier.storage.migrate import migrate
from postgres import Postgres, PostgresMissing, find_postgres


@pytest.fixture
def clock() -> FakeClock:
    """2026-11-21 12:00 UTC, moved by `await clock.advance(seconds)`."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL with a database of our own, or one line that says what is missing."""
    try:
        server = find_postgres(tmp_path_factory)
    except PostgresMissing as missing:
        missing.report()
    yield server
    server.close()


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty, migrated SQLite file."""
    database = Database.at(f"sqlite:///{tmp_path}/test.db")
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """An empty, migrated database: each test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = request.getfixturevalue("tmp_path")
        opened = Database.at(f"sqlite:///{path}/test.db")
        await migrate(opened)
    else:
        opened = Database.at(request.getfixturevalue("postgres").url)
        await migrate(opened)
        await _empty(opened)
    yield opened
    await opened.close()


async def _empty(database: Database) -> None:
    """Delete every row: far quicker than a new PostgreSQL database for each test."""
    async with database.transaction() as connection:
        names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        names.remove("alembic_version")
        await connection.execute(sa.text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
