"""Sticker sets. What a bot sees of a sticker stands in its file; this is what stands around it."""

from collections.abc import Iterator

from msgspec import Struct, field

from gatecrier_sandbox.world.files import File, Files
from gatecrier_sandbox.world.images import dimensions

REGULAR, MASK, CUSTOM_EMOJI = "regular", "mask", "custom_emoji"
TYPES = (REGULAR, MASK, CUSTOM_EMOJI)
MOST = {REGULAR: 120, MASK: 120, CUSTOM_EMOJI: 200}
"""Stickers of a set, by its type."""
SIDE, EMOJI_SIDE, THUMBNAIL_SIDE = 512, 100, 100
"""Pixels: the longer side of a static sticker, both sides of a custom emoji and of a set's thumbnail."""
MOVING = {
    "animated": (b"\x1f\x8b", "application/x-tgsticker", ".tgs", "STICKER_TGS_NOTGS"),
    "video": (b"\x1aE\xdf\xa3", "video/webm", ".webm", "STICKER_VIDEO_NOWEBM"),
}
"""Formats of stickers that move: how the file begins, its type and ending, and the refusal."""
TOPIC_ICONS = "Topics"
"""The set of the icons that any topic may have."""


class Sticker(Struct):
    """A sticker in its set: its file, up to twenty emoji, and words it is found by."""

    file_id: str
    emoji: list[str]
    keywords: list[str] = field(default_factory=list)


class StickerSet(Struct, omit_defaults=True):
    """A set made by a bot for a person; `type` is of `TYPES`. `thumbnail_id` is a file, "" for the first."""

    name: str
    title: str
    type: str
    owner_id: int = 0
    bot_id: int = 0
    stickers: list[Sticker] = field(default_factory=list)
    thumbnail_id: str = ""
    needs_repainting: bool = False

    def place(self, file_id: str) -> int:
        """Where in the set a sticker stands, -1 if nowhere."""
        return next((place for place, one in enumerate(self.stickers) if one.file_id == file_id), -1)


def fault(data: bytes, format_: str, type_: str) -> str:
    """What is wrong with the bytes of a sticker, as Telegram's code; "" if nothing is."""
    if format_ in MOVING:
        start, _, _, code = MOVING[format_]
        return "" if data.startswith(start) else code
    size = dimensions(data)
    if size is None:
        return "STICKER_PNG_NOPNG"
    fits = size == (EMOJI_SIDE, EMOJI_SIDE) if type_ == CUSTOM_EMOJI else max(size) == SIDE
    return "" if fits else "STICKER_PNG_DIMENSIONS"


def format_of(data: bytes) -> str:
    """The format of a sticker whose sender does not say."""
    return next((name for name, (start, *_) in MOVING.items() if data.startswith(start)), "static")


def made(files: Files, data: bytes, format_: str, name: str = "") -> File:
    """A file as a sticker; nobody finds it before it is kept."""
    if format_ not in MOVING:
        return files.make("sticker", data, name=name)
    _, mime_type, ending, _ = MOVING[format_]
    return files.make("sticker", data, name=f"sticker{ending}", mime_type=mime_type)


def describe(files: Files, set_: StickerSet, sticker: Sticker, about: dict[str, object]) -> None:
    """Write into a sticker's file what a bot sees of its set and its emoji."""
    file = files.by_id[sticker.file_id]
    file.about |= {"type": set_.type, "set_name": set_.name, "emoji": sticker.emoji[0], **about}


def custom_emoji(sets: dict[str, StickerSet], files: Files) -> Iterator[File]:
    """The files of all custom emoji."""
    for set_ in sets.values():
        for sticker in set_.stickers if set_.type == CUSTOM_EMOJI else ():
            yield files.by_id[sticker.file_id]
