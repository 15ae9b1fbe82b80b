"""Rooms and messages as people see them: what bots see, and a little more."""

import msgspec

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import membership, rights, wire
from gatecrier_sandbox.world.model import Chat, Dialog, Message, Room, Wire
from gatecrier_sandbox.world.permissions import PERMISSIONS
from gatecrier_sandbox.world.world import World


def message(world: World, room: Room, record: Message) -> Wire:
    """A message, with the keyboard under it and who reacted."""
    shown = wire.message(world, room, record)
    if record.keyboard is not None:
        shown["keyboard"] = record.keyboard
    held = (record.reactions or {}).items()
    if held:
        shown["reacted"] = [{"type": msgspec.json.decode(key), "user_ids": givers} for key, givers in held]
    return shown


def chat(world: World, record: Chat) -> Wire:
    """A chat, with what its owner set."""
    shown = wire.chat(record)
    if record.linked_chat_id:
        shown["linked_chat_id"] = record.linked_chat_id
    present = (membership.current(world, record, user_id).present for user_id in list(record.members))
    shown |= {"is_forum": record.is_forum, "member_count": sum(present)}
    return shown | {"permissions": {name: name in record.permissions for name in PERMISSIONS}}


def member(world: World, chat_id: int, user_id: int) -> Wire:
    """What somebody is in a chat, and what holds for them now."""
    place, person = world.need_chat(chat_id), world.need_person(user_id)
    record = membership.current(world, place, user_id)
    may = {name: name in rights.allowed(place, record) for name in PERMISSIONS}
    if record.is_admin:
        may |= {name: rights.holds(place, record, name) for name in rights.OF_TYPE[place.type]}
    return wire.member(place, person, record) | {"may": may}


def room(world: World, chat_id: int, *, bot_id: int, user_id: int) -> Room:
    """A chat, or a dialog: named by the person (with `bot_id`, if there are several) or by the bot."""
    if chat_id < 0:
        return world.need_chat(chat_id)
    if chat_id in world.bots:
        return _dialog(world, chat_id, user_id, "user_id")
    only = next(iter(world.bots)) if len(world.bots) == 1 else 0
    return _dialog(world, bot_id or only, chat_id, "bot_id")


def _dialog(world: World, bot_id: int, user_id: int, field: str) -> Dialog:
    if not bot_id or not user_id:
        raise Refused(f"a private chat needs {field}", field=field)
    world.need_person(user_id)
    return world.need_bot(bot_id).dialogs.get(user_id) or Dialog(bot_id, user_id)
