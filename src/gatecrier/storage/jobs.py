"""
Wake-ups on PgQueuer: a job carries no truth, it only says "look at your table now".

Truth lives in tables, so a lost or doubled job changes nothing; schedules that reconcile enqueue what the
tables say is open. On PostgreSQL the queue is a table that all processes share; on SQLite, where there is
one process, the same functions run on PgQueuer's queue in memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

import asyncpg
import structlog
from croniter import croniter
from pgqueuer import PgQueuer
from pgqueuer.adapters.inmemory import InMemoryQueries
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.executors import (
    AbstractEntrypointExecutor,
    EntrypointExecutor,
    EntrypointExecutorParameters,
)
from pgqueuer.models import Job, Schedule
from pgqueuer.types import QueueEntrypoint
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.storage.database import Database, after_commit

log = structlog.get_logger(__name__)

DEQUEUE = timedelta(seconds=5)  # notifications wake the queue at once; this is only the net below
HEARTBEAT = timedelta(seconds=10)  # a job that a process took and did not end goes to another after so long
RESTART_SECONDS = 2.0
FORGET = timedelta(days=1)

GONE = (TryLater, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, FailingListenerError)
"""The database went away; PgQueuer's health check found its connection deaf."""

Run = Callable[[str], Awaitable[None]]


class Jobs:
    """`serve()` and `every()` say what is run, `run()` runs it; `wake()` may be called at any time."""

    def __init__(self, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database
        self._served: dict[tuple[str, str], Run] = {}
        self._schedules: dict[tuple[str, str], Callable[[], Awaitable[None]]] = {}
        self._at_work: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()
        self._memory = PgQueuer.in_memory() if database.is_sqlite else None
        self._engine = self._memory
        self._is_stopping = False
        self.trouble = ""
        """Why the engine does not run, when it should; for `doctor` and health."""

    def serve(self, name: str, key: str, run: Run) -> None:
        """Let this process take the wake-ups of this name and key: it runs `run(key)`, once at a time."""
        self._served[name, key] = run
        self._register(name, key)

    def unserve(self, name: str, key: str) -> None:
        """Take them no longer; what is at work goes on."""
        self._served.pop((name, key), None)
        if self._engine is not None:
            self._engine.qm.entrypoint_registry.pop(_entrypoint(name, key), None)

    def every(self, name: str, cron: str, run: Callable[[], Awaitable[None]]) -> None:
        """
        Run `run()` at the moments of `cron` (five fields, or six with seconds last), in one of the processes
        that `run()`; say so before.
        """
        self._schedules[name, cron] = run

    async def wake(self, connection: AsyncConnection, name: str, key: str) -> None:
        """
        Ask for a run of `name` for `key` once the transaction of `connection` is committed.

        A wake-up that waits already serves this one too (dedupe key).
        """
        if self._memory is not None:
            after_commit(connection, partial(self._enqueue, name, key))
            return
        job = (
            [0],
            [_entrypoint(name, key)],
            [key.encode()],
            [timedelta(0)],
            [_entrypoint(name, key)],
            ["{}"],
        )
        await connection.exec_driver_sql(QueryQueueBuilder().build_enqueue_query("skip"), job)

    async def run(self) -> None:
        """Work until `stop()`; start the engine anew when it breaks (PgQueuer ends with its connection)."""
        while not self._is_stopping:
            try:
                await self._run_engine()
            except GONE as error:
                self.trouble = f"{type(error).__name__}: {error}"
                log.warning("jobs.engine_ended", error=self.trouble, again_in=RESTART_SECONDS)
            except Exception as error:  # the edge of a worker loop: log it, and start again
                self.trouble = f"{type(error).__name__}: {error}"
                log.exception("jobs.engine_failed", again_in=RESTART_SECONDS)
            if not self._is_stopping:
                await self._clock.sleep(RESTART_SECONDS)

    def stop(self) -> None:
        """Take no new job; `run()` returns soon. What is at work is ended by who serves it."""
        self._is_stopping = True
        if self._engine is not None:
            self._engine.shutdown.set()

    async def forget_finished(self) -> None:
        """Empty PgQueuer's log of what was done, to which it only ever adds."""
        if self._memory is not None:
            queries = self._memory.qm.queries
            if isinstance(queries, InMemoryQueries):
                await queries.clear_queue_log()
                await queries.clear_statistics_log()
            return
        async with self._database.transaction() as connection:
            for table in ("pgqueuer_log", "pgqueuer_statistics"):
                await connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE created < $1",  # noqa: S608 - the names above
                    (self._clock.now() - FORGET,),
                )

    async def _enqueue(self, name: str, key: str) -> None:
        entrypoint = _entrypoint(name, key)
        if self._memory is not None:
            await self._memory.qm.queries.enqueue(
                entrypoint, key.encode(), dedupe_key=entrypoint, on_conflict="skip"
            )

    async def _run_engine(self) -> None:
        async with AsyncExitStack() as stack:
            if self._memory is None:
                driver = await stack.enter_async_context(self._database.own_connection())
                self._engine = PgQueuer.from_asyncpg_connection(driver)
            else:
                if self._memory.shutdown.is_set():
                    self._memory = PgQueuer.in_memory()
                self._engine = self._memory
            self._engine.qm.entrypoint_registry = Registry()
            for name, key in self._served:
                self._register(name, key)
            for (name, cron), tick in self._schedules.items():
                slots = Slots(cron, self._clock) if self._memory is not None else None
                self._engine.schedule(name, cron)(_schedule(slots, tick))
            self.trouble = ""
            await self._engine.run(
                dequeue_timeout=DEQUEUE, heartbeat_timeout=HEARTBEAT, shutdown_on_listener_failure=True
            )

    def _register(self, name: str, key: str) -> None:
        if self._engine is None:
            return
        entrypoint = _entrypoint(name, key)
        self._engine.qm.entrypoint_registry.pop(entrypoint, None)
        self._engine.entrypoint(entrypoint, accepts_context=False)(self._job(name, key))

    def _job(self, name: str, key: str) -> Callable[[Job], Awaitable[None]]:
        async def job(_: Job) -> None:
            self._begin(name, key)

        return job

    def _begin(self, name: str, key: str) -> None:
        """
        Begin the work, or let what is at work run once more: its last look may have been before the wake-up.

        The job itself is over at once: work may take hours, and outlives the engine, which ends with its
        connection.
        """
        run = self._served.get((name, key))
        if run is None:
            return
        if (name, key) in self._at_work:
            self._again.add((name, key))
            return
        task = asyncio.create_task(_logged(name, key, run))
        self._at_work[name, key] = task
        task.add_done_callback(lambda _: self._ended(name, key))

    def _ended(self, name: str, key: str) -> None:
        del self._at_work[name, key]
        if (name, key) in self._again:
            self._again.discard((name, key))
            self._begin(name, key)


