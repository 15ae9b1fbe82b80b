"""Invite links: facts/botapi.md §5."""

from typing import Any

import pytest

from gatecrier_sandbox.errors import Refused
from sandbox.town import Town

JOINS = '["chat_member"]'


async def new_link(town: Town, **more: Any) -> dict[str, Any]:
    """A link of the bot's into the group."""
    link: dict[str, Any] = await town.result("createChatInviteLink", chat_id=town.group.id, **more)
    return link


async def test_a_link_lets_in_and_is_named_in_the_update() -> None:
    """Who comes by a link is announced with it; the name is cut to 32 characters."""
    town = Town()
    link = await new_link(town, name="x" * 40)
    assert link["name"] == "x" * 32
    await town.updates(allowed_updates=JOINS)
    guest = town.world.person("Gus")
    town.world.join(town.group.id, guest.id, link=link["invite_link"])
    change = (await town.updates())[-1]["chat_member"]
    assert change["invite_link"]["invite_link"] == link["invite_link"]
    assert "via_join_request" not in change


async def test_a_persons_link_is_cut_short_for_bots() -> None:
    """Of another administrator's link a bot sees the beginning only."""
    town = Town()
    link = town.world.create_link(town.group.id, town.owner.id, name="mine")
    await town.updates(allowed_updates=JOINS)
    guest = town.world.person("Gus")
    town.world.join(town.group.id, guest.id, link=link.url)
    shown = (await town.updates())[-1]["chat_member"]["invite_link"]
    assert shown["invite_link"] == f"{link.url[:22]}..."
    assert shown["creator"]["id"] == town.owner.id


async def test_a_link_ends() -> None:
    """After its date, its revocation, or when as many are in as it lets in, a link lets nobody in."""
    town = Town()
    dated = await new_link(town, expire_date=town.world.today + 60)
    small = await new_link(town, member_limit=1)
    people = [town.world.person(name) for name in ("Gus", "Ida", "Jan")]
    town.world.join(town.group.id, people[0].id, link=small["invite_link"])
    with pytest.raises(Refused, match="too often"):
        town.world.join(town.group.id, people[1].id, link=small["invite_link"])
    town.world.leave(town.group.id, people[0].id)
    town.world.join(town.group.id, people[1].id, link=small["invite_link"])
    town.clock.advance(61)
    with pytest.raises(Refused, match="expired"):
        town.world.join(town.group.id, people[2].id, link=dated["invite_link"])
    gone = await town.result("revokeChatInviteLink", chat_id=town.group.id, invite_link=small["invite_link"])
    assert gone["is_revoked"]
    town.world.leave(town.group.id, people[1].id)
    with pytest.raises(Refused, match="expired"):
        town.world.join(town.group.id, people[2].id, link=small["invite_link"])


async def test_editing_replaces_everything() -> None:
    """What an edit leaves out is taken away."""
    town = Town()
    link = await new_link(town, name="old", member_limit=5)
    url = link["invite_link"]
    edited = await town.result("editChatInviteLink", chat_id=town.group.id, invite_link=url, name="new")
    assert (edited["name"], edited.get("member_limit")) == ("new", None)
    edited = await town.result(
        "editChatInviteLink", chat_id=town.group.id, invite_link=url, creates_join_request=True
    )
    assert edited["creates_join_request"]
    assert "name" not in edited


async def test_the_primary_link_is_replaced_when_revoked() -> None:
    """export makes a new primary link; revoking it makes another; getChat shows the present one."""
    town = Town()
    target = {"chat_id": town.group.id}
    first = await town.result("exportChatInviteLink", **target)
    second = await town.result("exportChatInviteLink", **target)
    with pytest.raises(Refused, match="expired"):
        town.world.join(town.group.id, town.world.person("Gus").id, link=first)
    gone = await town.result("revokeChatInviteLink", **target, invite_link=second)
    assert (gone["is_primary"], gone["is_revoked"]) == (True, True)
    assert (await town.result("getChat", **target))["invite_link"] not in {first, second}


REFUSED = [
    ("createChatInviteLink", {"member_limit": 5, "creates_join_request": True}, "member limit can't be"),
    ("createChatInviteLink", {"expire_date": 5}, "EXPIRE_DATE_INVALID"),
    ("createChatInviteLink", {"member_limit": 200_000}, "USAGE_LIMIT_INVALID"),
    ("editChatInviteLink", {}, "invite link must be non-empty"),
    ("editChatInviteLink", {"invite_link": "https://t.me/+nothing"}, "INVITE_HASH_EXPIRED"),
    ("revokeChatInviteLink", {"invite_link": "/"}, "INVITE_HASH_EXPIRED"),
    ("createChatSubscriptionInviteLink", {}, "invalid subscription pricing specified"),
]


@pytest.mark.parametrize(("method", "more", "text"), REFUSED)
async def test_what_no_link_can_be(method: str, more: dict[str, Any], text: str) -> None:
    """Impossible limits, past dates and unknown links are refused in Telegram's words."""
    town = Town()
    code, description = await town.error(method, chat_id=town.group.id, **more)
    assert code == 400
    assert description.startswith(f"Bad Request: {text}")


async def test_links_need_the_right_to_invite() -> None:
    """Without can_invite_users no link is made, and private chats have none."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    assert await town.error("exportChatInviteLink", chat_id=town.reader.id) == (
        400,
        "Bad Request: can't invite members to a private chat",
    )
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={})
    assert await town.error("exportChatInviteLink", chat_id=town.group.id) == (
        400,
        "Bad Request: not enough rights to manage chat invite link",
    )


async def test_a_paid_membership_ends_after_its_month() -> None:
    """Who comes by a subscription link is a member until a date, and then has left."""
    town = Town()
    pay = {"subscription_period": 2_592_000, "subscription_price": 50}
    link = await town.result("createChatSubscriptionInviteLink", chat_id=town.channel.id, name="club", **pay)
    assert (link["subscription_period"], link["subscription_price"]) == (2_592_000, 50)
    member = town.world.join(town.channel.id, town.reader.id, link=link["invite_link"])
    target = {"chat_id": town.channel.id, "user_id": town.reader.id}
    assert (await town.result("getChatMember", **target))["until_date"] == member.until
    town.clock.advance(2_592_001)
    assert (await town.result("getChatMember", **target))["status"] == "left"
    renamed = await town.result(
        "editChatSubscriptionInviteLink", chat_id=town.channel.id, invite_link=link["invite_link"], name="z"
    )
    assert renamed["name"] == "z"
