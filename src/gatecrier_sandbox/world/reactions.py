"""Reactions: which there are, who gave them, and what bots hear of that."""

import msgspec

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import membership, rights, wire
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Member, Message, Room, Wire
from gatecrier_sandbox.world.state import State

LISTED = """
    ❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊
    🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋
    🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃
    💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡
"""
EMOJI = frozenset(LISTED.split())
"""Every emoji one can react with. Source: the documentation of ReactionTypeEmoji."""
PREMIUM = 3
"""Reactions one subscriber of Premium gives to one message; everybody else gives one."""
COUNT_DELAY = 5.0
"""Seconds for which changes of anonymous reactions are gathered into one update."""


def named(name: str) -> Wire:
    """A ReactionType: an emoji, or a custom emoji by its number."""
    if name.isdecimal() and name.isascii():
        return {"type": "custom_emoji", "custom_emoji_id": name}
    return {"type": "emoji", "emoji": name.replace("\ufe0f", "")}


def is_available(chat: Chat | None, message: Message, reaction: Wire) -> bool:
    """Whether a message takes this reaction: what the chat allows, or what stands there already."""
    if wire.encoded(reaction) in (message.reactions or {}):
        return True
    if reaction["type"] == "emoji" and reaction["emoji"] not in EMOJI:
        return False
    if chat is None or chat.available_reactions is None:
        return reaction["type"] == "emoji"
    return reaction in chat.available_reactions


def target(room: Room, message: Message) -> Message:
    """The message that gets the reaction: of an album, its first that still stands."""
    if not message.media_group_id:
        return message
    album = (one for one in room.messages.values() if one.media_group_id == message.media_group_id)
    return next(album, message)


def given(message: Message, giver: int) -> list[Wire]:
    """What one gave to a message."""
    held = (message.reactions or {}).items()
    return [msgspec.json.decode(key) for key, givers in held if giver in givers]


def put(state: State, room: Room, message: Message, giver: int, wanted: list[Wire]) -> bool:
    """Set what one gives to a message; False if that is what they gave before."""
    if given(message, giver) == wanted:
        return False
    held = {key: [one for one in givers if one != giver] for key, givers in (message.reactions or {}).items()}
    for reaction in wanted:
        held.setdefault(wire.encoded(reaction), []).append(giver)
    message.reactions = {key: givers for key, givers in held.items() if givers} or None
    state.happened("reaction", room, message.message_id)
    return True


def react(state: State, user_id: int, chat_id: int, message_id: int, names: list[str]) -> None:
    """
    A person sets their reactions to a message (emoji, or numbers of custom emoji); none takes them back.

    Raises:
        Refused: no such message, a reaction that is not available, too many, or no right to react.
    """
    person, room = state.need_person(user_id), state.room(user_id, chat_id)
    message = room.messages.get(message_id)
    if message is None or message.service is not None:
        raise Refused("there is no such message", field="message_id", status=404)
    message = target(room, message)
    wanted = [named(name) for name in dict.fromkeys(names)]
    if len(wanted) > (PREMIUM if person.is_premium else 1):
        raise Refused("too many reactions", field="reaction")
    chat = room if isinstance(room, Chat) else None
    if not all(is_available(chat, message, reaction) for reaction in wanted):
        raise Refused("the reaction is not available", field="reaction")
    giver = _giver(state, room, user_id)
    old = given(message, giver)
    if put(state, room, message, giver, wanted):
        _tell(state, room, message, giver, old)


def may_react(chat: Chat, member: Member) -> bool:
    """Whether a member may react; a channel's readers always may."""
    if not member.present:
        return False
    if member.is_admin or chat.type is ChatType.CHANNEL:
        return True
    return "can_react_to_messages" in rights.allowed(chat, member)


def _giver(state: State, room: Room, user_id: int) -> int:
    """Who reacts: the person, or the group whose anonymous administrator they are."""
    if isinstance(room, Dialog):
        return user_id
    member = membership.current(state, room, user_id)
    if not may_react(room, member):
        raise Refused("restricted" if member.present else "not a member", status=403)
    return room.id if room.is_group and member.is_admin and member.is_anonymous else user_id


def _tell(state: State, room: Room, message: Message, giver: int, old: list[Wire]) -> None:
    """Administrators hear who changed what; of a channel only how many, a little later."""
    if isinstance(room, Chat) and room.type is ChatType.CHANNEL:
        _count_soon(state, room, message)
        return
    shown: Wire = {"chat": wire.room(state, room), "message_id": message.message_id}
    if giver > 0:
        shown["user"] = wire.user(state.people[giver])
    else:
        shown["actor_chat"] = wire.chat(state.chats[giver])
    shown |= {"date": state.today, "old_reaction": old, "new_reaction": given(message, giver)}
    if isinstance(room, Dialog):
        state.emit(state.bots[room.bot_id], "message_reaction", shown)
        return
    _emit(state, room, "message_reaction", shown)


def _count_soon(state: State, channel: Chat, message: Message) -> None:
    """One update for all that changes until then."""
    place = (channel.id, message.message_id)
    if place in state.uncounted:
        return
    state.uncounted.add(place)

    def tell() -> None:
        state.uncounted.discard(place)
        held = (message.reactions or {}).items()
        counts = [{"type": msgspec.json.decode(key), "total_count": len(givers)} for key, givers in held]
        counts.sort(key=lambda count: -int(str(count["total_count"])))
        shown: Wire = {"chat": wire.chat(channel), "message_id": message.message_id}
        _emit(state, channel, "message_reaction_count", shown | {"date": state.today, "reactions": counts})

    state.clock.call_later(COUNT_DELAY, tell)


def _emit(state: State, chat: Chat, kind: str, shown: Wire) -> None:
    for bot in state.bots_in(chat):
        if membership.current(state, chat, bot.id).is_admin:
            state.emit(bot, kind, shown)
