"""What a message answers: reply_parameters, quotes, other chats."""

from typing import Any

import pytest

from sandbox.town import Town


async def make_town() -> tuple[Town, int]:
    """A town whose reader has started the bot, and a message in the group to answer."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    sent = await town.result(
        "sendMessage", chat_id=town.group.id, text="one <b>two</b> one", parse_mode="HTML"
    )
    return town, sent["message_id"]


async def test_a_reply_shows_its_message_without_its_own_reply() -> None:
    """Both spellings of the parameters mean the same."""
    town, number = await make_town()
    for given in ({"reply_parameters": {"message_id": number}}, {"reply_to_message_id": number}):
        sent = await town.result("sendMessage", chat_id=town.group.id, text="x", **given)
        assert sent["reply_to_message"]["message_id"] == number
    again = await town.result(
        "sendMessage", chat_id=town.group.id, text="y", reply_parameters={"message_id": sent["message_id"]}
    )
    assert "reply_to_message" not in again["reply_to_message"]


REFUSED = [
    ("{", "can't parse reply parameters JSON object"),
    ([], "can't parse reply parameters: expected an Object"),
    ({"message_id": 999}, "message to be replied not found"),
    ({"message_id": True}, 'can\'t parse reply parameters: Field "message_id" must be a valid Number'),
    ({"message_id": 999, "chat_id": "@nobody"}, "chat not found"),
]


@pytest.mark.parametrize(("wish", "text"), REFUSED)
async def test_what_is_not_there_cannot_be_answered(wish: object, text: str) -> None:
    """Each mistake in its words."""
    town, _ = await make_town()
    error = await town.error("sendMessage", chat_id=town.group.id, text="x", reply_parameters=wish)
    assert error == (400, f"Bad Request: {text}")


async def test_a_message_may_be_sent_without_what_it_answered() -> None:
    """In the same chat, if that was asked for; never for another chat."""
    town, _ = await make_town()
    wish: dict[str, Any] = {"message_id": 999, "allow_sending_without_reply": True}
    sent = await town.result("sendMessage", chat_id=town.group.id, text="x", reply_parameters=wish)
    assert "reply_to_message" not in sent
    error = await town.error(
        "sendMessage", chat_id=town.group.id, text="x", reply_parameters=wish | {"chat_id": town.reader.id}
    )
    assert error == (400, "Bad Request: message to be replied not found")


QUOTES = [
    ({"quote": "one"}, {"text": "one", "position": 0, "is_manual": True}),
    ({"quote": "one", "quote_position": 8}, {"text": "one", "position": 8, "is_manual": True}),
    (
        {"quote": "<b>wo</b>", "quote_parse_mode": "HTML"},
        {
            "text": "wo",
            "position": 5,
            "is_manual": True,
            "entities": [{"offset": 0, "length": 2, "type": "bold"}],
        },
    ),
    ({"quote": "two"}, None),
    ({"quote": "<b>one</b>", "quote_parse_mode": "HTML"}, None),
    ({"quote": "three"}, None),
]


@pytest.mark.parametrize(("wish", "expected"), QUOTES)
async def test_a_quote_stands_in_the_message_as_it_is(wish: dict[str, Any], expected: object) -> None:
    """Words and styles agree; of several places the nearest counts."""
    town, number = await make_town()
    given = {"chat_id": town.group.id, "text": "x", "reply_parameters": {"message_id": number} | wish}
    if expected is None:
        assert await town.error("sendMessage", **given) == (400, "Bad Request: QUOTE_TEXT_INVALID")
    else:
        assert (await town.result("sendMessage", **given))["quote"] == expected


async def test_a_message_of_another_chat_is_shown_from_outside() -> None:
    """Its origin, what it carries, and its words as a quote nobody chose."""
    town, number = await make_town()
    wish = {"message_id": number, "chat_id": town.group.id}
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="x", reply_parameters=wish)
    assert "reply_to_message" not in sent
    assert (sent["external_reply"]["chat"]["id"], sent["external_reply"]["message_id"]) == (
        town.group.id,
        number,
    )
    assert sent["external_reply"]["origin"]["sender_user"]["id"] == town.bot.id
    assert (sent["quote"]["text"], "is_manual" in sent["quote"]) == ("one two one", False)
    poll = await town.result("sendPoll", chat_id=town.group.id, question="?", options=["a", "b"])
    wish = {"message_id": poll["message_id"], "chat_id": town.group.id}
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="x", reply_parameters=wish)
    assert sent["external_reply"]["poll"]["id"] == poll["poll"]["id"]


async def test_an_option_of_a_poll_can_be_answered() -> None:
    """By its lasting id; another one is refused."""
    town, _ = await make_town()
    poll = await town.result("sendPoll", chat_id=town.group.id, question="?", options=["a", "b"])
    option = poll["poll"]["options"][1]["persistent_id"]
    wish = {"message_id": poll["message_id"], "poll_option_id": option}
    sent = await town.result("sendMessage", chat_id=town.group.id, text="x", reply_parameters=wish)
    assert sent["reply_to_poll_option_id"] == option
    wish["poll_option_id"] = "7"
    assert await town.error("sendMessage", chat_id=town.group.id, text="x", reply_parameters=wish) == (
        400,
        "Bad Request: POLL_OPTION_INVALID",
    )
