"""uvicorn inside our process: started and stopped by us, without signal handlers of its own."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import uvicorn

from gatecrier.kernel.errors import Misconfigured
from gatecrier.web import shortcut
from gatecrier.web.shortcut import Settles

KEEP_ALIVE = 75  # seconds; longer than Telegram waits between two updates of a busy bot
GRACE = 5  # seconds for requests under way when the process stops


class HttpServer:
    """
    Serves one ASGI application on one address.

    Args:
        port: 0 takes a free one; `open` tells which.
        webhooks: By path; asked about updates before `app` hears of them.
    """

    def __init__(
        self, app: Any, *, host: str, port: int, webhooks: Mapping[bytes, Settles] | None = None
    ) -> None:
        self._socket: socket.socket | None = None
        self._address = host, port
        self._server = _Quiet(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                http="httptools" if webhooks is None else shortcut.among(webhooks),
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=GRACE,
            )
        )

    def open(self) -> int:
        """
        Take the address; the port that was taken.

        Raises:
            Misconfigured: another process has it, or we may not.
        """
        host, port = self._address
        try:
            self._socket = socket.create_server((host, port), backlog=2048)
        except OSError as error:
            raise Misconfigured(
                f"{host}:{port} cannot be listened on: {error.strerror or error}.",
                remedy="Choose another port, or stop whoever uses it.",
                field="GATECRIER_HTTP_PORT",
                code="port_taken",
            ) from error
        return int(self._socket.getsockname()[1])

    async def run(self) -> None:
        """Serve until `stop()`; requests under way are answered first."""
        if self._socket is None:
            self.open()
        await self._server.serve(sockets=[self._socket] if self._socket else None)

    def stop(self) -> None:
        """Take nothing new."""
        self._server.should_exit = True


class _Quiet(uvicorn.Server):
    """Signals are the process's own matter."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
