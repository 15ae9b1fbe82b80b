"""The HTTP of the client: a request, its answer or refusal; a stream."""

import io
from collections.abc import AsyncIterator
from typing import Any, Literal, Self, TypeVar, cast

import aiohttp
import msgspec
from msgspec import Struct

from gatecrier_sandbox.control import answers

T = TypeVar("T")


class SandboxRefused(Exception):
    """The sandbox said no: why, which `field` of the request was wrong, and the HTTP status."""

    def __init__(self, error: str, field: str, status: int) -> None:
        super().__init__(f"{error} ({field})" if field else error)
        self.error = error
        self.field = field
        self.status = status


class Event(Struct):
    """One event of a stream; a stream goes on behind its `id`. A reader too slow gets events `dropped`."""

    id: int
    event: Literal["call", "update", "dropped"]
    data: dict[str, Any]


class Connection:
    """One sandbox's control API; the connection is open inside the context manager."""

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/sandbox"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use it as a context manager: async with SandboxClient(...) as sandbox")
        return self._session

    async def ask(
        self,
        verb: str,
        path: str,
        kind: type[T],
        body: Struct | bytes | None = None,
        *,
        query: Struct | None = None,
    ) -> T:
        """
        Ask for anything; the answer as `kind`.

        Raises:
            SandboxRefused: the world does not let it happen.
        """
        data = msgspec.json.encode(body) if isinstance(body, Struct) else body
        sent = None if data is None else io.BytesIO(data)
        headers = {
            "Content-Type": "application/octet-stream" if isinstance(body, bytes) else "application/json"
        }
        request = self._open_session.request(
            verb, self._url + path, data=sent, params=_written(query), headers=headers
        )
        async with request as response:
            content = await response.read()
        if response.status >= 400:
            refusal = msgspec.json.decode(content, type=answers.Refusal)
            raise SandboxRefused(refusal.error, refusal.field, response.status)
        if kind is bytes:
            return cast(T, content)
        return msgspec.json.decode(content, type=kind)

    async def watch(self, path: str, query: Struct) -> AsyncIterator[Event]:
        """Follow a stream until the sandbox stops; `SandboxRefused` if there is none."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        headers = {"Accept": "application/x-ndjson"}
        request = self._open_session.get(
            self._url + path, params=_written(query), headers=headers, timeout=timeout
        )
        async with request as response:
            if response.status >= 400:
                refusal = msgspec.json.decode(await response.read(), type=answers.Refusal)
                raise SandboxRefused(refusal.error, refusal.field, response.status)
            async for line in response.content:
                if line.strip():
                    yield msgspec.json.decode(line, type=Event)


def _written(query: Struct | None) -> dict[str, str]:
    """A query's fields as they stand in a URL."""
    found: dict[str, Any] = msgspec.to_builtins(query) if query is not None else {}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()
    }
