"""The left column and the head of a room: whom one may be, where one may write, and why not."""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError, Refused
from gatecrier_sandbox.page.bubbles import Teller, visible
from gatecrier_sandbox.page.faces import Calendar, Face, count_of, of_chat, of_person
from gatecrier_sandbox.page.keyboards import Keyboard, standing
from gatecrier_sandbox.page.place import Memory, Place
from gatecrier_sandbox.world import membership, rights, topics
from gatecrier_sandbox.world.model import (
    GENERAL,
    Chat,
    ChatType,
    Dialog,
    Member,
    Message,
    Person,
    Room,
    Status,
)
from gatecrier_sandbox.world.state import State

MOST_ROWS = 200
MOST_FOUND = 30
"""Rows of a list, and results of a search of one kind."""
LOOKED_THROUGH = 200
"""Messages looked through, newest first, for what is unread and which keyboard stands."""


class Row(Struct, frozen=True):
    """A line of the chat list. `chat` is what the address names: a chat, or a bot."""

    chat: int
    face: Face
    date: float
    time: str = ""
    sender: str = ""
    text: str = ""
    unread: int = 0
    is_out: bool = False
    topics: bool = False


class Head(Struct, frozen=True):
    """
    The head of a room. `is_member` and `is_blocked` decide its menu.

    `asking` is how many wait for the person's decision to come in, `may` what the person may do, `topic_acts`
    what they may do with the topic one looks at: pairs of an act and its words.
    """

    face: Face
    detail: str
    is_member: bool = False
    is_blocked: bool = False
    has_started: bool = False
    is_admin: bool = False
    is_owner: bool = False
    asking: int = 0
    may: frozenset[str] = frozenset()
    topic_acts: Sequence[tuple[str, str]] = ()


class Composer(Struct, frozen=True):
    """
    Where one writes. `mode` is write, join, start, unblock, or none; `why` says why one may not write.

    `commands` are pairs of a command and its description.
    """

    mode: str
    why: str = ""
    keyboard: Keyboard = Keyboard()
    commands: Sequence[tuple[str, str]] = ()


def find_room(state: State, place: Place) -> Room | None:
    """The room a place names: a chat, or the dialog with a bot (an empty one if it never began)."""
    if place.chat in state.bots and place.person in state.people:
        return state.bots[place.chat].dialogs.get(place.person) or Dialog(place.chat, place.person)
    return state.chats.get(place.chat)


def rows(state: State, place: Place, calendar: Calendar, memory: Memory) -> list[Row]:
    """The rooms the person is in, the latest first."""
    found = [
        _row(state, room, place, calendar, memory)
        for room in islice(_rooms_of(state, place.person), LOOKED_THROUGH * 5)
    ]
    return sorted(found, key=lambda row: -row.date)[:MOST_ROWS]


def _rooms_of(state: State, person: int) -> Iterator[Room]:
    for bot in state.bots.values():
        if (dialog := bot.dialogs.get(person)) is not None:
            yield dialog
    for chat in state.chats.values():
        member = chat.members.get(person)
        if member is not None and member.present:
            yield chat


def peer(room: Room) -> int:
    """What the address calls a room, seen by a person."""
    return room.id if isinstance(room, Chat) else room.bot_id


def face_of(state: State, room: Room) -> Face:
    """The other side of a room."""
    return of_chat(room) if isinstance(room, Chat) else of_person(state.people[room.bot_id])


def _row(state: State, room: Room, place: Place, calendar: Calendar, memory: Memory) -> Row:
    latest, _ = visible(room, place.person, 0, 1)
    face = face_of(state, room)
    if not latest:
        return Row(peer(room), face, 0, text="No messages yet")
    message = latest[-1]
    teller = Teller(state, room, place, calendar)
    is_out = message.sender_id == place.person and message.service is None
    return Row(
        peer(room),
        face,
        message.date,
        calendar.short(message.date),
        _sender(teller, room, message, is_out=is_out),
        teller.line(message),
        _unread(room, place, memory),
        is_out,
    )


def _sender(teller: Teller, room: Room, message: Message, *, is_out: bool) -> str:
    if message.service is not None or not isinstance(room, Chat) or not room.is_group:
        return ""
    return "You" if is_out else teller.face(message).name.split()[0]


def _unread(room: Room, place: Place, memory: Memory) -> int:
    """Messages of others above the last one read; at most `LOOKED_THROUGH` are counted."""
    if peer(room) == place.chat:
        return 0
    read = memory.last_read(place.person, peer(room))
    count = 0
    for message in islice(reversed(room.messages.values()), LOOKED_THROUGH):
        if message.message_id <= read or message.sender_id == place.person:
            break
        count += 1
    return count


def strangers(state: State, person: int, wanted: str) -> list[Face]:
    """Bots and chats the person is not in, whose name or username holds `wanted`."""
    unknown = [bot.id for bot in state.bots.values() if person not in bot.dialogs]
    found = [of_person(state.people[bot_id]) for bot_id in unknown]
    for chat in state.chats.values():
        member = chat.members.get(person)
        if member is None or not member.present:
            found.append(of_chat(chat))
    return [face for face in found if is_called(face, wanted)][:MOST_FOUND]


def people(state: State, wanted: str) -> list[Face]:
    """Whom one may act as: humans whose name, username or id holds `wanted`."""
    humans = (of_person(person) for person in state.people.values() if _is_actor(person))
    return list(islice((face for face in humans if is_called(face, wanted)), MOST_FOUND))


