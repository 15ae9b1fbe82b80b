"""Members: who they are, and what an administrator bot may do to them."""

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import membership, permissions, rights, wire
from gatecrier_sandbox.world.model import (
    INSIDE,
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


@method("getChatMember")
def get_chat_member(call: Call) -> Wire:
    """What somebody is in a chat; who never was there has left."""
    user_id = _user_id(call)
    room = call.room(Access.READ)
    if isinstance(room, Dialog):
        return _peer(call, room, user_id)
    me = membership.current(call.world, room, call.bot.id)
    if room.type is ChatType.CHANNEL and not me.is_admin:
        raise bad_request("member list is inaccessible")
    person = _member_person(call, room, user_id)
    return wire.member(room, person, membership.current(call.world, room, user_id), viewer=call.bot.id)


def _user_id(call: Call) -> int:
    user_id = call.params.integer("user_id", 0, low=0, high=LARGEST_ID)
    if not user_id:
        raise bad_request("invalid user_id specified")
    return user_id


def _peer(call: Call, dialog: Dialog, user_id: int) -> Wire:
    if user_id not in {dialog.person_id, dialog.bot_id}:
        raise bad_request("member not found")
    return {"user": wire.user(call.world.people[user_id]), "status": "member"}


def _member_person(call: Call, chat: Chat, user_id: int) -> Person:
    person = call.world.people.get(user_id)
    if person is None:
        raise bad_request("member not found" if chat.type is ChatType.GROUP else "PARTICIPANT_ID_INVALID")
    return person


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Wire]:
    """The owner and the administrators; other bots only with `return_bots`."""
    room = call.room(Access.READ)
    if isinstance(room, Dialog):
        raise bad_request("there are no administrators in the private chat")
    me = membership.current(call.world, room, call.bot.id)
    if room.type is ChatType.CHANNEL and not me.is_admin:
        raise bad_request("member list is inaccessible")
    shown = []
    owner_first = sorted(room.members.items(), key=lambda item: item[1].status is not Status.CREATOR)
    for user_id, member in owner_first:
        is_other_bot = user_id in call.world.bots and user_id != call.bot.id
        if member.is_admin and (not is_other_bot or call.flag("return_bots")):
            person = call.world.people[user_id]
            shown.append(wire.member(room, person, member, viewer=call.bot.id))
    return shown


@method("restrictChatMember")
def restrict_chat_member(call: Call) -> bool:
    """Leave a member only the given permissions; all sixteen lift the restriction."""
    user_id = _user_id(call)
    granted = _requested(call)
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat) or room.type is not ChatType.SUPERGROUP:
        raise bad_request("method is available only for supergroups")
    lifting = granted >= permissions.ALL
    _check_restricting(call, room, user_id, "can't unrestrict self" if lifting else "can't restrict self")
    old = membership.current(call.world, room, user_id)
    until = membership.until(call.world, call.integer("until_date"))
    new = membership.restricted(granted, present=old.present, until_date=until)
    membership.change(call.world, room, user_id, new, by=call.bot.id)
    return True


def _requested(call: Call) -> frozenset[str]:
    """The permissions of the request; without the object the older single parameters count."""
    raw = call.text("permissions")
    independent = call.flag("use_independent_chat_permissions")
    if not raw:
        given: dict[str, object] = {
            name: call.flag(name) for name in OLD_PARAMETERS if name in call.params.values
        }
        return permissions.requested(given, independent=independent)
    value = decode(raw, "permissions")
    if not isinstance(value, dict):
        raise bad_request("can't parse chat permissions: expected an Object")
    return permissions.requested(value, independent=independent)


OLD_PARAMETERS = (
    "can_send_messages",
    permissions.LEGACY_MEDIA,
    "can_send_other_messages",
    "can_add_web_page_previews",
)


