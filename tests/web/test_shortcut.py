"""The shortcut past ASGI: what it answers, what it leaves alone, and that nobody can tell the difference."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from gatecrier.telegram.updates import Received
from gatecrier.web import shortcut
from gatecrier.web.webhook import Webhook
from make import make_update

SECRET = "s3cret"
GROUP = -1001
MEMBER = make_update(5, chat_id=GROUP, sender=7).body
STRANGER = make_update(6, chat_id=GROUP, sender=8).body


class Wire(asyncio.Transport):
    """The server's end of a connection, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""

    @property
    def statuses(self) -> list[int]:
        """What was answered, in order."""
        return [int(part[:3]) for part in self.sent.split(b"HTTP/1.1 ")[1:]]


class Served:
    """A webhook that lets person 7 pass, behind uvicorn's protocol; counts what came by way of ASGI."""

    def __init__(self, *, is_short: bool = True) -> None:
        self.taken: list[int] = []
        self.by_asgi = 0
        self.webhook = Webhook(1, SECRET, self._take, knows=lambda _chat, person: person == 7)
        http: Any = shortcut.among({self.webhook.path.encode(): self.webhook}) if is_short else "httptools"
        config = uvicorn.Config(
            self._app, http=http, interface="asgi3", lifespan="off", ws="none", log_config=None
        )
        config.load()
        self.wire = Wire()
        make: Any = config.http_protocol_class
        self.protocol = make(config=config, server_state=ServerState(), app_state={})
        self.protocol.connection_made(self.wire)

    async def hear(self, *pieces: bytes) -> list[int]:
        """The statuses answered when these bytes come, each piece by itself."""
        for piece in pieces:
            self.protocol.data_received(piece)
            await asyncio.sleep(0)
        while tasks := set(self.protocol.tasks):
            await asyncio.wait(tasks)
        return self.wire.statuses

    def end(self) -> None:
        """The other side is gone."""
        self.protocol.connection_lost(None)

    async def _take(self, batch: Sequence[Received]) -> None:
        self.taken += [one.update.update_id for one in batch]

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.by_asgi += 1
        await self.webhook(scope, receive, send)


def request(
    body: bytes = MEMBER, *, line: str = "POST /telegram/1 HTTP/1.1", secret: str = SECRET, more: str = ""
) -> bytes:
    """As Telegram posts it."""
    head = f"{line}\r\nHost: bots.example.org\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_member_s_message_does_not_reach_asgi() -> None:
    """It is answered at once, and the connection serves the next."""
    served = Served()
    assert await served.hear(request(), request(), request()) == [200, 200, 200]
    assert (served.by_asgi, served.taken) == (0, [])
    served.end()


async def test_what_a_glance_does_not_settle_goes_the_long_way() -> None:
    """Whole: the inbox gets it, and afterwards the shortcut is open again."""
    served = Served()
    assert await served.hear(request(STRANGER), request()) == [200, 200]
    assert (served.by_asgi, served.taken) == (1, [6])
    served.end()


REFUSED = {
    "a wrong secret": (request(secret="wrong"), 401),
    "no secret": (request(secret=""), 401),
    "another path": (request(line="POST /telegram/2 HTTP/1.1"), 404),
    "a longer path": (request(line="POST /telegram/12 HTTP/1.1"), 404),
    "another method": (request(line="GET /telegram/1 HTTP/1.1"), 405),
    "no update": (request(b"{"), 400),
    "nothing": (request(b""), 400),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED)
async def test_attack_5_the_shortcut_lets_nobody_in(sent: bytes, status: int) -> None:
    """Whatever the webhook refuses is refused, with the same status, and nothing is taken."""
    served = Served()
    assert await served.hear(sent) == [status]
    assert (served.by_asgi, served.taken) == (1, [])
    served.end()


PECULIAR = {
    "query": request(line="POST /telegram/1?a=b HTTP/1.1"),
    "close": request(more="Connection: close\r\n"),
    "1.0": request(line="POST /telegram/1 HTTP/1.0"),
    "expect": request(more="Expect: 100-continue\r\n"),
}


@pytest.mark.parametrize("sent", PECULIAR.values(), ids=PECULIAR)
async def test_peculiar_requests_are_uvicorns(sent: bytes) -> None:
    """Queries, connections that are to be closed, old versions: answered just as without a shortcut."""
    with_it, without = Served(), Served(is_short=False)
    assert await with_it.hear(sent) == await without.hear(sent)
    assert with_it.wire.sent == without.wire.sent
    assert (with_it.by_asgi, with_it.wire.closed) == (1, without.wire.closed)
    with_it.end()
    without.end()


@pytest.mark.long
async def test_wherever_the_bytes_are_cut_the_answers_are_the_same() -> None:
    """Three requests, cut at every place, or coming all at once: three answers, the stranger taken once."""
    sent = request() + request(STRANGER) + request()
    for place in range(len(sent)):
        served = Served()
        assert await served.hear(*filter(None, (sent[:place], sent[place:]))) == [200, 200, 200]
        assert served.taken == [6]
        served.end()


async def test_what_is_no_http_is_refused_once() -> None:
    """Rubbish in the middle of a request closes the connection, and nothing of it is acted on."""
    served = Served()
    head = b"POST /telegram/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nrubbish\r\n"
    assert await served.hear(head) == [400]
    assert (served.by_asgi, served.wire.closed) == (0, True)
    served.end()


async def test_an_idle_connection_is_closed_in_the_end() -> None:
    """After a shortcut as after any answer: the timer of uvicorn runs."""
    served = Served()
    await served.hear(request())
    assert served.protocol.timeout_keep_alive_task is not None
    served.protocol.timeout_keep_alive_handler()
    assert served.wire.closed
    served.end()
