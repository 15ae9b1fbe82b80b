"""Forum topics."""

from typing import Any

import pytest

from gatecrier_sandbox.errors import Refused
from sandbox.town import Town


async def forum() -> tuple[Town, int]:
    """A town whose group is a forum, and a topic the bot made."""
    town = Town()
    town.world.set_forum(town.group.id)
    right = {"can_manage_topics": True, "can_delete_messages": True, "can_pin_messages": True}
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights=right)
    topic = await town.result("createForumTopic", chat_id=town.group.id, name="News", icon_color=16766590)
    return town, topic["message_thread_id"]


async def test_a_topic_begins_with_a_service_message() -> None:
    """Its number is that message's; the bot hears what it caused; the chat says it is a forum."""
    town, thread_id = await forum()
    message = (await town.updates())[-1]["message"]
    assert (message["message_id"], message["message_thread_id"]) == (thread_id, thread_id)
    assert message["is_topic_message"]
    assert message["forum_topic_created"] == {"name": "News", "icon_color": 16766590}
    assert message["chat"]["is_forum"]


async def test_what_is_said_in_a_topic_stays_in_it() -> None:
    """Bots' and people's messages carry the thread and answer the topic's first message."""
    town, thread_id = await forum()
    mine = await town.result("sendMessage", chat_id=town.group.id, text="a", message_thread_id=thread_id)
    assert (mine["message_thread_id"], mine["is_topic_message"]) == (thread_id, True)
    assert mine["reply_to_message"]["message_id"] == thread_id
    town.world.say(town.group.id, town.reader.id, "b", message_thread_id=thread_id)
    assert (await town.updates())[-1]["message"]["message_thread_id"] == thread_id
    answer = await town.result(
        "sendMessage", chat_id=town.group.id, text="c", reply_parameters={"message_id": mine["message_id"]}
    )
    assert (answer["message_thread_id"], answer["reply_to_message"]["message_id"]) == (
        thread_id,
        mine["message_id"],
    )
    general = await town.result("sendMessage", chat_id=town.group.id, text="d")
    assert "message_thread_id" not in general


async def test_a_thread_that_is_none() -> None:
    """Unknown numbers and General's own are not found; a deleted topic says so."""
    town, thread_id = await forum()
    target = {"chat_id": town.group.id}
    for wrong in (1, 999):
        assert await town.error("sendMessage", **target, text="x", message_thread_id=wrong) == (
            400,
            "Bad Request: message thread not found",
        )
    await town.result("sendMessage", **target, text="x", message_thread_id=thread_id)
    await town.result("deleteForumTopic", **target, message_thread_id=thread_id)
    assert not any(message.is_topic for message in town.group.messages.values())
    assert await town.error("sendMessage", **target, text="x", message_thread_id=thread_id) == (
        400,
        "Bad Request: TOPIC_DELETED",
    )


async def test_a_closed_topic_is_for_those_who_manage_it() -> None:
    """People and plain bots cannot write there; who manages topics can; reopening lets all in."""
    town, thread_id = await forum()
    place = {"chat_id": town.group.id, "message_thread_id": thread_id}
    await town.result("closeForumTopic", **place)
    with pytest.raises(Refused, match="TOPIC_CLOSED"):
        town.world.say(town.group.id, town.reader.id, "b", message_thread_id=thread_id)
    await town.result("sendMessage", **place, text="still me")
    assert await town.error("closeForumTopic", **place) == (400, "Bad Request: TOPIC_NOT_MODIFIED")
    theirs = town.world.create_topic(town.group.id, town.owner.id, "Rules")
    town.world.close_topic(town.group.id, town.owner.id, theirs.id)
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={})
    assert await town.error("sendMessage", chat_id=town.group.id, text="x", message_thread_id=theirs.id) == (
        400,
        "Bad Request: TOPIC_CLOSED",
    )
    await town.result("reopenForumTopic", **place)
    town.world.say(town.group.id, town.reader.id, "b", message_thread_id=thread_id)


async def test_a_topic_is_renamed() -> None:
    """The service message says what changed; the same name again changes nothing."""
    town, thread_id = await forum()
    place = {"chat_id": town.group.id, "message_thread_id": thread_id}
    await town.result("editForumTopic", **place, name="Olds")
    assert (await town.updates())[-1]["message"]["forum_topic_edited"] == {"name": "Olds"}
    assert await town.error("editForumTopic", **place, name="Olds") == (
        400,
        "Bad Request: TOPIC_NOT_MODIFIED",
    )
    await town.result("editForumTopic", **place, icon_custom_emoji_id="5312016608254762256")
    await town.result("editForumTopic", **place, icon_custom_emoji_id="")
    edited = (await town.updates())[-1]["message"]["forum_topic_edited"]
    assert edited == {"icon_custom_emoji_id": ""}


