"""Who may do what: facts/botapi.md §3 and §5."""

from typing import Any

import pytest

from gatecrier_sandbox.errors import ApiError, Refused
from gatecrier_sandbox.world import rights
from gatecrier_sandbox.world.permissions import ALL, MEDIA, PERMISSIONS, requested
from sandbox.town import ALL_UPDATES, Town

TEXT = {"can_send_messages", "can_react_to_messages"}
DEPENDENT = [
    ({}, set()),
    ({"can_send_messages": True}, TEXT),
    ({"can_send_polls": True}, {"can_send_polls", *TEXT}),
    ({"can_send_photos": True}, {"can_send_photos", *TEXT}),
    ({"can_send_other_messages": True}, {"can_send_other_messages", *MEDIA, *TEXT}),
    ({"can_pin_messages": True}, {"can_pin_messages", "can_manage_topics", "can_edit_tag"}),
    ({"can_send_messages": True, "can_react_to_messages": False}, {"can_send_messages"}),
    ({"can_send_media_messages": True}, {*MEDIA, *TEXT}),
]


@pytest.mark.parametrize(("given", "granted"), DEPENDENT)
def test_permissions_left_out_are_false_and_some_bring_others(
    given: dict[str, object], granted: set[str]
) -> None:
    """Without use_independent_chat_permissions polls bring text, previews bring media, media bring text."""
    assert requested(given, independent=False) == granted


def test_independent_permissions_stand_alone() -> None:
    """With use_independent_chat_permissions photos can be allowed without text."""
    assert requested({"can_send_photos": True}, independent=True) == {"can_send_photos"}


def test_a_permission_is_a_boolean() -> None:
    """Anything else is refused in Telegram's words."""
    with pytest.raises(ApiError, match='Field "can_send_polls" must be of type Boolean'):
        requested({"can_send_polls": 1}, independent=True)


async def mute(town: Town, **more: Any) -> None:
    """Take every permission from the reader."""
    await town.result(
        "restrictChatMember", chat_id=town.group.id, user_id=town.reader.id, permissions={}, **more
    )


async def test_a_restriction_silences_and_survives_leaving() -> None:
    """The muted cannot write, not even after coming back; all sixteen permissions set them free."""
    town = Town()
    await mute(town)
    town.world.leave(town.group.id, town.reader.id)
    member = await town.result("getChatMember", chat_id=town.group.id, user_id=town.reader.id)
    assert (member["status"], member["is_member"]) == ("restricted", False)
    town.world.join(town.group.id, town.reader.id)
    with pytest.raises(Refused, match="restricted"):
        town.world.say(town.group.id, town.reader.id, "hello")
    everything = dict.fromkeys(PERMISSIONS, True)
    await town.result(
        "restrictChatMember", chat_id=town.group.id, user_id=town.reader.id, permissions=everything
    )
    assert town.world.say(town.group.id, town.reader.id, "hello").text == "hello"
    assert town.world.member(town.group.id, town.reader.id).status == "member"


@pytest.mark.parametrize(("ahead", "kept"), [(29, 0), (31, 31), (367 * 86_400, 0)])
async def test_a_date_too_near_or_too_far_means_for_ever(ahead: int, kept: int) -> None:
    """until_date counts between 30 seconds and 366 days."""
    town = Town()
    await mute(town, until_date=town.world.today + ahead)
    until = town.world.member(town.group.id, town.reader.id).until
    assert until == (town.world.today + kept if kept else 0)


async def test_the_date_a_bot_gave_is_the_date_it_sees() -> None:
    """until_date is the same Unix second in getChatMember and in chat_member, restricted or banned."""
    town = Town()
    await town.updates(allowed_updates=ALL_UPDATES)
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    for method, days in (("restrictChatMember", 1), ("banChatMember", 2)):
        date = town.world.today + days * 86_400
        await town.result(method, **target, permissions={}, until_date=date)
        assert (await town.result("getChatMember", **target))["until_date"] == date
        assert (await town.updates())[-1]["chat_member"]["new_chat_member"]["until_date"] == date


async def test_a_basic_group_removes_instead_of_banning() -> None:
    """Who was banned from a basic group has left, and comes back when they like."""
    town = Town()
    small = town.world.chat("group", "Small")
    town.world.set_member(small.id, town.bot.id, "administrator")
    town.world.join(small.id, town.reader.id)
    await town.result("banChatMember", chat_id=small.id, user_id=town.reader.id)
    assert town.world.member(small.id, town.reader.id).status == "left"
    assert town.world.join(small.id, town.reader.id).present


