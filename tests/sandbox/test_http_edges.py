"""What only a socket shows: limits of heads and bodies, verbs, connections, files. facts/botapi.md §1."""

import asyncio
import io
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest

from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.botapi.api import METHODS, Method
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.model import Bot

pytestmark = pytest.mark.story

CLOSED = b"content-length: 0\r\nconnection: close\r\n\r\n"


class Line:
    """A sandbox with a bot, and connections to it by hand."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.bot: Bot = sandbox.world.bot("gate_bot")
        self.host, _, self.port = sandbox.url.removeprefix("http://").partition(":")

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new connection."""
        return await asyncio.open_connection(self.host, int(self.port))

    async def exchange(self, *pieces: bytes) -> bytes:
        """Send and read until the server closes."""
        reader, writer = await self.connect()
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer

    def request(self, verb: str = "GET", target: str = "", more: str = "", body: bytes = b"") -> bytes:
        """A request that asks to close the connection; `{}` in the target is the token."""
        target = (target or "/bot{}/getMe").format(self.bot.token)
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        return f"{verb} {target} HTTP/1.1\r\nHost: x\r\n{more}{length}\r\n".encode() + body


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """Without limits."""
    async with Sandbox.start(limits=Limits.off()) as sandbox:
        yield Line(sandbox)


CLOSE = "Connection: close\r\n"


async def test_a_verb_that_is_neither_get_nor_post_is_501(line: Line) -> None:
    """No body, and the connection closes; a word that is no verb at all just so."""
    answer = await line.exchange(line.request("PUT"))
    head, _, body = answer.lower().partition(b"\r\n\r\n")
    assert head.startswith(b"http/1.1 501")
    assert (b"connection: close" in head, body) == (True, b"")
    assert await line.exchange(line.request("NONSENSE")) == b"HTTP/1.1 501 Not Implemented\r\n" + CLOSED


async def test_what_is_no_http_is_400(line: Line) -> None:
    """A status line and nothing else."""
    assert (
        await line.exchange(b"GET / HTTP/1.1\r\nno header\r\n\r\n")
        == b"HTTP/1.1 400 Bad Request\r\n" + CLOSED
    )


