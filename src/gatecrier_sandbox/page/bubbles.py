"""A room's messages as one person sees them: bubbles in groups, days, services, deleted ones."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import cast

import msgspec
from markupsafe import Markup
from msgspec import Struct

from gatecrier_sandbox.page import service
from gatecrier_sandbox.page.articles import Article, Block
from gatecrier_sandbox.page.faces import Calendar, Face, of_chat, of_person
from gatecrier_sandbox.page.keyboards import Button, inline
from gatecrier_sandbox.page.media import BIG_EMOJI, Media, Poll, all_media, kind_of, poll_of, snippet
from gatecrier_sandbox.page.place import Place
from gatecrier_sandbox.page.rich import Entity, plain, rich
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import GENERAL, Chat, Message, Room, Wire
from gatecrier_sandbox.world.state import State

TOGETHER = 600
"""Seconds within which messages of one sender stand in one group."""
EMOJI_TEXT = 6
"""The longest text, in characters, that may be drawn as big emoji."""


class Reply(Struct, frozen=True):
    """What a bubble answers."""

    name: str
    colour: int
    text: str
    target: str = ""


class Reaction(Struct, frozen=True):
    """One kind of reaction: how many gave it, and whether this person did."""

    emoji: str
    count: int
    mine: bool


class Bubble(Struct):
    """
    One message (or album). `first` and `last` say where it stands in its group; `bot` is the username of the
    bot that sent it, or through which it was sent; `topic` is told where topics are shown together.
    """

    message_id: int
    is_out: bool
    face: Face
    time: str
    full_time: str
    is_group: bool = False
    first: bool = True
    last: bool = True
    title: str = ""
    via: str = ""
    forward: str = ""
    reply: Reply | None = None
    text: Markup = Markup("")
    source: str = ""
    media: Sequence[Media] = ()
    article: Sequence[Block] = ()
    bot: str = ""
    topic: tuple[int, str] = (0, "")
    poll: Poll | None = None
    above: bool = False
    is_big: bool = False
    edited: bool = False
    signature: str = ""
    rows: Sequence[Sequence[Button]] = ()
    reactions: Sequence[Reaction] = ()
    only_you: bool = False
    editable: bool = False
    ephemeral: bool = False


class Item(Struct):
    """A line of the conversation; `key` is its id in the document. `bubble` is None where `words` stand."""

    key: str
    sort: str
    words: Markup = Markup("")
    bubble: Bubble | None = None


class Teller:
    """Turns records into items for one person in one room."""

    def __init__(self, state: State, room: Room, place: Place, calendar: Calendar) -> None:
        self.state = state
        self.room = room
        self.place = place
        self.calendar = calendar
        self.is_group = isinstance(room, Chat) and room.is_group
        self.go = place.go

    def items(self, messages: Sequence[Message], gone: Mapping[int, Message]) -> list[Item]:
        """All lines, oldest first; `gone` are the deleted ones."""
        found: list[Item] = []
        day = ""
        previous: Message | None = None
        missing = _by_successor(messages, list(gone))
        for position, message in enumerate(messages):
            if (today := self.calendar.day(message.date)) != day:
                day, previous = today, None
                found.append(Item(f"d{message.date}", "day", Markup("{}").format(day)))
            for number in missing.get(position, ()):
                previous = None
                found.append(self._gone(gone[number]))
            if previous is not None and self._is_same_album(previous, message):
                self._extend(found[-1], message)
            else:
                found.append(self._item(message, previous, found))
            previous = None if message.service is not None else message
        return found + [self._gone(gone[number]) for number in missing.get(len(messages), ())]

    def _gone(self, message: Message) -> Item:
        """What is left of a deleted message: a mark, and what it said for who points at it."""
        return Item(f"g{message.message_id}", "gone", Markup("{}").format(self.line(message)[:200]))

    def _is_same_album(self, previous: Message, message: Message) -> bool:
        return bool(message.media_group_id) and previous.media_group_id == message.media_group_id

    def _extend(self, item: Item, message: Message) -> None:
        """One more picture of an album; its words, if it has any, are the album's."""
        bubble, shown = item.bubble, wire.message(self.state, self.room, message)
        if bubble is None:
            return
        bubble.media = [*bubble.media, *all_media(shown, self.state.files.by_id)]
        bubble.text = bubble.text or _text(shown, self.go)

    def _item(self, message: Message, previous: Message | None, found: list[Item]) -> Item:
        key = f"{'e' if message.receiver_id else 'm'}{message.message_id}"
        shown = wire.message(self.state, self.room, message)
        if message.service is not None:
            actor = service.named(shown.get("sender_chat") or shown.get("from")) if message.sender_id else ""
            return Item(key, "service", service.sentence(actor, message.service))
        bubble = self._bubble(message, shown)
        if previous is not None and self._continues(previous, message):
            bubble.first = False
            if (before := found[-1].bubble) is not None:
                before.last = False
        return Item(key, "bubble", bubble=bubble)

    @staticmethod
    def _continues(previous: Message, message: Message) -> bool:
        return (
            (previous.sender_id, previous.sender_chat_id, previous.bot_id, previous.receiver_id)
            == (message.sender_id, message.sender_chat_id, message.bot_id, message.receiver_id)
            and (previous.is_topic and previous.thread_id) == (message.is_topic and message.thread_id)
            and message.date - previous.date < TOGETHER
        )  # fmt: skip

    def _bubble(self, message: Message, shown: Wire) -> Bubble:
        drawn = all_media(shown, self.state.files.by_id)
        is_out = message.sender_id == self.place.person and not message.sender_chat_id
        text = _text(shown, self.go)
        return Bubble(
            message.message_id,
            is_out,
            self.face(message),
            self.calendar.clock(message.date),
            self._full_time(message),
            is_group=self.is_group,
            title=self._title(message),
            via=self._username(message.via_bot_id),
            forward="" if "is_automatic_forward" in shown else _origin(shown.get("forward_origin")),
            reply=self._reply(message, shown),
            text=text,
            source=message.text if is_out else "",
            media=drawn,
            article=self._article(message, shown),
            bot=self._username(message.bot_id or message.via_bot_id),
            topic=self._topic(message),
            poll=poll_of(shown, self._votes(message)) if message.poll_id or "poll" in shown else None,
            above=shown.get("show_caption_above_media") is True,
            is_big=kind_of(shown) in BIG_EMOJI or (not drawn and _is_emoji(message.text, message.entities)),
            edited=bool(message.edit_date),
            signature=message.signature,
            rows=inline(message.markup, self.go),
            reactions=self._reactions(message),
            only_you=bool(message.receiver_id),
            editable=is_out and not message.content and not message.poll_id and message.forward is None,
            ephemeral=bool(message.receiver_id),
        )

    def _topic(self, message: Message) -> tuple[int, str]:
        """Number and name of a message's topic where those of all topics stand together; else 0."""
        if self.place.topic or not message.is_topic or not isinstance(self.room, Chat):
            return (0, "")
        topic = self.room.topics.get(message.thread_id)
        return (topic.id, topic.name) if topic is not None else (0, "")

    def _article(self, message: Message, shown: Wire) -> Sequence[Block]:
        rich_message = shown.get("rich_message")
        if not isinstance(rich_message, dict):
            return ()
        prefix = f"a{message.message_id}"
        return Article(self.state.files.by_id, self.go, prefix).blocks(rich_message.get("blocks"))

    def _full_time(self, message: Message) -> str:
        told = self.calendar.full(message.date)
        return f"{told}\nEdited {self.calendar.full(message.edit_date)}" if message.edit_date else told

    def face(self, message: Message) -> Face:
        """Who a message seems to come from."""
        chat = self.state.chats.get(message.sender_chat_id)
        if chat is None and not message.sender_id and isinstance(self.room, Chat):
            chat = self.room
        return of_chat(chat) if chat else of_person(self.state.people[message.sender_id])

    def _title(self, message: Message) -> str:
        """What stands beside an administrator's name."""
        if not self.is_group or message.sender_chat_id or not isinstance(self.room, Chat):
            return ""
        member = self.room.members.get(message.sender_id)
        if member is None or not member.is_admin:
            return ""
        return member.custom_title or ("owner" if member.status == "creator" else "admin")

    def _username(self, bot_id: int) -> str:
        return self.state.people[bot_id].username if bot_id in self.state.people else ""

    def _reply(self, message: Message, shown: Wire) -> Reply | None:
        quote = shown.get("quote")
        quoted = str(quote.get("text")) if isinstance(quote, dict) else ""
        if (replied := message.reply_to) is not None:
            if replied.service is not None and "forum_topic_created" in replied.service:
                return None
            face = self.face(replied)
            words = quoted or self.line(replied)
            return Reply(face.name, face.colour, words, f"m{replied.message_id}")
        external = shown.get("external_reply")
        if isinstance(external, dict):
            return Reply(_origin(external.get("origin")), 5, quoted or snippet(external))
        return None

    def line(self, message: Message) -> str:
        """A message in one line."""
        if message.service is not None:
            actor = self.face(message).name if message.sender_id else ""
            return service.sentence(actor, message.service).striptags()
        poll = self.state.polls.get(message.poll_id)
        carried: Wire = {"poll": {"question": poll.question}} if poll is not None else message.content or {}
        words = plain(message.text, message.entities)
        if not carried:
            return words
        what = snippet(carried)
        return f"{what}, {words}" if words else what

    def _votes(self, message: Message) -> Sequence[int]:
        return votes(self.state, message, self.place.person)

    def _reactions(self, message: Message) -> list[Reaction]:
        found = []
        for encoded, people in (message.reactions or {}).items():
            kind = msgspec.json.decode(encoded)
            emoji = str(kind.get("emoji") or "⭐") if isinstance(kind, dict) else str(kind)
            found.append(Reaction(emoji, len(people), self.place.person in people))
        return [reaction for reaction in found if reaction.count]


