"""Tags within a line into RichText."""

import re
from collections.abc import Callable, Iterable

from gatecrier_sandbox.entities.dates import date_format
from gatecrier_sandbox.entities.links import LATEST, NUMBER, checked, emoji_or_time, mentioned
from gatecrier_sandbox.entities.rich.limits import check_level
from gatecrier_sandbox.entities.rich.nodes import Node
from gatecrier_sandbox.entities.rich.texts import is_empty, joined, styled
from gatecrier_sandbox.entities.spans import unparsable
from gatecrier_sandbox.world.model import Wire

TYPES = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline"}
TYPES |= {"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code"}
TYPES |= {
    "mark": "marked",
    "sub": "subscript",
    "sup": "superscript",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
ADDRESSES = {"mailto": "email_address", "tel": "phone_number"}
SPACE = re.compile(r"[ \t\r\n\f]+")


class Inline:
    """
    Reads what stands in lines; `references` are the names that text was given by <tg-reference>.

    `as_written`: blanks and line breaks count (in <pre>), else any number of them is one space.
    """

    def __init__(self, references: frozenset[str], *, as_written: bool = False) -> None:
        self.references = references
        self.as_written = as_written
        self.makers: dict[str, Callable[[Node, int], object]] = {
            "a": self._link,
            "tg-reference": self._reference,
            "tg-time": self._time,
            "tg-emoji": lambda node, _: _emoji(node.attributes.get("emoji-id", ""), node.text()),
            "tg-math": lambda node, _: {"type": "mathematical_expression", "expression": node.text()},
            "img": lambda node, _: _pictured(node.attributes.get("src", ""), node.attributes.get("alt", "")),
        }

    def text(self, nodes: Iterable[Node | str], level: int = 0) -> object:
        """The RichText of nodes."""
        check_level(level)
        return joined(self._piece(node, level) for node in nodes)

    def _piece(self, node: Node | str, level: int) -> object:
        if isinstance(node, str):
            return node if self.as_written else SPACE.sub(" ", node)
        if node.tag == "br":
            return "\n"
        if node.tag == "span" and node.attributes.get("class") != "tg-spoiler":
            raise unparsable('Tag "span" must have class "tg-spoiler"')
        if node.tag in TYPES:
            inner = self.text(node.children, level + 1)
            return "" if is_empty(inner) else styled(TYPES[node.tag], inner)
        return self._special(node, level)

    def _special(self, node: Node, level: int) -> object:
        if node.tag not in self.makers:
            raise unparsable(f'Tag "{node.tag}" can\'t be used inside of a text')
        return self.makers[node.tag](node, level)

    def _reference(self, node: Node, level: int) -> object:
        inner, name = self.text(node.children, level + 1), node.attributes.get("name", "")
        return _anchor(name) if is_empty(inner) else styled("reference", inner, name=name)

    def _link(self, node: Node, level: int) -> object:
        inner = self.text(node.children, level + 1)
        address = node.attributes.get("href", "")
        if "href" not in node.attributes and "name" in node.attributes:
            return joined([_anchor(node.attributes["name"]), inner])
        if is_empty(inner):
            return ""
        return self._linked(inner, address)

    def _linked(self, inner: object, address: str) -> object:
        scheme, _, rest = address.partition(":")
        if address.startswith("#"):
            is_reference = address[1:] in self.references
            kind, target = ("reference", address[1:]) if is_reference else ("anchor", address[1:])
            return styled(f"{kind}_link", inner, **{f"{kind}_name": target})
        if scheme.lower() in ADDRESSES:
            kind = ADDRESSES[scheme.lower()]
            return styled(kind, inner, **{kind: rest})
        if user_id := mentioned(address):
            return styled("text_mention", inner, user_id=user_id)
        try:
            return styled("url", inner, url=checked(address))
        except ValueError:
            return inner

    def _time(self, node: Node, level: int) -> object:
        inner = self.text(node.children, level + 1)
        shape, unix = date_format(node.attributes.get("format", "")), node.attributes.get("unix", "")
        if shape is None:
            raise unparsable("Invalid date format used")
        if is_empty(inner) or NUMBER.fullmatch(unix) is None or int(unix) > LATEST:
            return inner
        return styled("date_time", inner, unix_time=int(unix), date_time_format=shape)


def _anchor(name: str) -> Wire:
    return {"type": "anchor", "name": name}


def _emoji(number: str, alternative: str) -> Wire:
    if NUMBER.fullmatch(number) is None:
        raise unparsable("Invalid custom emoji identifier specified")
    return {"type": "custom_emoji", "custom_emoji_id": number, "alternative_text": alternative}


def _pictured(address: str, alternative: str) -> Wire:
    """An <img> within a line: only emoji and times can stand there."""
    found = emoji_or_time(address)
    if found is None:
        raise unparsable("Media can be specified only as a separate block")
    kind, fields = found
    if kind == "custom_emoji":
        return _emoji(str(fields["custom_emoji_id"]), alternative)
    return styled(kind, alternative, **fields)


def stripped(text: object) -> object:
    """A RichText without the blanks at its ends."""
    parts = list(text) if isinstance(text, list) else [text]
    if isinstance(parts[0], str):
        parts[0] = parts[0].lstrip(" \n")
    if isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(" \n")
    return joined(parts)
