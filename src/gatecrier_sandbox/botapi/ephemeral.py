"""Ephemeral messages (Bot API 10.2, 10.3): one person of a group sees them, nobody else."""

from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import membership
from gatecrier_sandbox.world.model import Chat, ChatType, Message, Room
from gatecrier_sandbox.world.state import State

PROMPT = 15
"""Seconds after a press or an ephemeral message in which a bot that is no administrator may answer it."""
LARGEST_ID = 2**52


def receiver(call: Call, room: Room) -> int:
    """
    Who shall see the message of this request alone; 0 if everybody.

    Raises:
        ApiError: 400 not in a group, nobody who is there, or the bot may not (facts/gate.md, "Ephemeral").
    """
    user_id, query_id = _asked(call)
    if not user_id:
        return 0
    if not isinstance(room, Chat) or room.type is ChatType.CHANNEL:
        raise bad_request("ephemeral messages can be sent only to group and supergroup chats")
    person = call.world.people.get(user_id)
    if person is None or person.is_bot or not membership.current(call.world, room, user_id).present:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if not membership.current(call.world, room, call.bot.id).is_admin:
        _check_occasion(call, room, user_id, query_id)
    return user_id


def _asked(call: Call) -> tuple[int, str]:
    """The receiver and the press that caused it: as of 10.3, or spelled as in 10.2."""
    raw = call.text("ephemeral_message_parameters")
    if not raw:
        old = call.params.integer("receiver_user_id", 0, low=0, high=LARGEST_ID)
        return old, call.text("callback_query_id") if old else ""
    value = decode(raw, "ephemeral message parameters")
    if not isinstance(value, dict):
        raise bad_request("can't parse ephemeral message parameters: expected an Object")
    user_id = value.get("receiver_user_id")
    if not str(user_id).isdecimal() or not 0 < int(str(user_id)) <= LARGEST_ID:
        raise bad_request("invalid user_id specified")
    return int(str(user_id)), str(value.get("callback_query_id") or "")


def _check_occasion(call: Call, room: Chat, user_id: int, query_id: str) -> None:
    """Who is no administrator needs a fresh press, or an ephemeral message to answer."""
    world = call.world
    click = world.clicks.get(query_id)
    earliest = world.clock.now() - PROMPT
    if click is not None and (click.user_id, click.bot_id, click.chat_id) == (user_id, call.bot.id, room.id):
        if click.date >= earliest:
            return
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    asked = (message for message in room.ephemeral.values() if message.sender_id == user_id)
    if not any(message.receiver_id == call.bot.id and message.date >= earliest for message in asked):
        raise bad_request("CHAT_ADMIN_REQUIRED")


def post(state: State, chat: Chat, message: Message) -> Message:
    """Show a message to its receiver alone."""
    message.message_id = chat.next_ephemeral_id
    chat.next_ephemeral_id += 1
    chat.ephemeral[message.message_id] = message
    state.happened("message", chat, message.message_id)
    return message
