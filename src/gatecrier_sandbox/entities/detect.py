"""Entities nobody marked: mentions, commands, tags, links, addresses. Source: td find_entities."""

import re
from collections.abc import Callable, Iterable, Iterator

from gatecrier_sandbox.entities.addresses import addresses, internal_links
from gatecrier_sandbox.entities.nesting import apart, arranged, with_found
from gatecrier_sandbox.entities.spans import Span, place, units_before, utf16
from gatecrier_sandbox.world.model import Wire

Found = Iterator[tuple[int, int, str]]
"""Begin and end in characters, and the kind."""

SIGNS = re.compile(r"[/@#$.+]")
"""Without one of these there is nothing to find; looked for first, that costs least."""
WORD = "[A-Za-z0-9_]"
MENTION = re.compile(rf"(?<!\w)@({WORD}{{2,32}})(?!\w)")
SHORT_NAMES = frozenset({"gif", "vid", "pic"})
"""The only mentions of less than four characters."""
COMMAND = re.compile(rf"(?<![\w/<>])/{WORD}{{1,64}}(?:@{WORD}{{3,32}}(?![\w/<>])|(?![\w/<>@]))")
TAG = re.compile(r"#([\w\u200c\xb7\u0d80-\u0dff]+)")
LONGEST_TAG = 256
CHAT = re.compile(rf"@{WORD}{{3,32}}")
"""Behind a tag: the chat it is of."""
CASHTAG = re.compile(rf"\$(?:1INCH|(?!1INCH)[A-Z]{{1,8}}(?![A-Z]))(?:@{WORD}{{3,32}}(?!{WORD}))?")
PHONE = re.compile(r"(?<![\w+.\-])\+\d(?:[ \-]?\(?\d\)?){6,14}(?![\w\-])")
"""The server's own; a guess."""


def detect(text: str, marked: Iterable[Span]) -> list[Wire]:
    """All entities of a text: those marked by the sender and those that show themselves."""
    return [span.wire() for span in with_found(arranged(list(marked)), found_in(text))]


def found_in(text: str) -> list[Span]:
    """What shows itself in a bare text: in order, apart; of two that overlap the first, or the longer."""
    if SIGNS.search(text) is None:
        return []
    places = [found for sign, finders in FINDERS if sign in text for find in finders for found in find(text)]
    places.sort()
    offsets = units_before(text, [begin for begin, _, _ in places])
    spans = [
        Span(kind, offset, utf16(text[begin:end]), {})
        for (begin, end, kind), offset in zip(places, offsets, strict=True)
    ]
    return apart(sorted(spans, key=place))


def _mentions(text: str) -> Found:
    for found in MENTION.finditer(text):
        if len(found[1]) > 3 or found[1].lower() in SHORT_NAMES:
            yield found.start(), found.end(), "mention"


def _commands(text: str) -> Found:
    for found in COMMAND.finditer(text):
        yield found.start(), found.end(), "bot_command"


def _phones(text: str) -> Found:
    for found in PHONE.finditer(text):
        yield found.start(), found.end(), "phone_number"


def _is_tag_letter(char: str) -> bool:
    """Whether a hashtag may have it; td's is_hashtag_letter."""
    if char.isascii():
        return char.isalnum() or char == "_"
    return char.isalpha() or char.isdecimal() or char in "\u200c\xb7" or "\u0d80" <= char <= "\u0dff"


def _hashtags(text: str) -> Found:
    for found in TAG.finditer(text):
        begin = found.start()
        if begin and _is_tag_letter(text[begin - 1]):
            continue
        tag = found[1] if found[1].isascii() else _letters(found[1])
        end = stop = begin + 1 + min(len(tag), LONGEST_TAG)
        if len(tag) <= LONGEST_TAG:
            chat = CHAT.match(text, end)
            end = stop = chat.end() if chat else end
        else:
            stop = begin + 1 + len(tag)
        if not text.startswith("#", stop) and any(char.isalpha() for char in tag[:LONGEST_TAG]):
            yield begin, end, "hashtag"


def _letters(word: str) -> str:
    """Its start that is made of letters a tag may have."""
    end = next((at for at, char in enumerate(word) if not _is_tag_letter(char)), len(word))
    return word[:end]


def _cashtags(text: str) -> Found:
    for found in CASHTAG.finditer(text):
        around = text[found.start() - 1 : found.start()] + text[found.end() : found.end() + 1]
        if not any(char == "$" or _is_tag_letter(char) for char in around):
            yield found.start(), found.end(), "cashtag"


FINDERS: tuple[tuple[str, tuple[Callable[[str], Found], ...]], ...] = (
    ("@", (_mentions,)),
    ("/", (_commands,)),
    ("#", (_hashtags,)),
    ("$", (_cashtags,)),
    ("+", (_phones,)),
    ("://", (internal_links,)),
    (".", (addresses,)),
)
"""By the sign without which nothing of the kind can be there."""
