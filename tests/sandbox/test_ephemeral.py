"""Messages of a group that one person alone sees (Bot API 10.2, 10.3); facts/gate.md, "Ephemeral"."""

from typing import Any

import pytest

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.conversation import PIXEL
from gatecrier_sandbox.world.model import Message
from sandbox.town import ALL_UPDATES, Town

KEYBOARD = {"inline_keyboard": [[{"text": "Verify", "callback_data": "v"}]]}


async def make_town(*, is_admin: bool = True) -> Town:
    """A town whose bot is administrator of the group, or a member there."""
    town = Town()
    if not is_admin:
        town.world.set_member(town.group.id, town.bot.id, "member")
    await town.updates(allowed_updates=ALL_UPDATES)
    return town


def to(town: Town, **more: Any) -> dict[str, Any]:
    """An ephemeral text for the reader."""
    wish = {"receiver_user_id": town.reader.id} | more
    return {"chat_id": town.group.id, "text": "psst", "ephemeral_message_parameters": wish}


def seen(town: Town) -> list[Message]:
    """The ephemeral messages of the group."""
    return list(town.group.ephemeral.values())


async def test_only_the_receiver_sees_it() -> None:
    """It has number 0 and one of its own, takes none from the chat, and no other bot hears it."""
    town = await make_town()
    other = town.world.bot("other_bot")
    town.world.set_member(town.group.id, other.id, "administrator")
    other.queue.clear()
    number = town.group.next_message_id
    sent = await town.result("sendMessage", **to(town), reply_markup=KEYBOARD)
    assert (sent["message_id"], sent["ephemeral_message_id"]) == (0, 1)
    assert sent["receiver_user"]["id"] == town.reader.id
    assert (town.group.next_message_id, list(other.queue.updates)) == (number, [])


REFUSED = [
    ({"ephemeral_message_parameters": "{"}, "can't parse ephemeral message parameters JSON object"),
    ({"ephemeral_message_parameters": []}, "can't parse ephemeral message parameters: expected an Object"),
    ({"ephemeral_message_parameters": {}}, "invalid user_id specified"),
    ({"ephemeral_message_parameters": {"receiver_user_id": "²"}}, "invalid user_id specified"),
    ({"ephemeral_message_parameters": {"receiver_user_id": 5}}, "PARTICIPANT_ID_INVALID"),
    ({"chat_id": "@news"}, "ephemeral messages can be sent only to group and supergroup chats"),
]


@pytest.mark.parametrize(("given", "text"), REFUSED)
async def test_the_receiver_is_a_person_in_the_group(given: dict[str, object], text: str) -> None:
    """Whatever else the request says."""
    town = await make_town()
    assert await town.error("sendMessage", **(to(town) | given)) == (400, f"Bad Request: {text}")
    assert not seen(town)


async def test_methods_without_the_parameter_send_to_everybody() -> None:
    """A dice and a poll know no ephemeral_message_parameters; a live location refuses them."""
    town = await make_town()
    wish = to(town)
    assert (await town.result("sendDice", **wish))["message_id"]
    assert await town.error("sendLocation", **wish, latitude=1, longitude=1, live_period=60) == (
        400,
        "Bad Request: unallowed message content specified",
    )


async def test_a_member_bot_needs_a_press_of_the_receiver() -> None:
    """Fresh, theirs, in this chat; fifteen seconds later it is too old."""
    town = await make_town(is_admin=False)
    assert await town.error("sendMessage", **to(town)) == (400, "Bad Request: CHAT_ADMIN_REQUIRED")
    asked = await town.result("sendMessage", chat_id=town.group.id, text="?", reply_markup=KEYBOARD)
    click = town.world.click(town.reader.id, town.group.id, asked["message_id"], data="v")
    wish = to(town, callback_query_id=click.id)
    instead = wish["ephemeral_message_parameters"] | {"replace_callback_query_message": True}
    shown = await town.result("sendMessage", **(wish | {"ephemeral_message_parameters": instead}))
    assert town.group.ephemeral[shown["ephemeral_message_id"]].replaces_id == asked["message_id"]
    too_old = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    theirs = town.world.click(town.owner.id, town.group.id, asked["message_id"], data="v")
    assert await town.error("sendMessage", **to(town, callback_query_id=theirs.id)) == too_old
    town.clock.advance(16)
    assert await town.error("sendMessage", **wish) == too_old


