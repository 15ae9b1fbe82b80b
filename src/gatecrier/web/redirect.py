"""Counted links: `/r/<token>` leads on to where a campaign's button points."""

from collections.abc import Awaitable, Callable

import structlog

from gatecrier.broadcast.clicks import PATH, Click, Clicks, Links
from gatecrier.kernel.errors import GatecrierError, TryLater
from gatecrier.web.webhook import Receive, Scope, Send

log = structlog.get_logger(__name__)

LONGEST_TOKEN = 100  # characters; ours have 40

_PRIVATE = ((b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer"))

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Redirects:
    """
    Answers `/r/<token>` with 302; only what we have signed leads anywhere, and only where an operator said.

    GET only: HEAD is a program that looks, not a person who goes.
    """

    def __init__(self, links: Links, clicks: Clicks) -> None:
        self._links = links
        self._clicks = clicks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, for `http`."""
        del receive
        token = scope["path"].removeprefix(PATH) if scope["method"] == "GET" else ""
        click = self._links.read(token) if len(token) <= LONGEST_TOKEN else None
        await _redirect(send, *(await self._follow(click) if click is not None else (404, "")))

    async def _follow(self, click: Click) -> tuple[int, str]:
        """The status, and the address to go on to."""
        try:
            return 302, await self._clicks.follow(click)
        except GatecrierError as error:
            log.info("redirect.lost", campaign=click.campaign_id, code=error.code)
            return 503 if isinstance(error, TryLater) else 404, ""


def front(webhooks: Application, redirects: Redirects) -> Application:
    """The one application that our port serves: counted links, and else Telegram's updates."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_link = scope["type"] == "http" and scope["path"].startswith(PATH)
        await (redirects if is_link else webhooks)(scope, receive, send)

    return app


async def _redirect(send: Send, status: int, url: str) -> None:
    headers = [
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    ]
    if url:
        headers.append((b"location", _ascii(url)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _ascii(url: str) -> bytes:
    """A header holds ASCII: what is not is percent-encoded, and a line can never end in it."""
    return b"".join(bytes([byte]) if 0x20 < byte < 0x7F else b"%%%02X" % byte for byte in url.encode())