def _is_actor(person: Person) -> bool:
    return not person.is_bot and person.id >= 1_000_000


def is_called(face: Face, wanted: str) -> bool:
    """Whether a face answers to a search."""
    wanted = wanted.strip().lower().removeprefix("@")
    return wanted in face.name.lower() or wanted in face.username.lower() or wanted == str(face.id)


def head(state: State, room: Room, place: Place) -> Head:
    """What stands above the conversation."""
    face = face_of(state, room)
    if isinstance(room, Dialog):
        has_started = bool(room.messages)
        return Head(face, "bot", is_blocked=room.blocked, has_started=has_started)
    member = membership.current(state, room, place.person)
    decides = rights.holds(room, member, "can_invite_users")
    present = sum(one.present for one in room.members.values())
    noun = "subscriber" if room.type is ChatType.CHANNEL else "member"
    return Head(
        face,
        count_of(present, noun),
        is_member=member.present,
        is_admin=member.is_admin,
        is_owner=member.status is Status.CREATOR,
        asking=len(room.join_requests) if decides else 0,
        may=rights.allowed(room, member),
        topic_acts=_topic_acts(room, member, place),
    )


def _topic_acts(room: Chat, member: Member, place: Place) -> list[tuple[str, str]]:
    if not room.is_forum or not place.topic or not member.present:
        return []
    topic = topics.general(room) if place.topic == GENERAL else room.topics.get(place.topic)
    if topic is None:
        return []
    owns = topic.creator_id == place.person
    found = []
    if owns or rights.holds(room, member, "can_manage_topics"):
        found.append(("reopen_topic", "Reopen topic") if topic.is_closed else ("close_topic", "Close topic"))
    if topic.id != GENERAL and (owns or rights.holds(room, member, "can_delete_messages")):
        found.append(("delete_topic", "Delete topic"))
    return found


def composer(state: State, room: Room, place: Place, calendar: Calendar) -> Composer:
    """Whether and how the person may write, and what stands there instead."""
    person = state.people.get(place.person)
    if person is None:
        return Composer("none", "Choose on the left whom you act as")
    if person.deactivated:
        return Composer("none", f"{person.first_name or 'This person'} deleted their account")
    if isinstance(room, Dialog):
        return _in_dialog(state, room, place)
    member = membership.current(state, room, place.person)
    try:
        rights.require_voice(room, member, "can_send_messages")
    except Refused as refused:
        return _silent(room, member, place, refused.error, calendar)
    if (why := _closed(room, member, place)) is not None:
        return Composer("none", why)
    return Composer("write", keyboard=_keyboard(room, place), commands=_commands(state, room))


def _closed(room: Chat, member: Member, place: Place) -> str | None:
    """Why nobody writes in the topic one looks at; "All" writes into General."""
    if not room.is_forum:
        return None
    topic = room.topics.get(place.topic or GENERAL)
    if topic is None:
        return "This topic was deleted" if place.topic > GENERAL else None
    try:
        topics.check_open(room, topic, member, place.person)
    except ApiError:
        return f"The topic “{topic.name}” is closed"
    return None


def _in_dialog(state: State, room: Dialog, place: Place) -> Composer:
    if room.blocked:
        return Composer("unblock", "You blocked this bot")
    if not room.messages:
        return Composer("start", "This bot hears from you once you press Start")
    return Composer("write", keyboard=_keyboard(room, place), commands=_commands(state, room))


def _silent(chat: Chat, member: Member, place: Place, why: str, calendar: Calendar) -> Composer:
    """What stands where a person would write who may not."""
    if why == "not a member":
        return _outside(chat, place)
    if why == "banned":
        words = f"You are banned from this chat{_until(member, calendar)}"
    elif why == "no right to post":
        words = "Only administrators post in this channel"
    elif member.status is Status.RESTRICTED and "can_send_messages" not in member.permissions:
        words = f"An administrator took away your right to write here{_until(member, calendar)}"
    else:
        words = "Writing is not allowed in this group"
    return Composer("none", words)


def _outside(chat: Chat, place: Place) -> Composer:
    if place.person in chat.join_requests:
        return Composer("asked", "You asked to join. An administrator decides.")
    return Composer("request" if chat.join_by_request else "join")


def _until(member: Member, calendar: Calendar) -> str:
    return f" until {calendar.full(member.until)}" if member.until else ""


def _keyboard(room: Room, place: Place) -> Keyboard:
    newest = islice(reversed(room.messages.values()), LOOKED_THROUGH)
    return standing((one for one in newest if not place.topic or one.thread_id == place.topic), place.person)


def _commands(state: State, room: Room) -> list[tuple[str, str]]:
    """The commands of the room's bots: those set for its kind, else the default ones."""
    if isinstance(room, Dialog):
        return _of_bot(state, room.bot_id, "all_private_chats", "")
    found: list[tuple[str, str]] = []
    for bot in state.bots_in(room):
        name = state.people[bot.id].username
        found += _of_bot(state, bot.id, "all_group_chats", f"@{name}" if len(room.bot_ids) > 1 else "")
    return found[:100]


def _of_bot(state: State, bot_id: int, scope: str, suffix: str) -> list[tuple[str, str]]:
    kept = state.bots[bot_id].commands
    commands = kept.get(f"{scope}//") or kept.get("default//") or []
    return [(f"/{one['command']}{suffix}", str(one["description"])) for one in commands]