async def test_lifting_everything_from_the_banned_lets_them_back() -> None:
    """All sixteen permissions for somebody kicked make them left, not a member."""
    town = Town()
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    await town.result("banChatMember", **target)
    await town.result("restrictChatMember", **target, permissions=dict.fromkeys(PERMISSIONS, True))
    assert (await town.result("getChatMember", **target))["status"] == "left"
    assert town.world.join(town.group.id, town.reader.id).status == "member"


async def test_a_restriction_ends_by_itself() -> None:
    """When until_date has passed the person speaks again."""
    town = Town()
    await mute(town, until_date=town.world.today + 60)
    town.clock.advance(61)
    town.world.say(town.group.id, town.reader.id, "free")


async def test_a_restriction_is_announced() -> None:
    """The bot itself hears the chat_member update of what it did; the same again says nothing."""
    town = Town()
    await town.updates(allowed_updates=ALL_UPDATES)
    await mute(town)
    await mute(town)
    (update,) = await town.updates()
    change = update["chat_member"]
    assert change["from"]["id"] == town.bot.id
    assert change["old_chat_member"]["status"] == "member"
    new = change["new_chat_member"]
    assert (new["status"], new["is_member"], new["until_date"]) == ("restricted", True, 0)
    assert {name for name in PERMISSIONS if new[name]} == set()


async def test_default_permissions_hold_for_everyone_but_administrators() -> None:
    """A group that lets nobody write lets only administrators write."""
    town = Town()
    quiet = town.world.chat("supergroup", "Quiet", permissions={"can_send_messages": False})
    town.world.join(quiet.id, town.reader.id)
    town.world.set_member(quiet.id, town.owner.id, "creator")
    with pytest.raises(Refused, match="restricted"):
        town.world.say(quiet.id, town.reader.id, "hello")
    town.world.say(quiet.id, town.owner.id, "hello")
    town.world.set_member(quiet.id, town.bot.id, "member")
    assert await town.error("sendMessage", chat_id=quiet.id, text="x") == (
        400,
        "Bad Request: not enough rights to send text messages to the chat",
    )


REFUSALS = [
    ("restrictChatMember", "bot", "Bad Request: can't restrict self"),
    ("restrictChatMember", "owner", "Bad Request: can't remove chat owner"),
    ("restrictChatMember", "admin", "Bad Request: user is an administrator of the chat"),
    ("banChatMember", "owner", "Bad Request: can't remove chat owner"),
    ("promoteChatMember", "bot", "Bad Request: can't promote self"),
    ("promoteChatMember", "reader", "Bad Request: not enough rights"),
    ("promoteChatMember", "owner", "Bad Request: can't remove chat owner"),
]


@pytest.mark.parametrize(("method", "who", "text"), REFUSALS)
async def test_some_members_are_out_of_reach(method: str, who: str, text: str) -> None:
    """Oneself, the owner and other people's administrators cannot be touched."""
    town = Town()
    admin = town.world.person("Ada")
    town.world.set_member(town.group.id, admin.id, "administrator", by=town.owner.id)
    target = {"bot": town.bot.id, "owner": town.owner.id, "admin": admin.id, "reader": town.reader.id}[who]
    error = await town.error(
        method, chat_id=town.group.id, user_id=target, permissions={}, can_pin_messages=True
    )
    assert error == (400, text)


async def test_without_the_right_nothing_is_restricted() -> None:
    """An administrator without can_restrict_members is refused in Telegram's words."""
    town = Town()
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={"can_delete_messages": True})
    for method in ("restrictChatMember", "banChatMember", "unbanChatMember"):
        assert await town.error(method, chat_id=town.group.id, user_id=town.reader.id, permissions={}) == (
            400,
            "Bad Request: not enough rights to restrict/unrestrict chat member",
        )


async def test_unban_throws_a_present_member_out_unless_told_not_to() -> None:
    """only_if_banned protects members; without it unban removes them; a ban lasts until then."""
    town = Town()
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    await town.result("unbanChatMember", **target, only_if_banned=True)
    assert town.world.member(**target).present
    await town.result("unbanChatMember", **target)
    assert not town.world.member(**target).present
    await town.result("banChatMember", **target)
    with pytest.raises(Refused, match="banned"):
        town.world.join(town.group.id, town.reader.id)
    await town.result("unbanChatMember", **target)
    town.world.join(town.group.id, town.reader.id)


