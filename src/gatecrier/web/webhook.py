"""
Updates as Telegram posts them: a raw ASGI callable, ahead of any router, for nearly all of them are nothing.

An update is answered with 200 only when it is safe, and with 503 when it cannot be, so that Telegram
repeats it. Nobody but Telegram knows the secret; whoever does not is told nothing about why.
"""

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec
import structlog

from gatecrier.kernel.errors import Misconfigured, TryLater
from gatecrier.telegram.glance import Knows, passed
from gatecrier.telegram.updates import Received, decode, number_of
from gatecrier.web.shortcut import Headers

log = structlog.get_logger(__name__)

MOST_BYTES = 1 << 20  # of a body; the largest update that Telegram sends is some ten kilobytes
PATIENCE = 10.0  # seconds in which a body must have come
SAFE_WITHIN = 10.0  # seconds in which an update must be kept: a database that hangs is one that is gone
SECRET_HEADER = b"x-telegram-bot-api-secret-token"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Take = Callable[[Sequence[Received]], Awaitable[None]]


class Webhook:
    """
    Takes the updates of one bot at `/telegram/<bot id>`; `Webhooks` leads to it.

    Args:
        secret: What Telegram sends along with each update (setWebhook, secret_token).
        take: Returns when the updates are safe.
        knows: Asked about plain group messages first; those that it lets pass are not handed on.
        patience: Seconds in which a body must have come.
    Raises:
        Misconfigured: there is no secret, or Telegram would not take it: without one anybody could
            speak in Telegram's name.
    """

    def __init__(
        self, bot_id: int, secret: str, take: Take, *, knows: Knows, patience: float = PATIENCE
    ) -> None:
        check_secret(secret)
        self.path = f"/telegram/{bot_id}"
        self._secret = secret.encode()
        self._take = take
        self._knows = knows
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, for `http`; there is nothing to start or to stop."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is None:
            refusal = await self._receive(receive)
        await _answer(send, refusal)

    def settles(self, headers: Headers, body: bytes) -> bool:
        """Whether a POST to `path` is an update of Telegram's that a glance lets pass (`web/shortcut.py`)."""
        given = next((value for name, value in headers if name == SECRET_HEADER), b"")
        return hmac.compare_digest(given, self._secret) and passed(body, self._knows) is not None

    def _refusal(self, scope: Scope) -> int | None:
        """The status for what is no update of Telegram's; None: look at the body."""
        if scope["path"] != self.path:
            return 404
        if scope["method"] != "POST":
            return 405
        given, length = b"", b"0"
        for name, value in scope["headers"]:
            if name == SECRET_HEADER:
                given = value
            elif name == b"content-length":
                length = value
        if not hmac.compare_digest(given, self._secret):
            return 401
        return 413 if not length.isdigit() or int(length) > MOST_BYTES else None

    async def _receive(self, receive: Receive) -> int:
        try:
            async with asyncio.timeout(self._patience):
                body = await _body(receive)
        except TimeoutError:
            return 408
        if body is None:
            return 413
        if passed(body, self._knows) is not None:
            return 200
        return await self._hand_on(body)

    async def _hand_on(self, body: bytes) -> int:
        try:
            update = decode(body)
        except msgspec.DecodeError:
            number = number_of(body)
            # The error's text may quote the body, which is somebody's message.
            log.warning("update skipped: not understood", path=self.path, update_id=number)
            return 400 if number is None else 200
        try:
            async with asyncio.timeout(SAFE_WITHIN):
                await self._take([Received(update, body)])
        except (TimeoutError, TryLater) as error:  # it may be safe by now all the same: it is claimed once
            code = error.code if isinstance(error, TryLater) else "too_slow"
            log.warning("update not safe: Telegram will repeat it", path=self.path, code=code)
            return 503
        return 200


class Webhooks:
    """
    The webhooks of all bots, by path; what is for none of them is not found.

    Attributes:
        by_path: Grows when a bot is added.
    """

    def __init__(self) -> None:
        self.by_path: dict[bytes, Webhook] = {}

    def add(self, webhook: Webhook) -> None:
        """Take updates for this bot, too."""
        self.by_path[webhook.path.encode()] = webhook

    def remove(self, bot_id: int) -> None:
        """Take none any more."""
        self.by_path.pop(f"/telegram/{bot_id}".encode(), None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, for `http`."""
        if scope["type"] != "http":
            return
        webhook = self.by_path.get(scope["path"].encode())
        if webhook is None:
            await _answer(send, 404)
        else:
            await webhook(scope, receive, send)


async def _body(receive: Receive) -> bytes | None:
    """All of it; None when it is too long, or nobody sends it any more."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
    return None if message["type"] == "http.disconnect" or len(body) > MOST_BYTES else body


def check_secret(secret: str) -> None:
    """
    Whether Telegram would take it, and nobody guesses it.

    Raises:
        Misconfigured: it would not.
    """
    if not _SECRET.fullmatch(secret):
        raise Misconfigured(
            "A webhook needs a secret of 1 to 256 letters, digits, _ and -.",
            remedy="Make one: openssl rand -hex 32",
            field="GATECRIER_WEBHOOK_SECRET",
            code="bad_webhook_secret",
        )


async def _answer(send: Send, status: int) -> None:
    start, body = _ANSWERS[status]
    await send(start)
    await send(body)


_REASONS = {
    200: "",
    400: "not an update",
    401: "wrong secret",
    404: "not found",
    405: "POST only",
    408: "too slow",
    413: "too large",
    503: "try again later",
}


def _prepared(status: int, reason: str) -> tuple[dict[str, Any], dict[str, Any]]:
    text = json.dumps({"error": reason}).encode() if reason else b""
    headers = [(b"content-length", str(len(text)).encode())]
    if text:
        headers.append((b"content-type", b"application/json"))
    if status == 503:
        headers.append((b"retry-after", b"5"))
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": text}


_ANSWERS = {status: _prepared(status, reason) for status, reason in _REASONS.items()}
