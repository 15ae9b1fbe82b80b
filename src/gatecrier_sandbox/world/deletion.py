"""What people take back: their own messages, and as administrators those of others."""

from msgspec import structs

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import membership, rights
from gatecrier_sandbox.world.model import Chat, Message, Room
from gatecrier_sandbox.world.state import State

KEPT = 100
"""Deleted messages a room remembers, so that the page can show that something was there."""


def remove(state: State, room: Room, message_id: int) -> None:
    """Take a message out of its room; it is pinned no more. Whether one may is the caller's matter."""
    message = room.messages.pop(message_id)
    room.deleted[message_id] = structs.replace(message, reply_to=None)
    while len(room.deleted) > KEPT:
        del room.deleted[next(iter(room.deleted))]
    if message_id in room.pinned:
        room.pinned.remove(message_id)
    state.happened("deleted", room, message_id)


def take_back(state: State, chat_id: int, user_id: int, message_id: int) -> None:
    """
    A person deletes a message for everybody. Bots are not told.

    Raises:
        Refused: 404 no such message, 403 not theirs to delete.
    """
    state.need_person(user_id)
    room = state.room(user_id, chat_id)
    message = room.messages.get(message_id)
    if message is None:
        raise Refused("there is no such message", field="message_id", status=404)
    if not _may(state, room, message, user_id):
        raise Refused("not yours to delete", field="message_id", status=403)
    remove(state, room, message_id)


def _may(state: State, room: Room, message: Message, user_id: int) -> bool:
    if not isinstance(room, Chat):
        return True
    member = membership.current(state, room, user_id)
    if message.sender_id == user_id and member.present and message.service is None:
        return True
    return rights.holds(room, member, "can_delete_messages")