async def test_unban_of_a_member_is_a_ban_and_its_end() -> None:
    """A present member is banned for a minute and that is lifted: two changes, both by the bot."""
    town = Town()
    await town.updates(allowed_updates=ALL_UPDATES)
    await town.result("unbanChatMember", chat_id=town.group.id, user_id=town.reader.id)
    changes = [one["chat_member"] for one in await town.updates() if "chat_member" in one]
    steps = [(one["old_chat_member"]["status"], one["new_chat_member"]["status"]) for one in changes]
    assert steps == [("member", "kicked"), ("kicked", "left")]
    assert {one["from"]["id"] for one in changes} == {town.bot.id}


async def test_get_chat_member_knows_everybody_who_exists() -> None:
    """Who never joined has left; who does not exist is no participant; no id is refused."""
    town = Town()
    stranger = town.world.person("Sven")
    member = await town.result("getChatMember", chat_id=town.group.id, user_id=stranger.id)
    assert member["status"] == "left"
    for user_id, text in ((999, "PARTICIPANT_ID_INVALID"), ("", "invalid user_id specified")):
        error = await town.error("getChatMember", chat_id=town.group.id, user_id=user_id)
        assert error == (400, f"Bad Request: {text}")


async def test_a_channel_shows_its_members_to_administrators_only() -> None:
    """A bot that is no administrator of a channel cannot see who is in it."""
    town = Town()
    town.world.set_member(town.channel.id, town.bot.id, "left")
    assert await town.error("getChatMember", chat_id="@news", user_id=town.reader.id) == (
        400,
        "Bad Request: member list is inaccessible",
    )


async def test_chats_nobody_told_the_bot_about_do_not_exist() -> None:
    """Unknown ids and names are not found; private chats one left are forbidden; public ones are read."""
    town = Town()
    hidden = town.world.chat("supergroup", "Hidden")
    for chat_id in (hidden.id, 4711, "@nobody", "abc", "@olga"):
        assert await town.error("getChat", chat_id=chat_id) == (400, "Bad Request: chat not found")
    assert await town.error("getChat") == (400, "Bad Request: chat_id is empty")
    town.world.set_member(town.group.id, town.bot.id, "left")
    town.world.set_member(town.channel.id, town.bot.id, "left")
    assert await town.error("getChat", chat_id=town.group.id) == (
        403,
        "Forbidden: bot is not a member of the supergroup chat",
    )
    assert (await town.result("getChat", chat_id="@News"))["linked_chat_id"] == town.group.id
    assert await town.error("sendMessage", chat_id="@news", text="x") == (
        403,
        "Forbidden: bot is not a member of the channel chat",
    )


async def test_administrators_are_listed_without_other_bots() -> None:
    """The owner first, the calling bot, the others; other bots only when asked for."""
    town = Town()
    other = town.world.bot("other_bot")
    town.world.set_member(town.group.id, other.id, "administrator")
    shown = await town.result("getChatAdministrators", chat_id=town.group.id)
    assert [member["user"]["id"] for member in shown] == [town.owner.id, town.bot.id]
    every = await town.result("getChatAdministrators", chat_id=town.group.id, return_bots=True)
    assert len(every) == 3
    assert await town.result("getChatMemberCount", chat_id=town.group.id) == 4


async def test_a_bot_promotes_only_with_rights_it_has() -> None:
    """Promotion gives the named rights; what the bot lacks is forbidden; none of them demotes."""
    town = Town()
    mine = {"can_promote_members": True, "can_pin_messages": True}
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights=mine)
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    assert await town.error("promoteChatMember", **target, can_delete_messages=True) == (
        400,
        "Bad Request: RIGHT_FORBIDDEN",
    )
    await town.result("promoteChatMember", **target, can_pin_messages=True)
    member = await town.result("getChatMember", **target)
    assert (member["can_be_edited"], member["can_pin_messages"]) == (True, True)
    await town.result("promoteChatMember", **target)
    assert town.world.member(**target).status == "member"


async def test_another_persons_administrator_is_not_promoted() -> None:
    """Only who made an administrator changes their rights or takes them away."""
    town = Town()
    every = dict.fromkeys(rights.OF_TYPE[town.group.type], True)
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights=every)
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    town.world.set_member(town.group.id, town.reader.id, "administrator", by=town.owner.id)
    for wish in ({"can_pin_messages": True}, {}):
        assert await town.error("promoteChatMember", **target, **wish) == (
            400,
            "Bad Request: CHAT_ADMIN_REQUIRED",
        )
    assert town.world.member(**target).is_admin


