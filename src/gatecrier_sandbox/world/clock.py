"""Time: the machine's, or one that is frozen, moved by hand, or runs at another speed."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Literal, Protocol

from msgspec import Struct

Mode = Literal["real", "manual"]


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


class Reading(Struct, frozen=True):
    """
    What a clock shows: Unix seconds, and how many of its seconds pass in one of ours (0: it is frozen).

    `timers` counts what waits for a time: long polls, polls that close, held updates.
    """

    mode: Mode
    now: float
    speed: float
    timers: int


class SteeredClock:
    """
    A clock that can be told what time it is. It begins as the machine's own.

    Timers keep the seconds they still have to run when the clock is set; while it is frozen they run inside
    `advance`, in the order of their time.
    """

    def __init__(self) -> None:
        self._mode: Mode = "real"
        self._speed = 1.0
        self._base = self._anchor = 0.0
        self._due: list[tuple[float, int, SteeredTimer]] = []
        self._cancelled = 0
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Unix time in seconds."""
        if self._mode == "real":
            return time.time()
        return self._base + (time.monotonic() - self._anchor) * self._speed if self._speed else self._base

    def read(self) -> Reading:
        """What it shows, and how it runs."""
        return Reading(self._mode, self.now(), self._speed, len(self._due) - self._cancelled)

    def set_real(self) -> None:
        """Show the machine's time."""
        self._jump("real", time.time(), 1.0)

    def set_manual(self, *, now: float | None = None, speed: float = 0.0) -> None:
        """Show `now` (None: stay where it is) and go on at `speed` times the machine's; 0 freezes it."""
        self._jump("manual", self.now() if now is None else now, speed)

    def advance(self, seconds: float) -> None:
        """Move the time forward and run what falls due; the machine's time becomes one set by hand."""
        end = self.now() + seconds
        speed = self._speed if self._mode == "manual" else 0.0
        self._jump("manual", self.now(), 0.0)
        while self._due and self._due[0][0] <= end:
            self._base = max(self._base, self._due[0][0])
            self._take().fire()
        self._base = end
        self._jump("manual", end, speed)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` once, `seconds` of this clock from now; needs a running loop unless it is frozen."""
        timer = SteeredTimer(self, callback)
        entry = (self.now() + seconds, next(self._order), timer)
        heapq.heappush(self._due, entry)
        if self._due[0] is entry:
            self._arm()
        return timer

    def forget(self) -> None:
        """One of the timers was cancelled; throw them away when they are the most."""
        self._cancelled += 1
        if self._cancelled > 64 and 2 * self._cancelled > len(self._due):
            self._due = [entry for entry in self._due if entry[2].is_alive]
            heapq.heapify(self._due)
            self._cancelled = 0

    def _jump(self, mode: Mode, now: float, speed: float) -> None:
        shift = now - self.now()
        self._due = [(due + shift, order, timer) for due, order, timer in self._due]
        self._mode, self._base, self._speed, self._anchor = mode, now, speed, time.monotonic()
        self._arm()

    def _arm(self) -> None:
        """Ask the event loop to wake us when the first timer is due."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._speed and self._due:
            wait = max(self._due[0][0] - self.now(), 0) / self._speed
            self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        while self._due and self._due[0][0] <= self.now():
            self._take().fire()
        self._arm()

    def _take(self) -> "SteeredTimer":
        timer = heapq.heappop(self._due)[2]
        if not timer.is_alive:
            self._cancelled -= 1
        return timer


class SteeredTimer:
    """A timer of `SteeredClock`."""

    def __init__(self, clock: SteeredClock, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback: Callable[[], None] | None = callback

    @property
    def is_alive(self) -> bool:
        """Whether it has neither run nor been cancelled."""
        return self._callback is not None

    def cancel(self) -> None:
        """Forget the callback."""
        if self._callback is not None:
            self._callback = None
            self._clock.forget()

    def fire(self) -> None:
        """Run the callback unless it was cancelled."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class ManualClock(SteeredClock):
    """A clock that stands still from the beginning, until `advance`: for tests."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        super().__init__()
        self.set_manual(now=start)


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait `seconds` of the given clock."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.call_later(seconds, lambda: None if done.done() else done.set_result(None))
    try:
        await done
    finally:
        timer.cancel()