async def test_an_answer_that_is_due_comes_before_the_end(line: Line) -> None:
    """Rubbish behind a good request closes the connection, but only after that was answered."""
    answer = await line.exchange(line.request() + b"rubbish\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"HTTP/1.1 501 Not Implemented\r\n" + CLOSED)


async def test_a_body_that_breaks_off_is_refused_at_once(line: Line) -> None:
    """Its request is not carried out."""
    more = "Transfer-Encoding: chunked\r\n"
    answer = await line.exchange(line.request("POST", more=more), b"no length\r\n")
    assert answer == b"HTTP/1.1 400 Bad Request\r\n" + CLOSED
    assert not line.sandbox.world.calls.total


async def test_an_absolute_uri_is_404(line: Line) -> None:
    """With the text that says so."""
    answer = await line.exchange(line.request(target=f"{line.sandbox.url}/bot{{}}/getMe", more=CLOSE))
    assert msgspec.json.decode(answer.partition(b"\r\n\r\n")[2]) == {
        "ok": False,
        "error_code": 404,
        "description": "Not Found: absolute URI is specified in the Request-Line",
    }


@pytest.mark.parametrize("size", [20, 200, 250])
async def test_heads_may_have_256_kib(line: Line, size: int) -> None:
    """Up to there they are read, in however many pieces."""
    more = f"X-Large: {'x' * 1000}\r\n" * size
    whole = line.request(more=more + CLOSE)
    answer = await line.exchange(whole[:100_000], whole[100_000:])
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("more", [f"X-Large: {'x' * 300_000}\r\n", f"X-Large: {'x' * 1000}\r\n" * 300])
async def test_larger_heads_are_431(line: Line, more: str) -> None:
    """Whether one header is too long or there are too many."""
    whole = line.request(more=more)
    reader, writer = await line.connect()
    for start in range(0, len(whole), 10_000):
        writer.write(whole[start : start + 10_000])
        await asyncio.sleep(0)
    assert await reader.readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    writer.close()


async def test_a_connection_is_kept_and_may_be_pipelined(line: Line) -> None:
    """Three requests, two of them at once, on one connection, answered in order."""
    reader, writer = await line.connect()
    writer.write(line.request() + line.request(target="/nothing") + line.request(more=CLOSE))
    answer = await reader.read()
    writer.close()
    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404", b"200"]


async def test_letters_in_the_request_line_are_taken_as_they_are(line: Line) -> None:
    """Clients that forget to escape are understood."""
    sent = "/bot{}/sendMessage?chat_id=@nobody&text=привет"
    answer = await line.exchange(line.request(target=sent, more=CLOSE))
    assert b"chat not found" in answer
    (call,) = line.sandbox.world.calls.latest()
    assert msgspec.json.decode(call.params)["text"] == "привет"


async def test_an_upload_that_is_too_large_is_413(line: Line) -> None:
    """The sender may finish and hears the refusal as JSON."""
    form = aiohttp.FormData()
    form.add_field("document", io.BytesIO(bytes(65 << 20)), filename="a")
    url = f"{line.sandbox.url}/bot{line.bot.token}/sendDocument"
    async with aiohttp.ClientSession() as client, client.post(url, data=form) as response:
        answer = await response.json()
    assert (response.status, answer["description"]) == (413, "Request Entity Too Large")


async def test_half_a_request_does_nothing(line: Line) -> None:
    """Who goes away in the midst of a body has sent nothing."""
    reader = line.sandbox.world.person("Rudi")
    line.sandbox.world.start(reader.id, line.bot.id)
    body = f"chat_id={reader.id}&text=half".encode()
    more = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body) + 9}\r\n"
    _, writer = await line.connect()
    writer.write(line.request("POST", "/bot{}/sendMessage", more) + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with aiohttp.ClientSession() as client:
        await client.get(f"{line.sandbox.url}/bot{line.bot.token}/getMe")
    assert [call.method for call in line.sandbox.world.calls.latest()] == ["getMe"]


async def test_files_are_served_to_who_has_a_token(line: Line) -> None:
    """The bytes with their type; HEAD without; 404 for another path, 401 for another token."""
    file = line.sandbox.world.files.add("document", b"bytes", name="a.txt", mime_type="text/plain")
    base = f"{line.sandbox.url}/file/bot"
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{base}{line.bot.token}/{file.path}") as response:
            assert (response.status, response.content_type) == (200, "text/plain")
            assert await response.read() == b"bytes"
        async with client.head(f"{base}{line.bot.token}/{file.path}") as response:
            assert (response.status, response.headers["Content-Length"]) == (200, "5")
        for url, status, text in (
            (f"{base}{line.bot.token}/documents/none", 404, "Not Found"),
            (f"{base}123:abc/{file.path}", 401, "Unauthorized"),
            (f"{base}nobody/{file.path}", 401, "Unauthorized: invalid token specified"),
        ):
            async with client.get(url) as response:
                assert response.status == status
                assert (await response.json())["description"] == text


async def test_a_hanging_call_ends_when_its_time_is_over(line: Line) -> None:
    """It is accepted, never answered and never done; then the connection closes."""
    line.sandbox.world.faults.add(Fault(FaultKind.HANG, seconds=0.05, times=1))
    assert await line.exchange(line.request()) == b""
    (call,) = line.sandbox.world.calls.latest()
    assert (call.ok, call.description) == (False, "never answered")


async def test_a_hanging_call_ends_when_its_client_goes_away(line: Line) -> None:
    """The server does not wait any longer, and stops at once."""
    line.sandbox.world.faults.add(Fault(FaultKind.HANG, seconds=3600, times=1))
    _, writer = await line.connect()
    writer.write(line.request())
    await writer.drain()
    while not line.sandbox.world.calls.total:  # noqa: ASYNC110 - the log has no reason to announce calls
        await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("more", ["", "Transfer-Encoding: chunked\r\n"], ids=["prompt", "long way"])
async def test_a_bug_of_ours_is_never_the_clients_fault(
    line: Line, more: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered 500, and the log says what broke."""
    broken = Method("getMe", lambda call: 1 // 0, is_waiting=False)
    monkeypatch.setitem(METHODS, "getme", broken)
    answer = await line.exchange(line.request("POST", more=CLOSE + more) + (b"0\r\n\r\n" if more else b""))
    assert answer.startswith(b"HTTP/1.1 500")
    assert "ZeroDivisionError" in caplog.text
