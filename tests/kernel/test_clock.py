"""The fake clock: sleepers wake in order, at their own moments, and only when told."""

import asyncio

from gatecrier.kernel.clock import FakeClock


async def test_sleepers_wake_in_order_at_their_own_moments() -> None:
    """Advancing far wakes each at its time, not at the end."""
    clock, woken = FakeClock(), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (3, 1, 2)]
    await clock.advance(2.5)
    assert woken == [(1, 1), (2, 2)]
    await clock.advance(10)
    assert woken[-1] == (3, 3)
    assert clock.monotonic() == 12.5
    await asyncio.gather(*tasks)


async def test_an_automatic_clock_jumps_to_the_next_sleeper() -> None:
    """Hours of waiting cost nothing when nobody else has anything to do."""
    clock = FakeClock(auto=True)
    await asyncio.gather(clock.sleep(3600), clock.sleep(60))
    assert clock.monotonic() == 3600
