"""Pinned messages: facts/botapi.md §5, §8."""

import pytest

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import pins
from sandbox.town import Town

NO_RIGHT = (400, "Bad Request: not enough rights to manage pinned messages in the chat")


async def make_town() -> Town:
    """A town whose reader has started the bot; nothing is waiting."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    await town.updates()
    return town


@pytest.mark.parametrize("where", ["group", "channel", "dialog"])
async def test_a_pin_is_told_to_everybody_the_bot_included(where: str) -> None:
    """The service message carries the message without what it answers."""
    town = await make_town()
    chat_id = {"group": town.group.id, "channel": town.channel.id, "dialog": town.reader.id}[where]
    first = await town.result("sendMessage", chat_id=chat_id, text="x")
    sent = await town.result(
        "sendMessage", chat_id=chat_id, text="y", reply_parameters={"message_id": first["message_id"]}
    )
    await town.updates()
    assert await town.result("pinChatMessage", chat_id=chat_id, message_id=sent["message_id"])
    update = (await town.updates())[0]
    service = update["channel_post" if where == "channel" else "message"]
    assert service["pinned_message"]["message_id"] == sent["message_id"]
    assert "reply_to_message" not in service["pinned_message"]
    assert ("from" in service) == (where != "channel")


async def test_the_newest_pin_is_the_one_sent_last() -> None:
    """However late an older one is pinned; without a number the newest goes; deleted ones do not count."""
    town = await make_town()
    place = {"chat_id": town.group.id}
    old, new = [(await town.result("sendMessage", **place, text="x"))["message_id"] for _ in range(2)]
    for number in (new, old):
        await town.result("pinChatMessage", **place, message_id=number)
    newest = pins.newest(town.group)
    assert newest is not None
    assert newest.message_id == new
    await town.result("deleteMessage", **place, message_id=new)
    await town.result("unpinChatMessage", **place)
    assert pins.newest(town.group) is None
    missing = (400, "Bad Request: message to unpin not found")
    assert await town.error("unpinChatMessage", **place) == missing
    assert await town.error("unpinChatMessage", **place, message_id=999) == missing


async def test_the_same_pin_twice_changes_nothing() -> None:
    """Pinning what is pinned and unpinning what is not are refused; service messages cannot be pinned."""
    town = await make_town()
    sent = await town.result("sendMessage", chat_id=town.group.id, text="x")
    place = {"chat_id": town.group.id, "message_id": sent["message_id"]}
    same = (400, "Bad Request: CHAT_NOT_MODIFIED")
    assert await town.error("unpinChatMessage", **place) == same
    await town.result("pinChatMessage", **place)
    assert await town.error("pinChatMessage", **place) == same
    service = next(message for message in town.group.messages.values() if message.service)
    for number, text in (
        (999, "message to pin not found"),
        (service.message_id, "a service message can't be pinned"),
    ):
        error = await town.error("pinChatMessage", chat_id=town.group.id, message_id=number)
        assert error == (400, f"Bad Request: {text}")


async def test_pinning_needs_the_right_of_the_chat() -> None:
    """can_pin_messages in groups, can_edit_messages in channels, nothing in private."""
    town = await make_town()
    for chat, right in ((town.group, "can_pin_messages"), (town.channel, "can_edit_messages")):
        sent = await town.result("sendMessage", chat_id=chat.id, text="x")
        place = {"chat_id": chat.id, "message_id": sent["message_id"]}
        town.world.set_member(chat.id, town.bot.id, "administrator", rights={"can_post_messages": True})
        assert await town.error("pinChatMessage", **place) == NO_RIGHT
        assert await town.error("unpinAllChatMessages", chat_id=chat.id) == NO_RIGHT
        town.world.set_member(chat.id, town.bot.id, "administrator", rights={right: True})
        await town.result("pinChatMessage", **place)
        assert await town.result("unpinAllChatMessages", chat_id=chat.id)
        assert not chat.pinned


async def test_people_pin_with_the_right_to() -> None:
    """The owner may, a reader may not, and bots hear who did."""
    town = await make_town()
    said = town.world.say(town.group.id, town.reader.id, "x")
    with pytest.raises(Refused, match="no right"):
        town.world.pin(town.reader.id, town.group.id, said.message_id)
    await town.updates()
    town.world.pin(town.owner.id, town.group.id, said.message_id)
    service = (await town.updates())[0]["message"]
    assert (service["from"]["id"], service["pinned_message"]["text"]) == (town.owner.id, "x")
    with pytest.raises(Refused, match="already"):
        town.world.pin(town.owner.id, town.group.id, said.message_id)
    town.world.unpin(town.owner.id, town.group.id, said.message_id)
    assert not town.group.pinned
