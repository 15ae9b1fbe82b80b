"""Jobs: a wake-up runs after its transaction, once for each key, and a failing one stops nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pgqueuer.adapters.inmemory import InMemoryQueries

from gatecrier.kernel.clock import FakeClock
from gatecrier.storage.database import Database
from gatecrier.storage.jobs import Jobs, Slots


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
async def jobs(clock: FakeClock, recorder: Recorder) -> AsyncIterator[Jobs]:
    jobs = Jobs(clock)
    jobs.define("sender", recorder)
    running = asyncio.create_task(jobs.run())
    yield jobs
    jobs.stop()
    await running


async def test_a_wake_up_runs_only_if_its_transaction_commits(
    jobs: Jobs, recorder: Recorder, sqlite_database: Database
) -> None:
    """Work that was rolled back wakes nobody."""

    async def wake_and_fail() -> None:
        async with sqlite_database.transaction() as connection:
            await jobs.wake(connection, "sender", "lost")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        await wake_and_fail()
    async with sqlite_database.transaction() as connection:
        await jobs.wake(connection, "sender", "kept")
        assert recorder.runs == []
    await asyncio.wait_for(recorder.ran.wait(), 5)
    assert recorder.runs == ["kept"]


async def test_one_run_at_a_time_for_each_key(jobs: Jobs, recorder: Recorder) -> None:
    """A wake-up that is waiting or running serves those that come after it."""
    recorder.hold = asyncio.Event()
    await jobs.wake_now("sender", "bot:1")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    await jobs.wake_now("sender", "bot:1")
    recorder.ran.clear()
    await jobs.wake_now("sender", "bot:2")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    recorder.hold.set()
    assert sorted(recorder.runs) == ["bot:1", "bot:2"]


async def test_a_job_that_fails_does_not_stop_the_engine(clock: FakeClock) -> None:
    """The edge of the loop logs the error, and the next wake-up runs."""
    ran = asyncio.Event()

    async def fail_once(key: str) -> None:
        if key == "bad":
            raise ValueError("broken")
        ran.set()

    jobs = Jobs(clock)
    jobs.define("sender", fail_once)
    running = asyncio.create_task(jobs.run())
    await jobs.wake_now("sender", "bad")
    await jobs.wake_now("sender", "good")
    await asyncio.wait_for(ran.wait(), 5)
    jobs.stop()
    await running


async def test_the_log_of_finished_jobs_does_not_grow_for_ever(jobs: Jobs, recorder: Recorder) -> None:
    """A process that runs for a year must not remember every wake-up."""
    await jobs.wake_now("sender", "bot:1")
    await asyncio.wait_for(recorder.ran.wait(), 5)
    queries = jobs._queue.qm.queries
    assert isinstance(queries, InMemoryQueries)
    assert await queries.queue_log()
    await jobs.forget_finished()
    assert await queries.queue_log() == []


async def test_a_schedules_moment_comes_once(clock: FakeClock) -> None:
    """However often the engine fires: every ten seconds is every ten seconds, hourly is hourly."""
    ten, hourly = Slots("* * * * * */10", clock), Slots("7 * * * *", clock)
    taken = {"ten": 0, "hourly": 0}
    for _ in range(3600):
        await clock.advance(2)
        taken["ten"] += ten.take()
        taken["hourly"] += hourly.take()
    assert taken == {"ten": 720, "hourly": 2}
