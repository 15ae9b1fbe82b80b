"""Pinned messages, in the order they were sent."""

from bisect import insort

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, membership, rights, wire
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Message, Room
from gatecrier_sandbox.world.state import State


def newest(room: Room) -> Message | None:
    """The pinned message that was sent last; what was deleted is pinned no more."""
    room.pinned[:] = [number for number in room.pinned if number in room.messages]
    return room.messages[room.pinned[-1]] if room.pinned else None


def may_pin(state: State, room: Room, user_id: int) -> bool:
    """Whether an account manages the pinned messages of a room; in private chats both sides do."""
    if isinstance(room, Dialog):
        return True
    member = membership.current(state, room, user_id)
    if room.type is ChatType.CHANNEL:
        return rights.holds(room, member, "can_edit_messages")
    return rights.may(room, member, "can_pin_messages", is_bot=user_id in state.bots)


def add(state: State, room: Room, message: Message, *, actor: int) -> None:
    """Pin a message; the service message reaches every bot in the room, also the one that pinned."""
    insort(room.pinned, message.message_id)
    shown = wire.message(state, room, message, bare=True, viewer=-1)
    conversation.serve(state, room, {"pinned_message": shown}, actor=actor)


def remove(state: State, room: Room, message_id: int) -> None:
    """Unpin a message; bots are not told."""
    room.pinned.remove(message_id)
    state.happened("edited", room, message_id)


def clear(state: State, room: Room) -> None:
    """Unpin all messages of a room."""
    for message_id in tuple(room.pinned):
        remove(state, room, message_id)


def pin(state: State, user_id: int, chat_id: int, message_id: int) -> None:
    """
    A person pins a message.

    Raises:
        Refused: no such message, a service message, pinned already, or no right to pin.
    """
    room = _managed(state, user_id, chat_id)
    message = room.messages.get(message_id)
    if message is None or message.service is not None:
        raise Refused("there is no such message to pin", field="message_id", status=404)
    if message_id in room.pinned:
        raise Refused("it is pinned already", field="message_id", status=409)
    add(state, room, message, actor=user_id)


def unpin(state: State, user_id: int, chat_id: int, message_id: int) -> None:
    """A person unpins a message; `Refused` if it is not pinned or they may not."""
    room = _managed(state, user_id, chat_id)
    if message_id not in room.pinned:
        raise Refused("it is not pinned", field="message_id", status=404)
    remove(state, room, message_id)


def _managed(state: State, user_id: int, chat_id: int) -> Room:
    state.need_person(user_id)
    room = state.room(user_id, chat_id)
    if isinstance(room, Chat) and not may_pin(state, room, user_id):
        raise Refused("no right to pin", status=403)
    return room
