"""
A group's own words for its card: read when they are saved, so that Telegram takes whatever is shown.

A template is Telegram's HTML with {people}, {channels} and {group}. What `check` returns is written anew
from what it understood, never copied.
"""

import re
import unicodedata
from html import escape
from typing import NamedTuple

from gatecrier.kernel.errors import Refused
from gatecrier.kernel.language import Said, with_direction
from gatecrier.kernel.names import LONGEST, utf16

LONGEST_TEMPLATE = 1_000  # UTF-16 units, markup included
LONGEST_MESSAGE = 4_096  # UTF-16 units of a message's text (sendMessage)
MOST_TAGS = 40  # Telegram keeps 100 entities of a message, and people and channels need some

PEOPLE, CHANNELS, GROUP = "{people}", "{channels}", "{group}"
REQUIRED = (PEOPLE, CHANNELS)

_NAMED = 5 * (LONGEST + 10) + 64
"""The longest {people}: five names, what stands between them, "and 1,000,000 more"."""
_MISSING = 10 * (2 * LONGEST + 40)
"""The longest {channels}: ten titles that are kept from being links, and "at least 2 of" before each."""
ROOM = {PEOPLE: _NAMED, CHANNELS: _MISSING, GROUP: 2 * LONGEST + 2}
"""How long each of them may become, in UTF-16 units."""

PLAIN_TAGS = frozenset({"b", "i", "u", "s", "tg-spoiler", "code", "blockquote"})
_NEVER_IN_ITSELF = frozenset({"a", "blockquote"})
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
_KEPT = frozenset("\n\u200c\u200d\u200e\u200f")  # joiners and direction marks are part of many scripts
_BARRED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})

_TOKEN = re.compile(r"<[^<>]*>|\{[^{}<>&]*\}|&#?\w+;|[^<{}&]+|.", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{(people|channels|group)\}")
_LINK = re.compile(r"""<a\s+href\s*=\s*(?:"([^"]*)"|'([^']*)')\s*>""", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?|tg)://[^\s\"'<>{}\\^`|]+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot);")
_CHARACTER = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}));")


def check(text: str) -> str:
    """
    The template as it is to be kept.

    Raises:
        Refused: with the line and column of the first fault, and what to write instead.
    """
    text = text.replace("\r\n", "\n").replace("\t", " ").strip()
    _check_length(text)
    written = _Reader(text).read()
    _check_length(written)
    _check_whole(written)
    return written


def render(language: str, template: str, *, people: Said, channels: Said, group: Said) -> str:
    """
    The card's HTML from a template that `check` returned.

    Args:
        people, channels, group: HTML, each name in it escaped and isolated.
    """
    values = {"people": people, "channels": channels, "group": group}
    return with_direction(language, _PLACEHOLDER.sub(lambda match: values[match[1]].text, template))


class _Place(NamedTuple):
    """Where a tag was opened."""

    name: str
    position: int


