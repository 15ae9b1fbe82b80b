"""Messages of people who do not belong: deleted, muted, carded; once, and never wrongly."""

import asyncio

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.conftest import World
from gate.fake_telegram import (
    ADA,
    ANN,
    BEN,
    CHANNEL,
    GROUP,
    OTHER_GROUP,
    OWNER,
    SECOND,
    place,
)
from gate.test_rules import messages
from gatecrier.gate.model import Mode, Reason, Source
from gatecrier.gate.standing import Standing
from gatecrier.kernel.errors import Misconfigured, NotFound, TryLater
from gatecrier.telegram.glance import passed
from gatecrier.telegram.updates import Chat, ChatType, Message, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

OUTAGE = TryLater("server error")
FOREIGN = Chat(id=-1008, type=ChatType.CHANNEL, title="Theirs")


async def test_an_intruder_is_held(gated: World) -> None:
    """The message goes, the person is muted, one card tells them how to come back."""
    assert not await gated.write()
    await gated.cards.run_once()
    assert gated.telegram.silent(GROUP, ANN)
    (card,) = gated.telegram.cards()
    assert "Ann" in card.text
    assert [button.url for button in card.buttons] == ["https://t.me/news", ""]
    assert gated.keeper.decisions() == {Reason.NOT_MEMBER: 1}


async def test_a_member_passes_and_is_asked_about_once(gated: World) -> None:
    """The second message is decided from memory, without a call."""
    gated.telegram.put(CHANNEL, place(ANN))
    assert await gated.write()
    calls = len(gated.telegram.calls)
    assert gated.keeper.passes(gated.pen.message())
    assert len(gated.telegram.calls) == calls
    assert gated.keeper.decisions() == {Reason.MEMBER: 2}


async def test_groups_without_a_gate_are_left_alone(gated: World) -> None:
    """Nothing is asked and nothing done where nobody asked for it."""
    assert await gated.write(chat=OTHER_GROUP)
    assert gated.telegram.count("get_member", OTHER_GROUP) == 0


async def test_the_same_message_twice_has_one_effect(gated: World) -> None:
    """I4: at least once in, at most once visible: one mute, one case, one card."""
    message = gated.pen.message()
    await asyncio.gather(*(gated.keeper.handle_message(message) for _ in range(3)))
    await gated.keeper.handle_message(message)
    await gated.cards.run_once()
    assert gated.telegram.count("restrict") == 1
    assert len(gated.telegram.cards()) == 1
    assert (await gated.keeper.status(GROUP.id)).held == 1


async def test_many_messages_at_once_ask_once(gated: World) -> None:
    """Single flight: one call per (channel, person), however many wait for it."""
    for number in range(20):
        gated.telegram.put(CHANNEL, place(Person(id=100 + number)))
    people = [Person(id=100 + number) for number in range(20)] * 5
    await asyncio.gather(*(gated.keeper.handle_message(gated.pen.message(person)) for person in people))
    assert gated.telegram.count("get_member", CHANNEL) == 20 + 2  # two more proved the channel
    assert gated.telegram.count("get_admins") == 1


async def test_every_part_of_an_album_goes_and_the_person_is_muted_once(gated: World) -> None:
    """Attack 18: part two of an album is a message like any other."""
    for _ in range(3):
        assert not await gated.write(media_group_id="7", text="")
    assert gated.telegram.count("restrict") == 1


async def test_an_edit_is_judged_like_a_message(gated: World) -> None:
    """Writing as a member, leaving, and editing does not pass."""
    await gated.join()
    assert await gated.write()
    await gated.clock.advance(5)
    gated.keeper.standings.put(CHANNEL.id, ANN.id, Standing.NOT_MEMBER, date=2**31, source=Source.UPDATE)
    gated.telegram.put(CHANNEL, place(ANN, "left"))
    assert not await gated.write(edit_date=1)


async def test_one_answer_does_not_undo_what_was_known(gated: World) -> None:
    """Hysteresis: a member whom Telegram suddenly denies is asked about again before anybody is held."""
    await gated.join()
    gated.telegram.put(CHANNEL, place(ANN, "left"))
    await gated.clock.advance(700)
    message = gated.pen.message()
    for _ in range(2):
        with pytest.raises(TryLater):
            await gated.keeper.handle_message(message)
        await gated.clock.advance(1)
    assert (GROUP.id, message.message_id) in gated.telegram.messages
    assert not gated.telegram.silent(GROUP, ANN)
    await gated.clock.advance(3)
    await gated.keeper.handle_message(message)
    assert gated.telegram.silent(GROUP, ANN)


async def test_an_answer_that_flaps_back_holds_nobody(gated: World) -> None:
    """Denied once and confirmed then: nothing has happened."""
    await gated.join()
    gated.telegram.put(CHANNEL, place(ANN, "left"))
    await gated.clock.advance(700)
    message = gated.pen.message()
    with pytest.raises(TryLater):
        await gated.keeper.handle_message(message)
    gated.telegram.put(CHANNEL, place(ANN))
    await gated.clock.advance(4)
    await gated.keeper.handle_message(message)
    assert (GROUP.id, message.message_id) in gated.telegram.messages
    assert gated.telegram.count("restrict") == 0


