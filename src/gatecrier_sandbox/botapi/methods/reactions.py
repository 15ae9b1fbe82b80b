"""Reactions of bots, and taking away those of others."""

from typing import NoReturn

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.sending import message_id
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import membership, reactions, rights
from gatecrier_sandbox.world.model import Chat, ChatType, Message, Room, Wire

LARGEST_ID = 2**52


@method("setMessageReaction")
def set_message_reaction(call: Call) -> bool:
    """Give a message the bot's one reaction, or none. Other bots hear nothing of it."""
    wanted = _types(call.text("reaction"))
    room = call.room(Access.READ)
    message = _message(call, room)
    chat = room if isinstance(room, Chat) else None
    if chat is not None and not reactions.may_react(chat, membership.current(call.world, chat, call.bot.id)):
        raise bad_request("CHAT_ADMIN_REQUIRED")
    if message.service is not None:
        raise bad_request("MESSAGE_ID_INVALID")
    message = reactions.target(room, message)
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if not all(reactions.is_available(chat, message, reaction) for reaction in wanted):
        raise bad_request("REACTION_INVALID")
    reactions.put(call.world, room, message, call.bot.id, wanted)
    return True


@method("deleteMessageReaction")
def delete_message_reaction(call: Call) -> bool:
    """Take away what a person or a chat gave to one message of a group."""
    giver = _giver(call)
    room = call.room(Access.WRITE)
    message = _message(call, room)
    chat = _moderated(call, room)
    message = reactions.target(room, message)
    if not reactions.given(message, giver):
        raise bad_request("reaction not found")
    reactions.put(call.world, chat, message, giver, [])
    return True


@method("deleteAllMessageReactions")
def delete_all_message_reactions(call: Call) -> bool:
    """Take away what a person or a chat gave to any message of a group."""
    giver = _giver(call)
    chat = _moderated(call, call.room(Access.WRITE))
    for message in chat.messages.values():
        if message.reactions:
            reactions.put(call.world, chat, message, giver, [])
    return True


def _message(call: Call, room: Room) -> Message:
    message = room.messages.get(message_id(call))
    if message is None:
        raise bad_request("message to react not found")
    return message


def _moderated(call: Call, room: Room) -> Chat:
    """The group in which the bot may take away what others did."""
    if not isinstance(room, Chat) or room.type is ChatType.CHANNEL:
        raise bad_request("method is available only in groups and supergroups")
    if not rights.holds(room, membership.current(call.world, room, call.bot.id), "can_delete_messages"):
        raise bad_request("CHAT_ADMIN_REQUIRED")
    return room


def _giver(call: Call) -> int:
    """Whose reactions: `user_id`, or `actor_chat_id`."""
    actor = call.params.integer("actor_chat_id", 0, low=-(2**62), high=LARGEST_ID)
    giver = actor or call.params.integer("user_id", 0, low=0, high=LARGEST_ID)
    if not giver:
        raise bad_request("invalid user_id specified")
    if giver not in call.world.people and giver not in call.world.chats:
        raise bad_request("reaction sender not found")
    return giver


def _types(raw: str) -> list[Wire]:
    """Read `reaction`: an array of ReactionType."""
    values = decode(raw, "reaction types") if raw else []
    if not isinstance(values, list):
        raise bad_request("expected an Array of ReactionType")
    return [_type(value) for value in values]


def _type(value: object) -> Wire:
    if not isinstance(value, dict):
        _refuse("expected an Object")
    kind = _string(value, "type")
    if kind == "paid":
        raise bad_request("REACTION_INVALID")
    if kind not in {"emoji", "custom_emoji"}:
        _refuse("invalid reaction type specified")
    if kind == "emoji":
        return {"type": "emoji", "emoji": _string(value, "emoji").replace("\ufe0f", "")}
    number = str(value.get("custom_emoji_id", ""))
    if not (number.isascii() and number.isdecimal()):
        _refuse('Field "custom_emoji_id" must be a valid Number')
    return {"type": "custom_emoji", "custom_emoji_id": number}


def _string(value: dict[str, object], name: str) -> str:
    held = value.get(name)
    if held is None:
        _refuse(f'Can\'t find field "{name}"')
    if not isinstance(held, str):
        _refuse(f'Field "{name}" must be of type String')
    return held


def _refuse(text: str) -> NoReturn:
    raise bad_request(f"can't parse ReactionType: {text}")
