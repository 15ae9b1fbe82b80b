"""getUpdates: the long poll over one bot's queue, one at a time."""

import asyncio

from gatecrier_sandbox.errors import ApiError, conflict
from gatecrier_sandbox.world import clock as clocks
from gatecrier_sandbox.world.clock import Clock
from gatecrier_sandbox.world.updates import UpdateQueue

OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
REPEAT = 3.0
"""Seconds within which the same offset makes a short poll wait this long."""
HASTE = 0.5
"""Seconds within which the same offset brings only one update."""
CONFLICT_PACE = 3.0
"""Seconds a 409 is held back when there was one within as many seconds."""
GATHERING = 0.001
"""Real seconds a woken poll waits for more, whatever the sandbox's clock says."""


async def poll(queue: UpdateQueue, clock: Clock, *, offset: int, limit: int, timeout: int) -> list[bytes]:  # noqa: ASYNC109 - the protocol's own parameter
    """
    Take the next updates, waiting up to `timeout` seconds for the first one.

    Raises:
        ApiError: 409 when another poll took over while this one waited; 500 when the server stops.
    Source: telegram-bot-api Client::do_get_updates.
    """
    limit, timeout = _slowed(queue, clock.now(), offset, limit, timeout)
    queue.seek(offset)
    found = queue.head(limit, now=clock.now())
    if found or not timeout:
        return found
    queue.wake(conflict(OTHER_POLL))
    error = await _wait(queue, clock, timeout)
    if error is not None:
        await pace(queue, clock, error)
        raise error
    if queue.updates:
        await asyncio.sleep(GATHERING)
    if offset > 0:
        queue.seek(offset)
    return queue.head(limit, now=clock.now())


def _slowed(queue: UpdateQueue, now: float, offset: int, limit: int, timeout: int) -> tuple[int, int]:
    """Calm a client that asks for the same offset again and again."""
    since = now - queue.previous_time
    repeated = queue.previous_offset == offset
    queue.previous_offset, queue.previous_time = offset, now
    if repeated and since < HASTE:
        limit = 1
    if repeated and since < REPEAT:
        timeout = max(timeout, int(REPEAT))
    return limit, timeout


async def _wait(queue: UpdateQueue, clock: Clock, seconds: int) -> ApiError | None:
    waiter = queue.wait()
    timer = clock.call_later(seconds, lambda: None if waiter.done() else waiter.set_result(None))
    try:
        return await waiter
    finally:
        timer.cancel()


async def pace(queue: UpdateQueue, clock: Clock, error: ApiError) -> None:
    """The first 409 goes out at once; further ones within `CONFLICT_PACE` seconds wait as long."""
    if error.code != 409:
        return
    if clock.now() < queue.next_conflict:
        await clocks.sleep(clock, CONFLICT_PACE)
    else:
        queue.next_conflict = clock.now() + CONFLICT_PACE
