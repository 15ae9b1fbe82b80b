"""The real transport against a server that misbehaves: what may have been sent, and what surely was not."""

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gatecrier.telegram.transport import AiohttpTransport, ConnectFailed, ConnectionLost

pytestmark = pytest.mark.story

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'
SECRET = "the-secret-part"


class Server:
    """A local HTTP server whose connections are handled as a test says."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.url = ""
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self, handler: Handler) -> None:
        """Serve on a free port."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            self._writers.append(writer)
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        self._server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/bot1:{SECRET}/getMe"

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request, head and body."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().splitlines()
            if line.startswith(b"content-length")
        )
        self.requests.append(head + await reader.readexactly(length))
        return self.requests[-1]

    async def close(self) -> None:
        """Stop, and let connections end."""
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.close()
            await self._server.wait_closed()
        await asyncio.sleep(0)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    yield made
    await made.close()


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    made = AiohttpTransport()
    yield made
    await made.close()


def assert_silent(error: BaseException) -> None:
    """Nothing a log would print of `error` holds the token, and nothing is chained to it."""
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(error)
    assert error.__context__ is None


async def test_a_json_body_goes_out_and_the_answer_comes_back(
    server: Server, transport: AiohttpTransport
) -> None:
    """Bytes in, bytes out."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(OK)
        await writer.drain()

    await server.start(handler)
    reply = await transport.post(server.url, b'{"a":1}', timeout=5)
    assert (reply.status, reply.body, reply.retry_after) == (200, b'{"ok":true}', None)
    assert b"POST /bot1:the-secret-part/getMe HTTP/1.1" in server.requests[0]
    assert b"Content-Type: application/json" in server.requests[0]
    assert server.requests[0].endswith(b'\r\n\r\n{"a":1}')


async def test_an_error_status_is_an_answer(server: Server, transport: AiohttpTransport) -> None:
    """429 and 500 are for the gateway to judge; Retry-After is kept."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    await server.start(handler)
    reply = await transport.post(server.url, b"{}", timeout=5)
    assert (reply.status, reply.retry_after) == (429, 7.0)


async def test_a_redirect_is_not_followed(server: Server, transport: AiohttpTransport) -> None:
    """A token must not travel to another address."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    await server.start(handler)
    assert (await transport.post(server.url, b"{}", timeout=5)).status == 302
    assert len(server.requests) == 1


async def test_a_connection_is_kept_for_the_next_call(server: Server, transport: AiohttpTransport) -> None:
    """One handshake for many calls."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await server.request(reader)
            writer.write(OK)
            await writer.drain()

    await server.start(handler)
    for _ in range(3):
        await transport.post(server.url, b"{}", timeout=5)
    assert server.connections == 1


async def test_a_refused_connection_sent_nothing(transport: AiohttpTransport) -> None:
    """Nobody listens: safe to repeat."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ConnectFailed) as error:
        await transport.post(f"http://127.0.0.1:{port}/bot1:{SECRET}/getMe", b"{}", timeout=5)
    assert_silent(error.value)


async def test_a_name_that_does_not_resolve_sent_nothing(transport: AiohttpTransport) -> None:
    """No address: safe to repeat."""
    with pytest.raises(ConnectFailed) as error:
        await transport.post(f"http://nowhere.invalid/bot1:{SECRET}/getMe", b"{}", timeout=5)
    assert_silent(error.value)


async def test_an_address_that_is_none_sent_nothing(transport: AiohttpTransport) -> None:
    """A malformed URL is no defect of the network, but nothing was sent either."""
    with pytest.raises(ConnectFailed) as error:
        await transport.post(f"http://[/bot1:{SECRET}/getMe", b"{}", timeout=5)
    assert_silent(error.value)


async def test_a_failed_tls_handshake_sent_nothing(server: Server, transport: AiohttpTransport) -> None:
    """The far side speaks no TLS: the request never left."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    await server.start(handler)
    with pytest.raises(ConnectFailed) as error:
        await transport.post(server.url.replace("http:", "https:"), b"{}", timeout=5)
    assert_silent(error.value)


async def test_a_connect_that_takes_too_long_sent_nothing(server: Server) -> None:
    """A listener that accepts no more: the handshake never ends, so nothing left."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        transport = AiohttpTransport(connect_timeout=0.1)
        with pytest.raises(ConnectFailed) as error:
            await transport.post(f"http://127.0.0.1:{port}/bot1:{SECRET}/getMe", b"{}", timeout=5)
        await transport.close()
        for filler in fillers:
            filler.close()
    assert_silent(error.value)


async def test_a_reset_after_the_request_is_in_doubt(server: Server, transport: AiohttpTransport) -> None:
    """The server had it: who knows what it did."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        writer.transport.abort()

    await server.start(handler)
    with pytest.raises(ConnectionLost) as error:
        await transport.post(server.url, b"{}", timeout=5)
    assert_silent(error.value)
    assert len(server.requests) == 1


async def test_a_close_without_an_answer_is_in_doubt_and_not_repeated(
    server: Server, transport: AiohttpTransport
) -> None:
    """The client library itself must not send a second time."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)

    await server.start(handler)
    with pytest.raises(ConnectionLost) as error:
        await transport.post(server.url, b"{}", timeout=5)
    assert_silent(error.value)
    assert len(server.requests) == 1


async def test_a_kept_connection_that_dies_under_a_request_is_in_doubt(
    server: Server, transport: AiohttpTransport
) -> None:
    """A server that closes an idle connection may have read the next request before."""
    answered = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(OK)
        await writer.drain()
        answered.set()
        await server.request(reader)

    await server.start(handler)
    await transport.post(server.url, b"{}", timeout=5)
    with pytest.raises(ConnectionLost) as error:
        await transport.post(server.url, b"{}", timeout=5)
    assert_silent(error.value)
    assert len(server.requests) == 2


async def test_an_answer_that_never_comes_is_in_doubt(server: Server, transport: AiohttpTransport) -> None:
    """A timeout after the connection stood says nothing about the far side."""
    forever = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await forever.wait()

    await server.start(handler)
    with pytest.raises(ConnectionLost) as error:
        await transport.post(server.url, b"{}", timeout=0.2)
    forever.set()
    assert_silent(error.value)


async def test_an_answer_cut_short_is_in_doubt(server: Server, transport: AiohttpTransport) -> None:
    """Half a body is no answer."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(OK[:-5])
        await writer.drain()

    await server.start(handler)
    with pytest.raises(ConnectionLost) as error:
        await transport.post(server.url, b"{}", timeout=5)
    assert_silent(error.value)


async def test_garbage_instead_of_http_is_in_doubt(server: Server, transport: AiohttpTransport) -> None:
    """It was sent, whatever answered."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"hello\r\n\r\n")
        await writer.drain()

    await server.start(handler)
    with pytest.raises(ConnectionLost) as error:
        await transport.post(server.url, b"{}", timeout=5)
    assert_silent(error.value)


async def test_a_closed_transport_sends_nothing(server: Server) -> None:
    """Late callers at shutdown hear that nothing was sent."""
    transport = AiohttpTransport()
    await transport.close()
    with pytest.raises(ConnectFailed):
        await transport.post("http://127.0.0.1:1/x", b"{}", timeout=5)
