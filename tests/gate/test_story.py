"""The whole story of one intruder, on both databases."""

import asyncio

from gate.conftest import make_telegram, make_world
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, OWNER, SECOND, place
from gatecrier.gate.model import Reason
from gatecrier.kernel.clock import FakeClock
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person


async def test_held_freed_held_again_and_let_go(clock: FakeClock, database: Database) -> None:
    """Message, card, Verify, leaving, joining, /unprotect: the same on SQLite and on PostgreSQL."""
    world = await make_world(clock, database, make_telegram())
    await world.protect("@news @more")
    message = world.pen.message()
    await asyncio.gather(*(world.keeper.handle_message(message) for _ in range(4)), world.write(BEN))
    assert world.telegram.count("restrict") == 2
    for channel in (CHANNEL, SECOND):
        world.telegram.put(channel, place(ANN))
    assert (await world.press()).freed
    assert await world.write()
    await clock.advance(5)
    await world.leave()
    assert world.telegram.silent(GROUP, ANN)
    await world.join()
    assert not world.telegram.silent(GROUP, ANN)
    await world.healer.run_once()
    done = await world.keeper.unprotect(GROUP, OWNER)
    assert (done.gate, done.freed) == (None, 1)
    await world.clock.advance(3)
    await world.cards.run_once()
    assert world.telegram.shown == {}


async def test_thirty_intruders_at_once(clock: FakeClock, database: Database) -> None:
    """Transactions that touch the same card neither fail nor lose anybody."""
    world = await make_world(clock, database, make_telegram())
    await world.protect()
    people = [Person(id=100 + number, first_name="P") for number in range(30)]
    for person in people:
        world.telegram.put(GROUP, place(person))
    await asyncio.gather(*(world.write(person) for person in people))
    status = await world.keeper.status(GROUP.id)
    assert status.held == 30
    assert status.decisions == {Reason.NOT_MEMBER: 30}
    assert (await world.keeper.unprotect(GROUP, OWNER)).freed == 30
