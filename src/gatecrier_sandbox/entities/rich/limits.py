"""How large a rich message may be. Source: the documentation; the codes are partly guesses."""

from collections.abc import Iterator

from msgspec import Struct

from gatecrier_sandbox.entities.rich.texts import plain
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world.model import Wire

LONGEST = 32_768
"""Characters of all texts, with emoji and formulas."""
MOST_BLOCKS = 500
"""Blocks, list items and table rows, also those inside others."""
MOST_LEVELS = 16
MOST_MEDIA = 50
MOST_COLUMNS = 20
MEDIA = frozenset({"photo", "video", "animation", "audio", "document", "voice_note"})


class Size(Struct):
    """What was counted."""

    characters: int = 0
    blocks: int = 0
    media: int = 0


def check(blocks: list[Wire]) -> None:
    """`ApiError` 400 if a message (its levels were counted while it was read) is too large."""
    size = Size()
    for block in blocks:
        _count(block, size)
    if size.characters > LONGEST:
        raise bad_request("RICH_MESSAGE_TEXT_TOO_LONG")
    if size.blocks > MOST_BLOCKS:
        raise bad_request("RICH_MESSAGE_BLOCKS_TOO_MUCH")
    if size.media > MOST_MEDIA:
        raise bad_request("RICH_MESSAGE_MEDIA_TOO_MUCH")


def check_level(level: int) -> None:
    """`ApiError` 400 if blocks and formats are nested too deeply."""
    if level > MOST_LEVELS:
        raise bad_request("RICH_MESSAGE_NESTED_TOO_DEEP")


def _count(block: Wire, size: Size) -> None:
    size.blocks += 1
    size.media += block["type"] in MEDIA
    for text in _texts(block):
        size.characters += len(plain(text))
    for inner in _inside(block):
        _count(inner, size)
    items = block.get("items")
    for item in items if isinstance(items, list) else ():
        size.blocks += 1
        for inner in item["blocks"]:
            _count(inner, size)
    rows = block.get("cells")
    for row in rows if isinstance(rows, list) else ():
        size.blocks += 1
        size.characters += sum(len(plain(cell.get("text", ""))) for cell in row)


def _texts(block: Wire) -> Iterator[object]:
    """The texts of a block itself."""
    for name in ("text", "credit", "summary", "expression"):
        yield block.get(name, "")
    caption = block.get("caption")
    if isinstance(caption, dict) and block["type"] != "table":
        yield from (caption["text"], caption.get("credit", ""))
    else:
        yield caption
    buttons = block.get("buttons")
    for button in buttons if isinstance(buttons, list) else ():
        yield button["text"]


def _inside(block: Wire) -> list[Wire]:
    inner = block.get("blocks")
    return inner if isinstance(inner, list) else []
