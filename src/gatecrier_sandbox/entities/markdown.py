"""parse_mode MarkdownV2 and the older Markdown. Source: td MessageEntity.cpp; the texts are its own."""

import re

from msgspec import Struct

from gatecrier_sandbox.entities.links import emoji_or_time, link_entity
from gatecrier_sandbox.entities.spans import Span, bytes_before, unparsable, utf16
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.world.model import Wire

PLAIN = re.compile(r"[^_*\[\]()~`>#+\-=|{}.!\\\r\n]+")
"""What stands for itself everywhere: taken whole, since most of a message is that."""
RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
RESERVED_IN_CODE = frozenset("`")
LANGUAGE = re.compile(r"[^ \t\r\n\v\x00`]+(?=[ \t\r\n\v\x00])")
LINE_BREAK = re.compile(r"\r\n|\n\r|[\r\n]")
PRINTED = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
SIGNS = {"bold": "*", "italic": "_", "underline": "__", "strikethrough": "~", "spoiler": "||"}
SIGNS |= {"code": "`", "pre": "```", "text_link": "]", "custom_emoji": "]"}
OPENERS = (
    ("__", "underline"),
    ("_", "italic"),
    ("*", "bold"),
    ("~", "strikethrough"),
    ("||", "spoiler"),
    ("![", "custom_emoji"),
    ("[", "text_link"),
    ("```", "pre"),
    ("`", "code"),
)
LEGACY = {"*": "bold", "_": "italic", "`": "code", "[": "text_link"}


class Open(Struct):
    """An entity not closed yet; `at` is its place in the input, `begin` in the output."""

    type: str
    offset: int
    at: int
    begin: int
    language: str = ""


