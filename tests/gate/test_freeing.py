"""Verify, joining and leaving a channel, and what admins decide: lifted exactly, or not at all."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gate.conftest import World
from gate.fake_telegram import (
    ADA,
    ANN,
    BEN,
    BOT,
    CHANNEL,
    GROUP,
    OTHER_GROUP,
    OWNER,
    SECOND,
    place,
)
from gatecrier.gate.cards.texts import Toast, toast
from gatecrier.gate.model import Source
from gatecrier.gate.standing import Standing
from gatecrier.kernel.errors import Misconfigured, Refused, TryLater
from gatecrier.telegram.updates import Permissions

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_verify_frees_who_joined(gated: World) -> None:
    """Joining and pressing Verify is enough, and leaves no exception in the group's list."""
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN))
    assert await gated.press() == toast("en", Toast.FREED)
    assert gated.telegram.at(GROUP, ANN) == place(ANN)
    assert await gated.restriction() is None
    assert await gated.write()


async def test_verify_too_early_names_what_is_missing(gated: World) -> None:
    """The person stays held, and is told which channel it is."""
    await gated.write()
    verdict = await gated.press()
    assert not verdict.freed
    assert "@news" in verdict.text
    assert gated.telegram.silent(GROUP, ANN)


async def test_somebody_elses_verify_is_refused(gated: World) -> None:
    """Attack 1: Ben's press neither frees nor asks about anybody, and Ann's card stays."""
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN))
    await gated.cards.run_once()
    calls = len(gated.telegram.calls)
    assert await gated.press(BEN) == toast("en", Toast.NOT_YOURS)
    assert len(gated.telegram.calls) == calls
    assert gated.telegram.silent(GROUP, ANN)


async def test_forged_or_old_card_ids_do_nothing(gated: World) -> None:
    """Attack 2: only what our tables know counts."""
    await gated.write()
    for forged in ("", "x" * 64, "' OR 1=1 --", str(GROUP.id)):
        assert await gated.keeper.verify(forged, ANN.id) == toast("en", Toast.TOO_OLD)


async def test_pressing_wildly_asks_telegram_once_in_three_seconds(gated: World) -> None:
    """Attack 3: one verification for each cool-down, and every press gets an answer."""
    await gated.write()
    await gated.cards.run_once()
    (card,) = gated.telegram.cards()
    card_id = card.buttons[-1].data.removeprefix("verify:")
    calls = gated.telegram.count("get_member", CHANNEL)
    verdicts = await asyncio.gather(*(gated.keeper.verify(card_id, ANN.id) for _ in range(10)))
    assert gated.telegram.count("get_member", CHANNEL) == calls + 1
    assert verdicts.count(toast("en", Toast.WAIT)) == 9
    await gated.clock.advance(3)
    assert await gated.keeper.verify(card_id, ANN.id) != toast("en", Toast.WAIT)


async def test_whom_an_admin_muted_since_stays_muted(gated: World) -> None:
    """Attack 4, I2: the update was lost, but what is there is not what we set: hands off."""
    await gated.write()
    until = int(gated.clock.now().timestamp()) + 9999
    by_admin = place(ANN, "restricted", is_member=True, until_date=until)
    gated.telegram.put(GROUP, by_admin)
    gated.telegram.put(CHANNEL, place(ANN))
    assert await gated.press() == toast("en", Toast.BY_ADMIN)
    assert gated.telegram.at(GROUP, ANN) == by_admin
    assert await gated.case() is None


async def test_an_earlier_partial_restriction_comes_back_exactly(gated: World) -> None:
    """Prior permissions and their end survive our mute, all sixteen of them."""
    until = int((gated.clock.now() + timedelta(days=1)).timestamp())
    before = place(
        ANN,
        "restricted",
        is_member=True,
        until_date=until,
        can_send_messages=True,
        can_invite_users=True,
    )
    gated.telegram.put(GROUP, before)
    await gated.write()
    assert gated.telegram.at(GROUP, ANN).permissions == Permissions()
    gated.telegram.put(CHANNEL, place(ANN))
    assert (await gated.press()).freed
    assert gated.telegram.at(GROUP, ANN) == before


