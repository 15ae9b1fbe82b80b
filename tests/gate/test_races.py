"""What admins and people do while we are at it, or while we are down: their later word wins."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gate.conftest import World
from gate.fake_telegram import ANN, CHANNEL, GROUP, OTHER_GROUP, OWNER, SECOND, place
from gate.test_crashes import Killed, kill_at, revive
from gatecrier.gate.model import Cause, RestrictionState
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, TryLater
from gatecrier.registry.store import audit_log
from gatecrier.telegram.updates import ChatMember, Permissions

pytestmark = pytest.mark.asyncio(loop_scope="session")

OUTAGE = TryLater("server error")


async def half_muted(world: World) -> None:
    """Ann's mute is announced, and the process dies before the call."""
    kill_at(world, "restrict", after=False)
    with pytest.raises(Killed):
        await world.keeper.handle_message(world.pen.message())
    revive(world, "restrict")
    await world.clock.advance(40)


def during_look(world: World, act: Any) -> None:
    """`act` happens once, while we wait for Ann's place in the group."""
    original = world.telegram.get_member

    async def interrupted(chat_id: int, person_id: int, **fields: Any) -> Any:
        answer = await original(chat_id, person_id, **fields)
        if (chat_id, person_id) == (GROUP.id, ANN.id):
            world.telegram.get_member = original  # type: ignore[method-assign]
            await act()
        return answer

    world.telegram.get_member = interrupted  # type: ignore[method-assign]


@pytest.mark.parametrize("replayed", [False, True])
@pytest.mark.parametrize("banned", [False, True])
async def test_what_an_admin_did_before_our_mute_was_finished_stays(
    gated: World, banned: bool, replayed: bool
) -> None:
    """I2: a mute that a crash left half done is not finished over an admin's ban or timed mute."""
    await half_muted(gated)
    until = int((gated.clock.now() + timedelta(days=1)).timestamp())
    muted = place(ANN, "restricted", is_member=True, until_date=until)
    by_admin = place(ANN, "kicked") if banned else muted
    gated.telegram.put(GROUP, by_admin)
    world = await gated.restarted()
    if replayed:
        await world.keeper.handle_message(world.pen.message())
    await world.healer.run_once()
    await world.join()
    assert world.telegram.at(GROUP, ANN) == by_admin
    assert await world.restriction() is None
    assert await world.case() is None


async def test_a_mute_found_done_is_not_done_again(gated: World) -> None:
    """The crash came after the call: the row becomes active, and that is all."""
    kill_at(gated, "restrict", after=True)
    with pytest.raises(Killed):
        await gated.keeper.handle_message(gated.pen.message())
    revive(gated, "restrict")
    await gated.clock.advance(40)
    calls = gated.telegram.count("restrict")
    await gated.healer.run_once()
    restriction = await gated.restriction()
    assert restriction is not None
    assert restriction.state is RestrictionState.ACTIVE
    assert gated.telegram.count("restrict") == calls


async def test_what_an_admin_took_before_our_mute_was_finished_is_not_given_back(gated: World) -> None:
    """The prior state is what was there just before the mute, not when it was first announced."""
    await half_muted(gated)
    narrowed = place(ANN, "restricted", is_member=True, can_send_messages=True)
    gated.telegram.put(GROUP, narrowed)
    await gated.healer.run_once()
    assert gated.telegram.at(GROUP, ANN).permissions == Permissions()
    await gated.join()
    assert gated.telegram.at(GROUP, ANN) == narrowed


async def test_a_half_done_mute_ends_with_the_gates_suspension(gated: World) -> None:
    """Nobody is muted by a gate that cannot decide, the healer included."""
    await half_muted(gated)
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    await gated.keeper._suspensions.suspend(live, Cause.LOST_RIGHTS)
    await gated.keeper.finish_half_done()
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.case() is None


async def test_nobody_is_muted_after_unprotect(gated: World) -> None:
    """The gate is read again where the mute is announced: it may be gone since the message was judged."""

    async def unprotect() -> None:
        await gated.keeper.unprotect(GROUP, OWNER)

    during_look(gated, unprotect)
    await gated.keeper.handle_message(gated.pen.message())
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.restriction() is None
    assert await gated.case() is None


async def test_nobody_is_muted_for_a_channel_just_dropped(gated: World) -> None:
    """One of two channels goes while we look: only what is still demanded counts."""
    await gated.protect("@more")
    gated.telegram.put(SECOND, place(ANN))

    async def unprotect() -> None:
        await gated.keeper.unprotect(GROUP, OWNER, text="@news")

    during_look(gated, unprotect)
    await gated.keeper.handle_message(gated.pen.message())
    assert not gated.telegram.silent(GROUP, ANN)


async def test_nobody_is_muted_by_a_gate_just_suspended(gated: World) -> None:
    """While it cannot decide everybody talks, whoever was being judged included."""

    async def suspend() -> None:
        live = gated.keeper.gates.get(GROUP.id)
        assert live is not None
        await gated.keeper._suspensions.suspend(live, Cause.LOST_RIGHTS)

    during_look(gated, suspend)
    await gated.keeper.handle_message(gated.pen.message())
    assert not gated.telegram.silent(GROUP, ANN)


