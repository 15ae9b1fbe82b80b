"""The sweep: what lost updates would have told is found by asking, within a budget."""

import pytest
import sqlalchemy as sa

from gate.conftest import World, make_telegram, make_world
from gate.fake_telegram import ANN, BEN, BOT, CHANNEL, GROUP, OTHER_GROUP, SECOND, place
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.gate.model import Known, Source
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import StandingStore
from gatecrier.gate.tables import gate_channels, standings
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

A_WHILE = 700  # seconds: longer than knowledge counts as fresh


async def sweep(world: World, times: int = 1) -> None:
    for _ in range(times):
        await world.clock.advance(A_WHILE)
        await world.healer.run_once()
        await world.keeper.sweeper.run_once()


async def test_a_lost_leave_is_found(gated: World) -> None:
    """Who left a channel without our hearing is held, after Telegram has said it twice."""
    await gated.join()
    assert await gated.write()
    gated.telegram.put(CHANNEL, place(ANN, "left"))
    await sweep(gated)
    assert not gated.telegram.silent(GROUP, ANN)
    await sweep(gated)
    assert gated.telegram.silent(GROUP, ANN)


async def test_a_lost_join_is_found(gated: World) -> None:
    """Who is held and has joined without our hearing is free."""
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN))
    await sweep(gated)
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.case() is None


async def test_an_answer_that_flaps_holds_nobody(gated: World) -> None:
    """One denial between two confirmations is none."""
    await gated.join()
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN, "left"))
    await sweep(gated)
    gated.telegram.put(CHANNEL, place(ANN))
    await sweep(gated, 3)
    assert gated.telegram.count("restrict") == 0


async def test_an_outage_ends_a_sweep_and_holds_nobody(gated: World) -> None:
    """I5: no answer is no answer; the next sweep goes on."""
    await gated.join()
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN, "left"))
    gated.telegram.faults["get_member"] = TryLater("server error")
    await sweep(gated, 3)
    assert gated.telegram.count("restrict") == 0
    gated.telegram.faults.clear()
    await sweep(gated, 2)
    assert gated.telegram.silent(GROUP, ANN)


async def test_a_mute_that_an_admin_lifted_is_let_go(gated: World) -> None:
    """I2: an admin's word holds although no update told of it: the person is exempt from now on."""
    await gated.write()
    gated.telegram.put(GROUP, place(ANN))
    await sweep(gated)
    assert await gated.restriction() is None
    assert await gated.write()


async def test_who_does_not_come_back_in_time_is_held(gated: World) -> None:
    """The rejoin grace: free for a while after leaving, then held without a message."""
    await gated.protect("@more")
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    await gated.choose(rejoin_grace=600)
    for channel in (CHANNEL, SECOND):
        await gated.join(chat=channel)
    await gated.write()
    await gated.leave()
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.write()
    await sweep(gated)
    assert gated.telegram.silent(GROUP, ANN)


async def test_a_sweep_keeps_its_budget_and_gets_round(gated: World) -> None:
    """Fifty questions in ten seconds; everybody has their turn, the oldest first."""
    people = [Person(id=1000 + number, first_name="P") for number in range(120)]
    for person in people:
        gated.telegram.put(GROUP, place(person))
        gated.telegram.put(CHANNEL, place(person))
        await gated.write(person)
    await gated.healer.run_once()
    for person in people:
        gated.telegram.put(CHANNEL, place(person, "left"))
    await gated.clock.advance(A_WHILE)
    for _ in range(8):
        before = gated.telegram.count("get_member", CHANNEL)
        await gated.keeper.sweeper.run_once()
        assert gated.telegram.count("get_member", CHANNEL) - before <= 50
    assert sum(gated.telegram.silent(GROUP, person) for person in people) == 120


async def test_people_of_whom_nothing_is_known_are_asked_about(gated: World) -> None:
    """A new channel in a group that is protected already: nobody's first message has to wait."""
    await gated.join()
    await gated.write()
    await gated.healer.run_once()
    await gated.protect("@more")
    await gated.keeper.sweeper.run_once()
    assert gated.keeper.standings.standing(SECOND.id, ANN.id) is Standing.NOT_MEMBER
    assert gated.telegram.silent(GROUP, ANN)


async def test_what_nobody_needs_is_forgotten(gated: World) -> None:
    """A standing of somebody who is in no group of ours is deleted, not asked for."""
    async with gated.database.transaction() as connection:
        await StandingStore(connection).put([_known(99, gated)])
    before = gated.telegram.count("get_member", CHANNEL)
    await sweep(gated)
    async with gated.database.read() as connection:
        left = await connection.scalar(sa.select(sa.func.count()).select_from(standings))
    assert (left, gated.telegram.count("get_member", CHANNEL)) == (0, before)


