"""Where a reader looks: the address of the page, and what they have read."""

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

MOST_SHOWN = 1_000
WIDTH = 12
"""Digits an id in an address may have and more: longer ones are nobody's."""
REMEMBERED = 5_000
"""Rooms kept in mind; the oldest are forgotten."""


class Place(Struct, frozen=True):
    """
    What the page shows.

    `person` acts; `chat` is a chat's id or a bot's; `topic` a thread of a forum; `shown` how many messages.
    `view` is the column a phone shows (chats, talk, log). `log` is what the right column lists (all, calls,
    updates), of `bot` (0: of every bot), only `errors` if so.
    """

    person: int = 0
    chat: int = 0
    topic: int = 0
    shown: int = 100
    view: str = "chats"
    log: str = "all"
    bot: int = 0
    errors: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Place":
        """From a query; what is no sense is as if left out."""
        chat = number(query.get("chat", ""))
        view = query.get("view", "")
        log = query.get("log", "")
        return cls(
            person=number(query.get("as", "")),
            chat=chat,
            topic=number(query.get("topic", "")),
            shown=min(max(number(query.get("shown", "")), 100), MOST_SHOWN),
            view=view if view in {"chats", "talk", "log"} else "talk" if chat else "chats",
            log=log if log in {"calls", "updates"} else "all",
            bot=number(query.get("bot", "")),
            errors=query.get("errors") == "1",
        )

    def query(self, **changes: object) -> str:
        """The address's query of this place with `changes`; defaults are left out."""
        there = msgspec.structs.replace(self, **changes)
        values: dict[str, object] = {
            "as": there.person,
            "chat": there.chat,
            "topic": there.topic,
            "shown": there.shown if there.shown != 100 else 0,
            "view": "" if there.view == ("talk" if there.chat else "chats") else there.view,
            "log": "" if there.log == "all" else there.log,
            "bot": there.bot,
            "errors": int(there.errors),
        }
        return urlencode({name: value for name, value in values.items() if value})

    def href(self, **changes: object) -> str:
        """The address of this place with `changes`."""
        return f"/?{self.query(**changes)}"

    def room(self, chat: int, **changes: object) -> str:
        """The address of another room; its topic and length start afresh."""
        return self.href(chat=chat, topic=0, shown=100, view="talk", **changes)

    @property
    def go(self) -> str:
        """The address, up to its last value, that follows a link inside the sandbox."""
        return f"/page/go?{self.query()}&to="


def number(text: str) -> int:
    """An id in an address; 0 if it is none."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= WIDTH + 4):
        return 0
    return int(text)


class Memory:
    """What the page keeps beside the world: who has read how far, and who asks which bot (`asked`)."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], int] = {}
        self.asked: dict[tuple[int, int], str] = {}

    def has_read(self, person: int, chat: int, message_id: int) -> None:
        """The person has seen this room up to this message."""
        self._read[person, chat] = max(message_id, self.last_read(person, chat))
        while len(self._read) > REMEMBERED:
            del self._read[next(iter(self._read))]

    def last_read(self, person: int, chat: int) -> int:
        """Up to which message the person has read."""
        return self._read.get((person, chat), 0)

    def asks(self, person: int, chat: int, query_id: str) -> None:
        """The person typed something behind a bot's name there."""
        self.asked[person, chat] = query_id
        while len(self.asked) > REMEMBERED:
            del self.asked[next(iter(self.asked))]
