"""parse_mode HTML. Source: td MessageEntity.cpp, do_parse_html; the texts are its own."""

import re

from msgspec import Struct

from gatecrier_sandbox.entities.dates import date_format
from gatecrier_sandbox.entities.links import LATEST, NUMBER, link_entity
from gatecrier_sandbox.entities.spans import Span, bytes_before, unparsable, utf16
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.world.model import Wire

TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
}
TAGS = frozenset({*TYPES, "a", "tg-emoji", "tg-time", "blockquote"})
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
PLAIN = re.compile(r"[^<&]+")
"""What needs no second look: taken whole, since most of a message is that."""
CHARACTER = re.compile(
    r"&(?:#x([0-9a-fA-F]{1,6})(?![0-9a-fA-F])|#([0-9]{1,7})(?![0-9])|(lt|gt|amp|quot)(?![A-Za-z]));?"
)
SPACE = " \t\n\r\v"
GAP = re.compile(rf"[{SPACE}]*")
TAG_NAME = re.compile(rf"[^{SPACE}\0>]*")
QUOTED = {'"': re.compile(r'[^"&\0]+'), "'": re.compile(r"[^'&\0]+")}
NAME = re.compile(rf"[^{SPACE}\0=>/\"']*")
TOKEN = re.compile(r"[A-Za-z0-9.\-]*")
SURROGATE = re.compile(r"[\ud800-\udfff]")
MOMENT = re.compile(r"[0-9]{1,10}")


HALVES = (
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
    "code units"
)


class Open(Struct):
    """
    A tag not closed yet: its name, its one argument, where its text starts (UTF-16, and in `plain`).

    `moment`: Unix seconds of a <tg-time>.
    """

    name: str
    argument: str
    moment: int
    offset: int
    begin: int


