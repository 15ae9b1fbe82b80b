"""Pinning messages and taking the pins away."""

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.sending import message_id
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import pins
from gatecrier_sandbox.world.model import Message, Room


@method("pinChatMessage", missing=("business_connection_id",))
def pin_chat_message(call: Call) -> bool:
    """Pin a message; the same one again is refused."""
    room = call.room(Access.WRITE)
    message = room.messages.get(message_id(call))
    if message is None:
        raise bad_request("message to pin not found")
    _check_right(call, room)
    if message.service is not None:
        raise bad_request("a service message can't be pinned")
    if message.message_id in room.pinned:
        raise bad_request("CHAT_NOT_MODIFIED")
    pins.add(call.world, room, message, actor=call.bot.id)
    return True


@method("unpinChatMessage", missing=("business_connection_id",))
def unpin_chat_message(call: Call) -> bool:
    """Take the pin from a message, or from the one sent last among the pinned."""
    room = call.room(Access.WRITE)
    newest = pins.newest(room)
    message = _named(call, room) if message_id(call) else newest
    if message is None:
        raise bad_request("message to unpin not found")
    _check_right(call, room)
    if message.message_id not in room.pinned:
        raise bad_request("CHAT_NOT_MODIFIED")
    pins.remove(call.world, room, message.message_id)
    return True


@method("unpinAllChatMessages")
def unpin_all_chat_messages(call: Call) -> bool:
    """Take all pins away; none is well too."""
    room = call.room(Access.WRITE)
    _check_right(call, room)
    pins.clear(call.world, room)
    return True


def _named(call: Call, room: Room) -> Message | None:
    return room.messages.get(message_id(call))


def _check_right(call: Call, room: Room) -> None:
    if not pins.may_pin(call.world, room, call.bot.id):
        raise bad_request("not enough rights to manage pinned messages in the chat")
