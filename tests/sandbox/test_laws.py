"""Limits, faults, bulk subscribers, the log."""

import random

import pytest

from gatecrier_sandbox import Limits
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.calls import CallFilter, Deliveries
from gatecrier_sandbox.world.faults import Fault, FaultKind, Faults
from gatecrier_sandbox.world.limits import Meter
from sandbox.town import Town


def waits(meter: Meter, chat_id: int, count: int) -> list[int]:
    """Seconds to wait for each of `count` messages at one moment."""
    return [meter.charge(1, chat_id, now=1000.0) for _ in range(count)]


def test_each_scope_has_its_own_rate() -> None:
    """A private chat takes a burst of 3, a group 20 a minute, a bot 30 a second; each can be off."""
    assert waits(Meter(Limits()), 5, 4) == [0, 0, 0, 1]
    assert waits(Meter(Limits()), -5, 21) == [0] * 20 + [3]
    meter = Meter(Limits(per_private_chat=None))
    assert waits(meter, 5, 31) == [0] * 30 + [1]
    assert not any(waits(Meter(Limits.off()), 5, 500))


def test_a_refused_message_is_not_counted() -> None:
    """Waiting as long as told is enough, however often one asked in between."""
    meter = Meter(Limits())
    assert waits(meter, 5, 50)[-1] == 1
    assert meter.charge(1, 5, now=1001.0) == 0


async def test_too_many_is_said_with_the_seconds() -> None:
    """429 carries retry_after in the text and in the parameters, and nothing is sent."""
    town = Town(Limits(per_bot=None, per_private_chat=1.0))
    town.world.start(town.reader.id, town.bot.id)
    for _ in range(3):
        await town.result("sendMessage", chat_id=town.reader.id, text="x")
    envelope = await town.call("sendMessage", chat_id=town.reader.id, text="x")
    assert envelope == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    assert town.world.deliveries.count(town.bot.id) == {town.reader.id: 3}
    town.clock.advance(1)
    await town.result("sendMessage", chat_id=town.reader.id, text="x")


async def test_edits_count_as_messages_do() -> None:
    """An edit is charged; one that changes nothing, or is refused, is not."""
    town = Town(Limits(per_bot=None, per_private_chat=1.0))
    town.world.start(town.reader.id, town.bot.id)
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="0")
    place = {"chat_id": town.reader.id, "message_id": sent["message_id"]}
    for _ in range(3):
        assert "not modified" in (await town.error("editMessageText", **place, text="0"))[1]
    await town.result("editMessageText", **place, text="1")
    await town.result("editMessageText", **place, text="2")
    error = await town.error("editMessageText", **place, text="3")
    assert error == (429, "Too Many Requests: retry after 1")
    assert town.bot.dialogs[town.reader.id].messages[sent["message_id"]].text == "2"


def test_deliveries_count_per_person_and_text() -> None:
    """The same text twice is one entry with the number two; what is kept does not grow with messages."""
    deliveries = Deliveries()
    for text in ("a", "b", *["a"] * 1000):
        deliveries.add(1, 5, text)
    deliveries.add(1, 6, "a")
    deliveries.add(2, 5, "a")
    assert deliveries.count(1) == {5: 1002, 6: 1}
    assert deliveries.count(1, text="a") == {5: 1001, 6: 1}
    assert deliveries.count(1, text="c") == {}
    assert len(deliveries) == 4


def test_a_fault_strikes_where_and_as_often_as_ordered() -> None:
    """Method, chat and bot must match; after `times` it is over."""
    faults = Faults(random.Random(1))
    faults.add(Fault(FaultKind.TOO_MANY, method="sendmessage", chat_id=5, times=1))
    assert faults.for_call("getMe", 1, "5") is None
    assert faults.for_call("sendMessage", 1, "6") is None
    assert faults.for_call("sendMessage", 1, "5") is not None
    assert faults.for_call("sendMessage", 1, "5") is None


@pytest.mark.parametrize(("kind", "arrived"), [("drop_before", 0), ("drop_after", 1), ("bad_json", 1)])
async def test_a_lost_answer_may_hide_a_sent_message(kind: str, arrived: int) -> None:
    """drop_before does nothing; drop_after and bad_json have done it."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    town.world.faults.add(Fault(FaultKind(kind), method="sendMessage"))
    params = {"chat_id": str(town.reader.id), "text": "x"}
    answer = await town.api.answer(town.bot.token, "sendMessage", Town.params(params))
    assert answer.is_dropped == kind.startswith("drop")
    assert town.world.deliveries.count(town.bot.id).get(town.reader.id, 0) == arrived


async def test_a_duplicated_update_keeps_its_id() -> None:
    """The same update comes twice under one update_id."""
    town = Town()
    town.world.faults.add(Fault(FaultKind.DUPLICATE_UPDATE, times=1))
    town.world.say(town.group.id, town.reader.id, "once")
    first, second = await town.updates()
    assert first == second


async def test_subscribers_are_lost_without_a_word() -> None:
    """The last shares blocked or were deactivated; the bot hears only the starts and finds out by 403."""
    town = Town()
    made = town.world.subscribers(town.bot.id, 100, started_ago=60, blocked=0.03, deactivated=0.01)
    assert (made.count, made.blocked, made.deactivated) == (100, 3, 1)
    found = await town.updates()
    assert len(found) == 100
    assert {update["message"]["text"] for update in found} == {"/start"}
    assert found[0]["message"]["date"] == town.world.today - 65
    answers = [
        await town.call("sendMessage", chat_id=made.first_id + number, text="hello") for number in range(100)
    ]
    assert [answer.get("description") for answer in answers[95:]] == [
        None,
        *["Forbidden: bot was blocked by the user"] * 3,
        "Forbidden: user is deactivated",
    ]
    assert len(town.world.deliveries.count(town.bot.id, text="hello")) == 96
    assert town.world.calls.count(CallFilter(method="sendmessage", ok=False)) == 4


def test_impossible_shares_are_refused() -> None:
    """The error names the field."""
    town = Town()
    with pytest.raises(Refused) as caught:
        town.world.subscribers(town.bot.id, 10, blocked=0.7, deactivated=0.7)
    assert caught.value.field == "deactivated"