async def test_an_outage_at_verify_changes_nothing(gated: World) -> None:
    """The person is asked to try again; nobody is freed or accused by a failure."""
    await gated.write()
    gated.telegram.faults["get_member", CHANNEL.id] = TryLater("server error")
    assert await gated.press() == toast("en", Toast.NO_ANSWER)
    assert gated.telegram.silent(GROUP, ANN)


async def test_nobody_stays_muted_because_we_cannot_see(gated: World) -> None:
    """I5: when the channel cannot be asked, Verify frees, and the gate is suspended."""
    await gated.write()
    gated.telegram.faults["get_member", CHANNEL.id] = Misconfigured("member list is inaccessible")
    assert await gated.press() == toast("en", Toast.FREED_ANYWAY)
    assert not gated.telegram.silent(GROUP, ANN)
    assert (await gated.keeper.status(GROUP.id)).gate.suspension is not None


async def test_a_lifting_we_have_no_right_to_is_said_and_made_up_for(gated: World) -> None:
    """The person learns that an admin must help; once the right is back they are freed without a press."""
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN))
    gated.telegram.faults["restrict"] = Misconfigured("not enough rights")
    assert await gated.press() == toast("en", Toast.CANNOT_FREE)
    gated.telegram.faults.clear()
    await gated.clock.advance(31)
    assert (await gated.healer.run_once())["finished"] == 1
    assert not gated.telegram.silent(GROUP, ANN)


async def test_joining_frees_in_every_group_at_once(gated: World) -> None:
    """No press is needed: the channel's own update frees wherever we hold them for it."""
    await gated.protect(chat=OTHER_GROUP)
    await gated.write()
    await gated.write(chat=OTHER_GROUP)
    await gated.join()
    assert not gated.telegram.silent(GROUP, ANN)
    assert not gated.telegram.silent(OTHER_GROUP, ANN)


async def test_joining_one_of_two_is_not_enough(gated: World) -> None:
    """The case remembers what is still missing."""
    await gated.protect("@more")
    await gated.write()
    await gated.join()
    case = await gated.case()
    assert case is not None
    assert case.missing == (SECOND.id,)
    await gated.join(chat=SECOND)
    assert not gated.telegram.silent(GROUP, ANN)


async def test_leaving_mutes_only_where_the_person_is(gated: World) -> None:
    """Attack 22: a hundred groups are not told about somebody who is in one of them (defect N9)."""
    await gated.protect(chat=OTHER_GROUP)
    gated.telegram.put(OTHER_GROUP, place(ANN, "left"))
    await gated.join()
    await gated.clock.advance(5)
    await gated.leave()
    await gated.cards.run_once()
    assert gated.telegram.silent(GROUP, ANN)
    assert gated.telegram.at(OTHER_GROUP, ANN).status == "left"
    assert len(gated.telegram.cards(OTHER_GROUP)) == 0
    assert gated.telegram.count("send_message", GROUP) == 1


async def test_what_happens_within_one_second_still_counts(gated: World) -> None:
    """Telegram's dates are whole seconds: verified, left, joined and left again in one of them."""
    gated.telegram.put(CHANNEL, place(ANN))
    assert await gated.write()
    for _ in range(2):
        await gated.leave()
        assert gated.telegram.silent(GROUP, ANN)
        await gated.join()
        assert not gated.telegram.silent(GROUP, ANN)


async def test_admins_who_leave_the_channel_are_not_touched(gated: World) -> None:
    """I1 holds for leaving too."""
    await gated.leave(OWNER)
    assert gated.telegram.count("restrict") == 0


async def test_late_and_doubled_updates_do_not_mute(gated: World) -> None:
    """Attack 12: left (t=10) after joined (t=12): close by, Telegram is asked; long ago, it is ignored."""
    now = int(gated.clock.now().timestamp())
    await gated.join()
    for seconds in (2, 100):
        late = gated.pen.change(CHANNEL, place(ANN, "left"), date=now - seconds)
        gated.telegram.put(CHANNEL, place(ANN))
        await gated.keeper.handle_member_change(late)
        await gated.keeper.handle_member_change(late)
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.write()


