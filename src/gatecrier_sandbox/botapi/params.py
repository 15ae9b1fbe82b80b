"""The parameters of a request: query string, then body; the first of a name wins."""

import json
import re
import zlib
from contextlib import suppress
from urllib.parse import unquote_to_bytes

from msgspec import Struct, field

from gatecrier_sandbox.botapi import multipart
from gatecrier_sandbox.errors import ApiError, bad_request, too_large

LONGEST = 1 << 20
"""Bytes of all parameters that are no files."""
MOST_FILES = 50
LARGEST_FILE = 50 << 20
"""Bytes of one uploaded file."""
LARGEST_BODY = 64 << 20
"""Bytes of a body, also after decompression."""

VALUE = json.JSONDecoder(strict=False, parse_int=bool, parse_float=bool)
"""Numbers keep their text, so they are not computed: one may have more digits than Python converts."""
OPENING, COLON, COMMA = (re.compile(rf"[ \t\r\n]*{sign}[ \t\r\n]*") for sign in (r"\{", ":", ","))
SURROGATE = re.compile(r"[\ud800-\udfff]")
DIGITS = re.compile(r"\s*([+-]?\d{1,25})", re.ASCII)
TRUE = frozenset({"true", "yes", "1"})


class Upload(Struct, frozen=True):
    """A file that came with the request."""

    filename: str
    content_type: str
    data: bytes


class Params(Struct):
    """What a request says: texts and files by name, and the names whose value is no UTF-8."""

    values: dict[str, str]
    files: dict[str, Upload] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """A text; absent is empty. Raises `ApiError` if it is not UTF-8."""
        if name in self.broken:
            raise bad_request("strings must be encoded in UTF-8")
        return self.values.get(name, "")

    def integer(self, name: str, default: int = 0, *, low: int = -(2**31), high: int = 2**31 - 1) -> int:
        """Leading digits, brought into the range; garbage is 0 brought into the range, absent the default."""
        value = self.values.get(name, "")
        if not value:
            return default
        match = DIGITS.match(value)
        return min(max(int(match[1]) if match else 0, low), high)

    def flag(self, name: str) -> bool:
        """Whether a boolean is true; everything but true, yes and 1 is false."""
        return self.values.get(name, "").strip().lower() in TRUE


def read(query: bytes, content_type: bytes, encoding: bytes, body: bytes) -> Params:
    """
    Gather the parameters of a request. What cannot be read is left out, as Telegram does.

    Raises:
        ApiError: 400 broken multipart or compression, 413 too much of it, 415 an unknown Content-Encoding.
    """
    pairs = _form(query) if query else []
    files: dict[str, Upload] = {}
    if body:
        if encoding:
            body = _unpacked(body, encoding)
        kind = content_type.partition(b";")[0].strip().lower()
        if kind == b"application/json":
            _check_size(len(body), "")
            pairs += _json(body)
        elif kind == b"application/x-www-form-urlencoded":
            _check_size(len(body), "")
            pairs += _form(body)
        elif kind == b"multipart/form-data":
            pairs += _multipart(body, content_type, files)
    return _first_wins(pairs, files)


def _first_wins(pairs: list[tuple[str, str | None]], files: dict[str, Upload]) -> Params:
    values: dict[str, str] = {}
    broken = set()
    for name, value in pairs:
        if name in values:
            continue
        if value is None:
            broken.add(name)
        values[name] = value or ""
    return Params(values, files, frozenset(broken))


def _check_size(size: int, where: str) -> None:
    if size > LONGEST:
        raise too_large(f"too many parameters{where}")


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _form(data: bytes) -> list[tuple[str, str | None]]:
    pairs = []
    for pair in data.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name:
            pairs.append((_decoded(_unquoted(name)) or "", _decoded(_unquoted(value))))
    return pairs


def _unquoted(value: bytes) -> bytes:
    value = value.replace(b"+", b" ")
    return unquote_to_bytes(value) if b"%" in value else value


def _json(body: bytes) -> list[tuple[str, str | None]]:
    """
    Read an object member by member; what stands before a mistake counts.

    Strings are taken unescaped; any other value keeps its raw JSON text.
    Source: td HttpReader::parse_json_parameters.
    """
    text = body.decode(errors="surrogateescape")
    pairs: list[tuple[str, str | None]] = []
    sign = OPENING.match(text)
    with suppress(ValueError, RecursionError):
        while sign is not None and text.startswith('"', sign.end()):
            name, end = VALUE.raw_decode(text, sign.end())
            colon = COLON.match(text, end)
            if colon is None:
                break
            value, end = VALUE.raw_decode(text, colon.end())
            raw = value if isinstance(value, str) else text[colon.end() : end]
            pairs.append((_sound(name) or "", _sound(raw)))
            sign = COMMA.match(text, end)
    return pairs


def _sound(text: str) -> str | None:
    """A text, or None if it cannot be written as UTF-8."""
    return text if text.isascii() or SURROGATE.search(text) is None else None


def _multipart(body: bytes, content_type: bytes, files: dict[str, Upload]) -> list[tuple[str, str | None]]:
    """The parameters of a form; its files are put into `files`, the first of a name wins."""
    pairs: list[tuple[str, str | None]] = []
    size = count = 0
    for part in multipart.parts(body, content_type):
        name = _decoded(part.name) or ""
        if part.filename is not None:
            count += 1
            _check_file(part, count)
            files.setdefault(name, _upload(part))
            continue
        size += len(part.content)
        _check_size(size, " in form data")
        if part.content_type.startswith(b"application/x-www-form-urlencoded"):
            pairs += _form(part.content)
        else:
            pairs.append((name, _decoded(part.content)))
    return pairs


def _check_file(part: multipart.Part, count: int) -> None:
    if count > MOST_FILES:
        raise too_large("too many files attached")
    if len(part.content) > LARGEST_FILE:
        raise too_large()


def _upload(part: multipart.Part) -> Upload:
    filename = (part.filename or b"").decode(errors="replace")
    return Upload(filename, part.content_type.decode(errors="replace"), part.content)


def _unpacked(body: bytes, encoding: bytes) -> bytes:
    kind = encoding.strip().lower()
    if kind in {b"", b"identity"}:
        return body
    if kind not in {b"gzip", b"deflate"}:
        raise ApiError(415, "Unsupported Media Type: unsupported content-encoding")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        data = unpacker.decompress(body, LARGEST_BODY)
    except zlib.error:
        raise ApiError(400, "Bad Request: can't decompress the request body") from None
    if unpacker.unconsumed_tail:
        raise too_large()
    return data
