"""Time: the real clock, and one that tests move by hand."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A callback that is due later."""

    def cancel(self) -> None:
        """Forget the callback; harmless when it has run."""


class Clock(Protocol):
    """Where the sandbox reads the time and waits."""

    def now(self) -> float:
        """Unix time in seconds."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` once, `seconds` from now."""
        ...


class RealClock:
    """The machine's time and the running event loop's timers."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` once, `seconds` from now, in the running loop."""
        return asyncio.get_running_loop().call_later(seconds, callback)


class ManualClock:
    """A clock that stands still until `advance`; its timers run inside `advance`, in order of their time."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = start
        self._due: list[tuple[float, int, ManualTimer]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Unix time in seconds."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` in the `advance` that reaches its time."""
        timer = ManualTimer(callback)
        heapq.heappush(self._due, (self._now + seconds, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move the time forward and run what falls due."""
        end = self._now + seconds
        while self._due and self._due[0][0] <= end:
            self._now, _, timer = heapq.heappop(self._due)
            timer.fire()
        self._now = end


class ManualTimer:
    """A timer of `ManualClock`."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget the callback."""
        self._callback = None

    def fire(self) -> None:
        """Run the callback unless it was cancelled."""
        if self._callback is not None:
            self._callback()


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait `seconds` of the given clock."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.call_later(seconds, lambda: None if done.done() else done.set_result(None))
    try:
        await done
    finally:
        timer.cancel()