async def test_the_oldest_knowledge_has_an_age(gated: World) -> None:
    """What an operator watches: how long ago the gate looked at somebody, at most."""
    assert await gated.keeper.sweeper.oldest_verification_age() is None
    await gated.join()
    await gated.write()
    await gated.healer.run_once()
    await gated.clock.advance(100)
    assert await gated.keeper.sweeper.oldest_verification_age() == 100


async def test_nobody_is_swept_at_rate_nothing(clock: FakeClock, stories: Database) -> None:
    """The setting switches it off."""
    world = await make_world(clock, stories, make_telegram(), sweep_rate=0)
    assert await world.keeper.sweeper.run_once() == {}


async def test_who_left_everywhere_is_held_where_they_are(gated: World) -> None:
    """Attack 22: one leave, many groups: only those in which the person is, and each is asked once."""
    await gated.protect(chat=OTHER_GROUP)
    await gated.join(BEN)
    gated.telegram.put(OTHER_GROUP, place(BEN, "left"))
    for _ in range(3):
        await gated.clock.advance(100)
        await gated.leave(BEN)
        await gated.clock.advance(100)
        await gated.join(BEN)
    assert gated.telegram.count("restrict", OTHER_GROUP) == 0
    asked = [call for call in gated.telegram.calls if call == ("get_member", OTHER_GROUP.id, BEN.id)]
    assert len(asked) == 1


async def test_a_gate_that_cannot_decide_keeps_nobody_from_their_turn(gated: World) -> None:
    """Sixty unknown people of a suspended gate fill no page: another group's newcomer is asked about."""
    await gated.join()
    await gated.write()
    await gated.protect("@more", chat=OTHER_GROUP)
    suspended = gated.keeper.gates.get(GROUP.id)
    assert suspended is not None
    async with gated.database.transaction() as connection:
        people = RosterStore(connection, BOT.id)
        for number in range(60):
            await people.came(GROUP.id, 1000 + number, gated.clock.now())
        await people.came(OTHER_GROUP.id, BEN.id, gated.clock.now())
    suspended.is_on = False
    await gated.keeper.sweeper.run_once()
    assert gated.keeper.standings.standing(SECOND.id, BEN.id) is Standing.NOT_MEMBER


async def test_one_bot_forgets_nothing_that_another_needs(gated: World) -> None:
    """Two bots, one channel: what a group of the second relies on stays, and is the second's to ask."""
    async with gated.database.transaction() as connection:
        await StandingStore(connection).put([_known(BEN.id, gated)])
        await RosterStore(connection, 2).came(OTHER_GROUP.id, BEN.id, gated.clock.now())
        await connection.execute(
            sa.insert(gate_channels).values(
                chat_id=OTHER_GROUP.id,
                channel_id=CHANNEL.id,
                title="",
                username="",
                join_url="",
                added_at=gated.clock.now(),
                added_by="test",
            )
        )
    before = gated.telegram.count("get_member", CHANNEL)
    await sweep(gated, 2)
    async with gated.database.read() as connection:
        left = await connection.scalar(sa.select(sa.func.count()).select_from(standings))
    assert (left, gated.telegram.count("get_member", CHANNEL)) == (1, before)


async def test_several_channels_cost_what_they_ask(gated: World) -> None:
    """Held people of a gate with two channels: two questions each, and no more than the budget in a run."""
    await gated.protect("@more")
    people = [Person(id=1000 + number, first_name="P") for number in range(40)]
    for person in people:
        gated.telegram.put(GROUP, place(person))
        await gated.write(person)
    await gated.healer.run_once()
    await gated.clock.advance(A_WHILE)
    before = gated.telegram.count("get_member", CHANNEL) + gated.telegram.count("get_member", SECOND)
    await gated.keeper.sweeper.run_once()
    asked = gated.telegram.count("get_member", CHANNEL) + gated.telegram.count("get_member", SECOND) - before
    assert 0 < asked <= 50


async def test_a_sweep_goes_on_after_a_restart(gated: World) -> None:
    """Killed between two runs: who was not asked about yet still is."""
    people = [Person(id=1000 + number, first_name="P") for number in range(80)]
    for person in people:
        gated.telegram.put(GROUP, place(person))
        await gated.write(person)
    await gated.healer.run_once()
    for person in people:
        gated.telegram.put(CHANNEL, place(person))
    await gated.clock.advance(A_WHILE)
    await gated.keeper.sweeper.run_once()
    reborn = await gated.restarted()
    await reborn.keeper.sweeper.run_once()
    await reborn.healer.run_once()
    assert not any(gated.telegram.silent(GROUP, person) for person in people)


def _known(person_id: int, world: World) -> Known:
    return Known(
        chat_id=CHANNEL.id,
        person_id=person_id,
        standing=Standing.MEMBER,
        date=1,
        source=Source.UPDATE,
        checked_at=world.clock.now(),
    )
