"""Small files for tests, and requests that carry them."""

import struct
import zlib
from typing import Any

import msgspec

from gatecrier_sandbox.botapi.params import Params, Upload
from sandbox.town import Town

GIF = b"GIF89a" + struct.pack("<HH", 40, 30) + b"\x00\x00\x00;"
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 48, 64) + bytes(12)
BMP = b"BM" + bytes(16) + struct.pack("<ii", 12, -7) + bytes(4)
WEBP = b"RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x01\x00\xff\x01\x00"
MP4 = b"\x00\x00\x00\x18ftypmp42"
OGG = b"OggS\x00\x02"
TGS = b"\x1f\x8b\x08\x00tgs"


def png(width: int = 60, height: int = 40) -> bytes:
    """The beginning of a PNG, which is all that is looked at."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + head + struct.pack(">I", zlib.crc32(head))


def upload(data: bytes, name: str = "file.bin") -> Upload:
    """A file of a request."""
    return Upload(name, "application/octet-stream", data)


async def call(town: Town, method: str, files: dict[str, Upload], **given: Any) -> dict[str, Any]:
    """A multipart call: parameters that are no texts are written as JSON."""
    values = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in given.items()
    }
    return await town.send(method, Params(values, files))


async def result(town: Town, method: str, files: dict[str, Upload], **given: Any) -> Any:
    """The result of a call that must succeed."""
    envelope = await call(town, method, files, **given)
    assert envelope["ok"], envelope
    return envelope["result"]


async def error(town: Town, method: str, files: dict[str, Upload], **given: Any) -> str:
    """The text of a call that must fail with 400, without its prefix."""
    envelope = await call(town, method, files, **given)
    assert not envelope["ok"], envelope
    assert envelope["error_code"] == 400, envelope
    return str(envelope["description"]).removeprefix("Bad Request: ")
