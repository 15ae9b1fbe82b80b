"""
Bells: one process rings, whoever waits in another looks at its table at once.

PostgreSQL carries them (NOTIFY); on SQLite there is one process, and ringing is setting an event. A bell
that is lost with a connection changes nothing: who waits looks now and then by itself, and all bells ring
when the connection is back.
"""

import asyncio
from collections import defaultdict

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.storage.database import Database, after_commit

log = structlog.get_logger(__name__)

CHANNEL = "gatecrier_bells"
ALIVE_EVERY = 5.0  # seconds between two proofs that the connection still hears
AGAIN = 1.0


class Bells:
    """`run()` hears what others ring, until cancelled."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._bells: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def bell(self, name: str) -> asyncio.Event:
        """Set when somebody rings `name`; who waits for it clears it."""
        return self._bells[name]

    async def ring(self, connection: AsyncConnection, name: str) -> None:
        """Ring once the transaction of `connection` is committed, in every process."""
        if self._database.is_sqlite:
            after_commit(connection, lambda: self._set(name))
        else:
            await connection.exec_driver_sql("SELECT pg_notify($1, $2)", (CHANNEL, name))

    async def run(self) -> None:
        """Hear until cancelled; a connection that breaks is made anew."""
        if self._database.is_sqlite:
            await asyncio.Event().wait()
        while True:
            try:
                async with self._database.own_connection() as connection:
                    await connection.add_listener(CHANNEL, self._hear)
                    self._ring_all()
                    while True:
                        await connection.execute("SELECT 1", timeout=ALIVE_EVERY)
                        await self._clock.sleep(ALIVE_EVERY)
            except (TryLater, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("bells.deaf", error=f"{type(error).__name__}: {error}", again_in=AGAIN)
            await self._clock.sleep(AGAIN)

    def _hear(self, _connection: object, _pid: int, _channel: str, name: object) -> None:
        if str(name) in self._bells:
            self._bells[str(name)].set()

    def _ring_all(self) -> None:
        for bell in self._bells.values():
            bell.set()

    async def _set(self, name: str) -> None:
        self._bells[name].set()
