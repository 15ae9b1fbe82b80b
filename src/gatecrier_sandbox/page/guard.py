"""Who may use the page: this machine's browser, on its own; and what the page itself may load."""

import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = frozenset({"GET", "HEAD"})
KNOWN_NAMES = frozenset({"host.docker.internal", "host.containers.internal"})


class Guard:
    """
    Stands before the page.

    Refuses foreign host names (a rebound DNS name is always a name with a dot) and acts that another site's
    page asks for; gives every answer its security headers. `scope["state"]["nonce"]` is the page's nonce.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        headers = Headers(scope=scope)
        if not is_ours(headers.get("host", "")):
            refusal = PlainTextResponse("this name does not lead to a sandbox", 421)
            await refusal(scope, receive, send)
        elif scope["method"] not in SAFE and not is_own_page(headers):
            refusal = PlainTextResponse("only the page itself may ask for this", 403)
            await refusal(scope, receive, send)
        else:
            nonce = secrets.token_urlsafe(16)
            scope.setdefault("state", {})["nonce"] = nonce
            await self.app(scope, receive, _guarded(send, nonce))


def is_ours(host: str) -> bool:
    """Whether a Host header is an address, a local name, or a name without a dot."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if not name or any(char.isspace() for char in host):
        return False
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(".localhost") or name in KNOWN_NAMES
    return True


def is_own_page(headers: Headers) -> bool:
    """Whether a browser says the request comes from this page; who sends no such word is no browser."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


def _guarded(send: Send, nonce: str) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("content-security-policy", policy(nonce))
            headers.setdefault("cache-control", "no-store")
            headers["x-content-type-options"] = "nosniff"
            headers["referrer-policy"] = "same-origin"
            headers["cross-origin-opener-policy"] = "same-origin"
            headers["cross-origin-resource-policy"] = "same-origin"
            headers["permissions-policy"] = "camera=(), microphone=(), geolocation=()"
        await send(message)

    return sent


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}' 'strict-dynamic'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
