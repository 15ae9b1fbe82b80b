"""Instances: who lives is seen by all, and what one holds no other does until it is given up or over."""

from datetime import timedelta

import pytest

from gatecrier.kernel.clock import FakeClock
from gatecrier.registry.instances import BEAT, LEASE, SAFETY, Instance, Instances
from gatecrier.storage.database import Database


def instances(database: Database, clock: FakeClock, name: str) -> Instances:
    now = clock.now()
    me = Instance(id=name, role="worker", host="here", pid=1, version="1", started_at=now, seen_at=now)
    return Instances(database, clock, me)


async def test_who_lives_is_seen_and_who_is_silent_is_not(database: Database, clock: FakeClock) -> None:
    first, second = instances(database, clock, "a"), instances(database, clock, "b")
    await first.beat()
    assert [one.id for one in await second.beat()] == ["a", "b"]
    await clock.advance(LEASE.total_seconds())
    assert [one.id for one in await second.beat()] == ["b"]
    assert [one.id for one in await second.all()] == ["a", "b"]  # doctor still tells of it
    await clock.advance(timedelta(hours=2).total_seconds())
    await second.beat()
    assert [one.id for one in await second.all()] == ["b"]


async def test_one_holds_and_no_other(database: Database, clock: FakeClock) -> None:
    first, second = instances(database, clock, "a"), instances(database, clock, "b")
    assert await first.hold(["bot:1", "bot:2"]) == {"bot:1", "bot:2"}
    assert await second.hold(["bot:1", "bot:3"]) == {"bot:3"}
    assert await first.hold(["bot:1"]) == {"bot:1"}  # renewed
    assert {lease.name: lease.holder for lease in await first.leases()} == {
        "bot:1": "a",
        "bot:2": "a",
        "bot:3": "b",
    }


async def test_a_dead_holder_is_followed_within_fifteen_seconds(database: Database, clock: FakeClock) -> None:
    first, second = instances(database, clock, "a"), instances(database, clock, "b")
    await first.hold(["bot:1"])
    waited = 0.0
    while not await second.hold(["bot:1"]):
        await clock.advance(BEAT)
        waited += BEAT
    assert waited < 15
    assert await first.hold(["bot:1"]) == set()
    assert not first.holds("bot:1")


async def test_a_frozen_holder_knows_that_it_is_over_before_anybody_can_take_it(
    database: Database, clock: FakeClock
) -> None:
    """Whatever it was about to do when it was stopped, it asks `holds` once more before it does it."""
    first, second = instances(database, clock, "a"), instances(database, clock, "b")
    await first.hold(["bot:1"])
    assert first.holds("bot:1")
    await clock.advance(LEASE.total_seconds() - SAFETY)
    assert not first.holds("bot:1")
    assert await second.hold(["bot:1"]) == set()


async def test_who_leaves_or_releases_gives_up_at_once(database: Database, clock: FakeClock) -> None:
    first, second = instances(database, clock, "a"), instances(database, clock, "b")
    await first.beat()
    await first.hold(["bot:1", "bot:2"])
    await first.release(["bot:1"])
    assert not first.holds("bot:1")
    assert await second.hold(["bot:1", "bot:2"]) == {"bot:1"}
    await first.leave()
    assert await second.hold(["bot:2"]) == {"bot:2"}
    assert [one.id for one in await second.beat()] == ["b"]


@pytest.mark.parametrize("names", [["bot:1"], []])
async def test_who_is_buried_holds_nothing(database: Database, clock: FakeClock, names: list[str]) -> None:
    first, second = instances(database, clock, "a"), instances(database, clock, "b")
    await first.beat()
    await first.hold(names)
    await second.bury([first.me])
    assert await second.hold(["bot:1"]) == {"bot:1"}
    assert await second.all() == []