async def test_a_persons_ephemeral_command_reaches_one_bot_alone() -> None:
    """It is answered by an ephemeral reply within fifteen seconds, not by an open one."""
    town = await make_town(is_admin=False)
    commands = [{"command": "rules", "description": "What is allowed", "is_ephemeral": True}]
    await town.result("setMyCommands", commands=commands)
    assert (await town.result("getMyCommands"))[0]["is_ephemeral"]
    said = town.world.say(town.group.id, town.reader.id, "/rules please")
    heard = (await town.updates())[0]["message"]
    assert (heard["message_id"], heard["receiver_user"]["id"]) == (0, town.bot.id)
    assert (said.receiver_id, town.group.ephemeral[said.message_id]) == (town.bot.id, said)
    assert said not in town.group.messages.values()
    answer = {"reply_parameters": {"ephemeral_message_id": heard["ephemeral_message_id"]}}
    sent = await town.result("sendMessage", **to(town), **answer)
    assert sent["reply_to_message"]["text"] == "/rules please"
    missing = (400, "Bad Request: message to be replied not found")
    assert await town.error("sendMessage", chat_id=town.group.id, text="open", **answer) == missing
    town.clock.advance(16)
    assert await town.error("sendMessage", **to(town), **answer) == (400, "Bad Request: CHAT_ADMIN_REQUIRED")
    town.world.say(town.group.id, town.reader.id, "/help")
    assert "ephemeral_message_id" not in (await town.updates())[0]["message"]


async def test_buttons_of_an_ephemeral_message_are_the_receivers() -> None:
    """The query shows the message under its own number; nobody else can press."""
    town = await make_town()
    sent = await town.result("sendMessage", **to(town), reply_markup=KEYBOARD)
    number = sent["ephemeral_message_id"]
    with pytest.raises(Refused, match="no such message"):
        town.world.click(town.owner.id, town.group.id, ephemeral_message_id=number, data="v")
    click = town.world.click(town.reader.id, town.group.id, ephemeral_message_id=number, data="v")
    query = (await town.updates())[0]["callback_query"]
    assert (query["message"]["message_id"], query["message"]["ephemeral_message_id"]) == (0, number)
    assert await town.error(
        "sendMessage", **to(town, callback_query_id=click.id, replace_callback_query_message=True)
    ) == (400, "Bad Request: MESSAGE_ID_INVALID")


async def test_an_ephemeral_message_is_changed_by_its_own_methods() -> None:
    """Text, keyboard, caption and deletion; its numbers mean nothing to the usual ones."""
    town = await make_town()
    number = (await town.result("sendMessage", **to(town), reply_markup=KEYBOARD))["ephemeral_message_id"]
    place = {"chat_id": town.group.id, "receiver_user_id": town.reader.id, "ephemeral_message_id": number}
    assert await town.result("editEphemeralMessageText", **place, text="new") is True
    assert (seen(town)[0].text, seen(town)[0].markup) == ("new", None)
    assert "not modified" in (await town.error("editEphemeralMessageText", **place, text="new"))[1]
    assert await town.result("editEphemeralMessageReplyMarkup", **place, reply_markup=KEYBOARD)
    assert await town.error("editEphemeralMessageCaption", **place, caption="x") == (
        400,
        "Bad Request: there is no caption in the message to edit",
    )
    wrong = (400, "Bad Request: MESSAGE_ID_INVALID")
    assert await town.error("deleteEphemeralMessage", **(place | {"ephemeral_message_id": 9})) == wrong
    assert (
        await town.error("deleteEphemeralMessage", **(place | {"receiver_user_id": town.owner.id})) == wrong
    )
    assert await town.result("deleteEphemeralMessage", **place)
    assert await town.error("deleteEphemeralMessage", **place) == wrong


async def test_ephemeral_messages_are_not_kept_for_ever() -> None:
    """After a day they are gone, and the next one sweeps them out."""
    town = await make_town()
    sent = await town.result("sendMessage", **to(town))
    town.clock.advance(86_400)
    place = {"chat_id": town.group.id, "receiver_user_id": town.reader.id}
    place["ephemeral_message_id"] = sent["ephemeral_message_id"]
    assert await town.error("deleteEphemeralMessage", **place) == (
        400,
        "Bad Request: MESSAGE_ID_INVALID",
    )
    await town.result("sendMessage", **to(town))
    assert len(seen(town)) == 1


async def test_an_ephemeral_picture_gets_another_file_and_another_caption() -> None:
    """By file_id; a text may become a picture, and a broken description is refused."""
    town = await make_town()
    file = town.world.files.add("photo", PIXEL, width=1, height=1)
    number = (await town.result("sendMessage", **to(town)))["ephemeral_message_id"]
    place = {"chat_id": town.group.id, "receiver_user_id": town.reader.id, "ephemeral_message_id": number}
    media = {"type": "photo", "media": file.file_id, "caption": "c"}
    assert await town.result("editEphemeralMessageMedia", **place, media=media) is True
    assert (seen(town)[0].text, "photo" in (seen(town)[0].content or {})) == ("c", True)
    above = {"caption": "d", "show_caption_above_media": True}
    assert await town.result("editEphemeralMessageCaption", **place, **above)
    assert (seen(town)[0].content or {})["show_caption_above_media"]
    for given, text in (
        ({}, 'parameter "media" is required'),
        ({"media": "{"}, "can't parse input media JSON object"),
        ({"media": {}}, "can't parse InputMedia: media not found"),
    ):
        error = await town.error("editEphemeralMessageMedia", **place, **given)
        assert error == (400, f"Bad Request: {text}")
