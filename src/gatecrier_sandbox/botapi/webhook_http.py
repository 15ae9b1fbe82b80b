"""The way to the bots' servers by aiohttp, and what its errors are called in getWebhookInfo."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gatecrier_sandbox.botapi.params import LARGEST_BODY
from gatecrier_sandbox.botapi.webhook_network import Deliver, Post, Reply, Undelivered
from gatecrier_sandbox.botapi.webhook_target import Target, trust
from gatecrier_sandbox.world.model import Webhook

PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=60, sock_read=60)
RESOLVING = 10.0
"""Seconds a name may take to be resolved."""


class Internet:
    """Real sockets."""

    async def resolve(self, host: str) -> str:
        """The address of a name, IPv4 before IPv6; OSError if it has none."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RESOLVING):
                found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise OSError(str(error)) from None
        return str(min(found, key=lambda entry: entry[0] != socket.AF_INET)[4][0])

    @asynccontextmanager
    async def connect(self, target: Target, hook: Webhook) -> AsyncIterator[Deliver]:
        """Connections to the hook's address, whatever its name means now."""
        connector = aiohttp.TCPConnector(
            limit=hook.max_connections,
            keepalive_timeout=60,
            resolver=_Pinned(hook.ip_address),
            ssl=trust(hook.certificate, target.host) if hook.certificate else True,
        )
        url = URL(target.url, encoded=True)
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=PATIENCE,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept"),
        ) as session:
            yield lambda post: _post(session, url, post)


class _Pinned(AbstractResolver):
    """Every name means one address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """That address."""
        del family
        kind = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        return [
            ResolveResult(
                hostname=host,
                host=self._address,
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def _post(session: aiohttp.ClientSession, url: URL, post: Post) -> Reply:
    try:
        async with session.post(url, data=post.body, headers=post.headers, allow_redirects=False) as response:
            body = await _body(response)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Undelivered(_blamed(error)) from None
    delay = response.headers.get("Retry-After", "")
    return Reply(
        response.status,
        response.reason or "",
        int(delay) if delay.isascii() and delay.isdigit() and len(delay) < 10 else 0,
        response.headers.get("Content-Type", "").encode(errors="surrogateescape"),
        body,
    )


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The body of a 2xx; another's is left unread, which closes its connection when it is long."""
    if not 200 <= response.status <= 299:
        return b""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise Undelivered("Request Entity Too Large")
        chunks.append(chunk)
    return b"".join(chunks)


BLAMED = (
    (aiohttp.ConnectionTimeoutError, "Connection timed out"),
    (TimeoutError, "Read timeout expired"),
    (
        aiohttp.ClientConnectorCertificateError,
        "SSL error {error:0A000086:SSL routines::certificate verify failed}",
    ),
    (aiohttp.ClientSSLError, "SSL error {error:0A00010B:SSL routines::wrong version number}"),
    (aiohttp.ServerDisconnectedError, "Connection closed"),
)
"""What getWebhookInfo says of an error, the first that fits. Source: texts users report."""


def _blamed(error: Exception) -> str:
    for kind, text in BLAMED:
        if isinstance(error, kind):
            return text
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else "Wrong response from the webhook"
