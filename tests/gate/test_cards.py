"""The one rolling card of a group and topic, within what Telegram lets a bot say there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

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
    assert await gated.cards.run_once() == {"shown": 0, "edited": 0, "removed": 0, "told": 0, "waiting": 0}


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


async def settled(world: World) -> None:
    """Whatever waited for the database when this was called has had its turn; no time passes."""
    for _ in range(30):
        async with world.database.transaction() as connection:
            await connection.execute(sa.select(1))
        async with world.database.read() as connection:
            await connection.execute(sa.select(1))


def refuse_topic(world: World, thread_id: int) -> None:
    original = world.telegram.send_message

    async def closed(chat_id: int, text: str, **fields: Any) -> int:
        if fields.get("thread_id") == thread_id:
            raise Refused("topic closed", code="topic_closed")
        return await original(chat_id, text, **fields)

    world.telegram.send_message = closed  # type: ignore[method-assign]


@pytest.mark.parametrize("closed", [4, 5])
async def test_a_closed_topic_hides_no_other_card(gated: World, closed: int) -> None:
    """Only the card that was refused waits a minute; the next one of the group has its turn."""
    refuse_topic(gated, closed)
    await gated.write(thread_id=4)
    await gated.write(BEN, thread_id=5)
    await gated.cards.run_once()
    await gated.clock.advance(3)
    await gated.cards.run_once()
    assert [card.thread_id for card in gated.telegram.cards()] == [9 - closed]


async def test_cards_of_a_group_take_turns(gated: World) -> None:
    """However often one topic's card changes, the other's is shown next: the longest untried comes first."""
    await gated.write(thread_id=5)
    await gated.cards.run_once()
    await gated.write(BEN, thread_id=4)
    await gated.cards.run_once()
    for person in people(3):
        gated.telegram.put(GROUP, place(person))
        await gated.write(person, thread_id=5)
    await gated.clock.advance(3)
    await gated.cards.run_once()
    assert {card.thread_id for card in gated.telegram.cards()} == {4, 5}


async def test_a_slow_group_holds_up_no_other(gated: World) -> None:
    """While Telegram lets one group wait, others are served; stopping waits for what is in flight."""
    await gated.protect(chat=OTHER_GROUP)
    original, answered = gated.telegram.send_message, asyncio.Event()

    async def slow(chat_id: int, text: str, **fields: Any) -> int:
        if chat_id == GROUP.id:
            await answered.wait()
        return await original(chat_id, text, **fields)

    gated.telegram.send_message = slow  # type: ignore[method-assign]
    await gated.write()
    loop = asyncio.create_task(gated.cards.run())
    await settled(gated)
    await gated.write(chat=OTHER_GROUP)
    await settled(gated)
    assert len(gated.telegram.cards(OTHER_GROUP)) == 1
    gated.cards.stop()
    await settled(gated)
    assert not loop.done()
    answered.set()
    await loop
    assert len(gated.telegram.cards()) == 1


@pytest.mark.parametrize("waiting", [False, True])
async def test_stopping_with_nothing_in_flight_is_prompt(gated: World, waiting: bool) -> None:
    """Neither the wait for the bell nor the one between two looks holds up a shutdown."""
    if waiting:
        gated.telegram.faults["send_message"] = TryLater("slow down", retry_after=600)
        await gated.write()
    loop = asyncio.create_task(gated.cards.run())
    await settled(gated)
    assert not loop.done()
    gated.cards.stop()
    await loop
    assert gated.clock.sleepers == 0


async def test_a_cancelled_loop_leaves_nothing_running(gated: World) -> None:
    """Who cannot wait for the calls in flight cancels the loop, and they end with it."""
    cancelled = asyncio.Event()

    async def endless(*_args: object, **_fields: object) -> int:
        try:
            return await asyncio.Event().wait()
        finally:
            cancelled.set()

    gated.telegram.send_message = endless  # type: ignore[method-assign]
    await gated.write()
    loop = asyncio.create_task(gated.cards.run())
    await settled(gated)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    assert cancelled.is_set()


async def test_a_card_shown_while_we_read_is_not_shown_twice(gated: World) -> None:
    """What the database said before a slow call ended is out of date: that group waits for the next look."""
    original, answered = gated.telegram.send_message, asyncio.Event()

    async def slow(chat_id: int, text: str, **fields: Any) -> int:
        await answered.wait()
        return await original(chat_id, text, **fields)

    gated.telegram.send_message = slow  # type: ignore[method-assign]
    await gated.write()
    slow_run = asyncio.create_task(gated.cards.run_once())
    await settled(gated)
    await gated.clock.advance(10)
    read = gated.database.read

    @asynccontextmanager
    async def read_then_end() -> AsyncIterator[AsyncConnection]:
        async with read() as connection:
            yield connection
        if not answered.is_set():
            answered.set()
            await slow_run

    gated.cards._database = SimpleNamespace(read=read_then_end, transaction=gated.database.transaction)  # type: ignore[assignment]
    await gated.cards.run_once()
    assert gated.telegram.count("send_message") == 1
