"""How large a picture is, read from its first bytes; nothing is decoded, so a hostile one costs nothing."""

from collections.abc import Callable
from itertools import takewhile

Size = tuple[int, int]
"""Width and height in pixels."""

PNG = b"\x89PNG\r\n\x1a\n"
GIFS = (b"GIF87a", b"GIF89a")
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG that say how large it is."""
MOST_SEGMENTS = 1_000
"""Segments of a JPEG that are looked through."""


def dimensions(data: bytes) -> Size | None:
    """Width and height of a JPEG, PNG, GIF, WebP or BMP; None if it is none, or broken off."""
    for signature, read in READERS.items():
        if data.startswith(signature):
            return read(data)
    return None


def is_gif(data: bytes) -> bool:
    """Whether it is a GIF."""
    return data.startswith(GIFS)


def _number(data: bytes, start: int, length: int, *, big: bool = False) -> int:
    return int.from_bytes(data[start : start + length], "big" if big else "little")


def _png(data: bytes) -> Size | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None
    return _number(data, 16, 4, big=True), _number(data, 20, 4, big=True)


def _gif(data: bytes) -> Size | None:
    return (_number(data, 6, 2), _number(data, 8, 2)) if len(data) >= 10 else None


def _bmp(data: bytes) -> Size | None:
    """Negative heights are those of pictures stored from top to bottom."""
    if len(data) < 26:
        return None
    height = int.from_bytes(data[22:26], "little", signed=True)
    return _number(data, 18, 4), abs(height)


def _webp(data: bytes) -> Size | None:
    if data[8:12] != b"WEBP" or len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return _number(data, 24, 3) + 1, _number(data, 27, 3) + 1
        case b"VP8L":
            bits = _number(data, 21, 4)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return _number(data, 26, 2) & 0x3FFF, _number(data, 28, 2) & 0x3FFF
    return None


def _jpeg(data: bytes) -> Size | None:
    """Go from segment to segment until the one that begins the frame."""
    place = 2
    for _ in range(MOST_SEGMENTS):
        if place + 9 > len(data) or data[place] != 0xFF:
            return None
        place += sum(1 for _ in takewhile(lambda byte: byte == 0xFF, data[place + 1 : place + 64]))
        if data[place + 1 : place + 2] and data[place + 1] in FRAMES:
            size = _number(data, place + 7, 2, big=True), _number(data, place + 5, 2, big=True)
            return size if place + 9 <= len(data) else None
        place += 2 + max(_number(data, place + 2, 2, big=True), 2)
    return None


READERS: dict[bytes, Callable[[bytes], Size | None]] = {
    PNG: _png,
    GIFS[0]: _gif,
    GIFS[1]: _gif,
    b"RIFF": _webp,
    b"BM": _bmp,
    b"\xff\xd8": _jpeg,
}
"""By how the file begins."""
