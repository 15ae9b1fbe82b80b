"""Characters no message keeps, and the blanks at its ends. Source: td misc.cpp, fix_formatted_text."""

import re
from bisect import bisect_left

from gatecrier_sandbox.entities.spans import Span, place, units_before, utf16

UNCLEAN = re.compile(r"[\x00-\x09\x0b-\x1f\u2028-\u202e\u0333\u033f\u030a\u200e\u200f]")
"""Whether there is anything to do at all."""
REMOVED = re.compile(r"[\r\u2028-\u202e\u0333\u033f\u030a]")
CONTROLS = dict.fromkeys([*range(10), *range(11, 32)], " ")
DIRECTION = re.compile(r"[\u200e\u200f](?=[\u200e\u200f])")
"""Of marks of direction in a row, only the last counts."""
UNSEEN = re.compile(
    r"[\n \u00a0\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\U000e0000-\U000e007f]*"
)


def cleaned(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Control characters become spaces, some others vanish; entities move with the text."""
    if (text.isascii() and text.isprintable()) or UNCLEAN.search(text) is None:
        return text, spans
    if spans and (places := [found.start() for found in REMOVED.finditer(text)]):
        gone = list(units_before(text, places))
        spans = [_moved(span, gone) for span in spans]
    return DIRECTION.sub("\u200c", REMOVED.sub("", text).translate(CONTROLS)), spans


def _moved(span: Span, gone: list[int]) -> Span:
    offset, end = (at - bisect_left(gone, at) for at in (span.offset, span.end))
    return Span(span.type, offset, end - offset, span.extra)


def trimmed(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """
    Cut blanks at the end, and at the start up to the first entity.

    The text must be clean, the entities in order. A text nobody can see becomes empty.
    """
    body = text.rstrip("\n ")
    if is_blank(body):
        return "", []
    if not spans:
        return body.lstrip("\n "), []
    total = utf16(body)
    kept = [span for span in spans if span.offset < total]
    first = kept[0].offset if kept else len(body)
    lead = min(len(body) - len(body.lstrip("\n ")), first)
    if len(body) == len(text) and not lead:
        return text, kept
    moved = [
        Span(span.type, span.offset - lead, min(span.end, total) - span.offset, span.extra) for span in kept
    ]
    return body[lead:], sorted(moved, key=place)


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen."""
    return UNSEEN.fullmatch(text) is not None