class _Writer:
    """The plain text so far, and its length in UTF-16 units."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.plain: list[str] = []
        self.length = 0
        self.spans: list[Span] = []

    def keep(self, text: str) -> None:
        self.plain.append(text)
        self.length += utf16(text)

    def sees(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def skip_language(self) -> str:
        """The word behind ``` if a blank follows it; then one line break is skipped."""
        word = LANGUAGE.match(self.text, self.at)
        self.at = word.end() if word else self.at
        line_break = LINE_BREAK.match(self.text, self.at)
        self.at = line_break.end() if line_break else self.at
        return word[0] if word else ""

    def close(self, kind: str, offset: int, begin: int, address: str | None, extra: Wire) -> None:
        """Note an entity that ends here; a link without an address is its own."""
        length = self.length - offset
        if not length:
            return
        if kind == "text_link":
            written = "".join(self.plain[begin:]) if address is None else address
            self.spans.extend(link_entity(offset, length, written))
        else:
            self.spans.append(Span(kind, offset, length, extra))


class _MarkdownV2(_Writer):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.open: list[Open] = []
        self.in_quote = False
        self.at_line_start = True

    def parse(self) -> tuple[str, list[Span]]:
        while self.at < len(self.text):
            self._step()
        if self.in_quote:
            self._end_last_quote()
        if self.open:
            raise self._unclosed()
        return "".join(self.plain), self.spans

    def _step(self) -> None:
        char = self.text[self.at]
        if char == "\\" and "\0" < self.text[self.at + 1 : self.at + 2] <= "~":
            self.at += 1
            self._plain(self.text[self.at])
        elif char not in (RESERVED_IN_CODE if self._in_code() else RESERVED):
            run = PLAIN.match(self.text, self.at)
            self._plain(run[0] if run else char, starts_line=False)
        elif self.in_quote and char == "\n" and self.text[self.at + 1 : self.at + 2] != ">":
            self._end_quote()
        elif self.open and self._closes():
            self._close(self.open.pop())
        elif char == "\n":
            self._plain(char)
        else:
            self._open(char)

    def _in_code(self) -> bool:
        return bool(self.open) and self.open[-1].type in {"code", "pre"}

    def _plain(self, text: str, *, starts_line: bool = True) -> None:
        """Keep text; a quote can begin behind a line break, and behind \\r as behind what precedes it."""
        self.keep(text)
        self.at += len(text)
        if text != "\r":
            self.at_line_start = starts_line and text == "\n"

    def _unclosed(self) -> ApiError:
        last = self.open[-1]
        kind = "PreCode" if last.language else PRINTED[last.type]
        offset = bytes_before(self.text, last.at)
        return unparsable(f"Can't find end of {kind} entity at byte offset {offset}")

    def _end_quote(self) -> None:
        """The line break ends the quote and belongs to it; what was opened in it must be closed."""
        expandable = self._folds("||", "||\r")
        if expandable:
            self.open.pop()
        if self.open[-1].type != "blockquote":
            raise self._unclosed()
        self._plain("\n")
        self._close_quote(expandable=expandable)

    def _end_last_quote(self) -> None:
        """The text ends, and with it its last quote."""
        expandable = self._folds("||")
        if expandable:
            self.open.pop()
        if self.open[-1].type == "blockquote":
            self._close_quote(expandable=expandable)

    def _folds(self, *signs: str) -> bool:
        """Whether the line ends with a `||` that closes no spoiler: it makes the quote expandable."""
        last = self.open[-1]
        return last.type == "spoiler" and self.text[last.at : self.at] in signs

    def _close_quote(self, *, expandable: bool) -> None:
        quote = self.open.pop()
        kind = "expandable_blockquote" if expandable else "blockquote"
        self.close(kind, quote.offset, quote.begin, None, {})
        self.in_quote = False

    def _closes(self) -> bool:
        kind = self.open[-1].type
        if kind == "blockquote" or (kind == "italic" and self.sees("__")):
            return False
        return self.sees(SIGNS[kind])

    def _open(self, char: str) -> None:
        if char == ">" and self.at_line_start:
            self._start_quote()
            return
        for sign, kind in OPENERS:
            if self.sees(sign):
                opened = Open(kind, self.length, self.at, len(self.plain))
                self.at += len(sign)
                if kind == "pre":
                    opened.language = self.skip_language()
                self.open.append(opened)
                return
        raise unparsable(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")

    def _start_quote(self) -> None:
        if not self.in_quote:
            self.open.append(Open("blockquote", self.length, self.at, len(self.plain)))
            self.in_quote = True
        self.at += 1

    def _close(self, closed: Open) -> None:
        self.at += len(SIGNS[closed.type])
        kind, address = closed.type, None
        extra: Wire = {"language": closed.language} if closed.language else {}
        if kind in {"text_link", "custom_emoji"} and self.sees("("):
            address = self._address()
        if kind == "custom_emoji":
            kind, extra = _pictured(address)
        self.close(kind, closed.offset, closed.begin, address, extra)

    def _address(self) -> str:
        self.at += 1
        start, address = self.at, []
        while self.at < len(self.text) and not self.sees(")"):
            if self.sees("\\") and "\0" < self.text[self.at + 1 : self.at + 2] <= "~":
                self.at += 1
            address.append(self.text[self.at])
            self.at += 1
        if not self.sees(")"):
            raise unparsable(f"Can't find end of a URL at byte offset {bytes_before(self.text, start)}")
        self.at += 1
        return "".join(address)


def _pictured(address: str | None) -> tuple[str, Wire]:
    """What `![...](address)` stands for."""
    if address is None:
        raise unparsable("The entity must contain a tg://emoji or tg://time URL")
    found = emoji_or_time(address)
    if found is None:
        raise unparsable("Invalid tg://emoji or tg://time URL specified")
    return found


class _Markdown(_Writer):
    def parse(self) -> tuple[str, list[Span]]:
        while self.at < len(self.text):
            self._step()
        return "".join(self.plain), self.spans

    def _step(self) -> None:
        char = self.text[self.at]
        if char == "\\" and self.text[self.at + 1 : self.at + 2] in {"_", "*", "`", "["}:
            self.keep(self.text[self.at + 1])
            self.at += 2
        elif char in LEGACY:
            self._entity(char)
        else:
            self.keep(char)
            self.at += 1

    def _entity(self, char: str) -> None:
        begin, offset, at = len(self.plain), self.length, self.at
        kind, sign = (LEGACY[char], "]" if char == "[" else char)
        if self.sees("```"):
            kind, sign = "pre", "```"
        self.at += len(sign)
        language = self.skip_language() if kind == "pre" else ""
        end = self.text.find(sign, self.at)
        if end < 0:
            place = bytes_before(self.text, at)
            raise unparsable(f"Can't find end of the entity starting at byte offset {place}")
        self.keep(self.text[self.at : end])
        self.at = end + len(sign)
        extra: Wire = {"language": language} if language else {}
        has_address = kind == "text_link" and self.length > offset  # without a text it has none, either
        self.close(kind, offset, begin, self._address() if has_address else None, extra)

    def _address(self) -> str | None:
        if not self.sees("("):
            return None
        address, _, _ = self.text[self.at + 1 :].partition(")")
        self.at += len(address) + 2
        return address


def parse_v2(text: str) -> tuple[str, list[Span]]:
    """Read MarkdownV2 into plain text and entities; `ApiError` 400 says what is wrong and where."""
    return _MarkdownV2(text).parse()


def parse_legacy(text: str) -> tuple[str, list[Span]]:
    """Read the older Markdown into plain text and entities; `ApiError` 400 as above."""
    return _Markdown(text).parse()
