"""
One async engine for SQLite and PostgreSQL, and the two ways to use it: `read()` and `transaction()`.

SQLite has one writer at a time: its writers queue for one connection that opens with BEGIN
IMMEDIATE, so none meets "database is locked"; readers have their own connections and never wait
(write-ahead log). PostgreSQL needs neither.
"""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
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
POSTGRES_CONNECTIONS = 10  # of one process; a hundred in all is PostgreSQL's own default
POSTGRES_RENEW = 1800  # seconds: a pooler or a proxy between may forget older ones
POOL_TIMEOUT = 10.0  # seconds for one to be free
CONNECT_TIMEOUT = 4.0  # seconds
COMMAND_TIMEOUT = 20.0  # seconds for an answer: a server that hangs is as good as gone
STATEMENT_TIMEOUTS = {
    "statement_timeout": "15s",  # the server gives up before we do, and says so
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",  # a frozen process must not keep its locks
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "application_name": "gatecrier",
}
OWN_ARGUMENTS = ("host", "port", "user", "password", "database", "ssl", "passfile", "direct_tls")
PASSING = ("08", "40", "53", "55", "57")
"""SQLSTATE classes: connection, rollback (deadlock, serialisation), resources, not ready, operator."""
CONFLICTS = "40"
ATTEMPTS = 3  # of work that met a deadlock or a serialisation failure
OPENS_AFTER = 3  # failures to reach the server, one after the other, until we ask it no more
CLOSED_FOR = 1.0  # seconds until it is asked again: whoever waits is told at once instead
AFTER_COMMIT = "gatecrier_after_commit"

AfterCommit = Callable[[], Awaitable[None]]
T = TypeVar("T")


class Database:
    """
    An open database. Build it with `Database.at(url)`; `close()` when done.

    Args:
        monotonic: Tells the breaker how long it has been open, in seconds.
    Raises:
        Misconfigured: the URL is not one of SQLite's or PostgreSQL's.
    """

    def __init__(self, url: URL, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", connections=SQLITE_READERS)
        else:
            self._writer = _postgres_engine(url)
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ")
        self._breaker = Breaker(monotonic)

    @classmethod
    def at(cls, url: str, monotonic: Callable[[], float] = time.monotonic) -> "Database":
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
        return cls(parsed.set(drivername=driver), monotonic)

    def __str__(self) -> str:
        """Its address without driver and password."""
        return self.url.set(drivername=self.url.get_backend_name()).render_as_string(hide_password=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for queries; nothing written here is kept."""
        async with self._breaker, _explained(self.url), self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """All or nothing: committed when the block ends, rolled back when it raises."""
        async with self._breaker, _explained(self.url):
            async with self._writer.begin() as connection:
                callbacks: list[AfterCommit] = []
                connection.sync_connection.info[AFTER_COMMIT] = callbacks  # type: ignore[union-attr]
                yield connection
            for callback in callbacks:
                await callback()

    @asynccontextmanager
    async def patient_transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may take its time: for migrations, on a connection without time-outs."""
        if self.is_sqlite:
            async with self.transaction() as connection:
                yield connection
            return
        engine = create_async_engine(self.url, poolclass=sa.NullPool)
        async with _explained(self.url), engine.begin() as connection:
            yield connection

    async def commit(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """
        Do `work` in a transaction, and again when PostgreSQL rolled it back for another's sake.

        Args:
            work: Must have no effect but what it writes, for it may run three times.
        Raises:
            TryLater: it met a conflict each time, or the database is gone.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                async with self.transaction() as connection:
                    return await work(connection)
            except TryLater as error:
                if error.code != "database_conflict":
                    raise
        async with self.transaction() as connection:
            return await work(connection)

    @asynccontextmanager
    async def own_connection(self) -> AsyncIterator[asyncpg.Connection]:
        """
        A connection of PostgreSQL outside the pool, for who listens to notifications.

        Raises:
            TryLater: the database is gone.
        """
        _, arguments = self._writer.dialect.create_connect_args(self.url)
        async with _explained(self.url):
            connection = await asyncpg.connect(
                **{name: value for name, value in arguments.items() if name in OWN_ARGUMENTS},
                timeout=CONNECT_TIMEOUT,
                command_timeout=COMMAND_TIMEOUT,
                server_settings=STATEMENT_TIMEOUTS,
            )
        try:
            yield connection
        finally:
            connection.terminate()  # at once: a polite end waits for a server that may hang

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self.is_sqlite:
            await self._reader.dispose()


class Breaker:
    """
    Refuses at once while the database is known to be gone.

    Without it, everybody who needs the database waits for a connection that does not come, and a webhook
    answers after seconds instead of telling Telegram to come again.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._until = 0.0

    async def __aenter__(self) -> None:
        if self._failures >= OPENS_AFTER:
            now = self._monotonic()
            if now < self._until:
                raise TryLater("The database is gone.", code="database_gone")
            self._until = now + CLOSED_FOR  # one tries; the others are refused until it knows

    async def __aexit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, TryLater) and error.code == "database_gone":
            self._failures += 1
            self._until = self._monotonic() + CLOSED_FOR
        elif error is None or isinstance(error, Exception):
            self._failures = 0


def after_commit(connection: AsyncConnection, callback: AfterCommit) -> None:
    """Run `callback` once the transaction of `connection` is committed; never if it is rolled back."""
    connection.sync_connection.info[AFTER_COMMIT].append(callback)  # type: ignore[union-attr]


def insert_into(connection: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that offers ON CONFLICT: both databases have it, SQLAlchemy keeps it in their dialects."""
    return INSERTS[connection.dialect.name](table)


def _postgres_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        pool_recycle=POSTGRES_RENEW,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT,
            "command_timeout": COMMAND_TIMEOUT,
            "server_settings": STATEMENT_TIMEOUTS,
        },
    )


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
        if str(getattr(error.orig, "sqlstate", None) or "").startswith(CONFLICTS):
            raise TryLater(
                "Somebody else changed the same at this moment.", code="database_conflict"
            ) from error
        raise TryLater("The database cannot serve us now.", code="database_gone") from error
    except PoolTimeoutError as error:
        raise TryLater("Too much waits for the database.", code="database_busy") from error
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise TryLater("The database cannot serve us now.", code="database_gone") from error
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
