"""Killed between any two steps: started again, it holds and frees exactly whom it should."""

import pytest

from gate.conftest import World
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, OTHER_GROUP, OWNER, SECOND, place
from gatecrier.gate.model import RestrictionState

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Killed(BaseException):
    """The process dies here."""


def kill_at(world: World, method: str, *, after: bool) -> None:
    """Die before or after a call of Telegram's takes effect."""
    original = getattr(world.telegram, method)

    async def dying(*args: object, **fields: object) -> None:
        if after:
            await original(*args, **fields)
        raise Killed

    setattr(world.telegram, method, dying)


def revive(world: World, method: str) -> None:
    delattr(world.telegram, method)


BEFORE = place(ANN, "restricted", is_member=True, can_send_messages=True, can_send_polls=True)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("replayed", [False, True])
async def test_a_crash_around_the_mute_keeps_what_was_there_before(
    gated: World, after: bool, replayed: bool
) -> None:
    """The row is written first, so neither the healer nor a replay takes our own mute for the prior state."""
    gated.telegram.put(GROUP, BEFORE)
    kill_at(gated, "restrict", after=after)
    message = gated.pen.message()
    with pytest.raises(Killed):
        await gated.keeper.handle_message(message)
    revive(gated, "restrict")
    world = await gated.restarted()
    restriction = await world.restriction()
    assert restriction is not None
    assert restriction.state is RestrictionState.APPLYING
    if replayed:
        await world.keeper.handle_message(message)
    await world.clock.advance(31)
    await world.healer.run_once()
    assert world.telegram.silent(GROUP, ANN)
    await world.join()
    assert world.telegram.at(GROUP, ANN) == BEFORE


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_around_the_lifting_is_finished(gated: World, after: bool) -> None:
    """Announced before the call: the healer gives back once, and closes the case with its outcome."""
    await gated.write()
    kill_at(gated, "restrict", after=after)
    with pytest.raises(Killed):
        await gated.join()
    revive(gated, "restrict")
    world = await gated.restarted()
    await world.clock.advance(31)
    assert (await world.healer.run_once())["finished"] == 1
    assert world.telegram.at(GROUP, ANN) == place(ANN)
    assert await world.case() is None
    assert await world.restriction() is None


async def test_a_case_without_its_card_gets_it_after_the_restart(gated: World) -> None:
    """A crash between mute and card leaves nobody without a way back."""
    await gated.write()
    world = await gated.restarted()
    assert (await world.cards.run_once())["shown"] == 1


async def test_a_crash_between_new_card_and_old_leaves_one(gated: World) -> None:
    """The old message's id is kept until it is deleted."""
    await gated.write()
    await gated.cards.run_once()
    await gated.clock.advance(3)
    await gated.write(BEN)
    kill_at(gated, "delete_message", after=False)
    with pytest.raises(Killed):
        await gated.cards.run_once()
    revive(gated, "delete_message")
    assert len(gated.telegram.cards()) == 2
    world = await gated.restarted()
    await world.cards.run_once()
    assert len(world.telegram.cards()) == 1


async def test_what_was_learnt_survives_a_restart(gated: World) -> None:
    """A warm start: known members are not asked about again."""
    gated.telegram.put(CHANNEL, place(ANN))
    assert await gated.write()
    await gated.healer.run_once()
    world = await gated.restarted()
    assert world.keeper.passes(world.pen.message())
    await world.clock.advance(700)
    assert not (await world.restarted()).keeper.passes(world.pen.message())


async def test_a_crash_during_unprotect_frees_all_the_same(gated: World) -> None:
    """The demand's end and the announced liftings are one transaction."""
    await gated.protect(chat=OTHER_GROUP)
    await gated.protect("@more")
    assert SECOND.id in gated.keeper.gates.channels()
    await gated.write()
    kill_at(gated, "restrict", after=False)
    with pytest.raises(Killed):
        await gated.keeper.unprotect(GROUP, OWNER)
    revive(gated, "restrict")
    world = await gated.restarted()
    assert await world.write()
    await world.clock.advance(120)
    await world.healer.run_once()
    assert not world.telegram.silent(GROUP, ANN)
