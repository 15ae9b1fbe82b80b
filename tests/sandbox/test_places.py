"""Dice, locations, venues, contacts."""

from typing import Any

import pytest

from gatecrier_sandbox.world.dice import SIDES
from sandbox.town import Town

BERLIN = {"latitude": 52.5, "longitude": 13.4}


def make_town() -> Town:
    """A town whose reader has started the bot."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    town.bot.queue.clear()
    return town


@pytest.mark.parametrize("emoji", [*SIDES, "⚽️"])
async def test_a_dice_shows_one_of_its_values(emoji: str) -> None:
    """Each emoji has its own range; the same seed throws the same."""
    first, second = make_town(), make_town()
    values = []
    for town in (first, second):
        sent = await town.result("sendDice", chat_id=town.reader.id, emoji=emoji)
        values.append(sent["dice"]["value"])
        assert 1 <= sent["dice"]["value"] <= SIDES[sent["dice"]["emoji"]]
    assert values[0] == values[1]
    assert await first.error("sendDice", chat_id=first.reader.id, emoji="🐟") == (
        400,
        "Bad Request: EMOTICON_INVALID",
    )


REFUSED = [
    ({"latitude": " "}, "latitude is empty"),
    ({"longitude": ""}, "longitude is empty"),
    ({"latitude": 91}, "invalid location specified"),
    ({"longitude": -181}, "invalid location specified"),
    ({"latitude": 91, "live_period": 60}, "invalid live location specified"),
    ({"live_period": 59}, "wrong live location period specified"),
    ({"live_period": 86_401}, "wrong live location period specified"),
    ({"live_period": 60, "heading": 361}, "wrong live location heading specified"),
    (
        {"live_period": 60, "proximity_alert_radius": 100_001},
        "wrong live location proximity alert radius specified",
    ),
]


@pytest.mark.parametrize(("given", "text"), REFUSED)
async def test_a_place_is_on_the_map(given: dict[str, object], text: str) -> None:
    """Coordinates and the numbers of a live location have their ranges."""
    town = make_town()
    wish: dict[str, Any] = {"chat_id": town.reader.id, **BERLIN} | given
    assert await town.error("sendLocation", **wish) == (400, f"Bad Request: {text}")


async def test_numbers_are_read_as_far_as_they_go() -> None:
    """Garbage is 0, what follows a number is dropped, accuracy is held to 1,500 meters."""
    town = make_town()
    sent = await town.result(
        "sendLocation", chat_id=town.reader.id, latitude="12abc", longitude="x", horizontal_accuracy=9999
    )
    assert sent["location"] == {"latitude": 12.0, "longitude": 0.0, "horizontal_accuracy": 1500.0}


async def test_a_live_location_moves_until_its_time_is_over() -> None:
    """It is edited, prolonged within limits, and no longer alive when its period is over."""
    town = make_town()
    sent = await town.result("sendLocation", chat_id=town.reader.id, **BERLIN, live_period=60, heading=90)
    assert (sent["location"]["live_period"], sent["location"]["heading"]) == (60, 90)
    place = {"chat_id": town.reader.id, "message_id": sent["message_id"]}
    moved = await town.result("editMessageLiveLocation", **place, latitude=1, longitude=2, live_period=120)
    assert moved["location"] == {"latitude": 1.0, "longitude": 2.0, "live_period": 120}
    same = await town.error("editMessageLiveLocation", **place, latitude=1, longitude=2)
    assert "message is not modified" in same[1]
    assert await town.error("editMessageLiveLocation", **place, **BERLIN, live_period=200_000) == (
        400,
        "Bad Request: wrong live location period specified",
    )
    assert not await town.updates()
    town.clock.advance(120)
    assert await town.error("editMessageLiveLocation", **place, **BERLIN) == (
        400,
        "Bad Request: message can't be edited",
    )


async def test_a_live_location_can_be_stopped() -> None:
    """It stays where it is; what never lived cannot be stopped."""
    town = make_town()
    sent = await town.result("sendLocation", chat_id=town.reader.id, **BERLIN, live_period=2**31 - 1)
    place = {"chat_id": town.reader.id, "message_id": sent["message_id"]}
    town.clock.advance(10**7)
    assert (await town.result("stopMessageLiveLocation", **place))["location"] == BERLIN
    dead = await town.result("sendLocation", chat_id=town.reader.id, **BERLIN)
    for method, given in (("stopMessageLiveLocation", {}), ("editMessageLiveLocation", BERLIN)):
        error = await town.error(method, chat_id=town.reader.id, message_id=dead["message_id"], **given)
        assert error == (400, "Bad Request: there is no live location in the message to edit")
    assert await town.error("stopMessageLiveLocation") == (
        400,
        "Bad Request: message identifier is not specified",
    )


async def test_a_venue_is_a_place_with_a_name() -> None:
    """The location stands beside it; Foursquare's number goes before Google's."""
    town = make_town()
    names = {"title": "Town hall", "address": "Square 1", "google_place_id": "g", "foursquare_id": "f"}
    sent = await town.result("sendVenue", chat_id=town.group.id, **BERLIN, **names)
    assert sent["location"] == sent["venue"]["location"] == BERLIN
    assert (sent["venue"]["title"], sent["venue"]["foursquare_id"]) == ("Town hall", "f")
    assert "google_place_id" not in sent["venue"]


async def test_a_contact_has_a_number_and_a_name() -> None:
    """Both are required; what is left out does not appear."""
    town = make_town()
    sent = await town.result("sendContact", chat_id=town.reader.id, phone_number="+49", first_name="Olga")
    assert sent["contact"] == {"phone_number": "+49", "first_name": "Olga"}
    error = await town.error("sendContact", chat_id=town.reader.id, phone_number="+49")
    assert error == (400, 'Bad Request: parameter "first_name" is required')


NOUNS = [
    ("sendDice", {}, "can_send_other_messages", "dice"),
    ("sendLocation", BERLIN, "can_send_messages", "locations"),
    ("sendVenue", BERLIN, "can_send_messages", "venues"),
    ("sendContact", {"phone_number": "1", "first_name": "x"}, "can_send_messages", "contacts"),
]


@pytest.mark.parametrize(("method", "given", "permission", "noun"), NOUNS)
async def test_each_kind_has_its_permission(
    method: str, given: dict[str, object], permission: str, noun: str
) -> None:
    """A silenced bot is told what it may not send."""
    town = make_town()
    town.group.permissions -= {permission}
    town.world.set_member(town.group.id, town.bot.id, "member")
    error = await town.error(method, chat_id=town.group.id, **given)
    assert error == (400, f"Bad Request: not enough rights to send {noun} to the chat")
