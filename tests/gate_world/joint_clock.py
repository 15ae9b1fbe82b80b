"""One time for both sides: when the product's clock moves, the sandbox's follows."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

from gatecrier.kernel.clock import FakeClock
from gatecrier_sandbox.world.clock import ManualClock


async def idle() -> None:
    """Let everybody run who can; what is left waits for the clock, or for what a test does next."""
    ready = cast(Any, asyncio.get_running_loop())._ready
    await asyncio.sleep(0)
    while ready:  # noqa: ASYNC110 - no event tells that a loop has nothing to do
        await asyncio.sleep(0)


class JointClock(FakeClock):
    """The product's clock; it takes the sandbox's along."""

    def __init__(self, sandbox: ManualClock) -> None:
        super().__init__(datetime.fromtimestamp(sandbox.now(), UTC))
        self._sandbox = sandbox

    async def advance(self, seconds: float) -> None:
        """As any fake clock, and the sandbox's with it."""
        await super().advance(seconds)
        self._follow()

    async def next(self) -> float:
        """Go on to the moment of the next sleeper; how many seconds that were."""
        await idle()
        due = [moment for moment, _, future in self._sleepers if not future.done()]
        assert due, "everybody waits, and nobody for the clock"
        seconds = max(0.0, min(due) - self.monotonic())
        await self.advance(seconds)
        return seconds

    def _wake(self, moment: float) -> None:
        super()._wake(moment)
        self._follow()

    def _follow(self) -> None:
        behind = self.now().timestamp() - self._sandbox.now()
        if behind > 0:
            self._sandbox.advance(behind)

    @staticmethod
    async def _settle() -> None:
        await idle()
