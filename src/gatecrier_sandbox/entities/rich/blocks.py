"""The tree of a rich message into RichBlock."""

from collections.abc import Callable, Iterable
from typing import TypeGuard

from msgspec import Struct, field

from gatecrier_sandbox.entities.rich.inline import Inline, stripped
from gatecrier_sandbox.entities.rich.labels import label
from gatecrier_sandbox.entities.rich.limits import MOST_COLUMNS, check_level
from gatecrier_sandbox.entities.rich.nodes import BLOCKS, INLINE, Node
from gatecrier_sandbox.entities.rich.texts import is_empty
from gatecrier_sandbox.entities.spans import unparsable
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world.model import Wire

MEDIA_TAGS = frozenset({"img", "video", "audio", "tg-document"})
KINDS = {"img": "photo", "tg-document": "document"}
VOICES = (".ogg", ".oga", ".opus")
SIDES = {"left", "center", "right"}
HEIGHTS = {"top", "middle", "bottom"}
LINES = {"footer": "footer", "tg-thinking": "thinking"}
LABELS = frozenset("aAiI1")


class Rich(Struct):
    """A rich message that was read; `media` are blocks that still need their file, and its address."""

    blocks: list[Wire] = field(default_factory=list)
    media: list[tuple[Wire, str]] = field(default_factory=list)


def built(nodes: list[Node | str]) -> Rich:
    """The blocks of a tree. Raises `ApiError` 400 what stands where it cannot."""
    builder = _Builder(frozenset(_references(nodes)))
    return Rich(builder.blocks(nodes, 1), builder.media)


def _references(nodes: Iterable[Node | str]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, Node):
            if node.tag == "tg-reference":
                yield node.attributes.get("name", "")
            yield from _references(node.children)


