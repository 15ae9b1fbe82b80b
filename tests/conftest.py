"""Fixtures every folder of tests shares: a clock that is told what time it is, and both databases."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from gatecrier.kernel.clock import FakeClock
from gatecrier.storage.database import Database
from gatecrier.storage.migrate import migrate
from postgres import Postgres, PostgresMissing, find_postgres

DATABASE_FIXTURES = {"migrated_file", "postgres", "stories", "app", "stage"}


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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with today's schema, made once: copying it is far quicker than migrating anew."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database.at(f"sqlite:///{path}")
    await migrate(database)
    await database.close()
    return path


@pytest.fixture
async def sqlite_database(tmp_path: Path, migrated_file: Path, clock: FakeClock) -> AsyncIterator[Database]:
    """An empty, migrated SQLite file."""
    shutil.copy(migrated_file, tmp_path / "test.db")
    database = Database.at(f"sqlite:///{tmp_path}/test.db", clock.monotonic)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path, clock: FakeClock
) -> AsyncIterator[Database]:
    """An empty, migrated database: each test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(migrated_file, tmp_path / "test.db")
        opened = Database.at(f"sqlite:///{tmp_path}/test.db", clock.monotonic)
    else:
        opened = Database.at(request.getfixturevalue("postgres").url, clock.monotonic)
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever opens a database file, so that `make unit` runs what needs neither that nor a socket."""
    for item in items:
        if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")