async def test_general_is_hidden_and_shown() -> None:
    """Hiding closes it; it is not a topic by number; renaming and closing have their own methods."""
    town, _ = await forum()
    target = {"chat_id": town.group.id}
    await town.result("hideGeneralForumTopic", **target)
    with pytest.raises(Refused, match="TOPIC_CLOSED"):
        town.world.say(town.group.id, town.reader.id, "b")
    await town.result("unhideGeneralForumTopic", **target)
    await town.result("reopenGeneralForumTopic", **target)
    town.world.say(town.group.id, town.reader.id, "b")
    await town.result("editGeneralForumTopic", **target, name="Lobby")
    await town.result("closeGeneralForumTopic", **target)
    assert await town.error("closeGeneralForumTopic", **target) == (400, "Bad Request: TOPIC_NOT_MODIFIED")


async def test_pins_are_taken_away_topic_by_topic() -> None:
    """unpinAll of one topic leaves the others' pins."""
    town, thread_id = await forum()
    target = {"chat_id": town.group.id}
    inside = await town.result("sendMessage", **target, text="x", message_thread_id=thread_id)
    outside = await town.result("sendMessage", **target, text="y")
    for message in (inside, outside):
        await town.result("pinChatMessage", **target, message_id=message["message_id"])
    await town.result("unpinAllForumTopicMessages", **target, message_thread_id=thread_id)
    assert town.group.pinned == [outside["message_id"]]
    await town.result("unpinAllGeneralForumTopicMessages", **target)
    assert town.group.pinned == []


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("createForumTopic", {"name": "x"}, "not enough rights to create a topic"),
    ("editForumTopic", {"name": "x"}, "not enough rights to edit the topic"),
    ("closeForumTopic", {}, "not enough rights to close or open the topic"),
    ("deleteForumTopic", {}, "not enough rights to delete the topic"),
    ("hideGeneralForumTopic", {}, "not enough rights to close or open the topic"),
    ("editGeneralForumTopic", {"name": "x"}, "not enough rights to edit the topic"),
]


@pytest.mark.parametrize(("method", "more", "text"), REFUSED)
async def test_topics_need_the_right(method: str, more: dict[str, Any], text: str) -> None:
    """Of other people's topics only who manages topics changes anything."""
    town, _ = await forum()
    theirs = town.world.create_topic(town.group.id, town.owner.id, "Rules")
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={})
    error = await town.error(method, chat_id=town.group.id, message_thread_id=theirs.id, **more)
    assert error == (400, f"Bad Request: {text}")


async def test_only_forums_have_topics() -> None:
    """Elsewhere, and without a name, none is made."""
    town, _ = await forum()
    assert await town.error("createForumTopic", chat_id=town.channel.id, name="x") == (
        400,
        "Bad Request: the chat is not a forum",
    )
    assert await town.error("createForumTopic", chat_id=town.group.id, name=" ") == (
        400,
        "Bad Request: name must be non-empty",
    )
    with pytest.raises(Refused, match="manage topics"):
        town.world.create_topic(town.group.id, town.reader.id, "mine")


async def test_people_make_topics_if_the_group_lets_them() -> None:
    """can_manage_topics among the chat's permissions is enough; one's own topic one closes and deletes."""
    town, _ = await forum()
    town.group.permissions |= {"can_manage_topics"}
    mine = town.world.create_topic(town.group.id, town.reader.id, "mine")
    town.world.close_topic(town.group.id, town.reader.id, mine.id)
    town.world.reopen_topic(town.group.id, town.reader.id, mine.id)
    town.world.delete_topic(town.group.id, town.reader.id, mine.id)
    assert mine.id not in town.group.topics


async def test_an_action_needs_a_thread_that_is_there() -> None:
    """sendChatAction looks for its thread as sends do."""
    town = Town()
    town.world.set_forum(town.group.id)
    place = {"chat_id": town.group.id, "message_thread_id": 999, "action": "typing"}
    assert await town.error("sendChatAction", **place) == (400, "Bad Request: message thread not found")
