"""Killed, frozen, doubled: what other processes find, and that nobody gets the message twice."""

import asyncio

import pytest

from broadcast.fake_telegram import FakeTelegram
from broadcast.stage import BOT, Stage, ended, running, until
from gatecrier.broadcast.agenda import LEASE
from gatecrier.broadcast.model import DeliveryState, Options
from gatecrier.storage.database import Database

S = DeliveryState


@pytest.fixture
async def stage(sqlite_database: Database) -> Stage:
    """A bot with 60 subscribers."""
    stage = Stage(sqlite_database)
    await stage.subscribe(60)
    return stage


async def crash(stage: Stage, in_flight: int, telegram: FakeTelegram | None = None) -> None:
    """Run a sender until its calls hang, and end it as SIGKILL would: nothing recorded, nothing released."""
    telegram = telegram or stage.telegram
    telegram.stalls.clear()
    async with running(stage.sender("dead", telegram=telegram)):
        await until(lambda: telegram.in_flight == in_flight)
    telegram.stalls.set()


async def test_after_a_crash_only_the_calls_in_flight_are_unknown(database: Database) -> None:
    """SIGKILL with a window out: those rows are in doubt, all others reached once, none twice."""
    stage = Stage(database)
    await stage.subscribe(60)
    campaign = await stage.begin(Options(canary=0, window=8))
    await crash(stage, 8)
    assert (await stage.reconciler.take_over(BOT)).expired == 60
    assert stage.jobs.woken[-1] == ("sender", "bot:7")
    await stage.sender("w2").run()
    tally = await ended(stage, campaign)
    assert (tally.of(S.UNKNOWN), tally.of(S.SENT)) == (8, 52)


async def test_leases_of_a_living_neighbour_are_respected(stage: Stage) -> None:
    """Where others may be alive, rows come back only when their lease is over."""
    campaign = await stage.begin(Options(canary=0, window=8))
    await crash(stage, 8)
    await stage.sender("w2").run()
    assert stage.telegram.got.total() == 0
    await stage.clock.sleep(LEASE + 1)
    assert (await stage.reconciler.run_once()).expired == 60
    await stage.sender("w2").run()
    assert (await ended(stage, campaign)).of(S.UNKNOWN) == 8


async def test_a_frozen_worker_can_neither_send_nor_overwrite(stage: Stage) -> None:
    """Frozen with calls out while another takes over: what it says afterwards changes nothing."""
    frozen = FakeTelegram(stage.clock)
    frozen.stalls.clear()
    campaign = await stage.begin(Options(canary=0, window=8))
    async with running(stage.sender("frozen", telegram=frozen)) as task:
        await until(lambda: frozen.in_flight == 8)
        await stage.reconciler.take_over(BOT)
        await stage.sender("w2").run()
        tally = await ended(stage, campaign)
        frozen.stalls.set()
        await task
    assert await ended(stage, campaign) == tally
    assert (tally.of(S.UNKNOWN), frozen.got.total()) == (8, 8)
    assert not frozen.got.keys() & stage.telegram.got.keys()


async def test_two_senders_share_the_work(database: Database) -> None:
    """Two senders of one bot at once, in the canary too: each row is one's alone."""
    stage = Stage(database, latency=0.02)
    await stage.subscribe(450)
    campaign = await stage.begin()
    await asyncio.gather(stage.sender("w1").run(), stage.sender("w2").run())
    await stage.sender("w3").run()
    assert (await ended(stage, campaign)).of(S.SENT) == 450