def _check_restricting(call: Call, chat: Chat, user_id: int, self_text: str) -> None:
    """The checks before a member is restricted, banned or unbanned, in Telegram's order."""
    if user_id == call.bot.id:
        raise bad_request(self_text)
    _member_person(call, chat, user_id)
    target = membership.current(call.world, chat, user_id)
    if target.status is Status.CREATOR:
        raise bad_request("can't remove chat owner")
    me = membership.current(call.world, chat, call.bot.id)
    if not rights.holds(chat, me, "can_restrict_members"):
        raise bad_request(NO_RESTRICT)
    if target.status is Status.ADMINISTRATOR and target.promoter != call.bot.id:
        raise bad_request("user is an administrator of the chat")


@method("banChatMember")
def ban_chat_member(call: Call) -> bool:
    """Throw somebody out (a basic group only removes) and keep them out."""
    user_id = _user_id(call)
    room = call.room(Access.WRITE)
    if isinstance(room, Dialog):
        raise bad_request("can't ban members in private chats")
    _check_restricting(call, room, user_id, "can't restrict self")
    until = membership.until(call.world, call.integer("until_date"))
    new = OUTSIDE if room.type is ChatType.GROUP else Member(Status.KICKED, until=until)
    membership.change(call.world, room, user_id, new, by=call.bot.id)
    return True


@method("kickChatMember")
def kick_chat_member(call: Call) -> object:
    """The older name."""
    return ban_chat_member(call)


@method("unbanChatMember")
def unban_chat_member(call: Call) -> bool:
    """Let somebody come back. Without `only_if_banned` a present member is thrown out."""
    user_id = _user_id(call)
    room = _big_chat(call)
    member = membership.current(call.world, room, user_id)
    if call.flag("only_if_banned") and member.status is not Status.KICKED:
        return True
    _check_restricting(call, room, user_id, "can't unrestrict self")
    membership.change(call.world, room, user_id, OUTSIDE, by=call.bot.id)
    return True


def _big_chat(call: Call) -> Chat:
    room = call.room(Access.WRITE)
    if not isinstance(room, Chat) or room.type is ChatType.GROUP:
        raise bad_request(ONLY_BIG)
    return room


@method("promoteChatMember")
def promote_chat_member(call: Call) -> bool:
    """Make somebody an administrator with the given rights; none of them takes the rank away."""
    user_id = _user_id(call)
    chat = _big_chat(call)
    wished = _wished_rights(call, chat)
    _check_promoting(call, chat, user_id, wished)
    old = membership.current(call.world, chat, user_id)
    if not wished:
        new = INSIDE if old.is_admin else old
    else:
        anonymous = call.flag("is_anonymous")
        new = Member(
            Status.ADMINISTRATOR, present=True, rights=wished, promoter=call.bot.id, is_anonymous=anonymous
        )
    membership.change(call.world, chat, user_id, new, by=call.bot.id)
    return True


def _wished_rights(call: Call, chat: Chat) -> frozenset[str]:
    """The true ones, can_manage_chat implied; a channel gives can_restrict_members unless told otherwise."""
    wished = {name for name in rights.OF_TYPE[chat.type] if call.flag(name)}
    if call.flag("can_manage_voice_chats"):
        wished.add("can_manage_video_chats")
    if not wished:
        return frozenset()
    if chat.type is ChatType.CHANNEL and "can_restrict_members" not in call.params.values:
        wished.add("can_restrict_members")
    return frozenset(wished | {"can_manage_chat"})


def _check_promoting(call: Call, chat: Chat, user_id: int, wished: frozenset[str]) -> None:
    if user_id == call.bot.id:
        raise bad_request("can't promote self")
    _member_person(call, chat, user_id)
    target = membership.current(call.world, chat, user_id)
    me = membership.current(call.world, chat, call.bot.id)
    if target.status is Status.CREATOR:
        raise bad_request("can't remove chat owner")
    if not rights.holds(chat, me, "can_promote_members"):
        raise bad_request("not enough rights")
    if target.status is Status.ADMINISTRATOR and target.promoter != call.bot.id:
        raise bad_request("CHAT_ADMIN_REQUIRED")
    if not target.present and wished:
        raise bad_request("USER_NOT_PARTICIPANT")
    if any(not rights.holds(chat, me, name) for name in wished):
        raise bad_request("RIGHT_FORBIDDEN")
