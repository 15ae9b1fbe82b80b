"""Invite links."""

import string

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import membership, rights, wire
from gatecrier_sandbox.world.model import Chat, InviteLink, Wire

LETTERS = string.ascii_letters + string.digits + "_-"
LONGEST_NAME = 32
MOST_MEMBERS = 99_999


@method("createChatInviteLink")
def create_chat_invite_link(call: Call) -> Wire:
    """A further link of this bot."""
    chat = _chat(call)
    link = InviteLink(
        _address(call),
        call.bot.id,
        name=call.text("name")[:LONGEST_NAME],
        expire_date=call.integer("expire_date"),
        member_limit=call.params.integer("member_limit", 0, low=0, high=MOST_MEMBERS),
        creates_join_request=call.flag("creates_join_request"),
    )
    if link.creates_join_request and link.member_limit:
        raise bad_request("member limit can't be specified for links requiring administrator approval")
    if 0 < link.expire_date <= call.world.clock.now():
        raise bad_request("EXPIRE_DATE_INVALID")
    chat.links.append(link)
    return wire.invite_link(call.world, link)


@method("exportChatInviteLink")
def export_chat_invite_link(call: Call) -> str:
    """A new primary link of this bot; its earlier one is revoked."""
    chat = _chat(call)
    for link in chat.links:
        if link.is_primary and link.creator_id == call.bot.id:
            link.is_primary, link.is_revoked = False, True
    chat.links.append(InviteLink(_address(call), call.bot.id, is_primary=True))
    return chat.links[-1].url


def _chat(call: Call) -> Chat:
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat):
        raise bad_request("can't invite members to a private chat")
    me = membership.current(call.world, room, call.bot.id)
    if not rights.holds(room, me, "can_invite_users"):
        raise bad_request("not enough rights to manage chat invite link")
    return room


def _address(call: Call) -> str:
    return f"https://t.me/+{''.join(call.world.rng.choices(LETTERS, k=16))}"
