"""The door: raw ASGI on `/bot<token>/<method>` and `/file/bot<token>/...`; others to page and control API."""

import asyncio
from functools import cached_property
from typing import cast
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import gatecrier_sandbox.botapi.methods  # noqa: F401 - registers every method
from gatecrier_sandbox.botapi.api import Answer, BotApi, refusal
from gatecrier_sandbox.botapi.params import LARGEST_BODY, Params, read
from gatecrier_sandbox.errors import ApiError, bad_request, not_found, too_large
from gatecrier_sandbox.protocol import ABSOLUTE, DROP
from gatecrier_sandbox.world import clock as clocks
from gatecrier_sandbox.world.files import File

UNKNOWN_THERE = refusal(ApiError(401, "Unauthorized"))
"""Nobody has an account on the test servers."""
RESTART = refusal(ApiError(500, "Internal Server Error: restart"))
MOST_DISCARDED = 4 * LARGEST_BODY
"""Bytes of an oversized body that are read away so that its sender can hear the refusal."""
FILES = "/file/bot"
VERBS = frozenset({"GET", "POST"})
CLOSE = (b"connection", b"close")


class Door:
    """Serves the Bot API and its files; the control API's paths go to `control`, a browser's to `page`."""

    def __init__(self, api: BotApi, control: ASGIApp) -> None:
        self.api = api
        self.control = control

    @cached_property
    def page(self) -> ASGIApp:
        """The chat page; a process that is never looked at does not load it."""
        from gatecrier_sandbox.page.routes import page  # noqa: PLC0415

        return page(self.api.world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path, verb = scope["path"], scope["method"]
        if path.startswith("/bot") and verb in VERBS:
            await self._answer(scope, receive, send, path)
        elif path == "/sandbox" or path.startswith("/sandbox/"):
            await self.control(scope, receive, send)
        elif path == "/" or path.startswith(("/page/", "/static/")):
            await self.page(scope, receive, send)
        elif path.startswith(FILES) and verb in {"GET", "HEAD"}:
            await self._serve_file(send, path)
        elif verb not in VERBS:
            await _send(send, 501, b"", CLOSE)
        else:
            await self._answer(scope, receive, send, path)

    def answer_at_once(
        self, path: str, query: bytes, content_type: bytes, encoding: bytes, body: bytes
    ) -> Answer | None:
        """The answer to a request of the Bot API that need not wait; None if it may, and nothing was done."""
        try:
            token, name, is_test = route(path)
            params = read(query, content_type, encoding, body)
            return UNKNOWN_THERE if is_test else self.api.answer_at_once(token, name, params)
        except ApiError as error:
            return refusal(error)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        try:
            token, name, is_test = route(path)
            params = await _params(scope, receive)
            answer = UNKNOWN_THERE if is_test else await self.api.answer(token, name, params)
        except ApiError as error:
            answer = refusal(error)
        except asyncio.CancelledError:  # the server stops while this call waits
            answer = RESTART
        if answer.is_dropped:
            await self._drop(scope, receive, answer.hold)
        else:
            await _reply(send, answer)

    async def _drop(self, scope: Scope, receive: Receive, hold: float) -> None:
        """Close the connection, at once or after `hold` seconds; the server notices before the end."""
        if hold:
            await self._hold(receive, hold)
        scope["extensions"][DROP]["drop"]()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _hold(self, receive: Receive, seconds: float) -> None:
        """Wait until the client goes away, or the time is over."""
        gone = asyncio.ensure_future(receive())
        over = asyncio.ensure_future(clocks.sleep(self.api.world.clock, seconds))
        try:
            await asyncio.wait((gone, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            over.cancel()

    async def _serve_file(self, send: Send, path: str) -> None:
        try:
            file = self._file(path)
        except ApiError as error:
            await _reply(send, refusal(error))
        else:
            kind = quote(file.mime_type or "application/octet-stream", safe="/+.;= -").encode()
            await _send(send, 200, file.data, kind=kind)

    def _file(self, path: str) -> File:
        """The file of a path. `ApiError` 401 no bot's token, 404 no such file."""
        token, _, name = path.removeprefix(FILES).partition("/")
        self.api.find_bot(token)
        file = self.api.world.files.by_path(name)
        if file is None:
            raise not_found()
        return file


def route(path: str) -> tuple[str, str, bool]:
    """
    Split a path into token, method, and whether the test servers are meant.

    Raises:
        ApiError: 404, it is no path of the Bot API.
    Source: telegram-bot-api HttpConnection::handle.
    """
    token, slash, rest = path.removeprefix("/bot").partition("/")
    if not path.startswith("/bot") or not slash:
        raise not_found("absolute URI is specified in the Request-Line" if path == ABSOLUTE else "")
    if not rest.startswith("test"):
        return token, rest, False
    if not rest.startswith("test/"):
        raise not_found()
    return token, rest[5:], True


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
    """
    The whole body.

    Raises:
        ApiError: 413 it is too large; 400 the client went away in the midst of it.
    """
    message: Message = await receive()
    if message["type"] == "http.request" and not message["more_body"]:
        return cast(bytes, message["body"])
    parts: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        size += len(message["body"])
        parts.append(message["body"])
        if size > LARGEST_BODY:
            parts.clear()
        if size > MOST_DISCARDED or not message["more_body"]:
            return _whole(parts, size)
        message = await receive()
    raise bad_request("the connection was closed")


def _whole(parts: list[bytes], size: int) -> bytes:
    if size > LARGEST_BODY:
        raise too_large()
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
