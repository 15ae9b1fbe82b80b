"""A basic group becomes a supergroup: facts/botapi.md §3 row 4, §8."""

import pytest

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.model import Chat
from sandbox.town import Town


async def small_group(town: Town) -> Chat:
    """A basic group with the owner, the reader and the bot as administrator."""
    group = town.world.chat("group", "Small")
    town.world.set_member(group.id, town.owner.id, "creator")
    town.world.set_member(group.id, town.bot.id, "administrator")
    town.world.join(group.id, town.reader.id)
    town.bot.queue.clear()
    return group


async def test_migration_is_told_in_both_chats() -> None:
    """First the old group names the new one, then the new one the old."""
    town = Town()
    group = await small_group(town)
    new = town.world.migrate(group.id)
    first, second = (update["message"] for update in await town.updates())
    assert (first["chat"]["id"], first["migrate_to_chat_id"]) == (group.id, new.id)
    assert (second["chat"]["id"], second["migrate_from_chat_id"]) == (new.id, group.id)
    assert second["chat"]["type"] == "supergroup"


async def test_everybody_moves() -> None:
    """Members and administrators are in the new chat as they were; the bot can work there at once."""
    town = Town()
    group = await small_group(town)
    new = town.world.migrate(group.id)
    assert town.world.member(new.id, town.owner.id).status == "creator"
    assert town.world.member(new.id, town.reader.id).present
    await town.result("sendMessage", chat_id=new.id, text="here")
    await town.result("restrictChatMember", chat_id=new.id, user_id=town.reader.id, permissions={})


async def test_the_old_group_sends_bots_on() -> None:
    """Writing there and reading its members names the new chat; the chat itself can still be read."""
    town = Town()
    group = await small_group(town)
    new = town.world.migrate(group.id)
    reading = ("getChatMember", "getChatAdministrators", "getChatMemberCount")
    for method in ("sendMessage", "leaveChat", *reading):
        answer = await town.call(method, chat_id=group.id, text="x", user_id=town.reader.id)
        assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
        assert answer["parameters"] == {"migrate_to_chat_id": new.id}
    assert (await town.result("getChat", chat_id=group.id))["type"] == "group"


async def test_nobody_speaks_in_the_old_group() -> None:
    """People are refused, and it does not migrate twice."""
    town = Town()
    group = await small_group(town)
    town.world.migrate(group.id)
    with pytest.raises(Refused, match="upgraded"):
        town.world.say(group.id, town.reader.id, "hello")
    with pytest.raises(Refused, match="upgraded"):
        town.world.join(group.id, town.world.person("Gus").id)
    with pytest.raises(Refused, match="not in use"):
        town.world.migrate(group.id)
    with pytest.raises(Refused, match="basic group"):
        town.world.migrate(town.group.id)


async def test_a_deleted_group_is_forbidden() -> None:
    """Bots find out by 403."""
    town = Town()
    group = await small_group(town)
    town.world.dissolve(group.id)
    assert await town.error("sendMessage", chat_id=group.id, text="x") == (
        403,
        "Forbidden: the group chat was deleted",
    )