async def test_a_post_as_a_foreign_channel_is_deleted_and_nobody_restricted(gated: World) -> None:
    """Defect N13: the pseudo person behind a channel is no way in, and is never muted."""
    sender = Person(id=136817688, is_bot=True)
    assert not await gated.write(sender, sender_chat=FOREIGN)
    assert gated.telegram.count("restrict") == 0


async def test_the_linked_channel_may_post_even_if_it_was_linked_later(gated: World) -> None:
    """I1: the group's own channel is asked about anew before anything of a channel is deleted."""
    gated.telegram.add(GROUP, linked_chat_id=FOREIGN.id)
    await gated.clock.advance(601)
    assert await gated.write(Person(id=136817688, is_bot=True), sender_chat=FOREIGN)


async def test_admins_bots_and_the_group_itself_may_speak(gated: World) -> None:
    """I1: none of them is asked about or touched."""
    assert await gated.write(OWNER)
    assert await gated.write(Person(id=9, is_bot=True))
    assert await gated.write(Person(id=1087968824, is_bot=True), sender_chat=GROUP)
    assert await gated.write(Person(id=777000), sender_chat=CHANNEL, is_automatic_forward=True)
    assert gated.telegram.count("restrict") == 0


async def test_an_admin_promoted_a_second_ago_is_not_muted(gated: World) -> None:
    """Whatever we remember, nobody is muted without looking at their place in the group first."""
    assert await gated.write(OWNER)
    gated.telegram.put(GROUP, place(ADA, "administrator"))
    await gated.write(ADA)
    assert gated.telegram.count("restrict") == 0
    assert await gated.write(ADA)


async def test_a_demoted_admin_is_judged_at_once(gated: World) -> None:
    """The update takes them out of what we remember."""
    gated.telegram.put(GROUP, place(ADA, "administrator"))
    assert await gated.write(ADA)
    await gated.keeper.handle_member_change(gated.pen.change(GROUP, place(ADA), by=OWNER))
    assert not await gated.write(ADA)
    assert gated.telegram.silent(GROUP, ADA)


async def test_an_outage_deletes_but_never_mutes(gated: World) -> None:
    """I5: when Telegram does not say, the message goes, and the sender is asked about again later."""
    gated.telegram.faults["get_member", CHANNEL.id] = OUTAGE
    message = gated.pen.message()
    with pytest.raises(TryLater):
        await gated.keeper.handle_message(message)
    assert (GROUP.id, message.message_id) not in gated.telegram.messages
    assert not gated.telegram.silent(GROUP, ANN)
    del gated.telegram.faults["get_member", CHANNEL.id]
    await gated.keeper.handle_message(message)
    assert gated.telegram.silent(GROUP, ANN)


async def test_after_an_outage_a_member_is_simply_a_member(gated: World) -> None:
    """Nothing of the doubt is remembered against them."""
    gated.telegram.put(CHANNEL, place(ANN))
    gated.telegram.faults["get_member", CHANNEL.id] = OUTAGE
    with pytest.raises(TryLater):
        await gated.write()
    gated.telegram.faults.clear()
    assert await gated.write()


async def test_a_person_unknown_twice_does_not_belong(gated: World) -> None:
    """ "User not found" flaps: it is believed when it is said twice in a row."""
    gated.telegram.faults["get_member", CHANNEL.id] = NotFound("user not found", code="unknown_person")
    calls = gated.telegram.count("get_member", CHANNEL)
    assert not await gated.write()
    assert gated.telegram.count("get_member", CHANNEL) == calls + 2
    assert gated.telegram.silent(GROUP, ANN)


async def test_nobody_is_muted_on_memory_alone(gated: World) -> None:
    """They joined, the update was lost, they write in another group: Telegram is asked before a mute."""
    await gated.protect(chat=OTHER_GROUP)
    await gated.write()
    gated.telegram.put(CHANNEL, place(ANN))
    assert await gated.write(chat=OTHER_GROUP)


@pytest.mark.parametrize("belongs", [True, False])
async def test_who_joins_one_channel_is_not_held_for_another_on_memory_alone(
    world: World, belongs: bool
) -> None:
    """What is remembered may be from before a crash: of what the update does not tell, Telegram is asked."""
    await world.protect("@news @more")
    _remember_outside(world, CHANNEL)
    world.telegram.put(CHANNEL, place(ANN, "member" if belongs else "left"))
    await world.join(chat=SECOND)
    assert world.telegram.silent(GROUP, ANN) is not belongs


async def test_who_leaves_one_of_two_is_not_held_for_the_other_on_memory_alone(world: World) -> None:
    """Where one of them is enough, the other is asked about before anybody is held."""
    await world.protect("@news or @more")
    _remember_outside(world, CHANNEL)
    world.telegram.put(CHANNEL, place(ANN))
    await world.leave(chat=SECOND)
    assert not world.telegram.silent(GROUP, ANN)


