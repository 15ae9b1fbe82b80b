"""Entities while they are being found: UTF-16 offsets, trimming, order."""

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.model import Wire

BLANK = " \t\n\r\v\f\x00"
INVISIBLE = frozenset(BLANK + "\u200b\u200c\u200d\u2060\u00ad\ufeff\u00a0\u200e\u200f")


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


def utf16(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


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
    kept.sort(key=lambda span: (span.offset, -span.length))
    return text, kept


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen."""
    return INVISIBLE.issuperset(text)
