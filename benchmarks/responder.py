"""
A Bot API that only says yes: `python -m benchmarks.responder`. Prints its address; ends when stdin closes.

Every POST gets the same keep-alive answer, getMe the bot. Far cheaper than any client that is measured.
"""

import asyncio
import sys
from typing import cast

import httptools
import uvloop

from benchmarks import samples


def _http(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


SENT = _http(samples.sent())
ME = _http(samples.GET_ME)


class Responder(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._answer = SENT

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """httptools tells."""
        self._answer = ME if url.endswith(b"getMe") else SENT

    def on_message_complete(self) -> None:
        """httptools tells: the body is here."""
        self._transport.write(self._answer)


async def main() -> None:
    """Serve until whoever started us is gone."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), gone.set)
    server = await loop.create_server(Responder, "127.0.0.1", 0, backlog=512)
    host, port = server.sockets[0].getsockname()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    await gone.wait()


if __name__ == "__main__":
    uvloop.run(main())
