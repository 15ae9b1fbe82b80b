"""Whether a bot may reach a chat: the order of checks of facts/botapi.md §3."""

import re
from enum import IntEnum

from gatecrier_sandbox.errors import ApiError, bad_request, forbidden
from gatecrier_sandbox.world import membership, rights
from gatecrier_sandbox.world.model import Bot, Chat, ChatType, Dialog, Person, Room, Status
from gatecrier_sandbox.world.state import State

NUMBER = re.compile(r"-?[0-9]{1,19}")


class Access(IntEnum):
    """What the bot is about to do."""

    READ = 0
    READ_MEMBERS = 1
    EDIT = 2
    WRITE = 3


def reach(state: State, bot: Bot, chat_id: str, access: Access) -> Room:
    """
    Find the chat a request names and check that the bot may go there.

    Raises:
        ApiError: 400 or 403, the first of §3 that applies.
    """
    if not chat_id:
        raise bad_request("chat_id is empty")
    number = identify(state, bot, chat_id)
    if number > 0:
        return _dialog(state, bot, number, access)
    chat = state.chats.get(number)
    if chat is None or chat.id not in bot.known_chats:
        raise bad_request("chat not found")
    _check_membership(state, bot, chat, access)
    return chat


def identify(state: State, bot: Bot, chat_id: str) -> int:
    """The number behind a chat_id; a public name makes the chat known to the bot. `ApiError` if none."""
    if chat_id.startswith("@"):
        number = state.usernames.get(chat_id[1:].lower(), 0)
        if not number or (number > 0 and number not in state.bots):
            raise bad_request("chat not found")
        bot.known_chats.add(number)
        return number
    if NUMBER.fullmatch(chat_id) is None:
        raise bad_request("chat not found")
    return int(chat_id)


def _dialog(state: State, bot: Bot, number: int, access: Access) -> Dialog:
    dialog = bot.dialogs.get(number)
    if dialog is None or 0 < dialog.open_until <= state.clock.now():
        dialog = _guest(state, bot, number, access)
    if access >= Access.EDIT and state.people[number].deactivated:
        raise forbidden("user is deactivated")
    return dialog


def _guest(state: State, bot: Bot, number: int, access: Access) -> Dialog:
    """
    Somebody who never started the bot, but asked to join a chat of its: it may write to them for a while.

    The first bot that does shuts the others out. Source: ChatJoinRequest.user_chat_id.
    """
    until = bot.guests.get(number, 0.0)
    if access < Access.WRITE or until <= state.clock.now():
        raise _stranger(state, bot, number, access)
    for other in state.bots.values():
        if other is not bot:
            other.guests.pop(number, None)
    dialog = bot.dialogs.setdefault(number, Dialog(bot.id, number))
    dialog.open_until = until
    return dialog


def _stranger(state: State, bot: Bot, number: int, access: Access) -> ApiError:
    """Why a bot cannot reach somebody who never wrote to it."""
    if number not in state.people or not _has_seen(state, bot, number):
        return bad_request("chat not found")
    if number in state.bots:
        return forbidden("the bot can't send messages to the bot")
    if access >= Access.EDIT and state.people[number].deactivated:
        return forbidden("user is deactivated")
    return forbidden("bot can't initiate conversation with a user")


def _has_seen(state: State, bot: Bot, number: int) -> bool:
    """Whether the bot knows somebody without a dialog: by name, or from a chat they share."""
    return number in bot.known_chats or any(
        bot.id in chat.bot_ids and number in chat.members for chat in state.chats.values()
    )


def seen_person(state: State, bot: Bot, number: int) -> Person | None:
    """The account of this id if the bot has met it outside a dialog (getChat of a group member)."""
    return state.people[number] if number in state.people and _has_seen(state, bot, number) else None


def known_person(state: State, bot: Bot, number: int) -> Person | None:
    """The account of this id if the bot knows it at all; a bot learns nothing of strangers by guessing."""
    if number == bot.id or number in bot.dialogs or number in bot.guests:
        return state.people.get(number)
    return seen_person(state, bot, number)


def _check_membership(state: State, bot: Bot, chat: Chat, access: Access) -> None:
    noun = "group" if chat.type is ChatType.GROUP else chat.type.value
    if chat.type is ChatType.GROUP:
        _check_alive(chat, access)
        if access < Access.EDIT:
            return
    me = membership.current(state, chat, bot.id)
    if me.status is Status.KICKED:
        raise forbidden(f"bot was kicked from the {noun} chat")
    if not me.present and (access >= Access.EDIT or not chat.username):
        raise forbidden(f"bot is not a member of the {noun} chat")


def _check_alive(chat: Chat, access: Access) -> None:
    """A basic group may have become a supergroup, or have been deleted: rows 4 and 5."""
    if chat.migrated_to and access > Access.READ:
        text = "group chat was upgraded to a supergroup chat"
        raise bad_request(text, migrate_to_chat_id=chat.migrated_to)
    if chat.is_deleted and access > Access.READ:
        raise forbidden("the group chat was deleted")


def check_posting(
    state: State, bot: Bot, room: Room, permission: str = "can_send_messages", noun: str = "text messages"
) -> None:
    """
    Check that the bot may send this kind of message here: rows 9 and 10.

    Raises:
        ApiError: 400 no right to post in the channel, or silenced in the group.
    """
    if isinstance(room, Dialog):
        return
    me = membership.current(state, room, bot.id)
    if room.type is ChatType.CHANNEL:
        if not rights.holds(room, me, "can_post_messages"):
            raise bad_request("need administrator rights in the channel chat")
    elif not me.is_admin and permission not in rights.allowed(room, me):
        raise bad_request(f"not enough rights to send {noun} to the chat")
