"""parse_mode MarkdownV2 and the older Markdown. Source: td MessageEntity.cpp; the texts are its own."""

from msgspec import Struct

from gatecrier_sandbox.entities.links import link_entity
from gatecrier_sandbox.entities.spans import Span, bytes_before, unparsable, utf16
from gatecrier_sandbox.model import Wire

RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
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

    def keep(self, character: str) -> None:
        self.plain.append(character)
        self.length += utf16(character)

    def sees(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def close(self, kind: str, offset: int, begin: int, address: str, extra: Wire) -> None:
        length = self.length - offset
        if not length:
            return
        if kind == "text_link":
            self.spans.extend(link_entity(offset, length, address or "".join(self.plain[begin:])))
        else:
            self.spans.append(Span(kind, offset, length, extra))


class _MarkdownV2(_Writer):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.open: list[Open] = []
        self.quote: int | None = None

    def parse(self) -> tuple[str, list[Span]]:
        while self.at < len(self.text):
            self._step()
        if self.open:
            last = self.open[-1]
            kind = "PreCode" if last.language else PRINTED[last.type]
            offset = bytes_before(self.text, last.at)
            raise unparsable(f"Can't find end of {kind} entity at byte offset {offset}")
        self._end_quote(expandable=False)
        return "".join(self.plain), self.spans

    def _step(self) -> None:
        char = self.text[self.at]
        if char == "\\" and self.at + 1 < len(self.text) and 0 < ord(self.text[self.at + 1]) <= 126:
            self.keep(self.text[self.at + 1])
            self.at += 2
        elif self._starts_quote(char):
            self.at += 1
        elif char not in self._reserved():
            self._plain(char)
        elif self.open and self._closes():
            self._close(self.open.pop())
        elif self._ends_expandable():
            self.at += 2
        else:
            self._open(char)

    def _reserved(self) -> frozenset[str]:
        in_code = self.open and self.open[-1].type in {"code", "pre"}
        return frozenset("`") if in_code else RESERVED

    def _plain(self, char: str) -> None:
        self.keep(char)
        self.at += 1
        if char == "\n" and self.quote is not None and not self.sees(">"):
            self._end_quote(expandable=False)

    def _starts_quote(self, char: str) -> bool:
        at_line_start = self.at == 0 or self.text[self.at - 1] == "\n"
        in_code = self.open and self.open[-1].type in {"code", "pre"}
        if char != ">" or in_code or not (at_line_start or (self.length == 0 and self.quote is None)):
            return False
        if self.quote is None:
            self.quote = self.length
        return True

    def _ends_expandable(self) -> bool:
        after = self.text[self.at + 2 : self.at + 3]
        if self.quote is None or not self.sees("||") or after not in {"", "\n"}:
            return False
        self._end_quote(expandable=True)
        return True

    def _end_quote(self, *, expandable: bool) -> None:
        if self.quote is not None and self.length > self.quote:
            kind = "expandable_blockquote" if expandable else "blockquote"
            self.spans.append(Span(kind, self.quote, self.length - self.quote, {}))
        self.quote = None

    def _closes(self) -> bool:
        kind = self.open[-1].type
        if kind == "italic" and self.sees("__"):
            return False
        return self.sees(SIGNS[kind])

    def _open(self, char: str) -> None:
        for sign, kind in OPENERS:
            if self.sees(sign):
                opened = Open(kind, self.length, self.at, len(self.plain))
                self.at += len(sign)
                if kind == "pre":
                    opened.language = self._language()
                self.open.append(opened)
                return
        raise unparsable(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")

    def _language(self) -> str:
        """The word behind ``` if a line break or blank follows it; one line break is skipped."""
        end = self.at
        while end < len(self.text) and not self.text[end].isspace() and self.text[end] != "`":
            end += 1
        language = ""
        if end > self.at and end < len(self.text) and self.text[end] != "`":
            language, self.at = self.text[self.at : end], end
        self.at += 1 if self.sees("\n") else 0
        return language

    def _close(self, closed: Open) -> None:
        self.at += len(SIGNS[closed.type])
        extra: Wire = {"language": closed.language} if closed.language else {}
        address = ""
        if closed.type in {"text_link", "custom_emoji"} and self.sees("("):
            address = self._address()
        if closed.type == "custom_emoji":
            number = address.removeprefix("tg://emoji?id=")
            if number == address or not number.isdigit():
                raise unparsable("Custom emoji URL must have an emoji identifier")
            extra = {"custom_emoji_id": number}
        self.close(closed.type, closed.offset, closed.begin, address, extra)

    def _address(self) -> str:
        self.at += 1
        start, address = self.at, []
        while self.at < len(self.text) and not self.sees(")"):
            if self.sees("\\") and self.at + 1 < len(self.text) and ord(self.text[self.at + 1]) <= 126:
                self.at += 1
            address.append(self.text[self.at])
            self.at += 1
        if not self.sees(")"):
            raise unparsable(f"Can't find end of a URL at byte offset {bytes_before(self.text, start)}")
        self.at += 1
        return "".join(address)


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
        start = self.at + len(sign)
        end = self.text.find(sign, start)
        if end < 0:
            place = bytes_before(self.text, at)
            raise unparsable(f"Can't find end of the entity starting at byte offset {place}")
        for inner in self.text[start:end].removeprefix("\n") if kind == "pre" else self.text[start:end]:
            self.keep(inner)
        self.at = end + len(sign)
        self.close(kind, offset, begin, self._address() if kind == "text_link" else "", {})

    def _address(self) -> str:
        end = self.text.find(")", self.at)
        if not self.sees("(") or end < 0:
            return ""
        address, self.at = self.text[self.at + 1 : end], end + 1
        return address


def parse_v2(text: str) -> tuple[str, list[Span]]:
    """Read MarkdownV2 into plain text and entities; `ApiError` 400 says what is wrong and where."""
    return _MarkdownV2(text).parse()


def parse_legacy(text: str) -> tuple[str, list[Span]]:
    """Read the older Markdown into plain text and entities; `ApiError` 400 as above."""
    return _Markdown(text).parse()
