"""Ephemeral messages (Bot API 10.2, 10.3): one person of a group sees them, nobody else."""

from msgspec import Struct

from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import ephemerals, membership
from gatecrier_sandbox.world.clicks import TOO_OLD
from gatecrier_sandbox.world.model import Chat, ChatType, Click, Message, Room

PROMPT = 15
"""Seconds after a press or an ephemeral message in which a bot that is no administrator may answer it."""
LARGEST_ID = 2**52


class Wish(Struct, frozen=True):
    """Who shall see it, and the press that caused it; `replaces`: it takes the pressed message's place."""

    user_id: int = 0
    query_id: str = ""
    replaces: bool = False


def address(call: Call, room: Room, message: Message, answered: int) -> None:
    """
    Make a message ephemeral if the request asks for it.

    Args:
        answered: the ephemeral message it replies to, or 0.
    Raises:
        ApiError: 400 not in a group, nobody who is there, or the bot may not (facts/gate.md, "Ephemeral").
    """
    wish = _asked(call)
    if not wish.user_id:
        return
    if not isinstance(room, Chat) or room.type is ChatType.CHANNEL:
        raise bad_request("ephemeral messages can be sent only to group and supergroup chats")
    person = call.world.people.get(wish.user_id)
    if person is None or person.is_bot or not membership.current(call.world, room, wish.user_id).present:
        raise bad_request("PARTICIPANT_ID_INVALID")
    click = _pressed(call, room, wish) if wish.query_id else None
    is_admin = membership.current(call.world, room, call.bot.id).is_admin
    if click is None and not is_admin and not is_fresh(call, room, wish.user_id, answered):
        raise bad_request("CHAT_ADMIN_REQUIRED")
    if wish.replaces and (click is None or not click.message_id):
        raise bad_request("MESSAGE_ID_INVALID")
    message.receiver_id = wish.user_id
    message.replaces_id = click.message_id if click is not None and wish.replaces else 0


def _asked(call: Call) -> Wish:
    """What the request says: as of 10.3, or spelled as in 10.2."""
    raw = call.text("ephemeral_message_parameters")
    if not raw:
        old = call.params.integer("receiver_user_id", 0, low=0, high=LARGEST_ID)
        return Wish(old, call.text("callback_query_id")) if old else Wish()
    value = decode(raw, "ephemeral message parameters")
    if not isinstance(value, dict):
        raise bad_request("can't parse ephemeral message parameters: expected an Object")
    user_id = str(value.get("receiver_user_id"))
    if not (user_id.isascii() and user_id.isdecimal() and 0 < len(user_id) < 17) or not int(user_id):
        raise bad_request("invalid user_id specified")
    replaces = value.get("replace_callback_query_message") or False
    if not isinstance(replaces, bool):
        text = 'Field "replace_callback_query_message" must be of type Boolean'
        raise bad_request(f"can't parse ephemeral message parameters: {text}")
    return Wish(int(user_id), str(value.get("callback_query_id") or ""), replaces)


def _pressed(call: Call, room: Chat, wish: Wish) -> Click:
    """The press the request names: the receiver's, in this chat, and fresh."""
    click = call.world.clicks.get(wish.query_id)
    place = (wish.user_id, call.bot.id, room.id)
    if click is None or (click.user_id, click.bot_id, click.chat_id) != place:
        raise bad_request(TOO_OLD)
    if click.date + PROMPT < call.world.clock.now():
        raise bad_request(TOO_OLD)
    return click


def is_fresh(call: Call, room: Chat, user_id: int, number: int) -> bool:
    """Whether this is a person's ephemeral message to the bot, young enough to be answered."""
    found = ephemerals.find(call.world, room, number)
    if found is None or (found.sender_id, found.receiver_id) != (user_id, call.bot.id):
        return False
    return found.date + PROMPT >= call.world.clock.now()
