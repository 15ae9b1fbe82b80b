"""From a request to what an act takes; what does not fit is refused with the field's name."""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from gatecrier_sandbox.control.endpoint import Endpoint
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.structured import BROKEN

T = TypeVar("T", bound=Struct)
PLACE = re.compile(r"\$\.(\w+)|field `([^`]*)`")
LARGEST_BODY = 1 << 20
"""Bytes of JSON."""
LARGEST_FILE = 50 << 20
"""Bytes of an uploaded file."""


async def arguments(request: Request, wanted: Endpoint) -> dict[str, Any]:
    """
    What the act is called with, besides the world.

    Raises:
        Refused: 404 a place that cannot be, 400 a query or JSON that cannot be read, 422 a body that does
            not fit, 413 too much of it.
    """
    given = {name: _place(request, name, kind) for name, kind in wanted.places.items()}
    if wanted.wants_request:
        given["request"] = request
    if wanted.query is not None:
        given["query"] = _query(request, wanted.query)
    elif request.query_params:
        name = next(iter(request.query_params))
        raise Refused("there is no such parameter", field=name)
    if wanted.body is bytes:
        given["body"] = await _bytes(request, LARGEST_FILE)
    elif wanted.body is not None and issubclass(wanted.body, Struct):
        given["body"] = _body(await _bytes(request, LARGEST_BODY), wanted.body)
    return given


def _place(request: Request, name: str, kind: Any) -> Any:
    try:
        return msgspec.convert(request.path_params[name], kind, strict=False)
    except msgspec.ValidationError:
        raise Refused("there is no such thing", field=name, status=404) from None


def _query(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.convert(dict(request.query_params), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(str(error), field=_field(str(error))) from None


def _body(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Refused(str(error), field=_field(str(error)), status=422) from None
    except BROKEN:
        raise Refused("the body is not JSON") from None


async def _bytes(request: Request, most: int) -> bytes:
    parts = []
    room = most
    async for part in request.stream():
        room -= len(part)
        if room < 0:
            raise Refused("the body is too large", status=413)
        parts.append(part)
    return b"".join(parts)


def _field(text: str) -> str | None:
    match = PLACE.search(text)
    return (match[1] or match[2]) if match else None
