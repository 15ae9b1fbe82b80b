"""Where a forwarded message came from, as its new place shows it."""

import math

from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import Chat, ChatType, Message, Room, Wire
from gatecrier_sandbox.world.state import State


def origin(state: State, room: Room, message: Message) -> Wire:
    """A MessageOrigin: the first origin if the message was forwarded before."""
    if message.forward is not None:
        known = message.forward["forward_origin"]
        return dict(known) if isinstance(known, dict) else {}
    if isinstance(room, Chat) and room.type is ChatType.CHANNEL:
        return _from_channel(room, message)
    if message.sender_chat_id:
        source: Wire = {"type": "chat", "date": message.date}
        source["sender_chat"] = wire.chat(state.chats[message.sender_chat_id])
        return source | ({"author_signature": message.signature} if message.signature else {})
    person = state.people[message.sender_id]
    if person.hides_forwards:
        return {"type": "hidden_user", "date": message.date, "sender_user_name": wire.full_name(person)}
    return {"type": "user", "date": message.date, "sender_user": wire.user(person)}


def _from_channel(channel: Chat, message: Message) -> Wire:
    shown: Wire = {"type": "channel", "chat": wire.chat(channel), "message_id": message.message_id}
    shown["date"] = message.date
    return shown | ({"author_signature": message.signature} if message.signature else {})


def fields(state: State, room: Room, message: Message) -> Wire:
    """forward_origin and its legacy twins, as `Message.forward` holds them."""
    found = origin(state, room, message)
    shown: Wire = {"forward_origin": found}
    match found["type"]:
        case "user":
            shown["forward_from"] = found["sender_user"]
        case "hidden_user":
            shown["forward_sender_name"] = found["sender_user_name"]
        case "chat":
            shown["forward_from_chat"] = found["sender_chat"]
        case "channel":
            shown |= {"forward_from_chat": found["chat"], "forward_from_message_id": found["message_id"]}
    if "author_signature" in found:
        shown["forward_signature"] = found["author_signature"]
    return shown | {"forward_date": found["date"]}


def movable(message: Message) -> Wire | None:
    """The content as it arrives elsewhere: a live location is a place there, no more."""
    content = dict(message.content or {})
    if "location" in content and "venue" not in content:
        content["location"] = wire.location(content["location"], age=math.inf)
    return content or None


def is_protected(room: Room, message: Message) -> bool:
    """Whether a message must not be forwarded: by its sender's wish, or because its chat forbids it."""
    return message.protected or (isinstance(room, Chat) and room.has_protected_content)
