"""What stands in a line of Markdown: emphasis, code, links, formulas, emoji, and HTML tags."""

import re
from bisect import bisect_left

from msgspec import Struct, field

from gatecrier_sandbox.entities.rich.limits import MOST_LEVELS, check_level
from gatecrier_sandbox.entities.rich.nodes import INLINE, TAG, VOID, Node, attributes_of, decoded

PLAIN = re.compile(r"[^\\`*_~=|!\[\]<&$\n]+")
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
TICKS = re.compile(r"`+")
FORMULA = re.compile(r"\$(?! )([^$\n]*[^$\s\\])\$(?!\d)")
FOOTNOTE = re.compile(r"\[\^([^\[\]\s]+)\]")
ADDRESS = re.compile(r"""\]\(\s*+(<[^<>\n]*>|(?:[^\s()\\]|\\.|\([^\s()]*\))*+)(?:\s++"[^"\n]*")?\s*+\)""")
PICTURE = re.compile(r"!\[([^\[\]\n]*)\]\(((?:tg://)[^\s()]*)\)")
SIGNS = {"**": "b", "__": "b", "*": "i", "_": "i", "~~": "s", "==": "mark", "||": "tg-spoiler"}
SIGN = re.compile(r"\*\*|__|\*|_|~~|==|\|\|")


class Open(Struct):
    """A piece not closed yet: the sign that opened it ("[", "<b>" or emphasis), and what is inside so far."""

    sign: str
    node: Node
    children: list[Node | str] = field(default_factory=list)


def inline(text: str) -> list[Node | str]:
    """The nodes of a line; what is never closed stays as it was written."""
    return _Line(text).read()


class _Line:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open = [Open("", Node(""))]
        self.ticks: dict[int, list[int]] = {}
        for run in TICKS.finditer(text):
            self.ticks.setdefault(len(run[0]), []).append(run.start())

    def read(self) -> list[Node | str]:
        while self.at < len(self.text):
            if not any(step() for step in (self._plain, self._fixed, self._link, self._tag, self._emphasis)):
                self._keep(self.text[self.at])
                self.at += 1
        while len(self.open) > 1:
            self._give_up()
        return self.open[0].children

    def _keep(self, piece: Node | str) -> None:
        self.open[-1].children.append(piece)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def _plain(self) -> bool:
        match = self._take(PLAIN)
        if match:
            self._keep(match[0])
        return match is not None

    def _fixed(self) -> bool:
        """What has nothing inside that is read further."""
        char = self.text[self.at]
        if char == "\\" and (match := self._take(ESCAPED)):
            self._keep(match[1])
        elif char == "`":
            self._code()
        elif char == "$" and (match := self._take(FORMULA)):
            self._keep(Node("tg-math", {}, [match[1]]))
        elif char == "[" and (match := self._take(FOOTNOTE)):
            self._keep(Node("a", {"href": f"#{match[1]}"}, [match[1]]))
        elif char == "!" and (match := self._take(PICTURE)):
            self._keep(Node("img", {"src": match[2], "alt": match[1]}))
        elif char == "&":
            end = self.text.find(";", self.at, self.at + 10) + 1 or self.at + 1
            self._keep(decoded(self.text[self.at : end]))
            self.at = end
        else:
            return False
        return True

    def _code(self) -> None:
        """What stands between as many backticks as there are here; without their like they stay."""
        run = self._take(TICKS)
        length = len(run[0]) if run else 0
        starts = self.ticks[length]
        following = bisect_left(starts, self.at)
        if following == len(starts):
            self._keep("`" * length)
            return
        inside = self.text[self.at : starts[following]]
        self.at = starts[following] + length
        self._keep(Node("code", {}, [inside.strip() or inside]))

    def _link(self) -> bool:
        char = self.text[self.at]
        if char == "[":
            self._push("[", Node("a"))
            self.at += 1
            return True
        if char != "]" or not any(held.sign == "[" for held in self.open):
            return False
        while self.open[-1].sign != "[":
            self._give_up()
        match = self._take(ADDRESS)
        if match is None:
            self._give_up()
            return False
        address = match[1][1:-1] if match[1].startswith("<") else ESCAPED.sub(r"\1", match[1])
        held = self.open.pop()
        self._keep(Node("a", {"href": address}, held.children))
        return True

    def _tag(self) -> bool:
        match = TAG.match(self.text, self.at) if self.text[self.at] == "<" else None
        if match is None or match[2].lower() not in INLINE:
            return False
        name, is_end = match[2].lower(), bool(match[1])
        if is_end and not any(held.sign == f"<{name}>" for held in self.open):
            return False
        self.at = match.end()
        if is_end:
            self._close(f"<{name}>")
        elif name in VOID or match[6]:
            self._keep(Node(name, attributes_of(match[3])))
        else:
            self._push(f"<{name}>", Node(name, attributes_of(match[3])))
        return True

    def _emphasis(self) -> bool:
        match = SIGN.match(self.text, self.at)
        if match is None:
            return False
        sign = match[0]
        before, after = self.text[self.at - 1 : self.at], self.text[match.end() : match.end() + 1]
        splits_word = sign[0] == "_" and before.isalnum() and after.isalnum()
        can_close = bool(before.strip()) and not (sign[0] == "_" and after.isalnum())
        if can_close and any(held.sign == sign for held in self.open):
            self.at = match.end()
            self._close(sign)
        elif after.strip() and not splits_word and not (sign[0] == "_" and before.isalnum()):
            self._push(sign, Node(SIGNS[sign]))
            self.at = match.end()
        else:
            self._keep(sign)
            self.at = match.end()
        return True

    def _push(self, sign: str, node: Node) -> None:
        self.open.append(Open(sign, node))
        if len(self.open) > 2 * MOST_LEVELS:
            self._flatten()

    def _flatten(self) -> None:
        """Too many signs that may never be closed: the outermost stays as it was written."""
        outer = self.open.pop(1)
        self.open[0].children += [outer.sign, *outer.children]

    def _close(self, sign: str) -> None:
        while self.open[-1].sign != sign:
            self._give_up()
        held = self.open.pop()
        held.node.children = held.children
        check_level(len(self.open) - 1)
        self._keep(held.node)

    def _give_up(self) -> None:
        held = self.open.pop()
        self.open[-1].children += [held.sign, *held.children]
