"""
Which process is the home of which bot: all of them come to the same answer by themselves.

Telegram allows a bot some thirty messages and a hundred acts a second: one process is never the limit,
and what it holds in memory (turns, cards, budgets) needs no agreement with others. So a bot has one home
(ADR 0012). It follows a leased row; who should have it follows from who lives.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Misconfigured, TryLater
from gatecrier.registry.instances import BEAT, Instance, Instances

log = structlog.get_logger(__name__)

AGAIN = 30.0  # seconds until a bot that only an operator can help is tried again


class Hosted(Protocol):
    """What we need of `hosted.HostedBot`."""

    async def live(self) -> None:
        """Be its home until `stop()`."""

    def stop(self) -> None:
        """Let `live()` come to an end."""


def lease_of(bot_id: int) -> str:
    """The name of the lease of a bot's home."""
    return f"bot:{bot_id}"


def assign(bots: Iterable[int], workers: Sequence[str]) -> dict[int, str]:
    """
    A home for each bot: by rendezvous hashing, but nobody gets more than their share.

    Everybody who sees the same workers gets the same answer; when one comes or goes, few bots move.
    """
    ordered = sorted(bots)
    if not workers:
        return {}
    most = -(-len(ordered) // len(workers))
    load: Counter[str] = Counter()
    homes: dict[int, str] = {}
    for bot_id in ordered:
        free = [worker for worker in workers if load[worker] < most]
        homes[bot_id] = max(free, key=lambda worker: (_weight(worker, bot_id), worker))
        load[homes[bot_id]] += 1
    return homes


class Homes:
    """
    The homes of this process. `run()` until cancelled, then `leave()`.

    Args:
        hosted: Bot id -> the bot; read anew at each beat.
        works: Whether this process takes homes at all (a web process does not).
        failed: Told when only an operator can help a bot; what it raises ends `run()`.
    """

    def __init__(
        self,
        instances: Instances,
        hosted: Mapping[int, Hosted],
        *,
        clock: Clock,
        works: bool,
        failed: Callable[[int, Misconfigured], None],
    ) -> None:
        self._instances = instances
        self._hosted = hosted
        self._clock = clock
        self._works = works
        self._failed = failed
        self._living: dict[int, asyncio.Task[None]] = {}
        self._not_before: dict[int, float] = {}
        self.others: list[Instance] = []
        """Everybody who lived at the last beat, ourselves included."""

    @property
    def at_home(self) -> set[int]:
        """The bots whose home we are."""
        return set(self._living)

    async def run(self) -> None:
        """
        Beat until cancelled.

        Raises:
            Misconfigured: what `failed` raised.
        """
        while True:
            try:
                await self.run_once()
            except TryLater as error:
                log.warning("homes.no_beat", code=error.code)
            await self._clock.sleep(BEAT)

    async def run_once(self) -> set[int]:
        """One beat: say that we live, take the homes that are due to us, and let go those that are not."""
        self.others = await self._instances.beat()
        if self._works:
            await self._take_homes()
        return self.at_home

    async def leave(self) -> None:
        """Move out of every home; the leases are free at once. Returns within ten seconds."""
        for bot_id in self._living:
            self._let_go(bot_id)
        if self._living:
            await asyncio.wait(list(self._living.values()))
        try:
            await self._instances.leave()
        except TryLater as error:
            log.warning("homes.not_left", code=error.code)  # they run out by themselves

    async def _take_homes(self) -> None:
        ended = self._collect_ended()
        workers = [one.id for one in self.others if one.role != "web"]
        homes = assign(self._hosted, workers)
        ours = {bot_id for bot_id, worker in homes.items() if worker == self._instances.me.id}
        for bot_id in self._living.keys() - ours:
            self._let_go(bot_id)
        due = {bot_id for bot_id in ours if self._not_before.get(bot_id, 0.0) <= self._clock.monotonic()}
        held = await self._instances.hold(map(lease_of, due | self._living.keys()))
        for bot_id, task in self._living.items():
            if lease_of(bot_id) not in held:  # we were away for too long, and another took it
                log.warning("homes.lost", bot_id=bot_id)
                task.cancel()
        for bot_id in due - self._living.keys():
            if lease_of(bot_id) in held:
                self._living[bot_id] = asyncio.create_task(self._hosted[bot_id].live())
        if ended - self._living.keys():
            await self._instances.release(map(lease_of, ended - self._living.keys()))

    def _let_go(self, bot_id: int) -> None:
        """The lease stays ours until it has moved out."""
        if bot_id in self._hosted:
            self._hosted[bot_id].stop()
        else:
            self._living[bot_id].cancel()

    def _collect_ended(self) -> set[int]:
        ended = {bot_id for bot_id, task in self._living.items() if task.done()}
        for bot_id in ended:
            task = self._living.pop(bot_id)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                self._hear(bot_id, error)
        return ended

    def _hear(self, bot_id: int, error: BaseException) -> None:
        if isinstance(error, TryLater):
            log.warning("homes.ended", bot_id=bot_id, code=error.code)
            return
        self._not_before[bot_id] = self._clock.monotonic() + AGAIN
        if isinstance(error, Misconfigured):
            self._failed(bot_id, error)
        else:
            log.error("homes.failed", bot_id=bot_id, exc_info=error)


def _weight(worker: str, bot_id: int) -> bytes:
    return hashlib.blake2b(f"{worker} {bot_id}".encode(), digest_size=8).digest()