async def test_a_leave_that_met_an_outage_is_made_up_for(gated: World) -> None:
    """The update is repeated until it is done, and done once."""
    await gated.join()
    await gated.clock.advance(5)
    left = gated.pen.change(CHANNEL, place(ANN, "left"))
    gated.telegram.faults["get_member", GROUP.id] = TryLater("server error")
    try:
        await gated.keeper.handle_member_change(left)
    except TryLater:
        gated.telegram.faults.clear()
    await gated.keeper.handle_member_change(left)
    await gated.keeper.handle_member_change(left)
    assert gated.telegram.silent(GROUP, ANN)
    assert gated.telegram.count("restrict") == 1


async def test_an_admin_who_frees_somebody_is_obeyed_for_good(gated: World) -> None:
    """A human's later word wins: the case is closed, and the person not held again."""
    await gated.write()
    freed = gated.pen.change(GROUP, place(ANN), by=ADA)
    await gated.keeper.handle_member_change(freed)
    assert await gated.case() is None
    assert await gated.write()
    again = await gated.restarted()
    assert await again.write()


async def test_an_admins_word_that_comes_late_still_wins(gated: World) -> None:
    """Freed by an admin, wrote at once; the update comes later, or never: they are exempt from then on."""
    await gated.write()
    await gated.clock.advance(10)
    freed = gated.pen.change(GROUP, place(ANN), by=ADA)
    await gated.write()
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.case() is None
    assert await gated.write()
    assert await (await gated.restarted()).write()
    await gated.keeper.handle_member_change(freed)
    assert await gated.write()
    assert gated.telegram.count("restrict") == 1


async def test_an_admins_ban_or_mute_closes_the_case(gated: World) -> None:
    """Even a mute that looks like ours is theirs when Telegram says that they made it."""
    await gated.write()
    muted = gated.pen.change(GROUP, place(ANN, "restricted", is_member=True), by=ADA)
    await gated.keeper.handle_member_change(muted)
    await gated.join()
    assert gated.telegram.silent(GROUP, ANN)
    assert await gated.case() is None


async def test_our_own_echo_closes_nothing(gated: World) -> None:
    """Telegram reports our mute to us."""
    await gated.write()
    echo = gated.pen.change(GROUP, gated.telegram.at(GROUP, ANN), by=BOT)
    await gated.keeper.handle_member_change(echo)
    assert await gated.case() is not None


async def test_who_left_the_group_stays_held_but_is_not_named(gated: World) -> None:
    """Coming back brings them back onto the card, still muted."""
    await gated.write()
    await gated.write(BEN)
    gone = gated.pen.change(GROUP, place(ANN, "restricted", is_member=False))
    await gated.keeper.handle_member_change(gone)
    await gated.cards.run_once()
    assert "Ann" not in gated.telegram.cards()[0].text
    back = gated.pen.change(GROUP, place(ANN, "restricted", is_member=True))
    await gated.keeper.handle_member_change(back)
    await gated.clock.advance(3)
    await gated.cards.run_once()
    assert "Ann" in gated.telegram.cards()[0].text
    assert await gated.restriction() is not None


async def test_a_message_in_flight_when_the_mute_came_only_goes(gated: World) -> None:
    """A burst of five: the first is enough to mute, none opens a second case."""
    burst = [gated.pen.message() for _ in range(5)]
    for message in burst:
        await gated.keeper.handle_message(message)
    assert gated.telegram.count("restrict") == 1
    assert not gated.telegram.messages


async def test_refused_to_free_an_admin_closes_the_case(gated: World) -> None:
    """Who was promoted meanwhile needs no lifting."""
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN))
    gated.telegram.faults["restrict"] = Refused("x", code="member_is_admin")
    await gated.press()
    assert await gated.case() is None


async def test_joining_in_the_very_moment_of_the_mute_frees(gated: World) -> None:
    """The update found no case yet: whoever mutes looks once more at what is known."""
    original = gated.telegram.restrict
    gated.telegram.restrict = _after(gated, original)  # type: ignore[method-assign]
    await gated.write()
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.case() is None


def _after(world: World, restrict: Any) -> Any:
    """`restrict`, but the update "joined" is learnt just before it; its case search came too early."""

    async def joined_first(*args: Any, **fields: Any) -> None:
        date = int(world.clock.now().timestamp()) + 1
        world.keeper.standings.put(CHANNEL.id, ANN.id, Standing.MEMBER, date=date, source=Source.UPDATE)
        await restrict(*args, **fields)

    return joined_first
