"""MarkdownV2: signs in pairs, and every other sign escaped."""

import re

from gatecrier.broadcast.content.markup.writer import (
    DATE_FORMAT,
    EMOJI_ID,
    LATEST,
    Broken,
    Mark,
    Parsed,
    Writer,
)

TEXT = re.compile(r"[^_*\[\]()~`>#+\-=|{}.!\\\r\n]+")
RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
LANGUAGE = re.compile(r"(?:[^ \t\r\n\v\x00`]+(?=[ \t\r\n\v\x00]))?(?:\r\n|\n\r|[\r\n])?")
SIGNS = (
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
"""What opens an entity, the longer of two that begin alike first."""
CLOSING = {kind: sign for sign, kind in SIGNS} | {"custom_emoji": "]", "text_link": "]"}
VERBATIM = ("code", "pre")
LINKED = ("text_link", "custom_emoji")
QUOTE = "blockquote"
NUMBER = re.compile(r"[1-9][0-9]{0,18}")


class Markdown(Writer):
    """A parser for one text."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._open: list[Mark] = []
        self._in_quote = False
        self._at_line_start = True

    def parse(self) -> Parsed:
        """
        Read it all.

        Raises:
            Broken: with the place of the sign that is wrong.
        """
        while self.at < len(self.source):
            self._step(self.source[self.at])
        if self._in_quote:
            self._end_last_quote()
        if self._open:
            raise self._unclosed()
        return self.parsed()

    def _step(self, sign: str) -> None:
        if self._is_escape():
            self.at += 1
            self._keep(self.source[self.at])
        elif not self._is_reserved(sign):
            run = TEXT.match(self.source, self.at)
            self._keep(run[0] if run else sign, ends_line=False)
        elif self._in_quote and sign == "\n" and self.source[self.at + 1 : self.at + 2] != ">":
            self._end_quote()
        elif self._open and self._is_closed(self._open[-1].kind):
            self._close(self._open.pop())
        elif sign == "\n":
            self._keep(sign)
        else:
            self._begin(sign)

    def _is_escape(self) -> bool:
        return self.source[self.at] == "\\" and "\0" < self.source[self.at + 1 : self.at + 2] <= "~"

    def _is_reserved(self, sign: str) -> bool:
        is_verbatim = bool(self._open) and self._open[-1].kind in VERBATIM
        return sign == "`" if is_verbatim else sign in RESERVED

    def _keep(self, text: str, *, ends_line: bool = True) -> None:
        """Write text; after a line break a quote may begin, \\r does not count."""
        self.write(text)
        self.at += len(text)
        if text != "\r":
            self._at_line_start = ends_line and text == "\n"

    def _is_closed(self, kind: str) -> bool:
        """Whether what comes next closes an entity of this kind."""
        if kind == QUOTE or (kind == "italic" and self.rest_begins("__")):
            return False
        return self.rest_begins(CLOSING[kind])

    def _begin(self, sign: str) -> None:
        if sign == ">" and self._at_line_start:
            if not self._in_quote:
                self._open.append(self.mark(QUOTE, self.at))
                self._in_quote = True
            self.at += 1
            return
        for opening, kind in SIGNS:
            if self.rest_begins(opening):
                self._open.append(self.mark(kind, self.at))
                self.at += len(opening)
                if kind == "pre" and (language := LANGUAGE.match(self.source, self.at)):
                    self.at = language.end()
                return
        raise Broken(self.at, f"the sign {sign} must be escaped: \\{sign}")

    def _close(self, mark: Mark) -> None:
        self.at += len(CLOSING[mark.kind])
        address = self._address() if mark.kind in LINKED and self.rest_begins("(") else None
        kind = mark.kind if mark.kind != "custom_emoji" else _pictured(address, mark.at)
        self.close(mark, kind)

    def _address(self) -> str:
        begun = self.at
        self.at += 1
        address: list[str] = []
        while self.at < len(self.source) and not self.rest_begins(")"):
            self.at += self._is_escape()
            address.append(self.source[self.at])
            self.at += 1
        if self.at >= len(self.source):
            raise Broken(begun, "this address is not closed by )")
        self.at += 1
        return "".join(address)

    def _end_quote(self) -> None:
        """The line break ends the quote and belongs to it; what was opened in it must be closed."""
        self._drop_folding("||", "||\r")
        if self._open[-1].kind != QUOTE:
            raise self._unclosed()
        self._keep("\n")
        self._close_quote()

    def _end_last_quote(self) -> None:
        self._drop_folding("||")
        if self._open[-1].kind == QUOTE:
            self._close_quote()

    def _drop_folding(self, *written: str) -> None:
        """A line's last `||` that closes no spoiler makes its quote one that folds."""
        last = self._open[-1]
        if last.kind == "spoiler" and self.source[last.at : self.at] in written:
            self._open.pop()

    def _close_quote(self) -> None:
        self.close(self._open.pop(), QUOTE)
        self._in_quote = False

    def _unclosed(self) -> Broken:
        last = self._open[-1]
        sign = next((opening for opening, kind in SIGNS if kind == last.kind), ">")
        return Broken(last.at, f"{sign} is never closed; write \\{sign[0]} for the sign itself")


def _pictured(address: str | None, at: int) -> str:
    """What `![…](address)` stands for."""
    emoji = _parameters(address or "", "emoji").get("id", "")
    if EMOJI_ID.fullmatch(emoji):
        return "custom_emoji"
    time = _parameters(address or "", "time")
    unix = time.get("unix", "")
    if NUMBER.fullmatch(unix) and int(unix) <= LATEST and DATE_FORMAT.fullmatch(time.get("format", "")):
        return "date_time"
    raise Broken(at, "![…] needs an address like (tg://emoji?id=5368324170671202286)")


def _parameters(address: str, host: str) -> dict[str, str]:
    """Those of `tg://<host>?…`, the first of a name; none when it is another address."""
    found = re.match(rf"tg:(?://)?{host}/?\?([^#]*)", address, re.IGNORECASE)
    pairs = [pair.partition("=") for pair in found[1].split("&")] if found else []
    return {name: value for name, _, value in reversed(pairs)}
