"""All that is: people, bots, chats, and the ways to find and number them. Who does what is in `world`."""

import random
from pathlib import Path

import msgspec

from gatecrier_sandbox.errors import ApiError, Refused
from gatecrier_sandbox.world.asked import GuestQuery, InlineQuery, Poll
from gatecrier_sandbox.world.calls import CallLog, Deliveries
from gatecrier_sandbox.world.clock import Clock
from gatecrier_sandbox.world.faults import Fault, FaultKind, Faults
from gatecrier_sandbox.world.feed import Event, Feed
from gatecrier_sandbox.world.files import Files
from gatecrier_sandbox.world.limits import Limits, Meter
from gatecrier_sandbox.world.model import Bot, Chat, Click, Dialog, Person, Room, Wire
from gatecrier_sandbox.world.stickers import StickerSet

TELEGRAM = 777000
"""Who posts the automatic forwards of a linked channel."""
ANONYMOUS_ADMIN = 1087968824
"""Who speaks for an anonymous administrator."""
CHANNEL_SPEAKER = 136817688
"""Who speaks for a person that writes as a channel."""

PSEUDO = frozenset({TELEGRAM, ANONYMOUS_ADMIN, CHANNEL_SPEAKER})

FIRST_PERSON = 100_000_001
FIRST_GROUP = -4_000_000_001
FIRST_CHANNEL = -1_001_500_000_001


