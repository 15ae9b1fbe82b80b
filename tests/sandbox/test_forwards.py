"""Forwards and copies: facts/botapi.md §2, §5, §8."""

from typing import Any

import pytest

from gatecrier_sandbox.world.model import Message
from sandbox.town import Town


def make_town() -> Town:
    """A town whose reader has started the bot."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    town.bot.queue.clear()
    return town


def home(town: Town) -> dict[int, Message]:
    """The messages of the bot's private chat with the reader."""
    return town.bot.dialogs[town.reader.id].messages


def source(town: Town, message_id: int = 0) -> dict[str, Any]:
    """From the group to the reader."""
    place = {"from_chat_id": town.group.id, "chat_id": town.reader.id}
    return place | ({"message_id": message_id} if message_id else {})


async def test_a_forward_names_where_it_came_from_first() -> None:
    """forward_origin and the older fields; a forward of a forward keeps the first origin."""
    town = make_town()
    said = town.world.say(town.group.id, town.reader.id, "hello")
    town.clock.advance(60)
    first = await town.result("forwardMessage", **source(town, said.message_id))
    back = {"from_chat_id": town.reader.id, "chat_id": town.group.id, "message_id": first["message_id"]}
    second = await town.result("forwardMessage", **back)
    for message in (first, second):
        assert message["forward_origin"] == {
            "type": "user",
            "date": said.date,
            "sender_user": message["forward_from"],
        }
        assert (message["forward_from"]["id"], message["forward_date"]) == (town.reader.id, said.date)
        assert message["from"]["id"] == town.bot.id


async def test_origins_are_of_four_types() -> None:
    """A hidden person is a name, an anonymous administrator the chat, a post its channel."""
    town = make_town()
    town.reader.hides_forwards = True
    hidden = town.world.say(town.group.id, town.reader.id, "x")
    group = town.world.say(town.group.id, town.owner.id, "x", anonymous=True)
    post = town.world.say(town.channel.id, town.owner.id, "x")
    shown = [
        await town.result("forwardMessage", **source(town, hidden.message_id)),
        await town.result("forwardMessage", **source(town, group.message_id)),
        await town.result(
            "forwardMessage", chat_id=town.reader.id, from_chat_id="@news", message_id=post.message_id
        ),
    ]
    assert [message["forward_origin"]["type"] for message in shown] == ["hidden_user", "chat", "channel"]
    assert shown[0]["forward_sender_name"] == "Rudi"
    assert shown[1]["forward_from_chat"]["id"] == town.group.id
    assert shown[2]["forward_from_message_id"] == post.message_id


async def test_what_cannot_be_moved_is_refused_in_telegrams_words() -> None:
    """Missing, service and protected messages; a protected one can still be copied."""
    town = make_town()
    service = next(message for message in town.group.messages.values() if message.service)
    for method, verb in (("forwardMessage", "forward"), ("copyMessage", "copy")):
        done = {"forward": "forwarded", "copy": "copied"}[verb]
        assert await town.error(method, **source(town, 999)) == (
            400,
            f"Bad Request: message to {verb} not found",
        )
        assert await town.error(method, **source(town, service.message_id)) == (
            400,
            f"Bad Request: the message can't be {done}",
        )
        error = await town.error(method, chat_id=town.reader.id, message_id=1)
        assert error == (400, 'Bad Request: parameter "from_chat_id" is required')
    sent = await town.result("sendMessage", chat_id=town.group.id, text="x", protect_content=True)
    protected = (400, "Bad Request: message has protected content and can't be forwarded")
    assert await town.error("forwardMessage", **source(town, sent["message_id"])) == protected
    await town.result("copyMessage", **source(town, sent["message_id"]))
    said = town.world.say(town.group.id, town.reader.id, "x")
    town.group.has_protected_content = True
    assert await town.error("forwardMessage", **source(town, said.message_id)) == protected


async def test_the_right_to_write_is_looked_at_before_the_message() -> None:
    """A bot that may not write there hears of that, also when what it would move cannot be moved."""
    town = make_town()
    service = next(message for message in town.group.messages.values() if message.service)
    quiet = town.world.chat("supergroup", "Quiet", permissions={})
    town.world.set_member(quiet.id, town.bot.id, "member")
    place = {"from_chat_id": town.group.id, "message_id": service.message_id, "chat_id": quiet.id}
    for method in ("forwardMessage", "copyMessage"):
        code, text = await town.error(method, **place)
        assert code == 400
        assert text.startswith("Bad Request: not enough rights to send")


