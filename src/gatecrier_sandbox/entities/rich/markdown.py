"""Rich Markdown (GitHub's, with Telegram's signs) into the tree that HTML makes."""

import re
from collections.abc import Callable

from gatecrier_sandbox.entities.rich.emphasis import inline
from gatecrier_sandbox.entities.rich.limits import check_level
from gatecrier_sandbox.entities.rich.nodes import BLOCKS, Node, attributes_of, read_html

Tree = list[Node | str]

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*+([^`\s]*+)[^`]*+$")
HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
ITEM = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
TASK = re.compile(r"\[([ xX])\][ \t]+")
QUOTE = re.compile(r" {0,3}> ?")
FORMULA = re.compile(r" {0,3}\$\$(.*)$")
MEDIA = re.compile(
    r""" {0,3}!\[([^\]\n]*)\]\((?!(?i:tg:(?://)?(?:emoji|time)))(\S+?)(?:\s+"([^"]*)")?\)[ \t]*$"""
)
NOTE = re.compile(r" {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)$")
DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")
BAR = re.compile(r"(?<!\\)\|")
TAG = re.compile(r" {0,3}<(/?)([A-Za-z][A-Za-z0-9-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>")
SUMMARY = re.compile(r"\s*<summary>(.*?)</summary>", re.DOTALL)
HOLDERS = frozenset({"details", "tg-collage", "tg-slideshow"})
"""Tags with Markdown inside."""
ENDINGS = {
    **dict.fromkeys((".mp4", ".mov", ".webm", ".gif"), "video"),
    **dict.fromkeys((".mp3", ".m4a", ".flac", ".ogg", ".oga", ".opus"), "audio"),
}


def read_markdown(source: str) -> Tree:
    """The tree of a Markdown text. Raises `ApiError` 400 as `read_html`, for the HTML in it."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    return _Reader(lines, 0).read()


class _Reader:
    """Reads lines from top to bottom; each kind of block says how it begins and takes what is its own."""

    def __init__(self, lines: list[str], level: int) -> None:
        check_level(level)
        self.lines = lines
        self.level = level
        self.at = 0
        self.found: Tree = []
        self.starts: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
            (FENCE, self._fence),
            (HEADING, self._heading),
            (RULE, self._rule),
            (QUOTE, self._quote),
            (ITEM, self._list),
            (FORMULA, self._formula),
            (MEDIA, self._media),
            (NOTE, self._note),
            (TAG, self._html),
        )

    def read(self) -> Tree:
        """All blocks."""
        while self.at < len(self.lines):
            if not self.lines[self.at].strip():
                self.at += 1
            elif not self._begins() and not self._table():
                self._paragraph()
        return self.found

    def _begins(self) -> bool:
        """Take the block that begins here, if any does."""
        line = self.lines[self.at]
        return any(
            (match := pattern.match(line)) is not None and take(match) for pattern, take in self.starts
        )

    def _add(self, tag: str, children: Tree, **attributes: str) -> bool:
        self.found.append(Node(tag, attributes, children))
        return True

    def _fence(self, match: re.Match[str]) -> bool:
        fence, language, body = match[1], match[2], []
        self.at += 1
        while self.at < len(self.lines) and not _closes(self.lines[self.at], fence):
            body.append(self.lines[self.at])
            self.at += 1
        self.at += 1
        text = "\n".join(body)
        if language == "math":
            return self._add("tg-math-block", [text])
        if language:
            return self._add("pre", [Node("code", {"class": f"language-{language}"}, [text])])
        return self._add("pre", [text])

    def _heading(self, match: re.Match[str]) -> bool:
        title = self.lines[self.at][match.end() :].strip()
        bare = title.rstrip("#")
        title = bare.rstrip() if not bare or bare[-1] in " \t" else title
        self.at += 1
        return self._add(f"h{len(match[1])}", inline(title))

    def _rule(self, _: re.Match[str]) -> bool:
        self.at += 1
        return self._add("hr", [])

    def _quote(self, _: re.Match[str]) -> bool:
        inner = []
        while self.at < len(self.lines) and (match := QUOTE.match(self.lines[self.at])):
            inner.append(self.lines[self.at][match.end() :])
            self.at += 1
        return self._add("blockquote", _Reader(inner, self.level + 1).read())

    def _list(self, match: re.Match[str]) -> bool:
        is_ordered, sign = match[2][-1] in ".)", match[2][-1]
        items: Tree = []
        while self.at < len(self.lines) and (found := ITEM.match(self.lines[self.at])):
            if found[2][-1] != sign or RULE.match(self.lines[self.at]):
                break
            items.append(self._item(found))
        start = {"start": match[2][:-1]} if is_ordered else {}
        return self._add("ol" if is_ordered else "ul", items, **start)

    def _item(self, match: re.Match[str]) -> Node:
        first, width = self.lines[self.at][match.end() :], len(match[1]) + len(match[2]) + 1
        task = TASK.match(first)
        body = [first[task.end() :] if task else first]
        self.at += 1
        while self.at < len(self.lines) and self._belongs(width, after_blank=not body[-1].strip()):
            body.append(
                self.lines[self.at][width:] if self.lines[self.at][:width].isspace() else self._lazy()
            )
            self.at += 1
        inside = _unwrapped(_Reader(body, self.level + 1).read())
        box: Tree = [Node("input", {"checked": ""} if task[1] != " " else {})] if task else []
        return Node("li", {}, box + inside)

    def _lazy(self) -> str:
        return self.lines[self.at].lstrip()

    def _belongs(self, width: int, *, after_blank: bool) -> bool:
        """Whether the next line is part of an item whose text stands `width` columns in."""
        line = self.lines[self.at]
        if not line.strip():
            return any(later.strip() for later in self.lines[self.at + 1 : self.at + 2])
        if line[:width].isspace():
            return True
        return not after_blank and not any(pattern.match(line) for pattern, _ in self.starts)

    def _formula(self, match: re.Match[str]) -> bool:
        body = [match[1]]
        while not body[-1].rstrip().endswith("$$") and self.at + 1 < len(self.lines):
            self.at += 1
            body.append(self.lines[self.at])
        self.at += 1
        return self._add("tg-math-block", ["\n".join(body).rstrip().removesuffix("$$")])

    def _media(self, match: re.Match[str]) -> bool:
        address = match[2]
        self.at += 1
        media = Node(_tag_of(address), {"src": address})
        if not match[3]:
            self.found.append(media)
            return True
        return self._add("figure", [media, Node("figcaption", {}, inline(match[3]))])

    def _note(self, match: re.Match[str]) -> bool:
        self.at += 1
        return self._add("p", [Node("tg-reference", {"name": match[1]}, inline(match[2]))])

    def _html(self, match: re.Match[str]) -> bool:
        tag = match[2].lower()
        if match[1] or tag not in BLOCKS:
            return False
        source = "\n".join(self.lines[self.at :])
        end = len(match[0]) if match[4] or tag == "hr" else _end_of(source, tag)
        written, rest = source[:end], source[end:]
        self.lines[self.at :] = rest.split("\n")
        if tag not in HOLDERS:
            self.found += read_html(written, self.level)
            return True
        return self._holder(tag, match, written)

    def _holder(self, tag: str, match: re.Match[str], written: str) -> bool:
        body = written[len(match[0]) : written.rfind("</")]
        summary = SUMMARY.match(body) if tag == "details" else None
        children: Tree = []
        if summary:
            children = [Node("summary", {}, inline(summary[1].strip()))]
            body = body[summary.end() :]
        caption = body.rfind("<figcaption>")
        if tag != "details" and caption >= 0:
            children, body = read_html(body[caption:], self.level), body[:caption]
        if tag != "details" and "<" in body:
            children = read_html(body, self.level) + children
        else:
            children += _Reader(body.split("\n"), self.level + 1).read()
        return self._add(tag, children, **attributes_of(match[3]))

    def _table(self) -> bool:
        head = self.lines[self.at]
        if "|" not in head or self.at + 1 >= len(self.lines):
            return False
        below = self.lines[self.at + 1]
        if (
            "-" not in below
            or DELIMITER.match(below.strip()) is None
            or len(_cells(below)) != len(_cells(head))
        ):
            return False
        sides = [_side(cell) for cell in _cells(below)]
        rows: Tree = [_row("th", _cells(head), sides)]
        self.at += 2
        while self.at < len(self.lines) and "|" in self.lines[self.at]:
            rows.append(_row("td", _cells(self.lines[self.at])[: len(sides)], sides))
            self.at += 1
        return self._add("table", rows)

    def _paragraph(self) -> None:
        lines = [self.lines[self.at].strip()]
        self.at += 1
        while self.at < len(self.lines) and self.lines[self.at].strip():
            line = self.lines[self.at]
            if any(pattern.match(line) for pattern, _ in self.starts if pattern is not TAG) or _opens(line):
                break
            is_broken = self.lines[self.at - 1].endswith(("  ", "\\"))
            lines += [("\n<br>" if is_broken else " ") + line.strip()]
            self.at += 1
        self._add("p", inline("".join(lines).replace("\\\n<br>", "<br>").replace("\n<br>", "<br>")))


def _opens(line: str) -> bool:
    """Whether a line begins with a block in HTML."""
    match = TAG.match(line)
    return match is not None and not match[1] and match[2].lower() in BLOCKS


def _closes(line: str, fence: str) -> bool:
    mark = line.strip()
    return len(mark) >= len(fence) and mark == fence[0] * len(mark)


def _end_of(source: str, tag: str) -> int:
    """Where the tag that begins a text is closed; its end if it never is."""
    depth = 0
    for match in re.finditer(rf"<(/?){tag}\b[^<>]*>", source, re.IGNORECASE):
        depth += -1 if match[1] else 0 if match[0].endswith("/>") else 1
        if depth <= 0:
            return match.end()
    return len(source)


def _unwrapped(nodes: Tree) -> Tree:
    """An item of one line is no paragraph of its own."""
    only = nodes[0] if len(nodes) == 1 else None
    return only.children if isinstance(only, Node) and only.tag == "p" else nodes


def _tag_of(address: str) -> str:
    path = address.partition("?")[0].lower()
    kind = address.removeprefix("tg://").partition("?")[0]
    if address.startswith("tg://") and kind in {"video", "audio", "document"}:
        return "tg-document" if kind == "document" else kind
    return next((tag for ending, tag in ENDINGS.items() if path.endswith(ending)), "img")


def _cells(line: str) -> list[str]:
    row = line.strip().removeprefix("|")
    row = row[:-1] if row.endswith("|") and not row.endswith("\\|") else row
    return [cell.strip().replace("\\|", "|") for cell in BAR.split(row)]


def _side(cell: str) -> str:
    return {(True, True): "center", (False, True): "right"}.get((cell[:1] == ":", cell[-1:] == ":"), "left")


def _row(tag: str, cells: list[str], sides: list[str]) -> Node:
    nodes: Tree = [Node(tag, {"align": side}, inline(cell)) for cell, side in zip(cells, sides, strict=False)]
    return Node("tr", {}, nodes)
