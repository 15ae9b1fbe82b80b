"""
Time as an argument: `SystemClock` in production, `FakeClock` in tests.

`now()` is for facts that are stored or compared with Telegram's dates, `monotonic()`
for durations inside one process: it never jumps.
"""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the rest of the house knows of time."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment."""

    async def sleep(self, seconds: float) -> None:
        """Wait; 0 or less only lets others run."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)  # asked several times for each call and each message

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class FakeClock:
    """
    A clock that moves only when told: `await clock.advance(5)` wakes, in order, whoever sleeps less.

    With `auto=True` a sleeper wakes as soon as nothing else has anything to do, and the clock
    jumps to that moment: waits of hours cost nothing (trio's autojump clock).
    """

    def __init__(
        self, start: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC), *, auto: bool = False
    ) -> None:
        self._start = start
        self._elapsed = 0.0
        self._auto = auto
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    @property
    def sleepers(self) -> int:
        """How many tasks wait for this clock."""
        return sum(1 for _, _, future in self._sleepers if not future.done())

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), future))
        while self._auto and not future.done():
            await self._settle()
            if not future.done():
                self._wake(self._sleepers[0][0])
        await future

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, waking sleepers at their own moments and letting them run."""
        until = self._elapsed + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._wake(self._sleepers[0][0])
            await self._settle()
        self._elapsed = until

    def _wake(self, moment: float) -> None:
        self._elapsed = max(self._elapsed, moment)
        while self._sleepers and self._sleepers[0][0] <= moment:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    @staticmethod
    async def _settle() -> None:
        """Let every task that can run do so; the bound is far above what our code chains."""
        for _ in range(30):
            await asyncio.sleep(0)
