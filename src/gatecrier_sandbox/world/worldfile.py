"""
A world as a file: JSON one can read, written whole or not at all.

The records are written as they are, so a new field of theirs needs no word here. What is not kept: the log of
calls, the counts of deliveries and limits, and updates that a fault holds back.
"""

import os
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field, structs

from gatecrier_sandbox.world import join_requests, polls, wire
from gatecrier_sandbox.world.asked import GuestQuery, InlineQuery, Poll
from gatecrier_sandbox.world.clock import Clock, Mode, SteeredClock
from gatecrier_sandbox.world.faults import Fault
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.model import Bot, Chat, Click, Message, Person, Room
from gatecrier_sandbox.world.stickers import StickerSet
from gatecrier_sandbox.world.updates import Update, UpdateQueue
from gatecrier_sandbox.world.world import World

VERSION = 1
"""What this program writes, and the newest it reads."""


class BrokenWorldFile(Exception):
    """A file is no world, or one of a newer program; the text names the file and the place."""


class SavedUpdate(Struct):
    """An update that waits; it is dead at `expires` (Unix seconds)."""

    update_id: int
    expires: float
    body: Any


class SavedQueue(Struct, omit_defaults=True):
    """What a bot has yet to hear."""

    first_id: int
    next_id: int
    allowed: list[str]
    dropped: int = 0
    updates: list[SavedUpdate] = field(default_factory=list)


class SavedClock(Struct, omit_defaults=True):
    """How the time goes on; a manual one from where it was (Unix seconds)."""

    mode: Mode = "real"
    now: float = 0.0
    speed: float = 0.0


class SavedInline(Struct, omit_defaults=True):
    """Where a message stands that came by an inline query: in a chat, or in a bot's dialog."""

    inline_message_id: str
    message_id: int
    chat_id: int = 0
    bot_id: int = 0
    person_id: int = 0


class Version(Struct):
    """The beginning of any world file."""

    version: int


