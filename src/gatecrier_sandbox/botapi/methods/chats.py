"""Chats as a whole: what they are, how many are in them, leaving."""

from gatecrier_sandbox.botapi import access
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import membership, permissions, rights, wire
from gatecrier_sandbox.world.model import OUTSIDE, Chat, ChatType, Dialog, Wire

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_audio",
        "upload_audio",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
        "cancel",
    ]
)


@method("getChat")
def get_chat(call: Call) -> Wire:
    """A ChatFullInfo."""
    room = _readable(call)
    if isinstance(room, Chat):
        return _full(call, room)
    return wire.private_chat(call.world.people[room.person_id]) | _common()


def _readable(call: Call) -> Chat | Dialog:
    """The room; a person met in a group can be read before any dialog."""
    chat_id = call.text("chat_id")
    if chat_id:
        number = access.identify(call.world, call.bot, chat_id)
        if number > 0 and number not in call.bot.dialogs and access.seen_person(call.world, call.bot, number):
            return Dialog(call.bot.id, number)
    return call.room(Access.READ)


def _common() -> Wire:
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"),
        False,
    )
    return {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def _full(call: Call, chat: Chat) -> Wire:
    shown = wire.chat(chat) | _common()
    if chat.username:
        shown["active_usernames"] = [chat.username]
    if chat.linked_chat_id:
        shown["linked_chat_id"] = chat.linked_chat_id
    if chat.is_group:
        shown["permissions"] = permissions.view(chat.permissions)
    me = membership.current(call.world, chat, call.bot.id)
    link = next((link for link in chat.links if link.is_primary and link.creator_id == call.bot.id), None)
    if link is not None and rights.holds(chat, me, "can_invite_users"):
        shown["invite_link"] = link.url
    if chat.type is not ChatType.GROUP:
        shown["has_visible_history"] = True
    return shown


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    """How many are present; two in a dialog."""
    room = call.room(Access.READ)
    return sum(member.present for member in room.members.values()) if isinstance(room, Chat) else 2


@method("getChatMembersCount")
def get_chat_members_count(call: Call) -> object:
    """The older name."""
    return get_chat_member_count(call)


@method("leaveChat")
def leave_chat(call: Call) -> bool:
    """The bot goes, by itself."""
    room = call.room(Access.EDIT)
    if isinstance(room, Dialog):
        raise bad_request("chat member status can't be changed in private chats")
    membership.change(call.world, room, call.bot.id, OUTSIDE, by=call.bot.id)
    return True


@method("sendChatAction")
def send_chat_action(call: Call) -> bool:
    """Show that the bot is busy; nobody sees it here."""
    if call.text("action").lower() not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    room = call.room(Access.WRITE)
    access.check_posting(call.world, call.bot, room)
    return True
