"""The door: a raw ASGI callable on `/bot<token>/<method>`; `/` is a page, and `/sandbox` goes on."""

import asyncio
from typing import cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import gatecrier_sandbox.botapi.methods  # noqa: F401 - registers every method
from gatecrier_sandbox.botapi.api import Answer, BotApi, refusal
from gatecrier_sandbox.botapi.params import LARGEST_BODY, Params, read
from gatecrier_sandbox.errors import ApiError, not_found, too_large
from gatecrier_sandbox.page.front_page import FRONT_PAGE
from gatecrier_sandbox.protocol import DROP

UNKNOWN_THERE = refusal(ApiError(401, "Unauthorized"))
"""Nobody has an account on the test servers."""


class Door:
    """Serves the Bot API itself and hands the control API's paths to `control`."""

    def __init__(self, api: BotApi, control: ASGIApp) -> None:
        self.api = api
        self.control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == "/sandbox" or path.startswith("/sandbox/"):
            await self.control(scope, receive, send)
        elif path == "/" and scope["method"] == "GET":
            await _send(send, 200, FRONT_PAGE, kind=b"text/html; charset=utf-8")
        elif scope["method"] not in {"GET", "POST"}:
            await _send(send, 501, b"")
        else:
            await self._answer(scope, receive, send, path)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        try:
            token, name, is_test = route(path)
            params = await _params(scope, receive)
            answer = UNKNOWN_THERE if is_test else await self.api.answer(token, name, params)
        except ApiError as error:
            answer = refusal(error)
        if answer.is_dropped:
            await _drop(scope)
        else:
            await _reply(send, answer)


def route(path: str) -> tuple[str, str, bool]:
    """
    Split a path into token, method, and whether the test servers are meant.

    Raises:
        ApiError: 404, it is no path of the Bot API.
    Source: telegram-bot-api HttpConnection::handle.
    """
    token, slash, rest = path.removeprefix("/bot").partition("/")
    if not path.startswith("/bot") or not slash:
        raise not_found()
    if rest == "test" or rest.startswith("test/"):
        return token, rest[5:], True
    return token, rest, False


async def _params(scope: Scope, receive: Receive) -> Params:
    content_type = encoding = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = value
        elif name == b"content-encoding":
            encoding = value
    body = await _body(receive)
    return read(scope["query_string"], content_type, encoding, body)


async def _body(receive: Receive) -> bytes:
    message: Message = await receive()
    if not message.get("more_body"):
        return cast(bytes, message.get("body", b""))
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise too_large("request body is too big")
    return b"".join(parts)


async def _reply(send: Send, answer: Answer) -> None:
    headers = ((b"retry-after", b"%d" % answer.retry_after),) if answer.retry_after else ()
    await _send(send, answer.status, answer.body, *headers)


async def _send(
    send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes], kind: bytes = b"application/json"
) -> None:
    fixed = ((b"content-type", kind), (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _drop(scope: Scope) -> None:
    """Close the connection and let the server notice before the request ends."""
    scope["extensions"][DROP]["drop"]()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
