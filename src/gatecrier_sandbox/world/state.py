"""All that is: people, bots, chats, and the ways to find and number them. Who does what is in `world`."""

import random

import msgspec

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.calls import CallLog, Deliveries
from gatecrier_sandbox.world.clock import Clock
from gatecrier_sandbox.world.faults import Faults
from gatecrier_sandbox.world.feed import Event, Feed
from gatecrier_sandbox.world.files import Files
from gatecrier_sandbox.world.limits import Limits, Meter
from gatecrier_sandbox.world.model import Bot, Chat, Click, Dialog, Person, Room, Wire

TELEGRAM = 777000
"""Who posts the automatic forwards of a linked channel."""
ANONYMOUS_ADMIN = 1087968824
"""Who speaks for an anonymous administrator."""
CHANNEL_SPEAKER = 136817688
"""Who speaks for a person that writes as a channel."""

FIRST_PERSON = 100_000_001
FIRST_GROUP = -4_000_000_001
FIRST_CHANNEL = -1_001_500_000_001


class State:
    """The records and their indexes; every other part of the sandbox works on this."""

    def __init__(self, clock: Clock, *, limits: Limits, seed: int) -> None:
        self.clock = clock
        self.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.people: dict[int, Person] = {person.id: person for person in _pseudo_accounts()}
        self.bots: dict[int, Bot] = {}
        self.tokens: dict[str, Bot] = {}
        self.chats: dict[int, Chat] = {}
        self.usernames: dict[str, int] = {}
        self.clicks: dict[str, Click] = {}
        self.meter = Meter(limits)
        self.faults = Faults(random.Random(seed + 1))  # noqa: S311
        self.calls = CallLog()
        self.deliveries = Deliveries()
        self.feed = Feed()
        self.files = Files(random.Random(seed + 2))  # noqa: S311
        self.next_person = FIRST_PERSON

    @property
    def today(self) -> int:
        """Now in whole Unix seconds, as messages are dated."""
        return int(self.clock.now())

    def emit(self, bot: Bot, kind: str, content: Wire, *, now: float | None = None) -> None:
        """Give a bot an update, as it looks at this moment."""
        if kind in bot.queue.allowed:
            self.emit_encoded(bot, kind, msgspec.json.encode(content), now=now)

    def emit_encoded(self, bot: Bot, kind: str, content: bytes, *, now: float | None = None) -> None:
        """Give a bot an update that was encoded before; a fault may double it."""
        copies = 2 if self.faults.rules and self.faults.for_update(bot.id) else 1
        bot.queue.add(kind, content, now=self.clock.now() if now is None else now, copies=copies)
        if self.feed.watches:
            self.feed.publish(Event("update", bot_id=bot.id))

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
