"""InputSticker: a file with its emoji, as sticker sets take it. Source: `get_input_sticker`."""

import unicodedata

from msgspec import Struct

from gatecrier_sandbox.botapi import media
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.botapi.media import Given
from gatecrier_sandbox.botapi.params import Upload
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import stickers
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.model import Wire

FORMATS = ("static", "animated", "video", "auto")
POINTS = ("forehead", "eyes", "mouth", "chin")
MOST_EMOJI, MOST_KEYWORDS, LONGEST_KEYWORDS, LONGEST_EMOJI = 20, 20, 64, 32
PICTORIAL = frozenset({"So", "Sk", "Sm", "Mn", "Me", "Cf", "Cn", "Po"})
"""Categories of the characters that emoji are made of."""
LARGEST = 512 << 10
"""Bytes of a sticker."""


class Wish(Struct, frozen=True):
    """A sticker as a request describes it, not looked at yet."""

    given: Given
    format: str
    emoji: list[str]
    mask: Wire | None
    keywords: list[str]


def read(call: Call, value: object, prefix: str, default_format: str = "") -> Wish:
    """
    Read one InputSticker; `default_format` is what it is if it does not say.

    Raises:
        ApiError: 400, beginning with `prefix`.
    """
    if not isinstance(value, dict):
        raise bad_request(prefix + "InputSticker must be an Object")
    fields = Fields(value, prefix)
    given = media.pick(call, fields.text("sticker"))
    if given is None:
        raise bad_request(prefix + "sticker not found")
    format_ = (fields.text("format") or default_format) if default_format else fields.need_text("format")
    if format_ not in FORMATS:
        raise bad_request(prefix + "Invalid sticker format specified")
    if not fields.has("emoji_list"):
        raise bad_request(prefix + 'Can\'t find field "emoji_list"')
    emoji = emoji_list(fields.array("emoji_list"), prefix)
    return Wish(given, format_, emoji, _mask(value.get("mask_position"), prefix), _words(fields))


def _words(fields: Fields) -> list[str]:
    return keywords(fields.array("keywords"), fields.prefix)


def emoji_list(values: object, prefix: str) -> list[str]:
    """One to twenty emoji."""
    if not isinstance(values, list):
        raise bad_request(prefix + "expected an Array of string")
    if not values:
        raise bad_request(prefix + "emoji list must be non-empty")
    if len(values) > MOST_EMOJI:
        raise bad_request(prefix + "too many emoji specified")
    for value in values:
        if not isinstance(value, str):
            raise bad_request(prefix + "emoji must be a string")
        if not _is_emoji(value):
            raise bad_request(prefix + "expected a Unicode emoji")
    return [str(value) for value in values]


def _is_emoji(text: str) -> bool:
    """Roughly: pictures, and the digits that keycaps are made of."""
    if not 0 < len(text) <= LONGEST_EMOJI or text.isascii():
        return False
    return all(sign in "0123456789#*" or unicodedata.category(sign) in PICTORIAL for sign in text)


def keywords(values: object, prefix: str) -> list[str]:
    """Up to twenty words, 64 characters together."""
    if not isinstance(values, list):
        raise bad_request(prefix + 'Field "keywords" must be an Array')
    if not all(isinstance(value, str) for value in values):
        raise bad_request(prefix + "keyword must be a string")
    words = [str(value) for value in values]
    if len(words) > MOST_KEYWORDS or sum(map(len, words)) > LONGEST_KEYWORDS:
        raise bad_request("STICKER_KEYWORDS_INVALID")
    return words


def mask_position(raw: str) -> Wire | None:
    """Read a MaskPosition parameter; None if there is none."""
    prefix = "can't parse mask position: "
    return _mask(decode(raw, "mask position"), prefix) if raw else None


def _mask(value: object, prefix: str) -> Wire | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request(prefix + "MaskPosition must be an Object")
    fields = Fields(value, prefix)
    point = fields.need_text("point").strip().lower()
    if point not in POINTS:
        raise bad_request(prefix + "Wrong point specified in MaskPosition")
    return {"point": point} | {name: fields.need_real(name) for name in ("x_shift", "y_shift", "scale")}


def file_of(call: Call, wish: Wish, type_: str) -> File:
    """
    A new file with the bytes of a sticker to be, not kept yet.

    Raises:
        ApiError: 400 it is not of the format or size its set needs.
    """
    data, name = _bytes(call, wish.given)
    format_ = stickers.format_of(data) if wish.format == "auto" else wish.format
    if len(data) > LARGEST:
        raise bad_request("STICKER_FILE_INVALID")
    problem = stickers.fault(data, format_, type_)
    if problem:
        raise bad_request(problem)
    file = stickers.made(call.world.files, data, format_, name)
    if wish.mask is not None:
        file.about = {"mask_position": wish.mask}
    return file


def _bytes(call: Call, given: Given) -> tuple[bytes, str]:
    if isinstance(given, Upload):
        if not given.data:
            raise bad_request("file must be non-empty")
        return given.data, given.filename
    file = media.receive(call, given, "sticker").file
    return file.data, file.name
