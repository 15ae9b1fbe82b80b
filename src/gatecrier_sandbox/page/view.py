"""The whole page as data: a pure function of the world, the place, and what was read."""

from collections.abc import Sequence

from msgspec import Struct

from gatecrier_sandbox.page import asking, bubbles, log, rooms
from gatecrier_sandbox.page.asking import Panel
from gatecrier_sandbox.page.bubbles import Item
from gatecrier_sandbox.page.faces import Calendar, Face, of_person
from gatecrier_sandbox.page.place import Memory, Place
from gatecrier_sandbox.page.rooms import Composer, Head, Row
from gatecrier_sandbox.world import model, topics
from gatecrier_sandbox.world.faults import Fault
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.model import GENERAL, Chat, Room
from gatecrier_sandbox.world.state import State

FIRST_HUMAN = 1_000_000
"""Below it are Telegram's own accounts."""
MOST_TOPICS = 100
UNLIMITED = Limits.off()


class BotLine(Struct, frozen=True):
    """A bot in the right column: how one reaches it, and how much it has not heard yet."""

    face: Face
    token: str
    pending: int
    is_listening: bool


class Pin(Struct, frozen=True):
    """The newest pinned message of a room."""

    target: str
    text: str
    count: int


class Topic(Struct, frozen=True):
    """A topic of a forum; 0 is all of them, 1 is General. `color` is that of its icon, as #rrggbb."""

    id: int
    name: str
    is_closed: bool = False
    color: str = ""


class View(Struct, frozen=True):
    """All the page shows."""

    place: Place
    base: str
    actor: Face | None
    is_empty: bool
    rows: Sequence[Row]
    others: Sequence[Face]
    head: Head | None
    composer: Composer | None
    items: Sequence[Item]
    is_more: bool
    pin: Pin | None
    topics: Sequence[Topic]
    panel: Panel | None
    lines: Sequence[log.Line]
    bots: Sequence[BotLine]
    faults: Sequence[Fault]
    limited: bool
    now: str
    can_advance: bool


def whole(state: State, place: Place, calendar: Calendar, memory: Memory, *, base: str) -> View:
    """The page at a place. Marks what is shown as read, as opening a chat does."""
    room = rooms.find_room(state, place)
    items, is_more = bubbles.conversation(state, room, place, calendar) if room else ([], False)
    if room is not None and room.messages:
        memory.has_read(place.person, place.chat, next(reversed(room.messages)))
    actor = state.people.get(place.person)
    return View(
        place=place,
        base=base,
        actor=of_person(actor) if actor else None,
        is_empty=not state.chats and not state.bots,
        rows=rooms.rows(state, place, calendar, memory) if actor else [],
        others=rooms.strangers(state, place.person, "") if actor else [],
        head=rooms.head(state, room, place) if room else None,
        composer=rooms.composer(state, room, place, calendar) if room else None,
        items=items,
        is_more=is_more and place.shown < 1_000,
        pin=_pin(state, room, place, calendar) if room else None,
        topics=_topics(room) if isinstance(room, Chat) else [],
        panel=asking.panel(state, memory, place),
        lines=log.lines(state, place, calendar),
        bots=[_bot(state, bot_id) for bot_id in list(state.bots)[:50]],
        faults=[rule for rule in state.faults.rules if not rule.exhausted],
        limited=state.meter.limits != UNLIMITED,
        now=calendar.full(calendar.now),
        can_advance=hasattr(state.clock, "advance"),
    )


def first_person(state: State) -> int:
    """Whom one acts as who has not chosen yet; 0 if there is nobody."""
    return next((person.id for person in state.people.values() if _is_human(person.id, state)), 0)


def _is_human(user_id: int, state: State) -> bool:
    return user_id >= FIRST_HUMAN and not state.people[user_id].is_bot


def _bot(state: State, bot_id: int) -> BotLine:
    bot = state.bots[bot_id]
    return BotLine(of_person(state.people[bot_id]), bot.token, len(bot.queue.updates), bot.queue.is_awaited)


def _pin(state: State, room: Room, place: Place, calendar: Calendar) -> Pin | None:
    pinned = [number for number in room.pinned if number in room.messages]
    if not pinned:
        return None
    newest = room.messages[pinned[-1]]
    text = bubbles.Teller(state, room, place, calendar).line(newest)
    return Pin(f"m{newest.message_id}", text, len(pinned))


def _topics(room: Chat) -> list[Topic]:
    """The tabs of a forum: everything, General, then its topics."""
    if not room.is_forum:
        return []
    known = [_topic(topic) for topic in room.topics.values() if topic.id != GENERAL]
    general = _topic(topics.general(room))
    return [Topic(0, "All"), general, *known[:MOST_TOPICS]]


def _topic(topic: model.Topic) -> Topic:
    color = f"#{topic.icon_color & 0xFFFFFF:06x}" if topic.id != GENERAL else ""
    return Topic(topic.id, topic.name, topic.is_closed or topic.is_hidden, color)
