"""Bells: a process rings after its commit, another hears at once, also when its connection was cut."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gatecrier.kernel.clock import SystemClock
from gatecrier.storage.bells import Bells
from gatecrier.storage.database import Database


@pytest.fixture
async def bells(database: Database) -> AsyncIterator[Bells]:
    """One that hears."""
    bells = Bells(database, SystemClock())
    first = bells.bell("first")
    hearing = asyncio.create_task(bells.run())
    if not database.is_sqlite:
        await asyncio.wait_for(first.wait(), 5)  # all ring when it begins to hear
        first.clear()
    yield bells
    hearing.cancel()


async def test_a_bell_rings_after_the_commit_and_no_other(bells: Bells, database: Database) -> None:
    """What was rolled back rings nothing; what is committed rings its own bell."""
    first, second = bells.bell("first"), bells.bell("second")
    elsewhere = bells if database.is_sqlite else Bells(database, SystemClock())

    async def ring_and_fail() -> None:
        async with database.transaction() as connection:
            await elsewhere.ring(connection, "second")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        await ring_and_fail()
    async with database.transaction() as connection:
        await elsewhere.ring(connection, "first")
        assert not first.is_set()
    await asyncio.wait_for(first.wait(), 5)
    assert not second.is_set()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_cut_connection_is_made_anew_and_everything_rings(bells: Bells, database: Database) -> None:
    """What was rung meanwhile was not heard, so everybody looks."""
    first = bells.bell("first")
    async with database.own_connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await asyncio.wait_for(first.wait(), 20)
