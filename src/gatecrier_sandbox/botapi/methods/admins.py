"""Administrators: who they are, who becomes one, and what stands beside a name."""

import re

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.methods.members import big_chat, known, user_id
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import membership, rights, wire
from gatecrier_sandbox.world.model import INSIDE, Chat, ChatType, Dialog, Member, Status, Wire

LONGEST_TITLE = 16
EMOJI = re.compile("[\U0001f000-\U0001fbff\u2600-\u27bf\u231a\u231b\u23e9-\u23fa\u2b1b-\u2b55\u20e3\ufe0f]")


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Wire]:
    """The owner and the administrators; other bots only if asked for."""
    room = call.room(Access.READ_MEMBERS)
    if isinstance(room, Dialog):
        raise bad_request("there are no administrators in the private chat")
    me = membership.current(call.world, room, call.bot.id)
    if room.type is ChatType.CHANNEL and not me.is_admin:
        raise bad_request("member list is inaccessible")
    return [
        wire.member(room, call.world.people[number], member, viewer=call.bot.id)
        for number, member in room.members.items()
        if member.is_admin and _is_listed(call, number)
    ]


def _is_listed(call: Call, number: int) -> bool:
    is_other_bot = number in call.world.bots and number != call.bot.id
    return not is_other_bot or call.flag("return_bots")


@method("promoteChatMember")
def promote_chat_member(call: Call) -> bool:
    """Make somebody an administrator with the given rights; none of them takes the rank away."""
    wanted = user_id(call)
    chat = big_chat(call)
    wished = _wished_rights(call, chat)
    _check_promoting(call, chat, wanted, wished)
    old = membership.current(call.world, chat, wanted)
    if not wished:
        new = INSIDE if old.is_admin else old
    else:
        new = Member(
            Status.ADMINISTRATOR,
            present=True,
            rights=wished,
            promoter=old.promoter or call.bot.id,
            is_anonymous=call.flag("is_anonymous"),
            custom_title=old.custom_title,
        )
    membership.change(call.world, chat, wanted, new, by=call.bot.id)
    return True


def _wished_rights(call: Call, chat: Chat) -> frozenset[str]:
    """
    The true ones, can_manage_chat implied; a channel gives can_restrict_members unless told otherwise.

    To be anonymous makes an administrator, too: only if every parameter is false, nobody is one.
    """
    wished = {name for name in rights.OF_TYPE[chat.type] if call.flag(name)}
    if call.flag("can_manage_voice_chats"):
        wished.add("can_manage_video_chats")
    if not wished and not call.flag("is_anonymous"):
        return frozenset()
    if chat.type is ChatType.CHANNEL and "can_restrict_members" not in call.params.values:
        wished.add("can_restrict_members")
    return frozenset(wished | {"can_manage_chat"})


def _check_promoting(call: Call, chat: Chat, wanted: int, wished: frozenset[str]) -> None:
    if wanted == call.bot.id:
        raise bad_request("can't promote self")
    known(call, chat, wanted)
    target = membership.current(call.world, chat, wanted)
    me = membership.current(call.world, chat, call.bot.id)
    if target.status is Status.CREATOR:
        raise bad_request("can't remove chat owner")
    if not rights.holds(chat, me, "can_promote_members"):
        raise bad_request("not enough rights")
    if target.status is Status.ADMINISTRATOR and not rights.may_edit(chat, call.bot.id, target):
        raise bad_request("CHAT_ADMIN_REQUIRED")
    if not target.present and wished:
        raise bad_request("USER_NOT_PARTICIPANT")
    if any(not rights.holds(chat, me, name) for name in wished):
        raise bad_request("RIGHT_FORBIDDEN")


@method("setChatAdministratorCustomTitle")
def set_chat_administrator_custom_title(call: Call) -> bool:
    """Write something else than "admin" beside an administrator's name."""
    wanted = user_id(call)
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat) or room.type is not ChatType.SUPERGROUP:
        raise bad_request("method is available only for supergroups")
    known(call, room, wanted)
    target = membership.current(call.world, room, wanted)
    if target.status is Status.CREATOR:
        raise bad_request("only the owner can edit their custom title")
    if not target.is_admin:
        raise bad_request("user is not an administrator")
    if not rights.may_edit(room, call.bot.id, target):
        raise bad_request("not enough rights to change custom title of the user")
    title = _short(call, "custom_title", "CUSTOM_TITLE")
    membership.rename(call.world, room, wanted, by=call.bot.id, custom_title=title)
    return True


@method("setChatMemberTag")
def set_chat_member_tag(call: Call) -> bool:
    """Write something beside a member's name; administrators have titles instead."""
    wanted = user_id(call)
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat) or room.type is ChatType.CHANNEL:
        raise bad_request("method is available only for groups and supergroups")
    known(call, room, wanted)
    if not rights.holds(room, membership.current(call.world, room, call.bot.id), "can_manage_tags"):
        raise bad_request("not enough rights to change tag of the user")
    target = membership.current(call.world, room, wanted)
    if not target.present:
        raise bad_request("USER_NOT_PARTICIPANT")
    if target.is_admin:
        raise bad_request("TAG_CHANGE_FORBIDDEN")
    tag = _short(call, "tag", "TAG")
    membership.rename(call.world, room, wanted, by=call.bot.id, tag=tag)
    return True


def _short(call: Call, name: str, code: str) -> str:
    """A title or tag: few characters, no emoji."""
    text = call.text(name).strip()
    if len(text) > LONGEST_TITLE:
        raise bad_request(f"{code}_INVALID")
    if EMOJI.search(text):
        raise bad_request(f"{code}_EMOJI_NOT_ALLOWED")
    return text
