"""Telegram's HTML: a short list of tags, four named characters, and no forgiveness."""

import re
from typing import NamedTuple

from gatecrier.broadcast.content.markup.writer import (
    DATE_FORMAT,
    EMOJI_ID,
    LATEST,
    Broken,
    Mark,
    Parsed,
    Writer,
)

KINDS = {
    "a": "text_link",
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
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

_S = r" \t\n\r\v"
TEXT = re.compile(r"[^<&]+")
CHARACTER = re.compile(
    r"&(?:#x([0-9a-fA-F]{1,6})(?![0-9a-fA-F])|#([0-9]{1,7})(?![0-9])|(lt|gt|amp|quot)(?![A-Za-z]));?"
)
TAG_NAME = re.compile(rf"[^{_S}\0>]*")
SPACES = re.compile(rf"[{_S}]*")
ATTRIBUTE = re.compile(
    rf"""([^{_S}\0=>/"']++)[{_S}]*+"""
    rf"""(?:=[{_S}]*+(?:"([^"\0]*+)"|'([^'\0]*+)'|([A-Za-z0-9.\-]*+)(?=[{_S}>]))|(?!=))"""
)
SURROGATE = re.compile(r"[\ud800-\udfff]")
DIGITS = re.compile(r"[0-9]{1,10}")


class _Tag(NamedTuple):
    """A tag that is open."""

    name: str
    attributes: dict[str, str]
    mark: Mark


class Html(Writer):
    """A parser for one text."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._open: list[_Tag] = []

    def parse(self) -> Parsed:
        """
        Read it all.

        Raises:
            Broken: with the place of the tag that is wrong.
        """
        while self.at < len(self.source):
            if text := TEXT.match(self.source, self.at):
                self.at = text.end()
                self.write(text[0])
            elif self.source[self.at] == "&":
                self._character()
            elif self.rest_begins("</"):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            tag = self._open[-1]
            raise Broken(tag.mark.at, f"the tag <{tag.name}> is never closed")
        return self.parsed()

    def _character(self) -> None:
        found = CHARACTER.match(self.source, self.at)
        meant = _decoded(found) if found else ""
        if SURROGATE.match(meant):
            raise Broken(self.at, "this stands for half a character")
        self.write(meant or "&")
        self.at = found.end() if found and meant else self.at + 1

    def _start_tag(self) -> None:
        at = self.at
        name = self._tag_name(at + 1)
        if not self._sees(self.at):
            raise Broken(at, "a tag begins here, and is not closed by >; write &lt; for the sign itself")
        if name not in KINDS:
            raise Broken(at, f"Telegram knows no tag <{name}>; write &lt; for the sign itself")
        attributes = self._attributes(at, name)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise Broken(at, 'the tag <span> must be <span class="tg-spoiler">')
        self._open.append(_Tag(name, attributes, self.mark(KINDS[name], at)))

    def _attributes(self, at: int, name: str) -> dict[str, str]:
        """Those of one tag; among several of a name the last that Telegram makes sense of counts."""
        found: dict[str, str] = {}
        self._skip_spaces()
        while self._sees(self.at) != ">":
            match = ATTRIBUTE.match(self.source, self.at)
            if match is None or not self._sees(match.end()):
                raise Broken(at, f"the tag <{name}> is written wrong, or not closed by >")
            key, value = match[1], _value(match)
            if key != "class" or value.startswith("tg-"):
                found[key] = value
            self.at = match.end()
            self._skip_spaces()
        self.at += 1
        return found

    def _end_tag(self) -> None:
        at = self.at
        if not self._open:
            raise Broken(at, "this tag closes nothing")
        name = self._tag_name(at + 2)
        self._skip_spaces()
        if self._sees(self.at) != ">":
            raise Broken(at, "this closing tag lacks its >")
        self.at += 1
        tag = self._open.pop()
        if name not in ("", tag.name):
            raise Broken(at, f"</{name}> stands where </{tag.name}> must come first")
        if self.holds_something(tag.mark):
            self._close(tag)

    def _close(self, tag: _Tag) -> None:
        if tag.name == "tg-emoji" and EMOJI_ID.fullmatch(tag.attributes.get("emoji-id", "")) is None:
            raise Broken(tag.mark.at, "<tg-emoji> needs an emoji-id, which is a number")
        if tag.name == "tg-time":
            if DATE_FORMAT.fullmatch(tag.attributes.get("format", "")) is None:
                raise Broken(tag.mark.at, "<tg-time> has a format that Telegram does not know")
            if not _seconds(tag.attributes.get("unix", "")):
                return
        self.close(tag.mark, tag.mark.kind)

    def _tag_name(self, at: int) -> str:
        found = TAG_NAME.match(self.source, at)
        self.at = found.end() if found else at
        return found[0].lower() if found else ""

    def _skip_spaces(self) -> None:
        if found := SPACES.match(self.source, self.at):
            self.at = found.end()

    def _sees(self, at: int) -> str:
        """The character there; within a tag a zero byte is the end."""
        return self.source[at : at + 1].strip("\0")


def _decoded(found: re.Match[str]) -> str:
    if found[3]:
        return NAMED[found[3]]
    code = int(found[1], 16) if found[1] else int(found[2])
    return chr(code) if 0 < code < 0x10FFFF else ""


def _value(attribute: re.Match[str]) -> str:
    quoted = attribute[2] if attribute[2] is not None else attribute[3]
    if quoted is None:
        return (attribute[4] or "").lower()
    return CHARACTER.sub(lambda found: _decoded(found) or found[0], quoted)


def _seconds(written: str) -> int:
    """The digits a number of seconds begins with; 0 when there are none, or too many."""
    digits = DIGITS.match(written)
    return int(digits[0]) if digits and int(digits[0]) <= LATEST else 0
