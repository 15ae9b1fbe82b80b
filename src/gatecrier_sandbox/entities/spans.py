"""Entities while they are being found: where they are, in UTF-16 units, and in which order."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.world.model import Wire

ORDER = {
    "blockquote": 0,
    "expandable_blockquote": 0,
    "pre": 10,
    "code": 20,
    "date_time": 30,
    "text_mention": 49,
    "text_link": 49,
    "bold": 90,
    "italic": 91,
    "underline": 92,
    "strikethrough": 93,
    "spoiler": 94,
    "custom_emoji": 99,
}
"""Which of two entities in the same place comes first: the smaller; those not named are 50."""


class Span(Struct):
    """One entity; offset and length in UTF-16 units, `extra` its further fields (url, language...)."""

    type: str
    offset: int
    length: int
    extra: Wire

    @property
    def end(self) -> int:
        """Where it stops."""
        return self.offset + self.length

    def wire(self) -> Wire:
        """A MessageEntity."""
        return {"offset": self.offset, "length": self.length, "type": self.type, **self.extra}


def place(span: Span) -> tuple[int, int, int]:
    """Telegram's order of entities: by start, the longer first, then by what they are."""
    return span.offset, -span.length, ORDER.get(span.type, 50)


def utf16(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def units_before(text: str, places: Iterable[int]) -> Iterator[int]:
    """The UTF-16 offsets of characters, given in order."""
    last = units = 0
    for at in places:
        units += utf16(text[last:at])
        last = at
        yield units


def bytes_before(text: str, index: int) -> int:
    """The UTF-8 offset of a character."""
    return len(text[:index].encode("utf-8", "surrogatepass"))


def unparsable(text: str) -> ApiError:
    """400, the text cannot be read as markup."""
    return bad_request(f"can't parse entities: {text}")
