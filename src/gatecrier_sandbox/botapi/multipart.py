"""multipart/form-data as Telegram reads it: one pass, bounded, and forgiving where real clients differ."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError

LARGEST_HEAD = 256 << 10
"""Bytes of the headers of all parts."""
LONGEST_BOUNDARY = 70
BOUNDARY = re.compile(rb'boundary\s*=\s*(?:"([^"]*)"|([^;\s]*))', re.IGNORECASE)
PARAMETER = re.compile(rb';\s*([a-z]+\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.IGNORECASE | re.DOTALL)
EXTENDED = re.compile(rb"utf-8'[^']*'(.*)", re.IGNORECASE | re.DOTALL)
FOLD = re.compile(rb"\r\n[ \t]+")


class Part(Struct):
    """One part: its field, its content, and what a file is called (None: it is no file)."""

    name: bytes
    content: bytes
    filename: bytes | None
    content_type: bytes


def parts(body: bytes, content_type: bytes) -> Iterator[Part]:
    """
    The parts of a body, in order.

    Raises:
        ApiError: 400 it cannot be read; 431 too many headers.
    Source: td HttpReader::parse_multipart_form_data.
    """
    delimiter = b"--" + _boundary(content_type)
    start = body.find(delimiter)
    head_bytes = 0
    while start >= 0 and not body.startswith(b"--", start + len(delimiter)):
        head_end = body.find(b"\r\n\r\n", start + len(delimiter))
        head = body[start + len(delimiter) + 2 : max(head_end, 0)]
        head_bytes += len(head)
        if head_bytes > LARGEST_HEAD:
            raise ApiError(431, "Request Header Fields Too Large: total headers size exceeded")
        end = body.find(b"\r\n" + delimiter, head_end + 2)
        if head_end < 0 or end < 0:
            raise _broken("can't parse form data: unexpected end")
        yield _part(head, body[head_end + 4 : max(end, head_end + 4)])
        start = end + 2


def _boundary(content_type: bytes) -> bytes:
    found = BOUNDARY.search(content_type)
    if found is None:
        raise _broken("boundary not found")
    boundary = found[2] if found[1] is None else found[1]
    if not 0 < len(boundary) <= LONGEST_BOUNDARY:
        raise _broken("boundary too big or empty")
    return boundary


def _part(head: bytes, content: bytes) -> Part:
    part = Part(b"", content, None, b"application/octet-stream")
    for line in FOLD.sub(b" ", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        match name.strip().lower():
            case b"content-disposition":
                _dispose(part, value.strip())
            case b"content-type":
                part.content_type = value.strip()
    if not part.name:
        raise _broken("field name in multipart/form-data not found")
    return part


def _dispose(part: Part, value: bytes) -> None:
    if value[:10].lower() != b"form-data;":
        raise _broken("expected form-data content disposition")
    extended = None
    for match in PARAMETER.finditer(value):
        content = match[3].strip() if match[2] is None else match[2].replace(rb"\"", b'"')
        match match[1].lower():
            case b"name":
                part.name = content
            case b"filename":
                part.filename = content
            case b"filename*":
                extended = EXTENDED.match(content)
    if extended is not None:
        part.filename = unquote_to_bytes(extended[1])


def _broken(text: str) -> ApiError:
    return ApiError(400, f"Bad Request: {text}")
