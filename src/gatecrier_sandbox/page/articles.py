"""Rich messages: their blocks, ready to be drawn."""

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup
from msgspec import Struct

from gatecrier_sandbox.page.keyboards import Button, inline
from gatecrier_sandbox.page.media import Media, media_of
from gatecrier_sandbox.page.richtext import NOTHING, Writer, formula
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.model import Wire

DEEPEST = 16
"""How deep blocks may nest; what is deeper is left out."""
MOST_BLOCKS = 500
MEDIA = {
    "animation": "animation",
    "audio": "audio",
    "document": "document",
    "photo": "photo",
    "video": "video",
    "voice_note": "voice",
    "map": "venue",
}
"""Blocks that carry a file or a place, and as what it is drawn."""
ALIGNS = frozenset({"left", "center", "right", "top", "middle", "bottom"})


class Cell(Struct, frozen=True):
    """A cell of a table."""

    text: Markup
    is_header: bool
    columns: int
    rows: int
    align: str
    valign: str


class Line(Struct, frozen=True):
    """An item of a list; `box` is "", open or checked."""

    label: str
    blocks: "Sequence[Block]"
    box: str


class Block(Struct, frozen=True):
    """One block; which fields count follows from `kind`. `level` is the size of a heading, 1 the largest."""

    kind: str
    text: Markup = NOTHING
    credit: Markup = NOTHING
    level: int = 0
    language: str = ""
    blocks: "Sequence[Block]" = ()
    lines: Sequence[Line] = ()
    cells: Sequence[Sequence[Cell]] = ()
    buttons: Sequence[Button] = ()
    media: Media | None = None
    flags: str = ""


class Article:
    """Turns the blocks of one message into what is drawn."""

    def __init__(self, files: Mapping[str, File], go: str, prefix: str) -> None:
        self.files = files
        self.go = go
        self.writer = Writer(go, prefix)

    def blocks(self, blocks: object, depth: int = 0) -> list[Block]:
        """The blocks of a message, or of a block."""
        if not isinstance(blocks, list) or depth > DEEPEST:
            return []
        return [self._block(one, depth) for one in blocks[:MOST_BLOCKS] if isinstance(one, dict)]

    def _block(self, block: Wire, depth: int) -> Block:
        kind = str(block.get("type"))
        if kind in MEDIA:
            return self._media(kind, block)
        makers: dict[str, Callable[[], Block]] = {
            "heading": lambda: Block(kind, self._text(block), level=_between(block.get("size"), 1, 6)),
            "pre": lambda: Block(kind, self._text(block), language=str(block.get("language") or "")),
            "mathematical_expression": lambda: Block(kind, formula(block)),
            "anchor": lambda: Block(kind, self.writer.anchor(block.get("name"))),
            "list": lambda: Block(kind, lines=self._lines(block.get("items"), depth)),
            "collage": lambda: self._nest(kind, block, depth),
            "slideshow": lambda: self._nest(kind, block, depth),
            "blockquote": lambda: self._nest(kind, block, depth),
            "details": lambda: self._details(block, depth),
            "table": lambda: self._table(block),
            "buttons": lambda: self._buttons(block),
        }
        maker = makers.get(kind)
        return maker() if maker else Block(kind, self._text(block), self._credit(block))

    def _text(self, block: Wire) -> Markup:
        return self.writer.write(block.get("text"))

    def _credit(self, block: Wire) -> Markup:
        return self.writer.write(block.get("credit"))

    def _caption(self, block: Wire) -> tuple[Markup, Markup]:
        """The words under something, and to whom it is owed."""
        caption = block.get("caption")
        if isinstance(caption, dict) and "type" not in caption:
            return self._text(caption), self._credit(caption)
        return self.writer.write(caption), NOTHING

    def _nest(self, kind: str, block: Wire, depth: int) -> Block:
        words, credit = self._caption(block)
        return Block(
            kind, words, credit or self._credit(block), blocks=self.blocks(block.get("blocks"), depth + 1)
        )

    def _details(self, block: Wire, depth: int) -> Block:
        words = self.writer.write(block.get("summary"))
        inner = self.blocks(block.get("blocks"), depth + 1)
        return Block("details", words, blocks=inner, flags="open" if block.get("is_open") is True else "")

    def _lines(self, items: object, depth: int) -> list[Line]:
        found = items if isinstance(items, list) else []
        return [self._line(item, depth) for item in found[:MOST_BLOCKS] if isinstance(item, dict)]

    def _line(self, item: Wire, depth: int) -> Line:
        box = ("checked" if item.get("is_checked") else "open") if item.get("has_checkbox") else ""
        return Line(str(item.get("label") or "•"), self.blocks(item.get("blocks"), depth + 1), box)

    def _table(self, block: Wire) -> Block:
        rows = block.get("cells")
        found = [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
        cells = [[self._cell(cell) for cell in row if isinstance(cell, dict)] for row in found[:MOST_BLOCKS]]
        flags = " ".join(
            name for name in ("bordered", "striped", "compact") if block.get(f"is_{name}") is True
        )
        words, _ = self._caption(block)
        return Block("table", words, cells=cells, flags=flags)

    def _cell(self, cell: Wire) -> Cell:
        return Cell(
            self._text(cell),
            cell.get("is_header") is True,
            _between(cell.get("colspan"), 1, 50),
            _between(cell.get("rowspan"), 1, 50),
            _one_of(cell.get("align"), "left"),
            _one_of(cell.get("valign"), "top"),
        )

    def _media(self, kind: str, block: Wire) -> Block:
        words, credit = self._caption(block)
        drawn_as = MEDIA[kind]
        carried: Wire = {drawn_as: block if kind == "map" else block.get(kind)}
        if block.get("has_spoiler") is True:
            carried["has_media_spoiler"] = True
        return Block("media", words, credit, media=media_of(carried, self.files))

    def _buttons(self, block: Wire) -> Block:
        given = block.get("buttons")
        plain = (
            [self._plain(one) for one in given if isinstance(one, dict)] if isinstance(given, list) else []
        )
        [row] = inline({"inline_keyboard": [plain]}, self.go)
        return Block("buttons", buttons=row, flags=_one_of(block.get("align"), "left"))

    def _plain(self, button: Wire) -> Wire:
        """A button whose words have no formatting."""
        return button | {"text": str(self.writer.write(button.get("text")).striptags())}


def _between(value: object, least: int, most: int) -> int:
    return min(max(value, least), most) if isinstance(value, int) else least


def _one_of(value: object, usual: str) -> str:
    return str(value) if value in ALIGNS else usual
