"""
Wake-ups on PgQueuer: a job carries no truth, it only says "look at your table now".

Truth lives in tables, so a lost or doubled job changes nothing; schedules that reconcile enqueue
what the tables say is open. Embedded, the queue is in memory; the same functions run on PostgreSQL.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from croniter import croniter
from pgqueuer import PgQueuer
from pgqueuer.adapters.inmemory import InMemoryQueries
from pgqueuer.models import Job, Schedule
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import after_commit

log = structlog.get_logger(__name__)

DEQUEUE = timedelta(seconds=5)  # notifications wake the queue at once; this is only the net below
RESTART_SECONDS = 2.0

Run = Callable[[str], Awaitable[None]]


class Jobs:
    """Define jobs and schedules first, then `run()`; `wake()` may be called at any time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._definitions: dict[str, Run] = {}
        self._schedules: dict[tuple[str, str], Callable[[], Awaitable[None]]] = {}
        self._queue = PgQueuer.in_memory()
        self._stopping = False

    def define(self, name: str, run: Run) -> None:
        """Let jobs called `name` run `run(key)`; one runs at a time for each key."""
        self._definitions[name] = run

    def every(self, name: str, cron: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run()` at the moments of `cron` (five fields, or six with seconds last)."""
        self._schedules[name, cron] = run

    async def wake(self, connection: AsyncConnection, name: str, key: str) -> None:
        """
        Ask for a run of `name` for `key` once the transaction of `connection` is committed.

        A wake-up that is already waiting or running serves this one too (dedupe key).
        """
        after_commit(connection, lambda: self.wake_now(name, key))

    async def wake_now(self, name: str, key: str) -> None:
        """Ask for a run of `name` for `key` at once."""
        await self._queue.qm.queries.enqueue(
            name, key.encode(), dedupe_key=f"{name}:{key}", on_conflict="skip"
        )

    async def run(self) -> None:
        """Work until `stop()`; start the engine anew when it breaks (PgQueuer ends with its connection)."""
        while not self._stopping:
            self._register()
            try:
                await self._queue.run(dequeue_timeout=DEQUEUE)
            except Exception:  # the edge of a worker loop: log it, and start again
                log.exception("jobs.engine_ended", action="restart", seconds=RESTART_SECONDS)
            if not self._stopping:
                await self._clock.sleep(RESTART_SECONDS)
                self._queue = PgQueuer.in_memory()

    def stop(self) -> None:
        """Take no new job; `run()` returns when those in flight have ended."""
        self._stopping = True
        self._queue.shutdown.set()

    async def forget_finished(self) -> None:
        """Empty the log of the queue in memory, which PgQueuer only ever adds to."""
        queries = self._queue.qm.queries
        if isinstance(queries, InMemoryQueries):
            await queries.clear_queue_log()
            await queries.clear_statistics_log()

    def _register(self) -> None:
        for name, run in self._definitions.items():
            self._queue.entrypoint(name)(_job(run))
        for (name, cron), tick in self._schedules.items():
            self._queue.schedule(name, cron)(_schedule(Slots(cron, self._clock), tick))


def _job(run: Run) -> Callable[[Job], Awaitable[None]]:
    async def job(job: Job) -> None:
        try:
            await run((job.payload or b"").decode())
        except asyncio.CancelledError:
            raise
        except Exception:  # the edge of a worker loop: the next reconcile tries again
            log.exception("jobs.failed", job=job.entrypoint)

    return job


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


def _schedule(slots: Slots, tick: Callable[[], Awaitable[None]]) -> Callable[[Schedule], Awaitable[None]]:
    async def schedule(schedule: Schedule) -> None:
        if not slots.take():
            return
        try:
            await tick()
        except asyncio.CancelledError:
            raise
        except Exception:  # the edge of a worker loop: the next tick tries again
            log.exception("jobs.schedule_failed", schedule=schedule.entrypoint)

    return schedule