def votes(state: State, message: Message, person: int) -> Sequence[int]:
    """Which options of a message's poll a person chose."""
    poll = state.polls.get(message.poll_id)
    return poll.votes.get(person, ()) if poll is not None else ()


def _by_successor(messages: Sequence[Message], gone: Sequence[int]) -> dict[int, list[int]]:
    """Deleted ids by the position of the message they stand before; those above all that is shown go."""
    ids = [message.message_id for message in messages if not message.receiver_id]
    found: dict[int, list[int]] = {}
    for number in sorted(gone):
        place = bisect_right(ids, number)
        if ids and place:
            found.setdefault(place, []).append(number)
    return found


def _text(shown: Wire, go: str) -> Markup:
    words = "text" if "text" in shown else "caption"
    entities = shown.get("entities" if words == "text" else "caption_entities")
    text = shown.get(words)
    found = cast("list[Entity]", entities if isinstance(entities, list) else [])
    return rich(text, found, go=go) if isinstance(text, str) else Markup("")


def _origin(origin: object) -> str:
    """The name in a forward's header."""
    if not isinstance(origin, dict):
        return ""
    hidden = origin.get("sender_user_name")
    if isinstance(hidden, str):
        return hidden
    return service.named(origin.get("sender_user") or origin.get("sender_chat") or origin.get("chat"))


