"""Groups that move, and groups the bot was removed from: nothing is lost."""

from typing import Any

import pytest

from gate.conftest import World, make_telegram, make_world
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, OWNER, place
from gatecrier.gate.model import Cause
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import PeerGone
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Chat, ChatType

BASIC = Chat(id=-4001, type=ChatType.GROUP, title="Friends")
BIG = Chat(id=-1001000004001, type=ChatType.SUPERGROUP, title="Friends")


async def basic(clock: FakeClock, database: Database) -> World:
    """A basic group that requires @news, and in which Ann is held."""
    telegram = make_telegram()
    for chat in (BASIC, BIG):
        telegram.add(chat)
        telegram.put(chat, place(ANN))
        telegram.put(chat, place(BEN))
    world = await make_world(clock, database, telegram)
    await world.protect(chat=BASIC)
    assert not await world.write(chat=BASIC)
    return world


async def test_in_a_basic_group_messages_go_and_nobody_is_muted(clock: FakeClock, database: Database) -> None:
    """Telegram mutes nobody there: each message is deleted, one card shown, and joining is enough."""
    world = await basic(clock, database)
    assert not await world.write(chat=BASIC)
    assert world.telegram.count("restrict") == 0
    await world.cards.run_once()
    assert len(world.telegram.cards(BASIC)) == 1
    await world.join()
    assert await world.case(chat=BASIC) is None
    assert await world.write(chat=BASIC)
    await clock.advance(10)
    await world.leave()
    assert not await world.write(chat=BASIC)
    assert (await world.keeper.unprotect(BASIC, OWNER)).gate is None
    assert await world.case(chat=BASIC) is None


TOLD = [
    [(BASIC, {"migrate_to_chat_id": BIG.id})],
    [(BIG, {"migrate_from_chat_id": BASIC.id})],
    [(BASIC, {"migrate_to_chat_id": BIG.id}), (BIG, {"migrate_from_chat_id": BASIC.id})],
    [(BIG, {"migrate_from_chat_id": BASIC.id}), (BASIC, {"migrate_to_chat_id": BIG.id})],
]


@pytest.mark.parametrize("told", TOLD)
async def test_a_group_that_becomes_a_supergroup_keeps_everything(
    clock: FakeClock, database: Database, told: list[tuple[Chat, dict[str, Any]]]
) -> None:
    """Attack 17: either service message is enough, both do it once; gate, cases and exemptions move."""
    world = await basic(clock, database)
    await world.keeper.steering.exempt(BASIC.id, BEN.id, actor="cli")
    for chat, fields in told:
        await world.write(OWNER, chat, text="", **fields)
    assert world.keeper.gates.get(BASIC.id) is None
    assert world.keeper.gates.get(BIG.id) is not None
    assert await world.case(chat=BIG) is not None
    assert await world.write(BEN, BIG)
    assert not await world.write(ANN, BIG)
    assert world.telegram.silent(BIG, ANN)
    assert world.telegram.at(BIG, OWNER).is_admin
    entries = await world.keeper.records.log(BIG.id)
    assert [entry.action for entry in entries].count("gate.move") == 1


async def test_a_call_to_the_old_group_tells_it_too(clock: FakeClock, database: Database) -> None:
    """Attack 17: both service messages may be lost; the error of the next call names the new group."""
    world = await basic(clock, database)
    gone = PeerGone("group chat was upgraded to a supergroup chat", code="migrated", migrate_to=BIG.id)
    world.telegram.faults["get_member", BASIC.id] = gone
    await world.write(ANN, BASIC)
    assert world.keeper.gates.get(BIG.id) is not None
    assert world.keeper.gates.get(BASIC.id) is None


async def test_two_gates_become_one(clock: FakeClock, database: Database) -> None:
    """An admin protected the new group already: that gate holds, the old one goes."""
    world = await basic(clock, database)
    await world.protect("@more", chat=BIG)
    await world.write(OWNER, BASIC, text="", migrate_to_chat_id=BIG.id)
    live = world.keeper.gates.get(BIG.id)
    assert live is not None
    assert CHANNEL.id not in live.channels
    assert len(world.keeper.gates.all()) == 1


async def test_a_gate_whose_bot_was_removed_is_parked_and_comes_back(
    clock: FakeClock, database: Database
) -> None:
    """Nobody is told who would not hear it; added again as an administrator, it goes on by itself."""
    world = await make_world(clock, database, make_telegram())
    await world.protect()
    await world.write()
    bot = world.telegram.bot
    await world.keeper.handle_member_change(world.pen.change(GROUP, place(bot, "kicked"), by=OWNER))
    live = world.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.gate.suspension is not None
    assert live.gate.suspension.cause is Cause.PARKED
    assert world.telegram.notices() == []
    calls = len(world.telegram.calls)
    await clock.advance(600)
    await world.healer.run_once()
    assert len(world.telegram.calls) == calls
    rights = {"can_restrict_members": True, "can_delete_messages": True}
    back = place(bot, "administrator", **rights)
    await world.keeper.handle_member_change(world.pen.change(GROUP, back, by=OWNER))
    assert live.gate.suspension is None
    assert await world.restriction() is not None