@pytest.mark.parametrize("shape", ["{}_{}", "{} {}", " {}{}", "{}{} ", "+{}{}"])
async def test_a_chat_id_is_digits_and_nothing_else(shape: str) -> None:
    """No underscores, no blanks, no plus sign: Python's int() is kinder than Telegram."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    digits = str(town.reader.id)
    assert await town.result("getChat", chat_id=digits)
    written = shape.format(digits[:3], digits[3:])
    assert await town.error("getChat", chat_id=written) == (400, "Bad Request: chat not found")


def test_sixteen_permissions() -> None:
    """Bot API 10.3 has sixteen."""
    assert len(PERMISSIONS) == len(ALL) == 16


async def test_a_title_stands_beside_an_administrators_name() -> None:
    """Only who made an administrator gives them a title: sixteen characters, no emoji; it is announced."""
    town = Town()
    every = dict.fromkeys(rights.OF_TYPE[town.group.type], True)
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights=every)
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    method = "setChatAdministratorCustomTitle"
    refusals = [("user is not an administrator", town.reader), ("only the owner can edit", town.owner)]
    for text, person in refusals:
        assert text in (await town.error(method, chat_id=town.group.id, user_id=person.id))[1]
    await town.result("promoteChatMember", **target, can_pin_messages=True)
    await town.result(method, **target, custom_title="Gardener")
    assert (await town.result("getChatMember", **target))["custom_title"] == "Gardener"
    town.world.say(town.group.id, town.reader.id, "hello")
    assert (await town.updates())[-1]["message"]["sender_tag"] == "Gardener"
    for title, code in (("x" * 17, "CUSTOM_TITLE_INVALID"), ("Rose 🌹", "CUSTOM_TITLE_EMOJI_NOT_ALLOWED")):
        assert await town.error(method, **target, custom_title=title) == (400, f"Bad Request: {code}")
    town.world.set_member(town.group.id, town.reader.id, "administrator", by=town.owner.id)
    assert await town.error(method, **target, custom_title="x") == (
        400,
        "Bad Request: not enough rights to change custom title of the user",
    )


async def test_a_tag_stands_beside_a_members_name() -> None:
    """A tag survives a restriction, administrators have none, and it needs can_manage_tags."""
    town = Town()
    target = {"chat_id": town.group.id, "user_id": town.reader.id}
    await town.result("setChatMemberTag", **target, tag="guest")
    await mute(town)
    assert (await town.result("getChatMember", **target))["tag"] == "guest"
    assert await town.error("setChatMemberTag", **target, tag="🌹") == (
        400,
        "Bad Request: TAG_EMOJI_NOT_ALLOWED",
    )
    assert await town.error("setChatMemberTag", chat_id=town.group.id, user_id=town.owner.id, tag="x") == (
        400,
        "Bad Request: TAG_CHANGE_FORBIDDEN",
    )
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={})
    assert (await town.error("setChatMemberTag", **target, tag="x"))[0] == 400


async def test_hidden_members_are_seen_by_administrators_only() -> None:
    """A plain bot sees administrators and bots of such a group, and nobody else."""
    town = Town()
    town.group.has_hidden_members = True
    town.world.set_member(town.group.id, town.bot.id, "member")
    target = {"chat_id": town.group.id}
    assert await town.error("getChatMember", **target, user_id=town.reader.id) == (
        400,
        "Bad Request: CHAT_ADMIN_REQUIRED",
    )
    for person in (town.owner.id, town.bot.id):
        await town.result("getChatMember", **target, user_id=person)
    town.world.set_member(town.group.id, town.bot.id, "administrator")
    await town.result("getChatMember", **target, user_id=town.reader.id)


async def test_who_promotes_may_edit_whom_those_promote() -> None:
    """can_be_edited follows the chain of promotions."""
    town = Town()
    every = dict.fromkeys(rights.OF_TYPE[town.group.type], True)
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights=every)
    helper = town.world.person("Hal")
    town.world.set_member(town.group.id, town.reader.id, "administrator", rights=every, by=town.bot.id)
    town.world.set_member(town.group.id, helper.id, "administrator", by=town.reader.id)
    target = {"chat_id": town.group.id, "user_id": helper.id}
    assert (await town.result("getChatMember", **target))["can_be_edited"]
    await town.result("promoteChatMember", **target)
    assert town.world.member(**target).status == "member"


async def test_an_administrator_says_what_the_group_forbids() -> None:
    """Default permissions do not bind administrators, of people and of bots."""
    town = Town()
    await town.result("setChatPermissions", chat_id=town.group.id, permissions={})
    await town.result("sendDice", chat_id=town.group.id)
    assert "can_send_polls" in town.world.allowed(town.group.id, town.owner.id)