class _Reader:
    """Reads a template once, from left to right, and writes down what it understood."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._open: list[_Place] = []
        self._tags = 0

    def read(self) -> str:
        written: list[str] = []
        for match in _TOKEN.finditer(self._text):
            self._position = match.start()
            written.append(self._token(match[0]))
        if self._open:
            self._position = self._open[-1].position
            raise self._refused(f"<{self._open[-1].name}> is never closed.", "unclosed_tag")
        return "".join(written)

    def _token(self, token: str) -> str:
        if token.startswith("<"):
            return self._tag(token)
        if token[0] in "{}":
            return self._placeholder(token)
        if token.startswith("&") and len(token) > 1:
            return self._entity(token)
        return self._words(token)

    def _words(self, text: str) -> str:
        for offset, letter in enumerate(text):
            if letter not in _KEPT and unicodedata.category(letter) in _BARRED:
                self._position += offset
                raise self._refused(f"U+{ord(letter):04X} is an invisible character.", "control_character")
        return escape(text, quote=False)

    def _entity(self, token: str) -> str:
        if token in _ENTITIES:
            return token
        match = _CHARACTER.fullmatch(token)
        code = int(match[1], 16) if match and match[1] else int(match[2]) if match else 0
        if not 0 < code <= 0x10FFFF:
            raise self._refused(
                f"Telegram does not know {token}.", "unknown_entity", "Write &amp; for a single &."
            )
        return self._words(chr(code))

    def _placeholder(self, token: str) -> str:
        if token not in ROOM:
            raise self._refused(
                f"{token[:40]} stands for nothing.", "unknown_placeholder", f"There are: {', '.join(ROOM)}."
            )
        inside = {place.name for place in self._open}
        if inside & {"a", "code"}:
            raise self._refused(f"{token} has markup of its own: not in a link or in <code>.", "bad_nesting")
        return token

    def _tag(self, token: str) -> str:
        if len(token) == 1:
            raise self._refused(
                "Here a tag begins and does not end.", "bad_tag", "Write &lt; for a single <."
            )
        return self._closing(token) if token.startswith("</") else self._opening(token)

    def _closing(self, token: str) -> str:
        name = token[2:-1].strip().lower()
        if not self._open or self._open[-1].name != name:
            wanted = f"</{self._open[-1].name}> must come first" if self._open else "nothing is open"
            raise self._refused(f"{token[:40]} closes what is not open: {wanted}.", "unbalanced_tag")
        self._open.pop()
        return f"</{name}>"

    def _opening(self, token: str) -> str:
        name, written = self._understood(token)
        inside = {place.name for place in self._open}
        if "code" in inside or (name == "code" and inside - {"blockquote"}):
            raise self._refused("<code> holds no other tag, and stands in none.", "bad_nesting")
        if name in _NEVER_IN_ITSELF & inside:
            raise self._refused(f"<{name}> cannot stand in another <{name}>.", "bad_nesting")
        self._tags += 1
        if self._tags > MOST_TAGS:
            raise self._refused(f"These are more than {MOST_TAGS} tags.", "too_many_tags")
        self._open.append(_Place(name, self._position))
        return written

    def _understood(self, token: str) -> tuple[str, str]:
        name = token[1:-1].strip().lower()
        if name in PLAIN_TAGS:
            return name, f"<{name}>"
        link = _LINK.fullmatch(token)
        if link is None:
            known = ", ".join(f"<{each}>" for each in sorted(PLAIN_TAGS))
            raise self._refused(
                f"{token[:40]} is no tag that Telegram knows here.",
                "bad_tag",
                f'There are: {known} and <a href="https://…">.',
            )
        address = _ENTITY.sub(lambda match: _ENTITIES[match[0]], link[1] or link[2] or "")
        if not _ADDRESS.fullmatch(address):
            raise self._refused(
                "This link leads nowhere.", "bad_link", "Give an address that begins with https:// or tg://."
            )
        self._words(address)
        return "a", f'<a href="{escape(address)}">'

    def _refused(self, what: str, code: str, remedy: str = "") -> Refused:
        before = self._text[: self._position]
        line, column = before.count("\n") + 1, self._position - (before.rfind("\n") + 1) + 1
        return Refused(f"Line {line}, column {column}: {what}", remedy=remedy, field="template", code=code)


def _check_length(text: str) -> None:
    if (length := utf16(text)) > LONGEST_TEMPLATE:
        raise Refused(
            f"The text has {length} characters, {length - LONGEST_TEMPLATE} too many.",
            remedy=f"Telegram's tags and &amp; included, it may have {LONGEST_TEMPLATE}.",
            field="template",
            code="too_long",
        )


def _check_whole(written: str) -> None:
    for each in REQUIRED:
        if each not in written:
            raise Refused(
                f"The text does not contain {each}.",
                remedy=f"Say {PEOPLE} for who is held, and {CHANNELS} for what they must join.",
                field="template",
                code="missing_placeholder",
            )
    lines = written.count("\n") + 1  # each may get a mark of its direction
    longest = utf16(written) + lines + sum(written.count(name) * room for name, room in ROOM.items())
    if longest > LONGEST_MESSAGE:
        raise Refused(
            f"With long names this could have {longest} characters; Telegram takes {LONGEST_MESSAGE}.",
            remedy="Name people and channels once each.",
            field="template",
            code="too_long",
        )
