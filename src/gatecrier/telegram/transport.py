"""
The network is one method: `post`. Tests and benchmarks swap the transport, never a method of it.

What matters to a ledger is one question: can the message have left? `ConnectFailed` says no,
`ConnectionLost` says perhaps. URLs carry the token, so no error of the HTTP client, which would
show the URL, is ever passed on or chained.
"""

import asyncio
from functools import lru_cache
from typing import Protocol

import aiohttp
import msgspec
from yarl import URL


class Reply(msgspec.Struct, frozen=True, gc=False):
    """
    An HTTP answer.

    Args:
        retry_after: Seconds from the Retry-After header; None when there is none.
    """

    status: int
    body: bytes
    retry_after: float | None = None


class ConnectFailed(Exception):
    """Nothing was sent: repeating is safe."""


class ConnectionLost(Exception):
    """The request was, or may have been, sent; the answer never came: the outcome is unknown."""


class Transport(Protocol):
    """The way out."""

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109
        """
        POST a JSON body and read the whole answer, within `timeout` seconds.

        Raises:
            ConnectFailed: no connection; nothing was sent.
            ConnectionLost: reset, closed or timed out after the connection stood.
        """

    async def close(self) -> None:
        """Close idle connections."""


_NOT_SENT = (
    aiohttp.ClientConnectorError,  # DNS, refused, unreachable, TLS
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
_PERHAPS_SENT = (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError, RuntimeError)
"""The last two should not happen; if they do, nobody knows when."""

_HEADERS = {"Content-Type": "application/json", "User-Agent": "gatecrier"}


class AiohttpTransport:
    """
    Keep-alive connections by aiohttp.

    Args:
        connect_timeout: Seconds for DNS, TCP and TLS together. Kept below the whole timeout so that
            a slow connect is told apart from a slow answer: only the first is safe to repeat.
        keepalive: Seconds an idle connection is kept; below the 60 s or more of common servers, because
            a request on a connection the server just closed has an unknown outcome.
    """

    def __init__(self, *, connect_timeout: float = 10.0, keepalive: float = 15.0) -> None:
        self._connect_timeout = connect_timeout
        self._keepalive = keepalive
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109 - aiohttp keeps it
        if self._closed:
            raise ConnectFailed("the transport is closed")
        try:
            return await self._exchange(url, body, self._limits(timeout))
        except _NOT_SENT as error:
            failure: Exception = ConnectFailed(f"cannot connect: {_reason(error)}")
        except _PERHAPS_SENT as error:
            failure = ConnectionLost(f"no answer: {_reason(error)}")
        raise failure  # outside the except block: an error in __context__ would carry the URL

    async def close(self) -> None:
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, url: str, body: bytes, limits: aiohttp.ClientTimeout) -> Reply:
        session = self._session or self._open()
        async with session.post(_parsed(url), data=body, timeout=limits, allow_redirects=False) as answer:
            content = await answer.read()
            return Reply(answer.status, content, _seconds(answer.headers.get("Retry-After")))

    def _open(self) -> aiohttp.ClientSession:
        """Made on first use: a session belongs to the loop that is running then."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=self._keepalive, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
        )
        return self._session

    def _limits(self, seconds: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=seconds, connect=min(self._connect_timeout, 0.8 * seconds))


@lru_cache(maxsize=4096)
def _parsed(url: str) -> URL:
    """Parsing costs as much as the rest of our work; a bot uses some dozen URLs for ever."""
    try:
        return URL(url, encoded=True)
    except ValueError:
        raise aiohttp.InvalidURL("") from None


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None


def _reason(error: BaseException) -> str:
    """Why, without the URL: the operating system's words where there are some, else the kind of error."""
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        return f"{type(cause).__name__}: {cause.strerror or 'no details'}"
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return "timed out"
    return type(error).__name__
