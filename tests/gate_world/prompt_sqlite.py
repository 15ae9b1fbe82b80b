"""SQLite without a thread: statements run where they are awaited, so that every run goes the same way."""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

import aiosqlite

ENDS = ("ROLLBACK", "PRAGMA")
"""What works also while the database serves nobody: SQLAlchemy's own tidying up."""


class Disk:
    """What connections opened under `prompt` share: whether they are served at all."""

    def __init__(self) -> None:
        self.is_gone = False
        self._works = self._fails = 0

    def lose(self, statements: int, *, after: int) -> None:
        """Serve `after` statements more, then refuse as many as `statements`."""
        self._works, self._fails = after, statements

    def mend(self) -> None:
        """All is well again."""
        self.is_gone, self._works, self._fails = False, 0, 0

    def check(self, statement: str) -> None:
        """
        Let a statement through.

        Raises:
            sqlite3.OperationalError: the database serves nobody now.
        """
        if statement.upper().startswith(ENDS):
            return
        if self._works:
            self._works -= 1
        elif self._fails:
            self._fails -= 1
            raise sqlite3.OperationalError("database is locked")
        if self.is_gone:
            raise sqlite3.OperationalError("database is locked")


class _AtOnce:
    """In place of aiosqlite's queue to its thread; SQLAlchemy puts something there, too."""

    @staticmethod
    def put_nowait(item: tuple[asyncio.Future[Any], Callable[[], Any]]) -> None:
        """Do it now."""
        future, function = item
        future.set_result(function())


class PromptConnection(aiosqlite.Connection):
    """As aiosqlite's, but what is asked is done at once; others get a turn before it."""

    disk: Disk

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        if args and isinstance(args[0], str):
            self.disk.check(args[0])
        elif fn == self._connection.commit:
            self.disk.check("COMMIT")
        await asyncio.sleep(0)
        return fn(*args, **kwargs)

    async def _connect(self) -> aiosqlite.Connection:
        self._connection = self._connector()
        return self

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()

    async def close(self) -> None:
        """Close the file."""
        self.stop()

    def stop(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


@contextmanager
def prompt(disk: Disk) -> Iterator[None]:
    """For the length of the block SQLite is opened without threads, on `disk`."""

    def connect(database: str, **options: Any) -> PromptConnection:
        connection = PromptConnection(lambda: sqlite3.connect(database, **options), 64)
        connection.disk = disk
        connection._tx = cast(Any, _AtOnce())
        return connection

    with patch.object(aiosqlite, "connect", connect):
        yield
