"""
One async engine for SQLite and PostgreSQL, and the two ways to use it: `read()` and `transaction()`.

SQLite has one writer at a time: its writers queue for one connection that opens with BEGIN
IMMEDIATE, so none meets "database is locked"; readers have their own connections and never wait
(write-ahead log). PostgreSQL needs neither.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gatecrier.kernel.errors import Misconfigured, TryLater

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
SQLITE_READERS = 4  # each is a thread; more do not read faster under Python's lock
SQLITE_BUSY_MS = 10_000  # another process (a backup, the CLI) may hold the file for this long
INSERTS: dict[str, Callable[[sa.Table], postgresql.Insert | sqlite.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
PASSING = ("08", "40", "53", "55", "57")
"""SQLSTATE classes: connection, rollback (deadlock, serialisation), resources, not ready, operator."""
AFTER_COMMIT = "gatecrier_after_commit"

AfterCommit = Callable[[], Awaitable[None]]


class Database:
    """
    An open database. Build it with `Database.at(url)`; `close()` when done.

    Raises:
        Misconfigured: the URL is not one of SQLite's or PostgreSQL's.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", connections=SQLITE_READERS)
        else:
            self._writer = create_async_engine(url, pool_pre_ping=True, pool_size=10)
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ")

    @classmethod
    def at(cls, url: str) -> "Database":
        """
        The database at `url`: "sqlite:///file.db" or "postgresql://user@host/name".

        Raises:
            Misconfigured: no such address, or a file that cannot be written.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise _bad_url() from error
        driver = DRIVERS.get(parsed.drivername.partition("+")[0])
        if driver is None:
            raise _bad_url()
        if parsed.get_backend_name() == "sqlite" and not _is_writable(parsed.database):
            raise _unwritable(parsed)
        return cls(parsed.set(drivername=driver))

    def __str__(self) -> str:
        """Its address without driver and password."""
        return self.url.set(drivername=self.url.get_backend_name()).render_as_string(hide_password=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for queries; nothing written here is kept."""
        async with _explained(self.url), self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """All or nothing: committed when the block ends, rolled back when it raises."""
        async with _explained(self.url):
            async with self._writer.begin() as connection:
                callbacks: list[AfterCommit] = []
                connection.sync_connection.info[AFTER_COMMIT] = callbacks  # type: ignore[union-attr]
                yield connection
            for callback in callbacks:
                await callback()

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self.is_sqlite:
            await self._reader.dispose()


def after_commit(connection: AsyncConnection, callback: AfterCommit) -> None:
    """Run `callback` once the transaction of `connection` is committed; never if it is rolled back."""
    connection.sync_connection.info[AFTER_COMMIT].append(callback)  # type: ignore[union-attr]


def insert_into(connection: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that offers ON CONFLICT: both databases have it, SQLAlchemy keeps it in their dialects."""
    return INSERTS[connection.dialect.name](table)


def _sqlite_engine(url: URL, *, begin: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"timeout": SQLITE_BUSY_MS / 1000},
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves: the driver's own comes too late
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@asynccontextmanager
async def _explained(url: URL) -> AsyncIterator[None]:
    """Turn the driver's failures to reach or write the database into errors that name the remedy."""
    try:
        yield
    except OperationalError as error:
        raise _explain(error, url) from error
    except DBAPIError as error:
        if not (error.connection_invalidated or _is_passing(error)):
            raise
        raise TryLater("The database cannot serve us now.", code="database_gone") from error
    except PoolTimeoutError as error:
        raise TryLater("Too much waits for the database.", code="database_busy") from error
    except OSError as error:
        raise TryLater(f"The database at {_place(url)} cannot be reached.", code="database_gone") from error


def _explain(error: OperationalError, url: URL) -> Exception:
    reason = str(error.orig).lower()
    if "unable to open" in reason or "readonly" in reason or "read-only" in reason:
        return _unwritable(url)
    if "locked" in reason or "busy" in reason:
        return TryLater("The database is held by another process.", code="database_busy")
    return error


def _is_passing(error: DBAPIError) -> bool:
    """Whether PostgreSQL itself says that the same may work later (SQLSTATE, its appendix A)."""
    return str(getattr(error.orig, "sqlstate", None) or "")[:2] in PASSING


def _is_writable(file: str | None) -> bool:
    """Asked before opening: aiosqlite's thread outlives a connection that fails, and dies noisily."""
    if not file or file == ":memory:":
        return True
    path = Path(file)
    return os.access(path if path.exists() else path.parent, os.W_OK) and os.access(path.parent, os.W_OK)


def _unwritable(url: URL) -> Misconfigured:
    return Misconfigured(
        f"The database file {url.database} cannot be written.",
        remedy="Make its folder, give this user the right to write there, or name another place.",
        field="GATECRIER_DATABASE_URL",
    )


def _place(url: URL) -> str:
    return f"{url.host or 'localhost'}:{url.port or 5432}"


def _bad_url() -> Misconfigured:
    return Misconfigured(
        "This is no address of a database we know.",
        remedy='Use "sqlite:///gatecrier.db" or "postgresql://user:password@host/name".',
        field="GATECRIER_DATABASE_URL",
    )
