"""A loop that does something every so often, and survives what it meets."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater

log = structlog.get_logger(__name__)


async def every(
    seconds: float,
    run_once: Callable[[], Awaitable[object]],
    *,
    clock: Clock,
    bell: asyncio.Event | None = None,
) -> None:
    """
    Run until cancelled: at once, and then `seconds` after each end.

    Args:
        bell: Whoever sets it wants the next run now.
    """
    while True:
        if bell is not None:
            bell.clear()
        try:
            await run_once()
        except TryLater as error:
            log.warning("tick.postponed", what=_name(run_once), code=error.code)
        except Exception:  # the edge of a loop: the next run tries again
            log.exception("tick.failed", what=_name(run_once))
        await _rest(seconds, clock, bell)


async def _rest(seconds: float, clock: Clock, bell: asyncio.Event | None) -> None:
    if bell is None:
        await clock.sleep(seconds)
        return
    waits = [asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(bell.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _name(run_once: Callable[[], Awaitable[object]]) -> str:
    return str(getattr(getattr(run_once, "func", run_once), "__qualname__", run_once))
