"""Members: who they are, and what an administrator bot may do to them."""

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.permission_wish import requested
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import membership, permissions, rights, wire
from gatecrier_sandbox.world.model import (
    OUTSIDE,
    Chat,
    ChatType,
    Dialog,
    Member,
    Person,
    Status,
    Wire,
)

NO_RESTRICT = "not enough rights to restrict/unrestrict chat member"
ONLY_BIG = "method is available for supergroup and channel chats only"
LARGEST_ID = 2**52
MINUTE = 60
"""Seconds."""


@method("getChatMember")
def get_chat_member(call: Call) -> Wire:
    """What somebody is in a chat; who never was there has left."""
    wanted = user_id(call)
    room = call.room(Access.READ_MEMBERS)
    if isinstance(room, Dialog):
        return _peer(call, room, wanted)
    me = membership.current(call.world, room, call.bot.id)
    if room.type is ChatType.CHANNEL and not me.is_admin:
        raise bad_request("member list is inaccessible")
    person, record = known(call, room, wanted), membership.current(call.world, room, wanted)
    if room.has_hidden_members and not (me.is_admin or record.is_admin or person.is_bot):
        raise bad_request("CHAT_ADMIN_REQUIRED")
    return wire.member(room, person, record, viewer=call.bot.id)


def user_id(call: Call) -> int:
    """The account a request means; `ApiError` 400 if it names none."""
    number = call.params.integer("user_id", 0, low=0, high=LARGEST_ID)
    if not number:
        raise bad_request("invalid user_id specified")
    return number


def _peer(call: Call, dialog: Dialog, wanted: int) -> Wire:
    if wanted not in {dialog.person_id, dialog.bot_id}:
        raise bad_request("member not found")
    return {"user": wire.user(call.world.people[wanted]), "status": "member"}


def known(call: Call, chat: Chat, wanted: int) -> Person:
    """The account of this id; `ApiError` 400 if there is none."""
    person = call.world.people.get(wanted)
    if person is None:
        raise bad_request("member not found" if chat.type is ChatType.GROUP else "PARTICIPANT_ID_INVALID")
    return person


@method("restrictChatMember")
def restrict_chat_member(call: Call) -> bool:
    """Leave a member only the given permissions; all sixteen lift the restriction."""
    wanted = user_id(call)
    granted = requested(call)
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat) or room.type is not ChatType.SUPERGROUP:
        raise bad_request("method is available only for supergroups")
    lifting = granted >= permissions.ALL
    _check_restricting(call, room, wanted, "can't unrestrict self" if lifting else "can't restrict self")
    old = membership.current(call.world, room, wanted)
    until = membership.until(call.world, call.integer("until_date"))
    new = membership.restricted(granted, present=old.present, until_date=until, tag=old.tag)
    membership.change(call.world, room, wanted, new, by=call.bot.id)
    return True


def _check_restricting(call: Call, chat: Chat, wanted: int, self_text: str) -> None:
    """The checks before a member is restricted, banned or unbanned, in Telegram's order."""
    if wanted == call.bot.id:
        raise bad_request(self_text)
    known(call, chat, wanted)
    target = membership.current(call.world, chat, wanted)
    if target.status is Status.CREATOR:
        raise bad_request("can't remove chat owner")
    _check_right(call, chat)
    if target.status is Status.ADMINISTRATOR and target.promoter != call.bot.id:
        raise bad_request("user is an administrator of the chat")


def _check_right(call: Call, chat: Chat) -> None:
    me = membership.current(call.world, chat, call.bot.id)
    if not rights.holds(chat, me, "can_restrict_members"):
        raise bad_request(NO_RESTRICT)


@method("banChatMember", missing=("revoke_messages: the messages stay",))
def ban_chat_member(call: Call) -> bool:
    """Throw somebody out (a basic group only removes) and keep them out."""
    wanted = user_id(call)
    room = call.room(Access.WRITE)
    if isinstance(room, Dialog):
        raise bad_request("can't ban members in private chats")
    _check_restricting(call, room, wanted, "can't restrict self")
    until = membership.until(call.world, call.integer("until_date"))
    new = OUTSIDE if room.type is ChatType.GROUP else Member(Status.KICKED, until=until)
    membership.change(call.world, room, wanted, new, by=call.bot.id)
    return True


@method("kickChatMember")
def kick_chat_member(call: Call) -> object:
    """The older name."""
    return ban_chat_member(call)


@method("unbanChatMember")
def unban_chat_member(call: Call) -> bool:
    """
    Let somebody come back. Without `only_if_banned` a present member is thrown out.

    Telegram bans them for a minute and lifts that at once: two changes.
    Source: td, restrict_channel_participant.
    """
    wanted = user_id(call)
    room = big_chat(call)
    member = membership.current(call.world, room, wanted)
    if call.flag("only_if_banned") and member.status is not Status.KICKED:
        return True
    _check_restricting(call, room, wanted, "can't unrestrict self")
    if member.present:
        banned = Member(Status.KICKED, until=call.world.today + MINUTE)
        membership.change(call.world, room, wanted, banned, by=call.bot.id)
    membership.change(call.world, room, wanted, OUTSIDE, by=call.bot.id)
    return True


def big_chat(call: Call) -> Chat:
    """The supergroup or channel of the request; `ApiError` 400 if it is another kind of chat."""
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat) or room.type is ChatType.GROUP:
        raise bad_request(ONLY_BIG)
    return room


@method("banChatSenderChat")
def ban_chat_sender_chat(call: Call) -> bool:
    """Nobody may speak as that chat any more, nor its owner as any of theirs."""
    chat, sender_id = _sender_chat(call)
    chat.banned_senders.add(sender_id)
    return True


@method("unbanChatSenderChat")
def unban_chat_sender_chat(call: Call) -> bool:
    """People may speak as that chat again."""
    chat, sender_id = _sender_chat(call)
    chat.banned_senders.discard(sender_id)
    return True


def _sender_chat(call: Call) -> tuple[Chat, int]:
    """The chat and the chat that speaks in it, if the bot may ban."""
    chat = big_chat(call)
    sender_id = call.params.integer("sender_chat_id", 0, low=-(2**52), high=LARGEST_ID)
    if not sender_id:
        raise bad_request("invalid sender_chat_id specified")
    _check_right(call, chat)
    sender = call.world.chats.get(sender_id)
    if sender is None or sender.type is ChatType.GROUP:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if sender_id == chat.id:
        raise bad_request("can't restrict self")
    return chat, sender_id
