"""Chats as a whole: what getChat tells, and what an administrator bot changes."""

from typing import Any

import pytest

from gatecrier_sandbox.botapi.params import Params, Upload
from gatecrier_sandbox.errors import Refused
from sandbox.town import ALL_UPDATES, Town

PICTURE = bytes.fromhex("474946383961010001008000008080800000002c00000000010001000002024401003b")
"""A GIF of one pixel."""


def with_photo(chat_id: int, data: bytes = PICTURE) -> Params:
    """A request that uploads a photo."""
    return Params({"chat_id": str(chat_id)}, {"photo": Upload("a.jpg", "image/jpeg", data)})


async def test_a_title_is_changed_and_told() -> None:
    """Bots hear the service message, the one that caused it too; the same title says nothing."""
    town = Town()
    await town.updates(allowed_updates=ALL_UPDATES)
    for title in ("  New\n Talk ", "New Talk"):
        await town.result("setChatTitle", chat_id=town.group.id, title=title)
    (update,) = await town.updates()
    assert update["message"]["new_chat_title"] == "New Talk"
    await town.result("setChatTitle", chat_id=town.channel.id, title="Olds")
    (update, *_) = await town.updates()
    assert (update["channel_post"]["new_chat_title"], "from" in update["channel_post"]) == ("Olds", False)


async def test_a_description_is_changed_once() -> None:
    """The same text again is refused; nobody is told."""
    town = Town()
    target = {"chat_id": town.group.id, "description": "about us"}
    await town.result("setChatDescription", **target)
    assert await town.error("setChatDescription", **target) == (
        400,
        "Bad Request: chat description is not modified",
    )
    assert (await town.result("getChat", chat_id=town.group.id))["description"] == "about us"
    assert await town.updates() == []


async def test_a_photo_is_uploaded_and_taken_away() -> None:
    """getChat shows two sizes with ids of their own; deleting twice is refused."""
    town = Town()
    assert (await town.send("setChatPhoto", with_photo(town.group.id)))["ok"]
    photo = (await town.result("getChat", chat_id=town.group.id))["photo"]
    assert photo["small_file_id"] != photo["big_file_id"]
    (update,) = await town.updates()
    assert [size["width"] for size in update["message"]["new_chat_photo"]] == [160, 640]
    await town.result("deleteChatPhoto", chat_id=town.group.id)
    assert (await town.updates())[-1]["message"]["delete_chat_photo"] is True
    assert "photo" not in await town.result("getChat", chat_id=town.group.id)
    assert (await town.error("deleteChatPhoto", chat_id=town.group.id))[1] == "Bad Request: CHAT_NOT_MODIFIED"


async def test_a_photo_is_a_picture_and_comes_with_the_request() -> None:
    """A file_id is refused, and so is what is no picture."""
    town = Town()
    assert await town.error("setChatPhoto", chat_id=town.group.id, photo="AgAC") == (
        400,
        "Bad Request: photo must be uploaded as an InputFile",
    )
    envelope = await town.send("setChatPhoto", with_photo(town.group.id, b"text"))
    assert envelope["description"] == "Bad Request: IMAGE_PROCESS_FAILED"
    assert not town.group.photo_id


async def test_permissions_of_the_chat_hold_at_once() -> None:
    """What setChatPermissions takes away nobody but administrators may do."""
    town = Town()
    await town.result("setChatPermissions", chat_id=town.group.id, permissions={"can_send_polls": True})
    town.world.say(town.group.id, town.reader.id, "polls bring text")
    await town.result("setChatPermissions", chat_id=town.group.id, permissions={})
    with pytest.raises(Refused, match="restricted"):
        town.world.say(town.group.id, town.reader.id, "hello")
    town.world.say(town.group.id, town.owner.id, "hello")
    shown = (await town.result("getChat", chat_id=town.group.id))["permissions"]
    assert not any(shown.values())


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("setChatTitle", {"title": "x"}, "not enough rights to change chat title"),
    ("setChatTitle", {"title": " "}, "title must be non-empty"),
    ("setChatDescription", {"description": "x"}, "not enough rights to set chat description"),
    ("deleteChatPhoto", {}, "not enough rights to change chat photo"),
    ("setChatPermissions", {"permissions": {}}, "not enough rights to change chat permissions"),
]


@pytest.mark.parametrize(("method", "more", "text"), REFUSED)
async def test_changes_need_rights(method: str, more: dict[str, Any], text: str) -> None:
    """An administrator without the right is refused in Telegram's words."""
    town = Town()
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={})
    assert await town.error(method, chat_id=town.group.id, **more) == (400, f"Bad Request: {text}")


async def test_private_chats_have_nothing_to_change() -> None:
    """Each thing is refused by its name; a bot does not leave a private chat."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    target = {"chat_id": town.reader.id, "title": "x", "description": "x", "permissions": {}}
    nouns = {"setChatTitle": "title", "setChatDescription": "description", "deleteChatPhoto": "photo"}
    for method, noun in {**nouns, "setChatPermissions": "permissions"}.items():
        assert await town.error(method, **target) == (400, f"Bad Request: can't change private chat {noun}")
    assert (await town.error("leaveChat", **target))[0] == 400


async def test_get_chat_tells_what_the_owner_set() -> None:
    """Slow mode, requests to join and the like are shown where they are on, and only there."""
    town = Town()
    before = await town.result("getChat", chat_id=town.group.id)
    assert "slow_mode_delay" not in before
    town.world.set_slow_mode(town.group.id, 30)
    town.world.set_join_by_request(town.group.id)
    after = await town.result("getChat", chat_id=town.group.id)
    assert (after["slow_mode_delay"], after["join_by_request"]) == (30, True)


async def test_get_chat_tells_of_a_person() -> None:
    """Their bio and photo, their username."""
    town = Town()
    town.owner.bio = "I own things"
    town.world.set_photo(town.owner.id, PICTURE)
    town.world.start(town.owner.id, town.bot.id)
    shown = await town.result("getChat", chat_id=town.owner.id)
    assert (shown["bio"], shown["active_usernames"]) == ("I own things", ["olga"])
    assert shown["photo"]["big_file_id"] == town.owner.photo_ids[0]
    photos = await town.result("getUserProfilePhotos", user_id=town.owner.id)
    assert (photos["total_count"], len(photos["photos"][0])) == (1, 2)


async def test_the_pinned_message_is_the_newest() -> None:
    """getChat shows the pinned message that was sent last."""
    town = Town()
    sent = [await town.result("sendMessage", chat_id=town.group.id, text=text) for text in "ab"]
    for message in reversed(sent):
        await town.result("pinChatMessage", chat_id=town.group.id, message_id=message["message_id"])
    assert (await town.result("getChat", chat_id=town.group.id))["pinned_message"]["text"] == "b"


async def test_a_bot_that_leaves_is_gone() -> None:
    """It is told its own change, and cannot come back by itself."""
    town = Town()
    await town.updates(allowed_updates=ALL_UPDATES)
    await town.result("leaveChat", chat_id=town.group.id)
    assert (await town.updates())[-1]["my_chat_member"]["new_chat_member"]["status"] == "left"
    assert (await town.error("sendMessage", chat_id=town.group.id, text="x"))[0] == 403
