"""Entities nobody marked: commands, mentions, hashtags, links, addresses."""

import re
from collections.abc import Iterable

from gatecrier_sandbox.entities.spans import Span, utf16
from gatecrier_sandbox.model import Wire

TOP_LEVELS = "com|org|net|io|dev|app|me|info|ru|de|uk|fr|it|es|us|cn|in|xyz|online|site|ai|co|eu|tv|gg|biz"
PATTERNS = (
    ("url", re.compile(r"(?:https?|tg|ftp)://[^\s<>\"']+[^\s<>\"'.,;:!?)]", re.IGNORECASE)),
    ("email", re.compile(r"(?<![\w.@])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)),
    (
        "url",
        re.compile(
            rf"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:{TOP_LEVELS})(?![\w-])(?:/[^\s<>\"']*)?", re.IGNORECASE
        ),
    ),
    ("bot_command", re.compile(r"(?<![\w/<>@#])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d])\w{1,256}")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?!\w)")),
)
SIGNS = re.compile(r"[/@#$.:]")


def detect(text: str, marked: Iterable[Wire]) -> list[Wire]:
    """All entities of a text: those marked by the sender and those that show themselves."""
    own = list(marked)
    if SIGNS.search(text) is None:
        return own
    taken = [(entity["offset"], entity["length"]) for entity in own if entity["type"] in BARRIERS]
    found = [span for span in _show(text) if not any(_meets(span, *place) for place in taken)]
    return sorted(own + [span.wire() for span in found], key=_place) if found else own


BARRIERS = frozenset({"code", "pre", "text_link", "text_mention"})
"""Inside these nothing is detected."""


def _place(entity: Wire) -> tuple[int, int]:
    return int(str(entity["offset"])), -int(str(entity["length"]))


def _meets(span: Span, offset: object, length: object) -> bool:
    start = int(str(offset))
    return span.offset < start + int(str(length)) and start < span.end


def _show(text: str) -> list[Span]:
    """The entities of a bare text; the earlier pattern wins where two overlap."""
    spans: list[Span] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            offset = utf16(text[: match.start()])
            span = Span(kind, offset, utf16(match[0]), {})
            if not any(_meets(span, other.offset, other.length) for other in spans):
                spans.append(span)
    return spans