async def test_who_leaves_is_held_without_a_question_about_channels(gated: World) -> None:
    """A prompt update proves enough by itself."""
    asked = gated.telegram.count("get_member", CHANNEL)
    await gated.leave()
    assert gated.telegram.silent(GROUP, ANN)
    assert gated.telegram.count("get_member", CHANNEL) == asked


def _remember_outside(world: World, channel: Chat) -> None:
    date = int(world.clock.now().timestamp())
    world.keeper.standings.put(channel.id, ANN.id, Standing.NOT_MEMBER, date=date, source=Source.VERIFICATION)


async def test_whom_an_admin_muted_is_not_ours(gated: World) -> None:
    """Attack 4: a message that slipped through goes, but no case is opened that Verify could lift."""
    gated.telegram.put(GROUP, place(ANN, "restricted", is_member=True))
    assert not await gated.write()
    assert gated.telegram.count("restrict") == 0
    assert await gated.case() is None


async def test_several_channels_are_asked_together_and_all_are_shown(gated: World) -> None:
    """All of them are demanded, and the card offers each that is missing (defect N10)."""
    await gated.protect("@more")
    gated.telegram.put(CHANNEL, place(ANN))
    assert not await gated.write()
    assert not await gated.write(BEN)
    await gated.cards.run_once()
    (card,) = gated.telegram.cards()
    assert {button.text for button in card.buttons} == {"Join @more", "Join @news", "Verify"}
    case = await gated.case()
    assert case is not None
    assert case.missing == (SECOND.id,)


async def test_observing_touches_nobody(world: World) -> None:
    """The count tells who would have been held."""
    await world.keeper.protect(GROUP, OWNER, None, "@news", mode=Mode.OBSERVE)
    assert await world.write()
    await world.leave()
    assert not world.telegram.silent(GROUP, ANN)
    assert world.keeper.decisions() == {Reason.NOT_MEMBER: 1}


async def test_a_comment_from_outside_is_held_too(gated: World) -> None:
    """Who never joined the group can write in it under a channel's post, and is judged like the rest."""
    stranger = Person(id=50, first_name="Cleo")
    assert not await gated.write(stranger)
    assert gated.telegram.silent(GROUP, stranger)


async def test_a_lost_channel_suspends_tells_once_and_resumes(gated: World) -> None:
    """Attack 16: people talk on, the admins hear of it once, and it mends itself."""
    gated.telegram.faults["get_member", CHANNEL.id] = Misconfigured("member list is inaccessible")
    assert await gated.write()
    assert await gated.write(BEN)
    (notice,) = gated.telegram.notices()
    assert "@news" in notice
    assert (await gated.keeper.status(GROUP.id)).gate.suspension is not None
    await gated.clock.advance(61)
    assert (await gated.healer.run_once())["resumed"] == 0
    gated.telegram.faults.clear()
    await gated.clock.advance(61)
    assert (await gated.healer.run_once())["resumed"] == 1
    assert not await gated.write()
    assert [("works again" in text) for text in gated.telegram.notices()] == [False, True]


async def test_lost_rights_suspend_within_one_event(gated: World) -> None:
    """The bot's own demotion is seen from the update, or from the first act that fails; so is its return."""
    rights = gated.telegram.at(GROUP, Person(id=1))
    demoted = gated.pen.change(GROUP, place(rights.person), by=OWNER)
    await gated.keeper.handle_member_change(demoted)
    assert await gated.write()
    await gated.keeper.handle_member_change(gated.pen.change(GROUP, rights, by=OWNER))
    gated.telegram.put(GROUP, place(rights.person, "administrator", can_delete_messages=True))
    assert not await gated.write()
    assert await gated.write(BEN)
    assert await gated.restriction() is None
    assert len([text for text in gated.telegram.notices() if "suspended" in text]) == 1


async def test_who_was_admin_by_telegrams_word_only_is_let_be(gated: World) -> None:
    """A refusal "is an administrator" leaves no row, no case and no card."""
    gated.telegram.faults["restrict"] = NotFound("x", code="member_is_admin")
    await gated.write()
    assert await gated.restriction() is None
    assert await gated.case() is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(messages, st.booleans())
async def test_a_glance_and_the_rules_agree(gated: World, message: Message, belongs: bool) -> None:
    """Attack 18: a glance is only faster: it never lets through what the rules would not."""
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    if message.sender is not None:
        standing = Standing.MEMBER if belongs else Standing.NOT_MEMBER
        gated.keeper.standings.put(
            CHANNEL.id, message.sender.id, standing, date=0, source=Source.UPDATE, is_newest=True
        )
    body = msgspec.json.encode({"update_id": 1, "message": message})
    at_a_glance = passed(body, gated.keeper.glance) is not None
    by_rules = gated.keeper.passes(message)
    assert by_rules or not at_a_glance
    again = passed(body, gated.keeper.glance) is not None
    assert not again or gated.keeper.passes(message)
