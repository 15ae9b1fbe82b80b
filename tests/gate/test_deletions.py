"""The deletion queue: whatever of ours must go goes, once it is due, whoever lives to do it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gate.conftest import World
from gate.fake_telegram import ANN, BOT, GROUP, OTHER_GROUP, Shown
from gatecrier.gate.cards.deletions import Deletions
from gatecrier.gate.tables import deletions
from gatecrier.kernel.errors import GatecrierError, Misconfigured, Refused, TryLater
from gatecrier.telegram.updates import Chat

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def queue(world: World, *numbers: int, chat: Chat = GROUP, after: float = 0, receiver: int = 0) -> None:
    """Messages of ours that are there, to be deleted `after` seconds."""
    due_at = world.clock.now() + timedelta(seconds=after)
    async with world.database.transaction() as connection:
        for number in numbers:
            await Deletions(connection, BOT.id).add(chat.id, number, due_at, receiver_id=receiver)
            shown = Shown("text", [], None)
            if receiver:
                world.telegram.whispers[chat.id, receiver, number] = shown
            else:
                world.telegram.shown[chat.id, number] = shown


async def queued(world: World) -> int:
    async with world.database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(deletions)) or 0


async def test_a_hundred_go_with_one_call_when_they_are_due(world: World) -> None:
    """Not before; by group, and those that one person sees one by one."""
    await queue(world, *range(1, 151), after=60)
    await queue(world, 7, chat=OTHER_GROUP, after=60)
    await queue(world, 1, 2, after=60, receiver=ANN.id)
    assert await world.deletions.run_once() == {"deleted": 0, "postponed": 0}
    await world.clock.advance(60)
    assert await world.deletions.run_once() == {"deleted": 153, "postponed": 0}
    counts = world.telegram.counts()
    assert (counts["delete_messages"], counts["delete_message"], counts["delete_ephemeral"]) == (2, 1, 2)
    assert not world.telegram.shown
    assert not world.telegram.whispers
    assert await queued(world) == 0


async def test_what_is_gone_already_is_well(world: World) -> None:
    """An admin was faster; nothing is tried again."""
    await queue(world, 1)
    await queue(world, 2, receiver=ANN.id)
    world.telegram.shown.clear()
    world.telegram.whispers.clear()
    assert (await world.deletions.run_once())["deleted"] == 2
    assert await queued(world) == 0


async def test_the_queue_survives_a_restart(world: World) -> None:
    """It is a table."""
    await queue(world, 1)
    again = await world.restarted()
    await again.deletions.run_once()
    assert not again.telegram.shown


async def test_what_telegram_postpones_is_tried_again(world: World) -> None:
    """As late as it says, and later each time; the other group does not wait for it."""
    await queue(world, 1)
    await queue(world, 2, chat=OTHER_GROUP)
    world.telegram.faults["delete_message", GROUP.id] = TryLater("slow down", retry_after=30)
    assert await world.deletions.run_once() == {"deleted": 1, "postponed": 1}
    world.telegram.faults.clear()
    await world.clock.advance(29)
    assert (await world.deletions.run_once())["deleted"] == 0
    await world.clock.advance(1)
    assert (await world.deletions.run_once())["deleted"] == 1


@pytest.mark.parametrize(
    "error",
    [
        Refused("message can't be deleted", code="cannot_delete"),
        Misconfigured("not enough rights", code="no_rights"),
    ],
)
async def test_what_can_never_be_deleted_is_given_up(world: World, error: GatecrierError) -> None:
    """Too old, or no right: said in the log, and forgotten."""
    await queue(world, 1)
    world.telegram.faults["delete_message"] = error
    await world.deletions.run_once()
    assert await queued(world) == 0


async def test_one_that_is_too_old_spoils_no_other(world: World) -> None:
    """Telegram refuses the whole hundred; then each has its own try."""
    await queue(world, 1, 2, 3)
    world.telegram.faults["delete_messages"] = Refused("message can't be deleted", code="cannot_delete")
    await world.deletions.run_once()
    assert not world.telegram.shown
    assert await queued(world) == 0


async def test_asked_twice_the_earlier_moment_holds(world: World) -> None:
    """A warning whose reason is gone need not wait for its minute."""
    await queue(world, 1, after=60)
    await queue(world, 1, after=600)
    await queue(world, 1)
    assert (await world.deletions.run_once())["deleted"] == 1
