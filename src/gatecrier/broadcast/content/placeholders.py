"""
Placeholders: what a text says of the person who reads it.

    {first_name} {username} {language} {id}      {first_name|friend} when it is not known     {{ is a brace

A brace before anything but a letter stands for itself; so does one that MarkdownV2 escapes (`\\{`). What is
filled in is plain text: no markup, no link, no mention and no change of direction can come from it.
"""

import html
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import NamedTuple, TypeVar

from gatecrier.broadcast.content.model import Content, Message, ParseMode, Recipient, messages_of
from gatecrier.broadcast.content.written import rewritten, written
from gatecrier.kernel.language import FSI, PDI
from gatecrier.kernel.names import LONGEST, inert

NAMES = ("first_name", "username", "language", "id")
LONGEST_USERNAME = 32
LONGEST_LANGUAGE = 35
"""Of an IETF tag, by RFC 5646's advice for buffers."""

PROBE = "\ue000"
"""Stands for a name while a text is checked: no text of ours holds it."""

_HOLE = re.compile(r"\{([a-z_]+)(?:\|([^{}]*))?\}")
_BRACE = re.compile(r"\{\{|\{(?=[^\W\d_])")
_BRACE_OR_ESCAPE = re.compile(r"\\.|\{\{|\{(?=[^\W\d_])", re.DOTALL)
_RESERVED = re.compile(r"[_*\[\]()~`>#+\-=|{}.!\\]")
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9-]")
_NOT_IN_USERNAMES = re.compile(r"\W", re.ASCII)


M = TypeVar("M", bound=Message)


class Hole(NamedTuple):
    """A placeholder in a text, `at` its place."""

    name: str
    otherwise: str
    at: int


class BadPlaceholder(Exception):
    """A brace that begins no placeholder; `at` is its place."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


@lru_cache(maxsize=256)
def parts(text: str, parse_mode: ParseMode, *, strict: bool = False) -> tuple[str | Hole, ...]:
    """
    A text between its placeholders.

    Args:
        strict: Otherwise a brace that begins none stands for itself: campaigns are older than placeholders.
    Raises:
        BadPlaceholder: it names something that nobody has, or is not closed.
    """
    return tuple(_parts(text, parse_mode, strict=strict))


def _parts(text: str, parse_mode: ParseMode, *, strict: bool) -> Iterator[str | Hole]:
    brace = _BRACE_OR_ESCAPE if parse_mode is ParseMode.MARKDOWN else _BRACE
    done = at = 0
    while found := brace.search(text, at):
        begin, at = found.span()
        if found[0] == "{{":
            yield text[done:begin]
            yield escaped("{", parse_mode)
            done = at
        elif found[0] == "{":
            hole = _HOLE.match(text, begin)
            if hole is not None and hole[1] in NAMES:
                yield text[done:begin]
                yield Hole(hole[1], hole[2] or "", begin)
                done = at = hole.end()
            elif strict:
                raise BadPlaceholder(begin, _what_is_wrong(hole))
    yield text[done:]


def _what_is_wrong(hole: re.Match[str] | None) -> str:
    known = ", ".join(f"{{{name}}}" for name in NAMES)
    named = f"{{{hole[1]}}} is no placeholder" if hole else "a placeholder begins here, and is not closed"
    fallback = "each with a fallback as in {first_name|friend}"
    return f"{named}. There are {known}, {fallback}; write {{{{ for a brace"


def holes(text: str, parse_mode: ParseMode) -> list[Hole]:
    """
    The placeholders of a text.

    Raises:
        BadPlaceholder: a brace begins none.
    """
    return [part for part in parts(text, parse_mode, strict=True) if isinstance(part, Hole)]


@lru_cache(maxsize=256)
def has_any(content: Content) -> bool:
    """Whether any text of it depends on who reads it."""
    texts = [text for message in messages_of(content) for text in written(message)]
    return any(isinstance(part, Hole) for text in texts for part in parts(text.text, text.parse_mode))


def personal(message: M, recipient: Recipient) -> M:
    """The message as this person gets it."""
    if not any("{" in text.text for text in written(message)):
        return message
    known = values(recipient)
    return rewritten(message, lambda text, parse_mode: filled(text, parse_mode, known))


def values(recipient: Recipient) -> dict[str, str]:
    """Placeholder → plain text, made safe: names come from strangers. "" where it is not known."""
    first_name = inert(recipient.first_name)
    return {
        "first_name": f"{FSI}{first_name}{PDI}" if first_name else "",
        "username": _NOT_IN_USERNAMES.sub("", recipient.username)[:LONGEST_USERNAME],
        "language": _NOT_IN_TAGS.sub("", recipient.language)[:LONGEST_LANGUAGE],
        "id": str(recipient.id),
    }


def filled(text: str, parse_mode: ParseMode, known: Mapping[str, str]) -> str:
    """The text with its placeholders filled, as `values` or `extremes` have them."""
    return "".join(
        part if isinstance(part, str) else escaped(known[part.name] or part.otherwise, parse_mode)
        for part in parts(text, parse_mode)
    )


def extremes() -> Iterator[dict[str, str]]:
    """The longest of all values, and every choice of those that may be missing."""
    long = {
        "first_name": FSI + LONGEST * '"' + PDI,  # in HTML the longest to write
        "username": "u" * LONGEST_USERNAME,
        "language": "l" * LONGEST_LANGUAGE,
        "id": "9" * 16,  # Bot API: an id has at most 52 bits
    }
    may_be_missing = NAMES[:3]
    for present in product((True, False), repeat=len(may_be_missing)):
        missing = [name for name, there in zip(may_be_missing, present, strict=True) if not there]
        yield long | dict.fromkeys(missing, "")


def escaped(text: str, parse_mode: ParseMode) -> str:
    """Plain text as this markup writes it, in an address or code as well."""
    match parse_mode:
        case ParseMode.HTML:
            return html.escape(text)
        case ParseMode.MARKDOWN:
            return _RESERVED.sub(r"\\\g<0>", text)
        case _:
            return text
