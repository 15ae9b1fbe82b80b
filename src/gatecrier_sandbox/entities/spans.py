"""Entities while they are being found: UTF-16 offsets, trimming, order."""

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.world.model import Wire

BLANK = " \t\n\r\v\f\x00"
INVISIBLE = frozenset(BLANK + "\u200b\u200c\u200d\u2060\u00ad\ufeff\u00a0\u200e\u200f")

OUTER = {
    "blockquote": 0,
    "expandable_blockquote": 0,
    "pre": 10,
    "code": 20,
    "text_mention": 49,
    "text_link": 49,
}
INNER = {"bold": 90, "italic": 91, "underline": 92, "strikethrough": 93, "spoiler": 94, "custom_emoji": 99}
ORDER = OUTER | INNER
"""Which of two entities in the same place comes first: the smaller; those not named lie between."""


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


def bytes_before(text: str, index: int) -> int:
    """The UTF-8 offset of a character."""
    return len(text[:index].encode())


def unparsable(text: str) -> ApiError:
    """400, the text cannot be read as markup."""
    return bad_request(f"can't parse entities: {text}")


def trimmed(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Cut blanks at the end, and at the start up to the first entity; drop entities that become empty."""
    text = text.rstrip(BLANK)
    first = min((span.offset for span in spans), default=len(text))
    lead = min(len(text) - len(text.lstrip(BLANK)), first)
    text, total = text[lead:], utf16(text) - lead
    kept = []
    for span in spans:
        length = min(span.offset - lead + span.length, total) - (span.offset - lead)
        if length > 0:
            kept.append(Span(span.type, span.offset - lead, length, span.extra))
    kept.sort(key=place)
    return text, kept


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen."""
    return INVISIBLE.issuperset(text)
