"""Entities nobody marked: commands, mentions, hashtags, links, addresses."""

import re
from collections.abc import Iterable

from gatecrier_sandbox.entities.spans import Span, place, utf16
from gatecrier_sandbox.world.model import Wire

TOP_LEVELS = "com|org|net|io|dev|app|me|info|ru|de|uk|fr|it|es|us|cn|in|xyz|online|site|ai|co|eu|tv|gg|biz"
PATTERNS = (
    ("url", "://", re.compile(r"(?:https?|tg|ftp)://[^\s<>\"']+[^\s<>\"'.,;:!?)]", re.IGNORECASE)),
    ("email", "@", re.compile(r"(?<![\w.@])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)),
    (
        "url",
        ".",
        re.compile(
            rf"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:{TOP_LEVELS})(?![\w-])(?:/[^\s<>\"']*)?", re.IGNORECASE
        ),
    ),
    (
        "bot_command",
        "/",
        re.compile(r"(?<![\w/<>@#])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@])"),
    ),
    ("mention", "@", re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")),
    ("hashtag", "#", re.compile(r"(?<![\w#])#(?=\w*[^\W\d])\w{1,256}")),
    ("cashtag", "$", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?!\w)")),
)
"""Type, the sign without which it cannot be (looked for first, that costs least), and its look."""
SIGNS = re.compile(r"[/@#$.]")


def detect(text: str, marked: Iterable[Span]) -> list[Wire]:
    """All entities of a text: those marked by the sender and those that show themselves."""
    own = list(marked)
    if SIGNS.search(text) is not None:
        barriers = [span for span in own if span.type in BARRIERS]
        own += [span for span in _show(text) if not any(_meet(span, other) for other in barriers)]
        own.sort(key=place)
    return [span.wire() for span in own]


BARRIERS = frozenset({"code", "pre", "text_link", "text_mention"})
"""Inside these nothing is detected."""


def _meet(one: Span, other: Span) -> bool:
    return one.offset < other.end and other.offset < one.end


def _show(text: str) -> list[Span]:
    """The entities of a bare text; the earlier pattern wins where two overlap."""
    spans: list[Span] = []
    for kind, sign, pattern in PATTERNS:
        for match in pattern.finditer(text) if sign in text else ():
            offset = utf16(text[: match.start()])
            span = Span(kind, offset, utf16(match[0]), {})
            if not any(_meet(span, other) for other in spans):
                spans.append(span)
    return spans