class Registry(dict[QueueEntrypoint, AbstractEntrypointExecutor]):
    """What this process dequeues; what it has just ceased to dequeue goes back to the queue, not astray."""

    def __missing__(self, entrypoint: QueueEntrypoint) -> AbstractEntrypointExecutor:
        parameters = EntrypointExecutorParameters(concurrency_limit=0, func=_give_back)
        return EntrypointExecutor(parameters)


async def _give_back(_: Job) -> None:
    raise RetryRequested(reason="served here no longer")


def _entrypoint(name: str, key: str) -> QueueEntrypoint:
    """One for each key, since a process dequeues only the entrypoints that it has."""
    return QueueEntrypoint(f"{name} {key}")


async def _logged(name: str, key: str, run: Run) -> None:
    try:
        await run(key)
    except TryLater as error:  # the next reconcile tries again
        log.warning("jobs.postponed", job=name, key=key, code=error.code)
    except Exception:  # the edge of a worker loop: the next reconcile tries again
        log.exception("jobs.failed", job=name, key=key)


class Slots:
    """
    The moments of a cron expression, each taken once.

    PgQueuer 1.6 in memory never moves a schedule's next run on: after its first moment it fires whenever
    any schedule does, an hourly one every two seconds. So we look at the clock ourselves.
    """

    def __init__(self, cron: str, clock: Clock) -> None:
        self._cron = cron
        self._clock = clock
        self._next = self._after(clock.now())

    def take(self) -> bool:
        """Whether a moment has come that was not taken yet."""
        now = self._clock.now()
        if now < self._next:
            return False
        self._next = self._after(now)
        return True

    def _after(self, moment: datetime) -> datetime:
        following: datetime = croniter(self._cron, start_time=moment).get_next(datetime)
        return following


def _schedule(
    slots: Slots | None, tick: Callable[[], Awaitable[None]]
) -> Callable[[Schedule], Awaitable[None]]:
    async def schedule(schedule: Schedule) -> None:
        if slots is not None and not slots.take():
            return
        try:
            await tick()
        except TryLater as error:
            log.warning("jobs.schedule_postponed", schedule=schedule.entrypoint, code=error.code)
        except Exception:  # the edge of a worker loop: the next tick tries again
            log.exception("jobs.schedule_failed", schedule=schedule.entrypoint)

    return schedule
