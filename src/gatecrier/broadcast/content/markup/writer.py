"""The text that is left of markup, as it is written down: cleaned, measured and trimmed as Telegram does."""

import re
from typing import NamedTuple

from gatecrier.kernel.names import utf16

REMOVED = re.compile(r"[\r\u2028-\u202e\u0333\u033f\u030a]")
CONTROLS = dict.fromkeys([*range(10), *range(11, 32)], " ")
REPEATED_DIRECTION = re.compile(r"[\u200e\u200f](?=[\u200e\u200f])")
"""Of marks of direction in a row, only the last counts; the others become U+200C."""
BLANKS = re.compile(
    r"[\n \u00a0\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\U000e0000-\U000e007f]*"
)
EDGE = "\n "
"""What is trimmed at the ends."""
EMOJI_ID = re.compile(r"[1-9][0-9]{0,18}")
DATE_FORMAT = re.compile(r"[rR]|[tTdDwW]*")
LATEST = (1 << 31) - 1
"""Unix seconds that a date in a text may name."""


class Broken(Exception):
    """
    Telegram would reject this markup.

    Args:
        at: The place in the text, in characters from 0.
        what: A clause that says what is wrong.
    """

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


class Entity(NamedTuple):
    """A part that is marked; offset and length in UTF-16 units. A link may turn out to lead nowhere."""

    kind: str
    offset: int
    length: int


class Parsed(NamedTuple):
    """A text without its markup; `length` in UTF-16 units, by which Telegram limits it."""

    text: str
    length: int
    entities: tuple[Entity, ...]


class Mark(NamedTuple):
    """An entity that is open: its place in the source, and what was written before it."""

    kind: str
    at: int
    offset: int
    raw: int


class Writer:
    """Where a parser stands in its source, and what it has written so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self._written: list[str] = []
        self._raw = 0
        self._length = 0
        self._entities: list[Entity] = []

    @classmethod
    def plain(cls, text: str) -> Parsed:
        """A text without any markup."""
        writer = cls(text)
        writer.write(text)
        return writer.parsed()

    def rest_begins(self, sign: str) -> bool:
        """Whether `sign` comes next."""
        return self.source.startswith(sign, self.at)

    def write(self, text: str) -> None:
        """Keep text, without what no message keeps."""
        self._raw += len(text)
        is_clean = text.isascii() and text.isprintable()
        clean = text if is_clean else REMOVED.sub("", text).translate(CONTROLS)
        self._length += utf16(clean)
        self._written.append(clean)

    def mark(self, kind: str, at: int) -> Mark:
        """Something begins here."""
        return Mark(kind, at, self._length, self._raw)

    def holds_something(self, mark: Mark) -> bool:
        """Whether anything was written since, if only what no message keeps."""
        return self._raw > mark.raw

    def close(self, mark: Mark, kind: str) -> None:
        """It ends here. Nothing that is empty is an entity, and <pre><code> is one."""
        length = self._length - mark.offset
        last = self._entities[-1] if self._entities else None
        if last and last[1:] == (mark.offset, length) and {last.kind, kind} == {"pre", "code"}:
            self._entities[-1] = Entity("pre", mark.offset, length)
        elif length:
            self._entities.append(Entity(kind, mark.offset, length))

    def parsed(self) -> Parsed:
        """All of it, trimmed: blanks stay at the start where an entity holds them."""
        text = REPEATED_DIRECTION.sub("\u200c", "".join(self._written)).rstrip(EDGE)
        if BLANKS.fullmatch(text):
            return Parsed("", 0, ())
        total = utf16(text)
        entities = sorted(self._kept(total), key=lambda entity: (entity.offset, -entity.length))
        first = entities[0].offset if entities else total
        lead = min(len(text) - len(text.lstrip(EDGE)), first)
        moved = tuple(entity._replace(offset=entity.offset - lead) for entity in entities)
        return Parsed(text[lead:], total - lead, moved)

    def _kept(self, total: int) -> list[Entity]:
        return [
            entity._replace(length=min(entity.offset + entity.length, total) - entity.offset)
            for entity in self._entities
            if entity.offset < total
        ]