class _Builder:
    def __init__(self, references: frozenset[str]) -> None:
        self.inline = Inline(references)
        self.exact = Inline(references, as_written=True)
        self.media: list[tuple[Wire, str]] = []
        self.makers: dict[str, Callable[[Node, int], Wire]] = {
            "hr": lambda *_: {"type": "divider"},
            "tg-math-block": lambda node, _: {
                "type": "mathematical_expression",
                "expression": node.text().strip(),
            },
            "pre": self._pre,
            "ul": self._list,
            "ol": self._list,
            "blockquote": self._quote,
            "aside": self._aside,
            "figure": self._figure,
            "table": self._table,
            "details": self._details,
            "tg-map": lambda node, _: _map(node),
            "tg-collage": self._group,
            "tg-slideshow": self._group,
        }

    def blocks(self, nodes: Iterable[Node | str], level: int) -> list[Wire]:
        """Blocks; what stands between them is a paragraph."""
        check_level(level)
        found: list[Wire] = []
        line: list[Node | str] = []
        for node in nodes:
            if isinstance(node, Node) and _is_block(node):
                found += [*self._paragraph(line, level), self._block(node, level)]
                line = []
            else:
                line.append(node)
        return found + self._paragraph(line, level)

    def _paragraph(self, nodes: list[Node | str], level: int) -> list[Wire]:
        text = self._text(nodes, level)
        if is_empty(text):
            return []
        if _is_anchor(text):
            return [text]
        return [{"type": "paragraph", "text": text}]

    def _text(self, nodes: Iterable[Node | str], level: int) -> object:
        return stripped(self.inline.text(nodes, level))

    def _block(self, node: Node, level: int) -> Wire:
        if node.tag in self.makers:
            return self.makers[node.tag](node, level)
        if node.tag in MEDIA_TAGS:
            return self._media(node)
        text = self._text(node.children, level)
        if node.tag == "p":
            return text if _is_anchor(text) else {"type": "paragraph", "text": text}
        if node.tag in LINES:
            return {"type": LINES[node.tag], "text": text}
        return {"type": "heading", "text": text, "size": int(node.tag[1])}

    def _pre(self, node: Node, level: int) -> Wire:
        code = node.first("code")
        is_filled = code is not None and len(node.children) == 1
        name = code.attributes.get("class", "") if code is not None and is_filled else ""
        inside = code.children if code is not None and is_filled else node.children
        text = self.exact.text(inside, level)
        shown: Wire = {"type": "pre", "text": text}
        language = name.removeprefix("language-") if name.startswith("language-") else ""
        return shown | ({"language": language} if language else {})

    def _list(self, node: Node, level: int) -> Wire:
        entries = list(node.all("li"))
        if not entries:
            raise bad_request("List must be non-empty")
        number, step = _whole(node, "start", 1), 1
        if "reversed" in node.attributes:
            number, step = _whole(node, "start", len(entries)), -1
        items = []
        for entry in entries:
            number = _whole(entry, "value", number)
            items.append(self._item(entry, node, number, level))
            number += step
        return {"type": "list", "items": items}

    def _item(self, entry: Node, around: Node, number: int, level: int) -> Wire:
        box = entry.first("input")
        inside = [child for child in entry.children if child is not box]
        held = self.blocks(inside, level + 1) or [{"type": "paragraph", "text": ""}]
        item: Wire = {"label": "•", "blocks": held}
        if box is not None:
            item["has_checkbox"] = True
            item |= {"is_checked": True} if "checked" in box.attributes else {}
        if around.tag == "ul":
            return item
        kind = entry.attributes.get("type") or around.attributes.get("type") or "1"
        if kind not in LABELS:
            raise bad_request("Invalid list item type specified")
        return item | {"label": label(number, kind), "value": number, "type": kind}

    def _credit(self, node: Node, level: int) -> tuple[list[Node | str], Wire]:
        """What is inside but its <cite>, and the credit that names."""
        cite = node.first("cite")
        credit = self._text(cite.children, level) if cite is not None else ""
        inside = [child for child in node.children if child is not cite]
        return inside, {} if is_empty(credit) else {"credit": credit}

    def _quote(self, node: Node, level: int) -> Wire:
        inside, credit = self._credit(node, level)
        if node.attributes.keys() & {"expandable", "collapsed"}:
            return {"type": "expandable_blockquote", "text": self._text(inside, level), **credit}
        return {"type": "blockquote", "blocks": self.blocks(inside, level + 1), **credit}

    def _aside(self, node: Node, level: int) -> Wire:
        inside, credit = self._credit(node, level)
        return {"type": "pullquote", "text": self._text(inside, level), **credit}

    def _caption(self, node: Node, level: int) -> Wire:
        """The field `caption` that a <figcaption> makes."""
        written = node.first("figcaption")
        if written is None:
            return {}
        inside, credit = self._credit(written, level)
        text = self._text(inside, level)
        return {} if is_empty(text) and not credit else {"caption": {"text": text, **credit}}

    def _figure(self, node: Node, level: int) -> Wire:
        inner = next((child for child in node.all(*MEDIA_TAGS, "tg-map")), None)
        if inner is None:
            raise unparsable('Tag "figure" must contain a media')
        block = self._block(inner, level)
        block.update(self._caption(node, level))
        return block

    def _media(self, node: Node) -> Wire:
        """A block without its file."""
        address = node.attributes.get("src", "")
        block: Wire = {"type": _kind(node.tag, address)}
        if node.attributes.keys() & {"tg-spoiler", "has-spoiler"}:
            block["has_spoiler"] = True
        self.media.append((block, address))
        return block

    def _group(self, node: Node, level: int) -> Wire:
        caption = node.first("figcaption")
        inside = [child for child in node.children if child is not caption]
        held = self.blocks(inside, level + 1)
        return {"type": node.tag.removeprefix("tg-"), "blocks": held, **self._caption(node, level)}

    def _details(self, node: Node, level: int) -> Wire:
        summary = node.first("summary")
        inside = [child for child in node.children if child is not summary]
        shown = self._text(summary.children, level) if summary is not None else ""
        block: Wire = {"type": "details", "summary": shown, "blocks": self.blocks(inside, level + 1)}
        return block | ({"is_open": True} if "open" in node.attributes else {})

    def _table(self, node: Node, level: int) -> Wire:
        rows = [[self._cell(cell, level) for cell in row.all("td", "th")] for row in node.all("tr")]
        if any(len(row) > MOST_COLUMNS for row in rows):
            raise bad_request("RICH_MESSAGE_TABLE_TOO_WIDE")
        written = node.first("caption")
        caption = self._text(written.children, level) if written is not None else ""
        block: Wire = {"type": "table", "cells": rows}
        for name in ("bordered", "striped", "compact"):
            block |= {f"is_{name}": True} if name in node.attributes else {}
        return block | ({} if is_empty(caption) else {"caption": caption})

    def _cell(self, node: Node, level: int) -> Wire:
        text = self._text(node.children, level)
        is_header = node.tag == "th"
        cell: Wire = {} if is_empty(text) else {"text": text}
        cell |= {"is_header": True} if is_header else {}
        for name in ("colspan", "rowspan"):
            size = _whole(node, name, 1)
            cell |= {name: size} if size > 1 else {}
        align, valign = node.attributes.get("align", ""), node.attributes.get("valign", "")
        usual = "center" if is_header else "left"
        return cell | {
            "align": align if align in SIDES else usual,
            "valign": valign if valign in HEIGHTS else "middle",
        }


def _is_anchor(text: object) -> TypeGuard[Wire]:
    """Whether a text is nothing but an anchor, and so a block of its own."""
    return isinstance(text, dict) and text["type"] == "anchor"


def _map(node: Node) -> Wire:
    place = {name: _real(node, short) for name, short in (("latitude", "lat"), ("longitude", "long"))}
    sides = {name: _whole(node, name, 0) for name in ("width", "height")}
    return {"type": "map", "location": place, "zoom": _whole(node, "zoom", 0), **sides}


def _is_block(node: Node) -> bool:
    if node.tag == "img":
        return not node.attributes.get("src", "").lower().startswith(("tg://emoji", "tg:emoji", "tg://time"))
    if node.tag not in BLOCKS and node.tag not in INLINE:
        raise unparsable(f'Unexpected tag "{node.tag}"')
    return node.tag in BLOCKS


def _kind(tag: str, address: str) -> str:
    """What kind of media an address is, by its ending."""
    path = address.partition("?")[0].lower()
    if tag == "video" and path.endswith(".gif"):
        return "animation"
    if tag == "audio" and path.endswith(VOICES):
        return "voice_note"
    return KINDS.get(tag, tag)


def _whole(node: Node, name: str, default: int) -> int:
    digits = node.attributes.get(name, "")
    is_number = digits.removeprefix("-").isascii() and digits.removeprefix("-").isdigit() and len(digits) < 10
    return int(digits) if is_number else default


def _real(node: Node, name: str) -> float:
    try:
        return float(node.attributes.get(name, ""))
    except ValueError:
        raise bad_request("Invalid location specified") from None