async def test_a_forward_is_of_the_kind_of_its_original() -> None:
    """The bot needs the permission for what it forwards."""
    town = make_town()
    sent = await town.result("sendDice", chat_id=town.reader.id)
    town.group.permissions -= {"can_send_other_messages"}
    town.world.set_member(town.group.id, town.bot.id, "member")
    place = {"chat_id": town.group.id, "from_chat_id": town.reader.id, "message_id": sent["message_id"]}
    for method in ("forwardMessage", "copyMessage"):
        assert await town.error(method, **place) == (
            400,
            "Bad Request: not enough rights to send dice to the chat",
        )


async def test_a_forward_cannot_be_edited_and_a_copy_can() -> None:
    """A forward keeps the value of a dice, a copy of words is the bot's own."""
    town = make_town()
    said = await town.result("sendMessage", chat_id=town.group.id, text="x")
    forward = await town.result("forwardMessage", **source(town, said["message_id"]))
    copy = await town.result("copyMessage", **source(town, said["message_id"]))
    edit = {"chat_id": town.reader.id, "text": "y"}
    assert await town.error("editMessageText", **edit, message_id=forward["message_id"]) == (
        400,
        "Bad Request: message can't be edited",
    )
    await town.result("editMessageText", **edit, message_id=copy["message_id"])


async def test_a_live_location_is_forwarded_as_a_place() -> None:
    """What moves stays behind."""
    town = make_town()
    sent = await town.result(
        "sendLocation", chat_id=town.group.id, latitude=1, longitude=2, live_period=2**31 - 1
    )
    forward = await town.result("forwardMessage", **source(town, sent["message_id"]))
    assert forward["location"] == {"latitude": 1.0, "longitude": 2.0}


async def test_many_are_forwarded_and_the_impossible_left_out() -> None:
    """Gone, service and protected ones are skipped; an album stays one under a new number."""
    town = make_town()
    album = [town.world.say(town.group.id, town.reader.id, "pic", media_group_id="9") for _ in range(2)]
    alone = town.world.say(town.group.id, town.reader.id, "pic", media_group_id="8")
    secret = await town.result("sendMessage", chat_id=town.group.id, text="x", protect_content=True)
    service = next(message for message in town.group.messages.values() if message.service)
    ids = sorted(
        [service.message_id, *(one.message_id for one in album), alone.message_id, secret["message_id"], 999]
    )
    moved = await town.result("forwardMessages", **source(town), message_ids=ids)
    messages = [home(town)[one["message_id"]] for one in moved]
    assert [message.text for message in messages] == ["pic", "pic", "pic"]
    first, second, third = (message.media_group_id for message in messages)
    assert first == second
    assert (first in {"", "9"}, third) == (False, "")
    copied = await town.result("copyMessages", **source(town), message_ids=ids, remove_caption=True)
    copies = [home(town)[one["message_id"]] for one in copied]
    assert [copy.text for copy in copies] == ["", "", "", "x"]
    assert all(copy.forward is None for copy in copies)


BAD_IDS: list[tuple[object, str]] = [
    (None, "expected an Array of message identifiers"),
    ([], "message identifiers are not specified"),
    ("{", "can't parse message_ids JSON object"),
    ([1] * 101, "too many message identifiers specified"),
    ([[]], "message identifier must be a Number"),
    (["x"], "can't parse message identifier as Number"),
    ([0], "invalid message identifier specified"),
    ([998, 999], "there are no messages to forward"),
    ([4, 3], "message identifiers must be in a strictly increasing order"),
    ([1], "messages can't be forwarded"),
]


@pytest.mark.parametrize(("ids", "text"), BAD_IDS)
@pytest.mark.parametrize("method", ["forwardMessages", "copyMessages"])
async def test_lists_of_messages_are_checked(method: str, ids: object, text: str) -> None:
    """1 to 100 numbers, each larger than the one before, at least one of a message that can go."""
    town = make_town()
    for _ in range(3):
        town.world.say(town.group.id, town.reader.id, "x")
    error = await town.error(method, **source(town), message_ids=ids)
    assert error == (400, f"Bad Request: {text}")
    assert len(home(town)) == 1


async def test_a_copied_caption_may_stand_above() -> None:
    """show_caption_above_media counts only with a new caption."""
    town = make_town()
    photo = town.world.say(town.group.id, town.reader.id, "old", media_group_id="7")
    given = source(town, photo.message_id) | {"show_caption_above_media": True}
    kept = await town.result("copyMessage", **given)
    changed = await town.result("copyMessage", **given, caption="new")
    assert "show_caption_above_media" not in (home(town)[kept["message_id"]].content or {})
    assert (home(town)[changed["message_id"]].content or {})["show_caption_above_media"]
