"""As whom one speaks: anonymous administrators, channels, comments, slow mode; and bots among bots."""

import pytest

from gatecrier_sandbox.errors import Refused
from sandbox.town import Town


async def said(town: Town) -> dict[str, object]:
    """The newest message the bot heard."""
    message: dict[str, object] = (await town.updates())[-1]["message"]
    return message


async def test_an_anonymous_administrator_speaks_as_the_group() -> None:
    """from is GroupAnonymousBot, sender_chat the group itself, the title is the signature."""
    town = Town()
    town.world.set_member(
        town.group.id, town.reader.id, "administrator", is_anonymous=True, custom_title="Boss"
    )
    town.world.say(town.group.id, town.reader.id, "quiet!")
    message = await said(town)
    assert message["from"]["id"] == 1087968824  # type: ignore[index]
    assert message["sender_chat"]["id"] == town.group.id  # type: ignore[index]
    assert message["author_signature"] == "Boss"
    town.world.say(town.group.id, town.reader.id, "as myself", anonymous=False)
    assert (await said(town))["from"]["id"] == town.reader.id  # type: ignore[index]


async def test_to_be_anonymous_alone_makes_an_administrator() -> None:
    """promoteChatMember with nothing but is_anonymous promotes; with nothing at all it demotes."""
    town = Town()
    mine = {"can_promote_members": True}
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights=mine)
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    await town.result("promoteChatMember", **target, is_anonymous=True)
    member = town.world.member(**target)
    assert (member.status, member.is_anonymous) == ("administrator", True)
    await town.result("promoteChatMember", **target)
    assert town.world.member(**target).status == "member"


async def test_a_banned_channel_is_silent_and_so_are_its_owners_others() -> None:
    """banChatSenderChat stops one channel and every channel of its owner, until it is lifted."""
    town = Town()
    town.world.join(town.group.id, town.owner.id)
    mine = town.world.chat("channel", "Mine")
    other = town.world.chat("channel", "Other")
    for channel in (mine, other):
        town.world.set_member(channel.id, town.reader.id, "creator")
    target = {"chat_id": town.group.id, "sender_chat_id": mine.id}
    town.world.say(town.group.id, town.reader.id, "as mine", sender_chat_id=mine.id)
    assert (await said(town))["from"]["id"] == 136817688  # type: ignore[index]
    await town.result("banChatSenderChat", **target)
    for channel in (mine, other):
        with pytest.raises(Refused, match="banned"):
            town.world.say(town.group.id, town.reader.id, "again", sender_chat_id=channel.id)
    town.world.say(town.group.id, town.reader.id, "as myself")
    await town.result("unbanChatSenderChat", **target)
    town.world.say(town.group.id, town.reader.id, "as mine", sender_chat_id=mine.id)


async def test_banning_a_sender_needs_the_right_and_a_sender() -> None:
    """Without can_restrict_members, and for what is no channel, it is refused."""
    town = Town()
    target = {"chat_id": town.group.id}
    assert (await town.error("banChatSenderChat", **target, sender_chat_id=-1005))[0] == 400
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={})
    assert await town.error("banChatSenderChat", **target, sender_chat_id=town.channel.id) == (
        400,
        "Bad Request: not enough rights to restrict/unrestrict chat member",
    )


async def test_anybody_may_comment_on_a_post() -> None:
    """Who never joined the discussion group writes under a post, in its thread; nowhere else."""
    town = Town()
    stranger = town.world.person("Sven")
    await town.result("sendMessage", chat_id=town.channel.id, text="post")
    post = await said(town)
    assert post["is_automatic_forward"] is True
    town.world.say(town.group.id, stranger.id, "nice", reply_to_message_id=post["message_id"])  # type: ignore[arg-type]
    comment = await said(town)
    assert comment["message_thread_id"] == post["message_id"]
    assert not town.world.member(town.group.id, stranger.id).present
    with pytest.raises(Refused, match="not a member"):
        town.world.say(town.group.id, stranger.id, "hello")
    answer = town.world.say(
        town.group.id,
        stranger.id,
        "again",
        reply_to_message_id=comment["message_id"],  # type: ignore[arg-type]
    )
    assert answer.thread_id == post["message_id"]


async def test_comments_can_be_for_members_only() -> None:
    """With join_to_send_messages, or when banned, strangers cannot comment."""
    town = Town()
    stranger = town.world.person("Sven")
    await town.result("sendMessage", chat_id=town.channel.id, text="post")
    number: int = (await said(town))["message_id"]  # type: ignore[assignment]
    town.group.join_to_send_messages = True
    with pytest.raises(Refused, match="not a member"):
        town.world.say(town.group.id, stranger.id, "nice", reply_to_message_id=number)
    town.group.join_to_send_messages = False
    await town.result("banChatMember", chat_id=town.group.id, user_id=stranger.id)
    with pytest.raises(Refused, match="banned"):
        town.world.say(town.group.id, stranger.id, "nice", reply_to_message_id=number)


async def test_a_reply_is_in_the_thread_it_began() -> None:
    """In a supergroup replies carry the number of the message the thread began with."""
    town = Town()
    first = town.world.say(town.group.id, town.reader.id, "a")
    reply = {"message_id": first.message_id}
    second = await town.result("sendMessage", chat_id=town.group.id, text="b", reply_parameters=reply)
    assert second["message_thread_id"] == first.message_id


def test_slow_mode_makes_members_wait() -> None:
    """Members speak once in so many seconds, an album counts once; administrators need not wait."""
    town = Town()
    town.world.set_slow_mode(town.group.id, 30)
    for part in "12":
        town.world.say(town.group.id, town.reader.id, part, media_group_id="7")
    with pytest.raises(Refused, match="slow mode") as refused:
        town.world.say(town.group.id, town.reader.id, "b")
    assert refused.value.status == 429
    for text in "ab":
        town.world.say(town.group.id, town.owner.id, text)
    town.clock.advance(30)
    town.world.say(town.group.id, town.reader.id, "c")


async def test_bots_hear_no_other_bots_in_groups() -> None:
    """In a group no bot hears another, in a channel each hears the others."""
    town = Town()
    other = town.world.bot("other_bot")
    for chat in (town.group, town.channel):
        town.world.set_member(chat.id, other.id, "administrator")
    other.queue.clear()
    await town.result("sendMessage", chat_id=town.group.id, text="x")
    assert not other.queue.updates
    await town.result("sendMessage", chat_id=town.channel.id, text="x")
    assert b"channel_post" in other.queue.updates[0].body


def test_some_bots_join_no_groups() -> None:
    """can_join_groups keeps a bot out of groups; into a channel it comes as administrator only."""
    town = Town()
    other = town.world.bot("other_bot")
    with pytest.raises(Refused, match="administrator"):
        town.world.add_bot(town.channel.id, other.id)
    with pytest.raises(Refused, match="no right"):
        town.world.add_bot(town.group.id, other.id, by=town.reader.id, rights={})
    town.world.add_bot(town.group.id, other.id, by=town.reader.id)
    other.can_join_groups = False
    with pytest.raises(Refused, match="joins no groups"):
        town.world.add_bot(town.world.chat("group", "Small").id, other.id)
