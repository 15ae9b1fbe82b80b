"""RichBlock as a request gives it. Source: telegram-bot-api `get_input_page_block`, TDLib's WebPageBlock."""

from collections.abc import Callable

from gatecrier_sandbox.botapi import input_media, media
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.botapi.input_media import SPOILER, Wish
from gatecrier_sandbox.botapi.rich_texts import button, rich_text
from gatecrier_sandbox.entities.rich.blocks import HEIGHTS, LABELS, SIDES
from gatecrier_sandbox.entities.rich.labels import label
from gatecrier_sandbox.entities.rich.limits import MEDIA, MOST_COLUMNS, check_level
from gatecrier_sandbox.entities.rich.texts import is_empty
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world.model import Wire

MOST_BUTTONS = 8
MEDIA_PREFIX = "can't parse InputMedia: "


class Reader:
    """Reads blocks; `wishes` are those that still need their file."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.wishes: list[tuple[Wire, Wish]] = []
        self.makers: dict[str, Callable[[Fields, int], Wire]] = {
            "paragraph": self._line,
            "footer": self._line,
            "thinking": self._line,
            "heading": self._heading,
            "pre": self._pre,
            "divider": lambda *_: {},
            "mathematical_expression": lambda fields, _: {"expression": fields.text("expression")},
            "anchor": lambda fields, _: {"name": fields.text("name")},
            "list": self._list,
            "blockquote": self._holder,
            "collage": self._holder,
            "slideshow": self._holder,
            "expandable_blockquote": self._quotation,
            "pullquote": self._quotation,
            "table": self._table,
            "details": self._details,
            "map": self._map,
            "buttons": self._buttons,
        }

    def blocks(self, values: list[object], level: int = 1) -> list[Wire]:
        """
        Read an array of blocks.

        Raises:
            ApiError: 400 one is none, or nested too deeply.
        """
        check_level(level)
        return [self._block(value, level) for value in values]

    def _block(self, value: object, level: int) -> Wire:
        if not isinstance(value, dict):
            raise bad_request("Object expected as InputRichMessageBlock")
        fields = Fields(value, "")
        kind = fields.need_text("type")
        if kind in MEDIA:
            return self._media(kind, fields, level)
        if kind not in self.makers:
            raise bad_request(f'type "{kind}" is unsupported')
        return {"type": kind, **self.makers[kind](fields, level)}

    def _text(self, fields: Fields, level: int, name: str = "text") -> object:
        return rich_text(fields.values.get(name), level)

    def _credit(self, fields: Fields, level: int) -> Wire:
        credit = self._text(fields, level, "credit")
        return {} if is_empty(credit) else {"credit": credit}

    def _caption(self, fields: Fields, level: int) -> Wire:
        given = fields.values.get("caption")
        if given is None:
            return {}
        if not isinstance(given, dict):
            raise bad_request("RichBlockCaption must be an object")
        inner = Fields(given, "")
        text, credit = self._text(inner, level), self._credit(inner, level)
        return {} if is_empty(text) and not credit else {"caption": {"text": text, **credit}}

    def _line(self, fields: Fields, level: int) -> Wire:
        return {"text": self._text(fields, level)}

    def _heading(self, fields: Fields, level: int) -> Wire:
        text, size = self._text(fields, level), fields.whole("size")
        if not 1 <= size <= 6:
            raise bad_request("Invalid section heading size specified")
        return {"text": text, "size": size}

    def _pre(self, fields: Fields, level: int) -> Wire:
        language = fields.text("language")
        return {"text": self._text(fields, level)} | ({"language": language} if language else {})

    def _quotation(self, fields: Fields, level: int) -> Wire:
        return {"text": self._text(fields, level), **self._credit(fields, level)}

    def _holder(self, fields: Fields, level: int) -> Wire:
        """A quote, or media side by side."""
        held: Wire = {"blocks": self.blocks(fields.array("blocks"), level + 1)}
        if fields.text("type") == "blockquote":
            return held | self._credit(fields, level)
        return held | self._caption(fields, level)

    def _details(self, fields: Fields, level: int) -> Wire:
        shown: Wire = {"summary": self._text(fields, level, "summary")}
        shown["blocks"] = self.blocks(fields.array("blocks"), level + 1)
        return shown | ({"is_open": True} if fields.flag("is_open") else {})

    def _list(self, fields: Fields, level: int) -> Wire:
        entries = fields.array("items")
        if not entries:
            raise bad_request("List must be non-empty")
        items: list[Wire] = []
        for entry in entries:
            items.append(self._item(entry, len(items) + 1, level))
        if len({"type" in item for item in items}) > 1:
            raise bad_request("List must be either ordered or unordered")
        return {"items": items}

    def _item(self, value: object, number: int, level: int) -> Wire:
        if not isinstance(value, dict):
            raise bad_request("Object expected as InputRichBlockListItem")
        fields = Fields(value, "")
        held = self.blocks(fields.array("blocks"), level + 1) or [{"type": "paragraph", "text": ""}]
        item: Wire = {"label": "•", "blocks": held}
        if fields.flag("has_checkbox"):
            item["has_checkbox"] = True
            item |= {"is_checked": True} if fields.flag("is_checked") else {}
        kind = fields.text("type")
        if not kind:
            return item
        if kind not in LABELS:
            raise bad_request("Invalid list item type specified")
        number = fields.whole("value") if fields.has("value") else number
        return item | {"label": label(number, kind), "value": number, "type": kind}

    def _table(self, fields: Fields, level: int) -> Wire:
        rows = []
        for row in fields.array("cells"):
            if not isinstance(row, list):
                raise bad_request("can't parse RichBlockTableCell: expected an Array")
            if len(row) > MOST_COLUMNS:
                raise bad_request("RICH_MESSAGE_TABLE_TOO_WIDE")
            rows.append([self._cell(cell, level) for cell in row])
        shown: Wire = {"cells": rows}
        for name in ("is_bordered", "is_striped", "is_compact"):
            shown |= {name: True} if fields.flag(name) else {}
        caption = self._text(fields, level, "caption")
        return shown | ({} if is_empty(caption) else {"caption": caption})

    def _cell(self, value: object, level: int) -> Wire:
        if not isinstance(value, dict):
            raise bad_request("RichBlockTableCell must be an object")
        fields = Fields(value, "")
        text, is_header = self._text(fields, level), fields.flag("is_header")
        align, valign = fields.text("align"), fields.text("valign") or "middle"
        align = align or ("center" if is_header else "left")
        if align not in SIDES:
            raise bad_request("Invalid horizontal alignment specified")
        if valign not in HEIGHTS:
            raise bad_request("Invalid vertical alignment specified")
        cell: Wire = {} if is_empty(text) else {"text": text}
        cell |= {"is_header": True} if is_header else {}
        for name in ("colspan", "rowspan"):
            size = fields.whole(name)
            if size < 0:
                raise bad_request(f"Invalid table cell {name} specified")
            cell |= {name: size} if size > 1 else {}
        return cell | {"align": align, "valign": valign}

    def _map(self, fields: Fields, level: int) -> Wire:
        place = fields.nested("location")
        if place is None:
            raise bad_request('Can\'t find field "location"')
        numbers = ("zoom", "width", "height")
        shown: Wire = {"location": place, **{name: fields.whole(name) for name in numbers}}
        return shown | self._caption(fields, level)

    def _buttons(self, fields: Fields, level: int) -> Wire:
        align = fields.text("align")
        if align and align not in SIDES:
            raise bad_request("Invalid horizontal alignment specified")
        buttons = [button(value, level) for value in fields.array("buttons")]
        if not buttons:
            raise bad_request("Button row must be non-empty")
        if len(buttons) > MOST_BUTTONS:
            raise bad_request("BUTTON_ROW_TOO_LONG")
        return {"buttons": buttons} | ({"align": align} if align else {})

    def _media(self, kind: str, fields: Fields, level: int) -> Wire:
        given = fields.nested(kind)
        if given is None:
            raise bad_request(f'Can\'t find field "{kind}"')
        wish = read_media(self.call, given, kind)
        block: Wire = {"type": kind, kind: None}
        block |= {"has_spoiler": True} if wish.extra.get(SPOILER) else {}
        block |= self._caption(fields, level)
        self.wishes.append((block, wish))
        return block


def read_media(call: Call, given: dict[str, object], kind: str) -> Wish:
    """An InputMedia of the kind a block is of; `ApiError` 400 if it is of another."""
    said = Fields(given, MEDIA_PREFIX).need_text("type")
    if kind and said != kind:
        raise bad_request(f'Unexpected media type "{said}" for block "{kind}"')
    if said not in MEDIA:
        raise bad_request(f'{MEDIA_PREFIX}type "{said}" is unsupported')
    if said != "voice_note":
        return input_media.read(call, given, MEDIA_PREFIX)
    fields = Fields(given, MEDIA_PREFIX)
    file = media.pick(call, fields.text("media"))
    if file is None:
        raise bad_request(f"{MEDIA_PREFIX}media not found")
    duration = min(max(fields.whole("duration"), 0), media.LONGEST_DURATION)
    return Wish("voice", file, media.Traits(duration=duration))