class WorldFile(Struct, omit_defaults=True):
    """The whole file. `seed` is what chance goes on from."""

    version: int
    seed: int
    next_person: int
    clock: SavedClock = field(default_factory=SavedClock)
    limits: Limits = field(default_factory=Limits)
    webhooks_strict: bool = False
    people: list[Person] = field(default_factory=list)
    bots: list[Bot] = field(default_factory=list)
    chats: list[Chat] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    inline_queries: list[InlineQuery] = field(default_factory=list)
    inline_messages: list[SavedInline] = field(default_factory=list)
    guest_queries: list[GuestQuery] = field(default_factory=list)
    join_queries: dict[str, tuple[int, int]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    sticker_sets: list[StickerSet] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


# Saving


def save(world: World, path: Path) -> int:
    """
    Write the world beside `path`, then put it there at once.

    Returns: the size of the file in bytes.
    Raises:
        OSError: the disk is full, the folder is gone or not ours.
    """
    content = dump(world)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return len(content)


def dump(world: World) -> bytes:
    """The world as the bytes of a file."""
    encoded = msgspec.json.encode(_as_file(world), enc_hook=_encode_queue)
    return msgspec.json.format(encoded, indent=1) + b"\n"


def _as_file(world: World) -> WorldFile:
    return WorldFile(
        version=VERSION,
        seed=world.next_seed(),
        next_person=world.next_person,
        clock=_saved_clock(world.clock),
        limits=world.meter.limits,
        webhooks_strict=world.webhooks_strict,
        people=list(world.people.values()),
        bots=[_saved_bot(bot) for bot in world.bots.values()],
        chats=[_saved_chat(chat) for chat in world.chats.values()],
        polls=list(world.polls.values()),
        clicks=list(world.clicks.values()),
        inline_queries=list(world.inline_queries.values()),
        inline_messages=[_saved_inline(key, *place) for key, place in world.inline_messages.items()],
        guest_queries=list(world.guest_queries.values()),
        join_queries=world.join_queries,
        files=list(world.files.by_id.values()),
        sticker_sets=list(world.sticker_sets.values()),
        faults=world.faults.rules,
    )


def _saved_clock(clock: Clock) -> SavedClock:
    if not isinstance(clock, SteeredClock):
        return SavedClock()
    shown = clock.read()
    return SavedClock("manual", shown.now, shown.speed) if shown.mode == "manual" else SavedClock()


def _saved_inline(key: str, room: Room, message_id: int) -> SavedInline:
    if isinstance(room, Chat):
        return SavedInline(key, message_id, chat_id=room.id)
    return SavedInline(key, message_id, bot_id=room.bot_id, person_id=room.person_id)


def _saved_bot(bot: Bot) -> Bot:
    dialogs = {
        person_id: structs.replace(dialog, history=_flat(dialog.history)) if dialog.history else dialog
        for person_id, dialog in bot.dialogs.items()
    }
    default_rights = {int(key): names for key, names in bot.default_rights.items()}
    return structs.replace(bot, dialogs=dialogs, default_rights=default_rights)


def _saved_chat(chat: Chat) -> Chat:
    ephemeral = {
        number: _unlinked(message, chat.messages) if message.reply_to else message
        for number, message in chat.ephemeral.items()
    }
    return structs.replace(chat, messages=_flat(chat.messages), ephemeral=ephemeral)


def _flat(messages: dict[int, Message]) -> dict[int, Message]:
    """The same messages, none of which contains another that stands here, too."""
    return {
        number: _unlinked(message, messages) if message.reply_to else message
        for number, message in messages.items()
    }


def _unlinked(message: Message, messages: dict[int, Message]) -> Message:
    """A message whose answered one is only named (date 0), or shown alone if it stands here no more."""
    replied = message.reply_to
    if replied is None:
        return message
    stands_here = messages.get(replied.message_id) is replied
    stub = Message(replied.message_id, 0) if stands_here else structs.replace(replied, reply_to=None)
    return structs.replace(message, reply_to=stub)


def _encode_queue(value: object) -> object:
    if not isinstance(value, UpdateQueue):
        raise NotImplementedError(type(value).__name__)
    waiting = [SavedUpdate(one.update_id, one.expires, msgspec.Raw(one.body)) for one in value.updates]
    return SavedQueue(value.first_id, value.next_id, sorted(value.allowed), value.dropped, waiting)


# Loading


def load(path: Path, clock: Clock | None = None) -> World:
    """
    Read a world; its clock goes on as it was saved, if it can be set.

    Raises:
        BrokenWorldFile: it is none.
        OSError: it cannot be read.
    """
    return parse(path.read_bytes(), str(path), clock)


def parse(content: bytes, name: str, clock: Clock | None = None) -> World:
    """A world from the bytes of a file; see `load`."""
    try:
        version = msgspec.json.decode(content, type=Version).version
        if not 1 <= version <= VERSION:
            raise BrokenWorldFile(f"{name}: version {version} is not one this program knows ({VERSION})")
        saved = msgspec.json.decode(content, type=WorldFile, dec_hook=_decode_queue)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenWorldFile(f"{name}: {error}") from None
    return _awake(saved, name, clock)


def _decode_queue(kind: type, value: object) -> object:
    if kind is object:
        return value
    if kind is not UpdateQueue:
        raise NotImplementedError(kind.__name__)
    saved = msgspec.convert(value, SavedQueue)
    queue = UpdateQueue(saved.first_id)
    queue.next_id, queue.dropped, queue.allowed = saved.next_id, saved.dropped, frozenset(saved.allowed)
    updates = (Update(one.update_id, one.expires, msgspec.json.encode(one.body)) for one in saved.updates)
    queue.updates = deque(updates)
    queue.recent.extend(queue.updates)
    return queue


def _awake(saved: WorldFile, name: str, clock: Clock | None) -> World:
    """The records put where they are found, and seen once by a bot's eyes."""
    world = World(clock, limits=saved.limits, seed=saved.seed)
    _set_clock(world.clock, saved.clock)
    world.next_person, world.webhooks_strict = saved.next_person, saved.webhooks_strict
    world.people |= {person.id: person for person in saved.people}
    world.bots = {bot.id: bot for bot in saved.bots}
    world.tokens = {bot.token: bot for bot in saved.bots}
    world.chats = {chat.id: chat for chat in saved.chats}
    named: list[Person | Chat] = [*world.people.values(), *saved.chats]
    world.usernames = {one.username.lower(): one.id for one in named if one.username}
    world.clicks = {click.id: click for click in saved.clicks}
    world.inline_queries = {query.id: query for query in saved.inline_queries}
    world.guest_queries = {query.id: query for query in saved.guest_queries}
    world.join_queries = saved.join_queries
    for file in saved.files:
        world.files.keep(file)
    world.sticker_sets = {set_.name.lower(): set_ for set_ in saved.sticker_sets}
    for fault in saved.faults:
        world.faults.keep(fault)
    for room, _ in _rooms(world):
        _relink(room)
    try:
        _connect(world, saved)
    except LookupError as error:
        raise BrokenWorldFile(f"{name}: inline_messages or join_queries: there is no {error}") from None
    _look_around(world, name)
    return world


def _connect(world: World, saved: WorldFile) -> None:
    """What waits for its time, and what points into a room."""
    join_requests.resume(world)
    for poll in saved.polls:
        polls.opened(world, poll)
    for place in saved.inline_messages:
        room: Room = (
            world.chats[place.chat_id] if place.chat_id else world.bots[place.bot_id].dialogs[place.person_id]
        )
        world.inline_messages[place.inline_message_id] = (room, place.message_id)


def _set_clock(clock: Clock, saved: SavedClock) -> None:
    if isinstance(clock, SteeredClock) and saved.mode == "manual":
        clock.set_manual(now=saved.now, speed=saved.speed)


def _rooms(world: World) -> Iterator[tuple[Room, str]]:
    """Every chat, and every dialog in which something is written out; with its place in the file."""
    for number, chat in enumerate(world.chats.values()):
        yield chat, f"chats[{number}]"
    for number, bot in enumerate(world.bots.values()):
        for person_id, dialog in bot.dialogs.items():
            if dialog.history:
                yield dialog, f"bots[{number}].dialogs[{person_id}]"


def _relink(room: Room) -> None:
    """Put what a message answers in the place of its name; what is gone is answered no more."""
    ephemeral = room.ephemeral.values() if isinstance(room, Chat) else ()
    for message in (*room.messages.values(), *ephemeral):
        if message.reply_to is not None and not message.reply_to.date:
            message.reply_to = room.messages.get(message.reply_to.message_id)
    if isinstance(room, Chat):
        links = {link.url: link for link in room.links}
        for request in room.join_requests.values():
            request.link = links.get(request.link.url, request.link) if request.link else None


def _look_around(world: World, name: str) -> None:
    """
    Show everything once, as a bot would see it: a record that points to nobody fails here, not later.

    Raises:
        BrokenWorldFile: with the place.
    """
    for number, bot in enumerate(world.bots.values()):
        _try(name, f"bots[{number}]", wire.myself, bot, world.people.get(bot.id))
        strangers = bot.dialogs.keys() - world.people.keys()
        if strangers:
            raise BrokenWorldFile(f"{name}: bots[{number}].dialogs: there is no person {min(strangers)}")
    for number, set_ in enumerate(world.sticker_sets.values()):
        held = {sticker.file_id for sticker in set_.stickers} | ({set_.thumbnail_id} - {""})
        if held - world.files.by_id.keys():
            missing = min(held - world.files.by_id.keys())
            raise BrokenWorldFile(f"{name}: sticker_sets[{number}]: there is no file {missing}")
    for room, place in _rooms(world):
        for message in room.messages.values():
            _try(name, f"{place}.messages[{message.message_id}]", wire.message, world, room, message)
        if isinstance(room, Chat):
            _look_at_chat(world, name, place, room)


def _look_at_chat(world: World, name: str, place: str, chat: Chat) -> None:
    strangers = (chat.members.keys() - world.people.keys()) | (chat.bot_ids - world.bots.keys())
    if strangers:
        raise BrokenWorldFile(f"{name}: {place}.members: there is no person {min(strangers)}")
    if chat.linked_chat_id and chat.linked_chat_id not in world.chats:
        raise BrokenWorldFile(f"{name}: {place}.linked_chat_id: there is no chat {chat.linked_chat_id}")
    for number, link in enumerate(chat.links):
        _try(name, f"{place}.links[{number}]", wire.invite_link, world, link)


def _try(name: str, place: str, show: Any, *records: object) -> None:
    try:
        show(*records)
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise BrokenWorldFile(f"{name}: {place}: there is no {error}") from None
