"""Homes: every bot has one, all processes agree which, and moves when its process dies or leaves."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecrier.homes import AGAIN, Homes, assign, lease_of
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import Misconfigured, TryLater
from gatecrier.registry.instances import BEAT, Instance, Instances
from gatecrier.storage.database import Database

BOTS = (11, 22, 33)


@dataclass
class FakeHosted:
    """A bot that lives until it is told to stop, or fails as it is told."""

    bot_id: int
    lives: int = 0
    fails: Exception | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    is_home: bool = False

    async def live(self) -> None:
        self.lives += 1
        self.stopping.clear()
        if self.fails:
            raise self.fails
        self.is_home = True
        try:
            await self.stopping.wait()
        finally:
            self.is_home = False

    def stop(self) -> None:
        self.stopping.set()


@dataclass
class Process:
    """One process of the deployment, beaten by hand."""

    homes: Homes
    hosted: dict[int, FakeHosted]
    instances: Instances
    failed: list[int]

    async def beat(self) -> set[int]:
        at_home = await self.homes.run_once()
        await asyncio.sleep(0)
        return at_home

    @property
    def acting(self) -> set[int]:
        """Bots that live here, by a lease that is ours beyond doubt: what the gateway's fence asks."""
        return {
            id_ for id_, bot in self.hosted.items() if bot.is_home and self.instances.holds(lease_of(id_))
        }


Factory = Callable[..., Process]


@pytest.fixture
def process(database: Database, clock: FakeClock) -> Factory:
    def build(name: str, role: str = "worker") -> Process:
        now = clock.now()
        me = Instance(id=name, role=role, host="here", pid=1, version="1", started_at=now, seen_at=now)
        instances = Instances(database, clock, me)
        hosted = {id_: FakeHosted(id_) for id_ in BOTS}
        failed: list[int] = []
        homes = Homes(
            instances,
            hosted,
            clock=clock,
            works=role != "web",
            failed=lambda bot_id, _error: failed.append(bot_id),
        )
        return Process(homes, hosted, instances, failed)

    return build


@given(st.sets(st.integers(1, 10**12), max_size=60), st.lists(st.text(min_size=1), max_size=8, unique=True))
def test_every_bot_has_one_home_and_nobody_more_than_their_share(bots: set[int], workers: list[str]) -> None:
    homes = assign(bots, workers)
    assert homes.keys() == (bots if workers else set())
    most = -(-len(bots) // max(1, len(workers)))
    assert all(count <= most for count in Counter(homes.values()).values())


def test_few_bots_move_when_a_worker_comes() -> None:
    before, after = assign(range(1000), ["a", "b", "c"]), assign(range(1000), ["a", "b", "c", "d"])
    moved = sum(before[id_] != after[id_] for id_ in before)
    assert 250 <= moved < 500  # a quarter must; by counting modulo it would be three quarters


async def test_all_bots_live_in_one_process_and_spread_over_two(process: Factory, clock: FakeClock) -> None:
    first, second = process("a"), process("b")
    assert await first.beat() == set(BOTS)
    for _ in range(4):  # the first lets go what is the second's, which takes it at a later beat
        await second.beat()
        await first.beat()
        assert not first.acting & second.acting
        await clock.advance(BEAT)
    assert first.acting | second.acting == set(BOTS)
    assert first.acting
    assert second.acting


async def test_who_dies_is_followed_and_nobody_acts_twice_meanwhile(
    process: Factory, clock: FakeClock
) -> None:
    first, second = process("a"), process("b")
    for _ in range(4):
        await first.beat()
        await second.beat()
        await clock.advance(BEAT)
    for waited in range(0, 15, int(BEAT)):  # the first is frozen: it beats no more, and its tasks stand
        await second.beat()
        assert not first.acting & second.acting, waited
        await clock.advance(BEAT)
    assert second.acting == set(BOTS)
    await first.beat()  # it wakes, and finds that it is nobody's home
    await first.beat()
    assert first.acting == set()
    assert not any(bot.is_home for id_, bot in first.hosted.items() if id_ in second.acting)


async def test_who_leaves_is_followed_at_once(process: Factory) -> None:
    first, second = process("a"), process("b")
    await first.beat()
    await first.homes.leave()
    assert not any(bot.is_home for bot in first.hosted.values())
    assert await second.beat() == set(BOTS)


async def test_a_web_process_is_nobodys_home(process: Factory) -> None:
    web, worker = process("a", "web"), process("b")
    assert await web.beat() == set()
    assert await worker.beat() == set(BOTS)
    assert [one.id for one in web.homes.others] == ["a"]


async def test_a_bot_that_only_an_operator_can_help_stops_no_other_and_is_tried_again(
    process: Factory, clock: FakeClock
) -> None:
    worker = process("a")
    broken = worker.hosted[22]
    broken.fails = Misconfigured("wrong token", remedy="set another", code="bad_token")
    await worker.beat()
    await worker.beat()
    assert worker.failed == [22]
    assert worker.acting == {11, 33}
    await clock.advance(BEAT)
    await worker.beat()
    assert broken.lives == 1
    broken.fails = None
    for _ in range(int(AGAIN / BEAT)):
        await clock.advance(BEAT)
        await worker.beat()
    assert worker.acting == set(BOTS)


async def test_a_bot_that_met_an_outage_is_tried_at_the_next_beat(process: Factory) -> None:
    worker = process("a")
    worker.hosted[22].fails = TryLater("telegram is gone", code="no_answer")
    await worker.beat()
    worker.hosted[22].fails = None
    await worker.beat()
    assert worker.acting == set(BOTS)


async def test_a_bot_that_is_removed_is_let_go(process: Factory) -> None:
    worker = process("a")
    await worker.beat()
    removed = worker.hosted.pop(22)
    await worker.beat()
    await asyncio.sleep(0)
    assert not removed.is_home
    await worker.beat()
    assert worker.homes.at_home == {11, 33}
