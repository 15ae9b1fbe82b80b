"""The steps before a mute: what people are told, and how often."""

from typing import Any

import pytest

from gate import strict_html
from gate.conftest import World
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, place
from gatecrier.gate.model import Reason
from gatecrier.kernel.errors import OutcomeUnknown, Refused, TryLater
from gatecrier.telegram.updates import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
async def lenient(world: World) -> World:
    """Two warnings and two deletions come before a mute; single people are spoken to."""
    world.is_private = True
    await world.protect()
    await world.choose(warnings="2", deletions="2")
    return world


async def wrote(world: World, person: Person = ANN, **fields: Any) -> bool:
    """A person writes a minute after they last did; whether it stayed, once they were told."""
    await world.clock.advance(60)
    stayed = await world.write(person, **fields)
    await world.cards.run_once()
    return stayed


def told(world: World, person: Person = ANN) -> str:
    """What a person was told last, as they read it."""
    return strict_html.read(world.telegram.private(person)[-1].text).text


async def test_each_step_says_how_many_are_left(lenient: World) -> None:
    """Twice warned, twice deleted, then held; nobody else saw a word until then."""
    assert await wrote(lenient)
    assert "stays this time; 1 more will stay" in told(lenient)
    assert await wrote(lenient)
    assert "the next one will be removed" in told(lenient)
    assert not await wrote(lenient)
    assert "was removed; 1 more will only be removed" in told(lenient)
    assert not await wrote(lenient)
    assert "with the next one you will be muted" in told(lenient)
    assert not lenient.telegram.silent(GROUP, ANN)
    await wrote(lenient)
    assert lenient.telegram.silent(GROUP, ANN)
    assert lenient.telegram.shown == {}


async def test_a_warning_leads_to_the_channels_and_is_gone_after_a_minute(lenient: World) -> None:
    """Defect N10: every missing channel has its button, and warnings are cleaned up."""
    await lenient.protect("@news @more")
    await wrote(lenient)
    (warning,) = lenient.telegram.private(ANN)
    assert [button.url for button in warning.buttons] == ["https://t.me/news", "https://t.me/more"]
    await lenient.clock.advance(59)
    await lenient.deletions.run_once()
    assert lenient.telegram.private(ANN)
    await lenient.clock.advance(1)
    await lenient.deletions.run_once()
    assert not lenient.telegram.private(ANN)


async def test_where_nobody_can_be_told_alone_everybody_reads_it_for_a_minute(lenient: World) -> None:
    """By name, without a reply to anything; then it goes."""
    lenient.telegram.faults["send_ephemeral"] = Refused("unsupported", code="unknown_400")
    await wrote(lenient, thread_id=4)
    (warning,) = lenient.telegram.shown.values()
    assert warning.thread_id == 4
    page = strict_html.read(warning.text)
    assert [address for _, address in page.links] == [f"tg://user?id={ANN.id}"]
    await lenient.clock.advance(60)
    await lenient.deletions.run_once()
    assert lenient.telegram.shown == {}


async def test_one_warning_for_a_person_and_minute(lenient: World) -> None:
    """An album of ten, or somebody in a hurry, is told once; an album is one step."""
    for _ in range(10):
        assert await lenient.write(media_group_id="album")
    assert await lenient.write()
    await lenient.cards.run_once()
    assert lenient.telegram.count("send_ephemeral") == 1
    assert "1 more will stay" in told(lenient)
    assert not await wrote(lenient)


@pytest.mark.long
async def test_a_crowd_is_not_warned_one_by_one(lenient: World) -> None:
    """Ten warnings a minute in a group: half of what Telegram allows, the rest is the card's."""
    for number in range(30):
        person = Person(id=100 + number, first_name=f"Person {number}")
        lenient.telegram.put(GROUP, place(person))
        await lenient.write(person)
    await lenient.cards.run_once()
    assert lenient.telegram.count("send_ephemeral") == 10
    await lenient.clock.advance(60)
    await lenient.write(BEN)
    await lenient.cards.run_once()
    assert lenient.telegram.count("send_ephemeral") == 11


@pytest.mark.parametrize("error", [TryLater("slow down"), OutcomeUnknown("timeout")])
async def test_a_warning_that_cannot_be_sent_holds_up_nothing(lenient: World, error: Exception) -> None:
    """The message was judged all the same; the next one brings another warning."""
    lenient.telegram.faults["send_ephemeral"] = error  # type: ignore[assignment]
    assert await wrote(lenient)
    assert lenient.telegram.shown == {}
    lenient.telegram.faults.clear()
    await wrote(lenient)
    assert "the next one will be removed" in told(lenient)


async def test_other_deletions_tell_nobody(lenient: World) -> None:
    """A channel's post, or a message deleted because Telegram does not answer, is nobody's fault."""
    lenient.telegram.faults["get_member", CHANNEL.id] = TryLater("server error")
    message = lenient.pen.message()
    with pytest.raises(TryLater):
        await lenient.keeper.handle_message(message)
    await lenient.cards.run_once()
    assert lenient.telegram.count("send_ephemeral") == 0
    counted = lenient.keeper.decisions()
    assert counted[Reason.STANDING_UNKNOWN] == 1


async def test_the_person_warned_is_the_one_who_was_judged(lenient: World) -> None:
    """Defect N10: of a guest bot's message, whoever summoned it."""
    bot = Person(id=77, is_bot=True, first_name="Guest")
    await wrote(lenient, bot, guest_bot_caller_user=ANN)
    assert "Ann" in told(lenient)
    assert "Guest" not in told(lenient)
