"""A small TCP proxy of the rig's own: passes bytes on, or refuses, hangs, resets; spreads over backends."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum

Address = tuple[str, int]

CHUNK = 1 << 16


class Mode(StrEnum):
    """What the proxy does to connections, old and new."""

    PASS = "pass"
    REFUSE = "refuse"  # nobody listens; who was connected is cut off
    RESET = "reset"  # accepts, and resets at once
    HANG = "hang"  # accepts, and is silent; what was connected stays so


class Proxy:
    """
    Stands before one or several servers, at an address of its own.

    Args:
        backends: Asked anew for each connection, in turn; one that does not answer is skipped.
    """

    def __init__(self, backends: Callable[[], Sequence[Address]]) -> None:
        self._backends = backends
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self.mode = Mode.PASS
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def before(cls, backends: Callable[[], Sequence[Address]]) -> AsyncIterator["Proxy"]:
        """Listen for the length of the block."""
        proxy = cls(backends)
        await proxy.set(Mode.PASS)
        try:
            yield proxy
        finally:
            await proxy._close()
            proxy._cut_all()
            for task in proxy._tasks:
                task.cancel()
            await asyncio.gather(*proxy._tasks, return_exceptions=True)

    async def set(self, mode: Mode) -> None:
        """Behave so from now on."""
        self.mode = mode
        if mode in (Mode.PASS, Mode.HANG, Mode.RESET) and self._server is None:
            listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
            self.port = listener.getsockname()[1]
            self._server = await asyncio.start_server(self._accept, sock=listener)
        if mode is Mode.REFUSE:
            await self._close()
        if mode in (Mode.REFUSE, Mode.RESET):
            self._cut_all()
        if mode is Mode.HANG:
            self._flows.clear()
        else:
            self._flows.set()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _cut_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if self.mode is not Mode.RESET:
                await self._flows.wait()
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side has gone: the other hears of it below
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = await self._connected()
        if far is None:
            return
        far_reader, far_writer = far
        self._writers.add(far_writer)
        ways = [
            asyncio.ensure_future(self._pump(reader, far_writer)),
            asyncio.ensure_future(self._pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._writers.discard(far_writer)
            far_writer.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        backends = list(self._backends())
        self._turn += 1
        for step in range(len(backends)):
            host, port = backends[(self._turn + step) % len(backends)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(host, port)
        return None

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
