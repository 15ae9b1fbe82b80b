"""What a sweep looks at next, on both databases."""

from gate.conftest import make_telegram, make_world
from gate.fake_telegram import GROUP
from gatecrier.gate.knowledge.due import FIRST, Due, Pair, Place
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.kernel.clock import FakeClock
from gatecrier.storage.database import Database


async def test_pages_go_round_on_both_databases(clock: FakeClock, database: Database) -> None:
    """Nobody is left out between two pages, and the end leads to the beginning."""
    world = await make_world(clock, database, make_telegram())
    await world.protect("@news @more")
    async with database.transaction() as connection:
        store = RosterStore(connection, 1)
        for number in range(5):
            await store.came(GROUP.id, number + 1, clock.now())
        due, at, found = Due(connection, 1), FIRST, set[Pair]()
        for _ in range(5):
            pairs, at = await due.unknown([GROUP.id], at, rows=2, limit=100)
            found |= set(pairs)
        assert await due.muted(Place(GROUP.id, 0), limit=5) == []
        assert await due.held([GROUP.id], before=clock.now(), limit=5) == []
    assert {pair.person_id for pair in found} == {1, 2, 3, 4, 5}
    assert len(found) == 10
