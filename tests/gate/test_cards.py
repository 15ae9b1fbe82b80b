"""The one rolling card of a group and topic, within what Telegram lets a bot say there."""

import asyncio

import pytest

from gate.conftest import World
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, OTHER_GROUP, place
from gatecrier.kernel.errors import OutcomeUnknown, Refused, TryLater
from gatecrier.telegram.updates import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


def people(count: int) -> list[Person]:
    return [Person(id=100 + number, first_name=f"Person {number}") for number in range(count)]


async def test_a_raid_changes_few_cards(gated: World) -> None:
    """Attack 10: 20 messages a minute at most, one card at a time, five names and a count."""
    for person in people(30):
        gated.telegram.put(GROUP, place(person))
        await gated.write(person)
        await gated.cards.run_once()
        await gated.clock.advance(2)
    changes = gated.telegram.count("send_message") + gated.telegram.count("edit_text")
    assert changes <= 20
    await gated.clock.advance(3)
    await gated.cards.run_once()
    (card,) = gated.telegram.cards()
    assert card.text.count("<a ") == 5
    assert "and 25 more" in card.text


async def test_a_newcomer_moves_the_card_down_and_the_old_one_goes(gated: World) -> None:
    """Replaced, not appended: the newest card is where people look, and there is one."""
    await gated.write()
    await gated.cards.run_once()
    (first,) = gated.telegram.shown
    await gated.clock.advance(3)
    await gated.write(BEN)
    await gated.cards.run_once()
    (second,) = gated.telegram.shown
    assert second[1] > first[1]


async def test_the_card_shrinks_by_edit_and_vanishes_with_the_last(gated: World) -> None:
    """Freed people are taken off, and no warning outlives its reason (defect N10)."""
    await gated.write()
    await gated.write(BEN)
    await gated.cards.run_once()
    await gated.join()
    await gated.clock.advance(3)
    assert (await gated.cards.run_once())["edited"] == 1
    assert "Ann" not in gated.telegram.cards()[0].text
    await gated.join(BEN)
    await gated.clock.advance(3)
    assert (await gated.cards.run_once())["removed"] == 1
    assert gated.telegram.shown == {}
    assert await gated.cards.run_once() == {"shown": 0, "edited": 0, "removed": 0, "waiting": 0}


async def test_each_topic_has_its_card(gated: World) -> None:
    """A card stands where its people wrote, one change per group at a time; any of them serves."""
    await gated.write(thread_id=4)
    await gated.write(BEN, thread_id=5)
    assert (await gated.cards.run_once())["waiting"] == 1
    await gated.clock.advance(3)
    await gated.cards.run_once()
    assert {card.thread_id for card in gated.telegram.cards()} == {4, 5}
    gated.telegram.put(CHANNEL, place(ANN))
    other = next(card for card in gated.telegram.cards() if card.thread_id == 5)
    assert (await gated.keeper.verify(other.buttons[-1].data.removeprefix("verify:"), ANN.id)).freed


async def test_groups_do_not_wait_for_each_other(gated: World) -> None:
    """A raid in one group does not hide the card of another."""
    await gated.protect(chat=OTHER_GROUP)
    await gated.write()
    await gated.write(chat=OTHER_GROUP)
    assert (await gated.cards.run_once())["shown"] == 2


async def test_a_card_an_admin_deleted_comes_back(gated: World) -> None:
    """People held still need the button."""
    await gated.write()
    await gated.write(BEN)
    await gated.cards.run_once()
    gated.telegram.shown.clear()
    await gated.join(BEN)
    await gated.clock.advance(3)
    await gated.cards.run_once()
    assert len(gated.telegram.cards()) == 1


async def test_a_card_that_may_not_be_sent_waits_and_the_gate_works_on(gated: World) -> None:
    """A flood limit is sat out, a closed topic looked at again in a minute."""
    gated.telegram.faults["send_message"] = TryLater("slow down", retry_after=30)
    assert not await gated.write()
    assert (await gated.cards.run_once())["waiting"] == 1
    await gated.clock.advance(29)
    calls = gated.telegram.count("send_message")
    await gated.cards.run_once()
    assert gated.telegram.count("send_message") == calls
    gated.telegram.faults["send_message"] = Refused("topic closed", code="topic_closed")
    await gated.clock.advance(1)
    await gated.cards.run_once()
    gated.telegram.faults.clear()
    await gated.clock.advance(60)
    assert (await gated.cards.run_once())["shown"] == 1


async def test_a_card_in_doubt_is_not_sent_twice(gated: World) -> None:
    """Perhaps it is there: the next newcomer brings a certain one."""
    gated.telegram.faults["send_message"] = OutcomeUnknown("timeout")
    await gated.write()
    await gated.cards.run_once()
    gated.telegram.faults.clear()
    await gated.clock.advance(60)
    await gated.cards.run_once()
    assert gated.telegram.cards() == []
    await gated.write(BEN)
    await gated.cards.run_once()
    assert len(gated.telegram.cards()) == 1


async def test_the_loop_shows_a_card_when_the_bell_rings(gated: World) -> None:
    """It waits for an event, catches up after the interval, and stops when told."""
    loop = asyncio.create_task(gated.cards.run())
    await gated.write()
    for _ in range(1000):
        await gated.clock.sleep(0)  # lets the loop and its database threads run; no time passes
        if gated.telegram.cards():
            break
    await gated.write(BEN)
    while "Ben" not in gated.telegram.cards()[0].text:
        await gated.clock.advance(1)
    assert gated.telegram.count("send_message") == 2
    gated.cards.stop()
    await gated.clock.advance(4)
    await loop
