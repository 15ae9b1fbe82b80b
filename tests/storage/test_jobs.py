"""Jobs: a wake-up runs after its transaction, once for each key, and a failing one stops nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from pgqueuer.adapters.inmemory import InMemoryQueries
from pgqueuer.queries import Queries

from gatecrier.kernel.clock import FakeClock, SystemClock
from gatecrier.kernel.errors import TryLater
from gatecrier.storage.database import Database
from gatecrier.storage.jobs import Jobs, Slots
from gatecrier.storage.migrate import migrate
from postgres import Postgres


class Recorder:
    """Runs as a job; says when."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.ran = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def __call__(self, key: str) -> None:
        self.runs.append(key)
        self.ran.set()
        if self.hold:
            await self.hold.wait()


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def jobs(clock: FakeClock, recorder: Recorder, database: Database) -> AsyncIterator[Jobs]:
    jobs = Jobs(clock, database)
    running = asyncio.create_task(jobs.run())
    for key in ("bot:1", "bot:2", "lost", "kept"):
        jobs.serve("sender", key, recorder)
    yield jobs
    jobs.stop()
    await running


async def wake(jobs: Jobs, database: Database, key: str) -> None:
    """As a service does."""
    async with database.transaction() as connection:
        await jobs.wake(connection, "sender", key)


async def test_a_wake_up_runs_only_if_its_transaction_commits(
    jobs: Jobs, recorder: Recorder, database: Database
) -> None:
    """Work that was rolled back wakes nobody."""

    async def wake_and_fail() -> None:
        async with database.transaction() as connection:
            await jobs.wake(connection, "sender", "lost")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        await wake_and_fail()
    async with database.transaction() as connection:
        await jobs.wake(connection, "sender", "kept")
        assert recorder.runs == []
    await asyncio.wait_for(recorder.ran.wait(), 5)
    assert recorder.runs == ["kept"]


async def test_one_run_at_a_time_for_each_key(jobs: Jobs, recorder: Recorder, database: Database) -> None:
    """A wake-up that is waiting or running serves those that come after it."""
    recorder.hold = asyncio.Event()
    await wake(jobs, database, "bot:1")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    await wake(jobs, database, "bot:1")
    recorder.ran.clear()
    await wake(jobs, database, "bot:2")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    recorder.hold.set()
    assert sorted(recorder.runs) == ["bot:1", "bot:2"]


async def test_a_job_that_fails_does_not_stop_the_engine(
    jobs: Jobs, recorder: Recorder, database: Database
) -> None:
    """The edge of the loop logs the error, and the next wake-up runs."""

    async def fail(key: str) -> None:
        raise ValueError(key)

    jobs.serve("sender", "bad", fail)
    await wake(jobs, database, "bad")
    await wake(jobs, database, "bot:1")
    await asyncio.wait_for(recorder.ran.wait(), 5)


async def test_who_serves_no_longer_leaves_the_job_to_who_does(
    jobs: Jobs, recorder: Recorder, database: Database
) -> None:
    """A bot's home has moved: the wake-up waits for the new one."""
    jobs.unserve("sender", "bot:1")
    await wake(jobs, database, "bot:1")
    await wake(jobs, database, "bot:2")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    assert recorder.runs == ["bot:2"]
    recorder.ran.clear()
    jobs.serve("sender", "bot:1", recorder)
    await asyncio.wait_for(recorder.ran.wait(), 8)
    assert recorder.runs == ["bot:2", "bot:1"]


async def test_a_wake_up_of_one_process_is_served_by_another(
    postgres: Postgres, clock: FakeClock, recorder: Recorder
) -> None:
    """The queue is a table; who asks needs no engine of its own."""
    database = Database.at(postgres.url)
    await migrate(database)
    asking, serving = Jobs(clock, database), Jobs(clock, database)
    serving.serve("sender", "bot:1", recorder)
    running = asyncio.create_task(serving.run())
    await wake(asking, database, "bot:1")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    serving.stop()
    await running
    await database.close()


async def test_the_engine_comes_back_when_its_connection_is_cut(
    postgres: Postgres, recorder: Recorder
) -> None:
    """PgQueuer ends with its connection; the work at hand does not, and the engine starts anew."""
    database = Database.at(postgres.url)
    await migrate(database)
    jobs = Jobs(SystemClock(), database)
    recorder.hold = asyncio.Event()
    jobs.serve("sender", "bot:1", recorder)
    jobs.serve("sender", "bot:2", recorder)
    running = asyncio.create_task(jobs.run())
    await wake(jobs, database, "bot:1")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    recorder.ran.clear()
    async with database.own_connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with contextlib.suppress(TryLater):
        await wake(jobs, database, "bot:2")  # the pool's own connection was cut as well
    await wake(jobs, database, "bot:2")
    recorder.hold.set()
    await asyncio.wait_for(recorder.ran.wait(), 20)
    assert recorder.runs == ["bot:1", "bot:2"]
    jobs.stop()
    await running
    await database.close()


async def test_the_log_of_finished_jobs_does_not_grow_for_ever(
    clock: FakeClock, recorder: Recorder, sqlite_database: Database
) -> None:
    """A process that runs for a year must not remember every wake-up."""
    jobs = Jobs(clock, sqlite_database)
    jobs.serve("sender", "bot:1", recorder)
    running = asyncio.create_task(jobs.run())
    await wake(jobs, sqlite_database, "bot:1")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    jobs.stop()
    await running
    assert jobs._memory is not None
    queries = jobs._memory.qm.queries
    assert isinstance(queries, InMemoryQueries)
    assert await queries.queue_log()
    await jobs.forget_finished()
    assert await queries.queue_log() == []


async def test_the_schema_is_the_librarys(postgres: Postgres) -> None:
    """Our migration wrote PgQueuer's schema out; a newer library must bring a newer step."""
    database = Database.at(postgres.url)
    await migrate(database)
    async with database.own_connection() as connection:
        plan = await Queries.from_asyncpg_connection(connection).plan_upgrade()
    assert list(plan.statements) == []
    await database.close()


async def test_a_schedules_moment_comes_once(clock: FakeClock) -> None:
    """However often the engine fires: every ten seconds is every ten seconds, hourly is hourly."""
    ten, hourly = Slots("* * * * * */10", clock), Slots("7 * * * *", clock)
    taken = {"ten": 0, "hourly": 0}
    for _ in range(3600):
        await clock.advance(2)
        taken["ten"] += ten.take()
        taken["hourly"] += hourly.take()
    assert taken == {"ten": 720, "hourly": 2}