class State:
    """The records and their indexes; every other part of the sandbox works on this."""

    def __init__(self, clock: Clock, *, limits: Limits, seed: int) -> None:
        self.clock = clock
        self.seed = seed
        self.feed = Feed()
        self.file: Path | None = None
        """Where the world is saved to, if anywhere."""
        self.base_url = ""
        """Where it is served (`http://host:port`), if it is: files there can be sent by URL."""
        self._begin(limits, seed)

    def _begin(self, limits: Limits, seed: int) -> None:
        """Nobody and nothing, as a seed begins."""
        self.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.people: dict[int, Person] = {person.id: person for person in _pseudo_accounts()}
        self.bots: dict[int, Bot] = {}
        self.tokens: dict[str, Bot] = {}
        self.chats: dict[int, Chat] = {}
        self.usernames: dict[str, int] = {}
        self.clicks: dict[str, Click] = {}
        self.polls: dict[str, Poll] = {}
        self.inline_queries: dict[str, InlineQuery] = {}
        self.inline_messages: dict[str, tuple[Room, int]] = {}
        self.guest_queries: dict[str, GuestQuery] = {}
        self.uncounted: set[tuple[int, int]] = set()
        self.join_queries: dict[str, tuple[int, int]] = {}
        self.meter = Meter(limits)
        self.faults = Faults(random.Random(seed + 1))  # noqa: S311
        self.calls = CallLog()
        self.deliveries = Deliveries()
        self.files = Files(random.Random(seed + 2))  # noqa: S311
        self.sticker_sets: dict[str, StickerSet] = {}
        """By name, in lower case."""
        self.next_person = FIRST_PERSON
        self.webhooks_strict = False
        """Whether webhooks must be HTTPS, on Telegram's ports and at public addresses."""

    def reset(self) -> None:
        """Begin anew: nobody and nothing is left but clock and limits. Watchers have to come again."""
        for bot in self.bots.values():
            bot.webhook = None
            bot.queue.clear()
            bot.queue.wake(ApiError(500, "Internal Server Error: restart"))
        self._begin(self.meter.limits, self.seed)
        self.feed.close()

    def next_seed(self) -> int:
        """What chance could go on from in another process; nothing changes here."""
        chance = random.Random()  # noqa: S311 - repeatable on purpose
        chance.setstate(self.rng.getstate())
        return chance.getrandbits(53)

    @property
    def humans(self) -> int:
        """How many people there are; bots and Telegram's own accounts do not count."""
        return len(self.people) - len(self.bots) - len(PSEUDO)

    @property
    def today(self) -> int:
        """Now in whole Unix seconds, as messages are dated."""
        return int(self.clock.now())

    def emit(self, bot: Bot, kind: str, content: Wire, *, now: float | None = None) -> None:
        """Give a bot an update, as it looks at this moment."""
        if kind in bot.queue.allowed:
            self.emit_encoded(bot, kind, msgspec.json.encode(content), now=now)

    def emit_encoded(self, bot: Bot, kind: str, content: bytes, *, now: float | None = None) -> None:
        """Give a bot an update that was encoded before; a fault may double, delay or lose it."""
        if kind not in bot.queue.allowed:
            return
        moment = self.clock.now() if now is None else now
        fault = self.faults.for_update(kind, bot.id) if self.faults.rules else None
        if fault is None:
            bot.queue.add(kind, content, now=moment)
        else:
            self._emit_badly(bot, kind, content, moment, fault)
        if self.feed.watches:
            self.feed.publish(Event("update", bot_id=bot.id))

    def _emit_badly(self, bot: Bot, kind: str, content: bytes, now: float, fault: Fault) -> None:
        if fault.kind is FaultKind.DUPLICATE_UPDATE:
            bot.queue.add(kind, content, now=now, copies=2)
        elif fault.kind is FaultKind.LOSE_UPDATE:
            bot.queue.lose()
        else:
            self.clock.call_later(fault.seconds, bot.queue.hold(kind, content, now=now))

    def happened(self, kind: str, room: Room, message_id: int = 0) -> None:
        """Tell those who watch that something happened in a room."""
        if not self.feed.watches:
            return
        if isinstance(room, Dialog):
            event = Event(kind, bot_id=room.bot_id, person_id=room.person_id, message_id=message_id)
        else:
            event = Event(kind, chat_id=room.id, message_id=message_id)
        self.feed.publish(event)

    def need_person(self, user_id: int, field: str = "user_id") -> Person:
        """The account with this id, or `Refused` 404."""
        person = self.people.get(user_id)
        if person is None:
            raise Refused(f"there is no person {user_id}", field=field, status=404)
        return person

    def need_chat(self, chat_id: int, field: str = "chat_id") -> Chat:
        """The group or channel with this id, or `Refused` 404."""
        chat = self.chats.get(chat_id)
        if chat is None:
            raise Refused(f"there is no chat {chat_id}", field=field, status=404)
        return chat

    def need_bot(self, bot_id: int, field: str = "bot_id") -> Bot:
        """The bot with this id, or `Refused` 404."""
        bot = self.bots.get(bot_id)
        if bot is None:
            raise Refused(f"there is no bot {bot_id}", field=field, status=404)
        return bot

    def room(self, user_id: int, chat_id: int) -> Room:
        """The room a person means by `chat_id`: a chat, or the dialog with the bot of that id."""
        if chat_id < 0:
            return self.need_chat(chat_id)
        dialog = self.need_bot(chat_id, "chat_id").dialogs.get(user_id)
        if dialog is None:
            raise Refused(f"{user_id} never wrote to the bot {chat_id}", field="chat_id", status=404)
        return dialog

    def next_message_id(self, room: Room) -> int:
        """A fresh message id: per chat, and one sequence for all dialogs of a bot."""
        owner: Chat | Bot = self.bots[room.bot_id] if isinstance(room, Dialog) else room
        number = owner.next_message_id
        owner.next_message_id += 1
        return number

    def bots_in(self, chat: Chat) -> list[Bot]:
        """The bots present in a chat, oldest id first."""
        return [self.bots[bot_id] for bot_id in sorted(chat.bot_ids)]

    def claim_username(self, username: str, owner: int) -> None:
        """Give a username to a person or chat; they are unique, whatever their case."""
        if not username:
            return
        if self.usernames.setdefault(username.lower(), owner) != owner:
            raise Refused(f"the username {username} is taken", field="username", status=409)


def _pseudo_accounts() -> list[Person]:
    return [
        Person(TELEGRAM, "Telegram"),
        Person(ANONYMOUS_ADMIN, "Group", username="GroupAnonymousBot", is_bot=True),
        Person(CHANNEL_SPEAKER, "Channel", username="Channel_Bot", is_bot=True),
    ]