def _is_emoji(text: str, entities: Sequence[object]) -> bool:
    return bool(text) and not entities and len(text) <= EMOJI_TEXT and all(map(_is_pictograph, text))


def _is_pictograph(char: str) -> bool:
    return (
        "\U0001f300" <= char <= "\U0001faff" or char in "\u200d\ufe0f❤⭐✨☺✌" or "\u2600" <= char <= "\u27bf"
    )


def visible(room: Room, person: int, topic: int, count: int) -> tuple[list[Message], bool]:
    """The newest `count` messages a person sees, oldest first, and whether there are older ones."""
    newest = (message for message in reversed(room.messages.values()) if _is_in(message, topic))
    found = list(islice(newest, count + 1))
    is_more = len(found) > count
    found = found[:count][::-1]
    if isinstance(room, Chat) and room.ephemeral:
        since = found[0].date if is_more else 0
        found += [one for one in room.ephemeral.values() if _is_mine(one, person) and one.date >= since]
        found.sort(key=lambda message: message.date)
    return found, is_more


def _is_in(message: Message, topic: int) -> bool:
    if not topic:
        return True
    if topic == GENERAL:
        return not message.is_topic
    return topic in {message.thread_id, message.message_id}


def _is_mine(message: Message, person: int) -> bool:
    return person in {message.receiver_id, message.sender_id}


def conversation(state: State, room: Room, place: Place, calendar: Calendar) -> tuple[list[Item], bool]:
    """The lines of a room, and whether there are older ones."""
    messages, is_more = visible(room, place.person, place.topic, place.shown)
    gone = {key: one for key, one in room.deleted.items() if _is_in(one, place.topic)}
    return Teller(state, room, place, calendar).items(messages, gone), is_more
