"""What bots hear of people's acts: facts/botapi.md §8."""

import pytest

from gatecrier_sandbox.errors import Refused
from sandbox.town import ALL_UPDATES, Town


async def make_town() -> Town:
    """A town whose bot has privacy mode on and is a plain member of the group."""
    town = Town()
    town.bot.reads_all = False
    town.world.set_member(town.group.id, town.bot.id, "member")
    await town.updates(allowed_updates=ALL_UPDATES)
    return town


async def test_a_bare_command_is_for_the_bot_that_spoke_last() -> None:
    """As long as none spoke, all hear it; then only that one; another's by name never."""
    town = await make_town()
    other = town.world.bot("other_bot")
    other.reads_all = False
    town.world.set_member(town.group.id, other.id, "member")
    await town.updates()
    town.world.say(town.group.id, town.reader.id, "/first")
    place = {"chat_id": str(town.group.id), "text": "me"}
    await town.api.answer(other.token, "sendMessage", town.params(place))
    town.world.say(town.group.id, town.reader.id, "/second")
    await town.result("sendMessage", chat_id=town.group.id, text="no, me")
    town.world.say(town.group.id, town.reader.id, "/third")
    town.world.say(town.group.id, town.reader.id, "/fourth@other_bot")
    assert [update["message"]["text"] for update in await town.updates()] == ["/first", "/third"]


async def test_a_name_that_only_begins_like_the_bots_is_not_its() -> None:
    """A mention is the whole name."""
    town = await make_town()
    town.world.say(town.group.id, town.reader.id, "ask @gate_bot2 about it")
    assert not await town.updates()
    town.world.say(town.group.id, town.reader.id, "ask @GATE_bot about it")
    assert await town.updates()


async def test_messages_through_the_bot_and_replies_to_them_are_heard() -> None:
    """Inline messages are the bot's own, whoever sent them."""
    town = await make_town()
    town.bot.supports_inline = True
    asked = town.world.inline_query(town.reader.id, town.bot.id, "x", chat_id=town.group.id)
    content = {"message_text": "hello"}
    result = {"type": "article", "id": "1", "title": "t", "input_message_content": content}
    await town.result("answerInlineQuery", inline_query_id=asked.id, results=[result])
    chosen = town.world.choose_result(asked.id, "1")
    town.world.say(town.group.id, town.owner.id, "indeed", reply_to_message_id=chosen.message_id)
    assert [update["message"]["text"] for update in await town.updates()] == ["hello", "indeed"]


async def test_an_edit_that_changes_nothing_tells_nobody() -> None:
    """Texts and captions of people; what has no words cannot be edited."""
    town = Town()
    said = town.world.say(town.group.id, town.reader.id, "words")
    photo = town.world.say(town.group.id, town.reader.id, "caption", media_group_id="1")
    await town.updates(allowed_updates=ALL_UPDATES)
    town.world.edit(town.group.id, town.reader.id, said.message_id, "words")
    assert not await town.updates()
    town.world.edit(town.group.id, town.reader.id, said.message_id, "other")
    town.world.edit(town.group.id, town.reader.id, photo.message_id, "")
    words, caption = (update["edited_message"] for update in await town.updates())
    assert (words["text"], "caption" in caption) == ("other", False)
    for number, text in ((said.message_id, " "), (photo.message_id, "x" * 1025), (999, "x")):
        with pytest.raises(Refused):
            town.world.edit(town.group.id, town.reader.id, number, text)


async def test_those_who_hide_edit_their_own_words() -> None:
    """The anonymous administrator as the group, the channel's owner a post; nobody else."""
    town = Town()
    town.world.set_member(town.group.id, town.owner.id, "creator", is_anonymous=True)
    hidden = town.world.say(town.group.id, town.owner.id, "x")
    post = town.world.say(town.channel.id, town.owner.id, "x")
    with pytest.raises(Refused):
        town.world.edit(town.group.id, town.reader.id, hidden.message_id, "y")
    assert town.world.edit(town.group.id, town.owner.id, hidden.message_id, "y").text == "y"
    assert town.world.edit(town.channel.id, town.owner.id, post.message_id, "y").text == "y"


async def test_news_of_yesterday_is_not_told() -> None:
    """A message more than a day old gives no update, its edit does."""
    town = Town()
    said = town.world.say(town.group.id, town.reader.id, "x")
    assert await town.updates()
    said.date -= 86_400
    town.world.edit(town.group.id, town.reader.id, said.message_id, "y")
    assert "edited_message" in (await town.updates(allowed_updates=ALL_UPDATES))[0]