def parse(text: str) -> tuple[str, list[Span]]:
    """
    Read HTML into plain text and entities.

    Raises:
        ApiError: 400, with the UTF-8 offset of what is wrong.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tag_at = 0
        self.plain: list[str] = []
        self.length = 0
        self.open: list[Open] = []
        self.spans: list[Span] = []

    def parse(self) -> tuple[str, list[Span]]:
        while self.at < len(self.text):
            self._step()
        if self.open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        for span in self.spans:
            if span.type == "code":  # a language belongs to <pre>; here it filled none
                span.extra = {}
        plain = "".join(self.plain)
        if SURROGATE.search(plain):
            raise unparsable(HALVES)
        return plain, self.spans

    def _step(self) -> None:
        if run := self._take(PLAIN):
            self._keep(run)
            return
        if self._char() == "&":
            self._keep(self._character())
            return
        self.tag_at = self.at
        self.at += 1
        if self._char() == "/":
            self._end_tag()
        else:
            self._start_tag()

    def _keep(self, text: str) -> None:
        self.plain.append(text)
        self.length += utf16(text)

    def _char(self) -> str:
        """The next character; within a tag a zero byte counts as the end."""
        return self.text[self.at].strip("\0") if self.at < len(self.text) else ""

    def _character(self) -> str:
        """The next character, decoded if it is written as &...;"""
        match = CHARACTER.match(self.text, self.at) if self._char() == "&" else None
        decoded = _decoded(match) if match else ""
        if match and decoded:
            self.at = match.end()
            return decoded
        self.at += 1
        return self.text[self.at - 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        """What the pattern takes from here on, perhaps nothing."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match[0] if match else ""

    def _skip_spaces(self) -> None:
        self._take(GAP)

    def _wrong(self, what: str) -> ApiError:
        return unparsable(f"{what} at byte offset {bytes_before(self.text, self.tag_at)}")

    def _start_tag(self) -> None:
        name = self._take(TAG_NAME).lower()
        if not self._char():
            raise self._wrong("Unclosed start tag")
        if name not in TAGS:
            raise self._wrong(f'Unsupported start tag "{name}"')
        tag = Open(name, "", 0, self.length, len(self.plain))
        self._attributes(tag)
        self.at += 1
        if name == "span" and tag.argument != "spoiler":
            raise self._wrong('Tag "span" must have class "tg-spoiler"')
        self.open.append(tag)

    def _attributes(self, tag: Open) -> None:
        """Read up to the closing `>`; keep what means something for this tag."""
        while True:
            self._skip_spaces()
            if self._char() == ">":
                return
            name, value = self._attribute(tag.name)
            if tag.name == "tg-time" and name == "unix":
                tag.moment = _moment(value)
            else:
                tag.argument = _argument(tag, name, value)

    def _attribute(self, tag: str) -> tuple[str, str]:
        name = self._take(NAME)
        if not name:
            raise self._wrong(f'Empty attribute name in the tag "{tag}"')
        self._skip_spaces()
        if self._char() == "=":
            self.at += 1
            self._skip_spaces()
            value = self._value() if self._char() else None
            if value is not None and not self._char():
                raise self._wrong("Unclosed start tag")
        else:
            value = "" if self._char() else None
        if value is None:
            raise self._wrong(f'Unclosed start tag "{tag}"')
        return name, value

    def _value(self) -> str:
        quote = self._char()
        if quote in QUOTED:
            self.at += 1
            return self._quoted(quote)
        start = self.at
        token = self._take(TOKEN)
        if self._char() not in f"{SPACE}>":
            offset = bytes_before(self.text, start)
            raise unparsable(f"Unexpected end of name token at byte offset {offset}")
        return token.lower()

    def _quoted(self, quote: str) -> str:
        value = []
        while self._char() and self._char() != quote:
            value.append(self._take(QUOTED[quote]) or self._character())
        if self._char():
            self.at += 1
        return "".join(value)

    def _end_tag(self) -> None:
        if not self.open:
            raise self._wrong("Unexpected end tag")
        self.at += 1
        name = self._take(TAG_NAME).lower()
        self._skip_spaces()
        if self._char() != ">":
            raise self._wrong("Unclosed end tag")
        self.at += 1
        tag = self.open.pop()
        if name and name != tag.name:
            offset = bytes_before(self.text, self.tag_at)
            found = f'expected "</{tag.name}>", found "</{name}>"'
            raise unparsable(f"Unmatched end tag at byte offset {offset}, {found}")
        if self.length > tag.offset:
            self._close(tag)

    def _close(self, tag: Open) -> None:
        length = self.length - tag.offset
        if tag.name == "a":
            address = tag.argument or "".join(self.plain[tag.begin :])
            self.spans.extend(link_entity(tag.offset, length, address))
        elif tag.name in {"pre", "code"}:
            self._close_code(tag, length)
        elif found := _entity(tag):
            self.spans.append(Span(found[0], tag.offset, length, found[1]))

    def _close_code(self, tag: Open, length: int) -> None:
        """`<pre>` and `<code class="language-x">`, in either order: one block if one fills the other."""
        last = self.spans[-1] if self.spans else None
        twin = last and (last.offset, last.length) == (tag.offset, length)
        if last and twin and tag.name == "pre" and last.type == "code" and last.extra:
            last.type = "pre"
        elif last and twin and tag.name == "code" and last.type == "pre" and tag.argument:
            last.extra = {"language": tag.argument}
        else:
            extra: Wire = {"language": tag.argument} if tag.argument else {}
            self.spans.append(Span(tag.name, tag.offset, length, extra))


def _decoded(match: re.Match[str]) -> str:
    if match[3]:
        return NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 0 < code < 0x10FFFF else ""


def _moment(value: str) -> int:
    """The leading digits of a number of seconds; 0 if there are none, or too many."""
    digits = MOMENT.match(value)
    return int(digits[0]) if digits and int(digits[0]) <= LATEST else 0


def _argument(tag: Open, name: str, value: str) -> str:
    """The one argument of a tag after reading this attribute."""
    match (tag.name, name):
        case ("a", "href") | ("tg-emoji", "emoji-id") | ("tg-time", "format"):
            return value
        case ("code", "class") if value.startswith("language-"):
            return value.removeprefix("language-")
        case ("span", "class") if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case ("blockquote", "expandable"):
            return "1"
    return tag.argument


def _entity(tag: Open) -> tuple[str, Wire] | None:
    if tag.name == "blockquote":
        return ("expandable_blockquote" if tag.argument else "blockquote"), {}
    if tag.name == "tg-emoji":
        if NUMBER.fullmatch(tag.argument) is None:
            raise unparsable("Invalid custom emoji identifier specified")
        return "custom_emoji", {"custom_emoji_id": tag.argument}
    if tag.name == "tg-time":
        shape = date_format(tag.argument)
        if shape is None:
            raise unparsable("Invalid date format used")
        return ("date_time", {"unix_time": tag.moment, "date_time_format": shape}) if tag.moment else None
    kind = TYPES.get(tag.name)
    return (kind, {}) if kind else None