async def test_what_else_somebody_held_leaves_is_noted(gated: World) -> None:
    """Held for one channel they leave a second: dropping the first from the demands does not free them."""
    await gated.protect("@more")
    gated.telegram.put(SECOND, place(ANN))
    await gated.write()
    await gated.clock.advance(5)
    await gated.leave(chat=SECOND)
    case = await gated.case()
    assert case is not None
    assert case.missing == (CHANNEL.id, SECOND.id)
    await gated.keeper.unprotect(GROUP, OWNER, text="@news")
    assert gated.telegram.silent(GROUP, ANN)
    await gated.join(chat=SECOND)
    assert not gated.telegram.silent(GROUP, ANN)


async def test_unprotect_of_one_channel_judges_by_what_is_known(gated: World) -> None:
    """The case was opened before the second channel was demanded: who lacks that one stays held."""
    await gated.write()
    await gated.protect("@more")
    await gated.keeper._verifier.verify([SECOND.id], ANN.id)
    await gated.cards.run_once()
    await gated.keeper.unprotect(GROUP, OWNER, text="@news")
    assert gated.telegram.silent(GROUP, ANN)
    await gated.clock.advance(3)
    assert (await gated.cards.run_once())["edited"] == 1
    case = await gated.case()
    assert case is not None
    assert case.missing == (SECOND.id,)


async def test_what_changed_for_one_still_held_is_shown(gated: World) -> None:
    """Joining one of two changes the card, so its keeper is woken."""
    await gated.protect("@more")
    await gated.write()
    gated.keeper.bell.clear()
    await gated.join()
    assert gated.keeper.bell.is_set()


@pytest.mark.parametrize("other", [Misconfigured("no right"), NotFound("user not found")])
async def test_what_is_to_be_repeated_is_not_hidden_by_another_failure(
    gated: World, other: GatecrierError
) -> None:
    """One group's outage is reported whatever fails in another: else the update would be closed."""
    await gated.protect(chat=OTHER_GROUP)
    await gated.join()
    await gated.clock.advance(5)
    for first, second in ((GROUP, OTHER_GROUP), (OTHER_GROUP, GROUP)):
        gated.telegram.faults = {("get_admins", first.id): other, ("get_admins", second.id): OUTAGE}
        with pytest.raises(TryLater):
            await gated.leave()
    gated.telegram.faults.clear()
    await gated.leave()
    assert gated.telegram.silent(GROUP, ANN)
    assert gated.telegram.silent(OTHER_GROUP, ANN)


async def test_a_deletion_to_be_repeated_is_not_hidden_by_a_failed_mute(gated: World) -> None:
    """The message must go, even where the person cannot be muted."""
    message = gated.pen.message()
    gated.telegram.faults = {"delete_message": OUTAGE, "restrict": Misconfigured("no right")}
    with pytest.raises(TryLater):
        await gated.keeper.handle_message(message)


async def test_whom_the_group_does_not_know_is_outside(gated: World) -> None:
    """ "User not found" is no failure: there is nobody to mute, and the update is done."""
    await gated.join()
    await gated.clock.advance(5)
    gated.telegram.faults["get_member", GROUP.id] = NotFound("user not found")
    await gated.leave()
    assert await gated.case() is None
    assert not await gated.write()
    assert gated.telegram.count("restrict") == 0


@pytest.mark.parametrize("present", [place(ANN), place(ANN, "restricted", can_send_polls=True)])
async def test_an_unmute_that_was_not_reported_is_obeyed(gated: World, present: ChatMember) -> None:
    """Who writes after we muted them was let by an admin: exempt for good, in the audit log, not muted."""
    await gated.write()
    gated.telegram.put(GROUP, present)
    await gated.clock.advance(120)
    await gated.write()
    assert gated.telegram.at(GROUP, ANN) == present
    assert await gated.case() is None
    assert await gated.write()
    async with gated.database.read() as connection:
        rows = await connection.execute(
            sa.select(audit_log.c.actor).where(audit_log.c.action == "gate.exempt")
        )
        assert rows.scalars().all() == ["admin:unknown"]


async def test_a_ban_that_was_not_reported_closes_the_case(gated: World) -> None:
    """What is there is not ours, and lets nobody speak: hands off, and no exemption."""
    await gated.write()
    gated.telegram.put(GROUP, place(ANN, "kicked"))
    await gated.clock.advance(120)
    await gated.write()
    assert gated.telegram.at(GROUP, ANN).status == "kicked"
    assert await gated.case() is None
    assert not await gated.write()


async def test_who_is_back_is_not_held_for_an_old_leave(gated: World) -> None:
    """I5: after a pause of ours the leave comes first, and the return after it, or never."""
    await gated.join()
    left = gated.pen.change(CHANNEL, place(ANN, "left"))
    gated.pen.change(CHANNEL, place(ANN))
    await gated.clock.advance(600)
    await gated.keeper.handle_member_change(left)
    assert gated.telegram.count("restrict") == 0
    assert await gated.write()


async def test_an_old_leave_waits_for_an_answer(gated: World) -> None:
    """While Telegram does not say whether somebody is back, they are not held, and the update stays open."""
    await gated.join()
    left = gated.pen.change(CHANNEL, place(ANN, "left"))
    await gated.clock.advance(600)
    gated.telegram.faults["get_member", CHANNEL.id] = OUTAGE
    with pytest.raises(TryLater):
        await gated.keeper.handle_member_change(left)
    assert gated.telegram.count("restrict") == 0
    gated.telegram.faults.clear()
    await gated.keeper.handle_member_change(left)
    assert gated.telegram.silent(GROUP, ANN)
