"""Webhooks over real sockets: an aiohttp server is the bot. facts/botapi.md §7."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.world.model import Bot
from ports import free_port

pytestmark = pytest.mark.story

TLS = Path(__file__).with_name("tls")
Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


async def fine(request: web.Request, update: dict[str, Any]) -> web.StreamResponse:
    """What most bots answer."""
    return web.Response()


class House:
    """A bot's server: what came, and how it answers."""

    def __init__(self) -> None:
        self.answer: Answer = fine
        self.requests: list[web.Request] = []
        self.heard: dict[int, list[str]] = defaultdict(list)
        self.peers: set[object] = set()
        self.total = asyncio.Condition()
        self.port = 0

    @asynccontextmanager
    async def open(self, context: ssl.SSLContext | None = None) -> AsyncIterator["House"]:
        """Listen until the block ends."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        update = await request.json()
        answer = await self.answer(request, update)
        self.requests.append(request)
        self.peers.add(request.transport and request.transport.get_extra_info("peername"))
        if answer.status == 200:
            self.heard[update["message"]["chat"]["id"]].append(update["message"]["text"])
        async with self.total:
            self.total.notify_all()
        return answer

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something was heard."""
        async with self.total:
            await self.total.wait_for(condition)


class Desk:
    """A sandbox, a client, a bot with five subscribers."""

    def __init__(self, sandbox: Sandbox, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.client = client
        self.bot: Bot = sandbox.world.bot("gate_bot")
        self.people = [sandbox.world.person(name) for name in ("Ann", "Bob", "Cid", "Dan", "Eve")]
        for person in self.people:
            sandbox.world.start(person.id, self.bot.id)
        self.bot.queue.clear()

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """One call; the envelope."""
        url = f"{self.sandbox.url}/bot{self.bot.token}/{method}"
        async with self.client.post(url, data=given) as response:
            envelope: dict[str, Any] = await response.json()
            return envelope

    async def failed(self, url: str) -> str:
        """What getWebhookInfo says after an update could not be brought to a URL."""
        assert (await self.call("setWebhook", url=url))["ok"]
        self.sandbox.world.say(self.bot.id, self.people[0].id, "x")
        while True:
            info = (await self.call("getWebhookInfo"))["result"]
            if "last_error_message" in info:
                return str(info["last_error_message"])


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Without limits."""
    async with Sandbox.start(limits=Limits.off()) as sandbox, aiohttp.ClientSession() as client:
        yield Desk(sandbox, client)


async def test_two_hundred_updates_of_five_chats_arrive_in_order(desk: Desk) -> None:
    """Each chat's in its order, none twice; the slow chat holds nobody up, the secret is always there."""
    slow = desk.people[0].id
    ready = asyncio.Event()

    async def answer(request: web.Request, update: dict[str, Any]) -> web.StreamResponse:
        if update["message"]["chat"]["id"] == slow:
            await ready.wait()
        return web.Response()

    async with House().open() as house:
        house.answer = answer
        url = f"http://127.0.0.1:{house.port}/hook"
        assert (await desk.call("setWebhook", url=url, secret_token="s3cret"))["ok"]
        texts = [str(number) for number in range(40)]
        for text in texts:
            for person in desk.people:
                desk.sandbox.world.say(desk.bot.id, person.id, text)
        await house.until(lambda: sum(map(len, house.heard.values())) == 160)
        assert slow not in house.heard
        ready.set()
        await house.until(lambda: sum(map(len, house.heard.values())) == 200)
        assert house.heard == {person.id: texts for person in desk.people}
        secrets = {request.headers["X-Telegram-Bot-Api-Secret-Token"] for request in house.requests}
        assert secrets == {"s3cret"}
        assert {request.headers["Host"] for request in house.requests} == {"127.0.0.1"}
        assert len(house.peers) < 50, "connections are kept"
        assert (await desk.call("getWebhookInfo"))["result"]["pending_update_count"] == 0


async def test_a_failing_server_sees_the_update_again(desk: Desk) -> None:
    """Until it takes it; the next one of that chat waits."""
    async with House().open() as house:

        async def answer(request: web.Request, update: dict[str, Any]) -> web.StreamResponse:
            return web.Response(status=500 if not house.requests else 200)

        house.answer = answer
        await desk.call("setWebhook", url=f"http://127.0.0.1:{house.port}/hook")
        for text in ("a", "b"):
            desk.sandbox.world.say(desk.bot.id, desk.people[0].id, text)
        await house.until(lambda: len(house.requests) == 3)
        assert house.heard == {desk.people[0].id: ["a", "b"]}
        info = (await desk.call("getWebhookInfo"))["result"]
        assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"


async def test_a_self_signed_certificate_is_trusted_when_it_was_given(desk: Desk) -> None:
    """Without it the connection fails and getWebhookInfo says why."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    async with House().open(context) as house:
        url = f"https://127.0.0.1:{house.port}/hook"
        assert "certificate verify failed" in await desk.failed(url)
        form = aiohttp.FormData({"url": url})
        form.add_field("certificate", (TLS / "certificate.pem").read_bytes(), filename="c.pem")
        address = f"{desk.sandbox.url}/bot{desk.bot.token}/setWebhook"
        async with desk.client.post(address, data=form) as response:
            assert (await response.json())["description"] == "Webhook was set"
        await house.until(lambda: len(house.requests) == 1)
        assert (await desk.call("getWebhookInfo"))["result"]["has_custom_certificate"]


async def test_errors_of_the_network_have_their_names(desk: Desk) -> None:
    """Nobody listens; the server hangs up; it speaks no HTTP; it speaks no TLS; it redirects."""
    assert await desk.failed(f"http://127.0.0.1:{free_port()}/") == "Connection refused"

    async def speak(words: bytes) -> tuple[asyncio.Server, int]:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(words)
            writer.close()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        return server, int(server.sockets[0].getsockname()[1])

    for scheme, words, text in (
        ("http", b"", "Connection closed"),
        ("http", b"nonsense\r\n\r\n", "Wrong response from the webhook"),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "SSL error"),
        ("http", b"HTTP/1.1 301 Moved Permanently\r\nLocation: /\r\n\r\n", "301 Moved Permanently"),
    ):
        server, port = await speak(words)
        said = await desk.failed(f"{scheme}://localhost:{port}/")
        assert text in said or "Connection reset" in said
        server.close()
        await server.wait_closed()


async def test_a_reply_may_send_a_message(desk: Desk) -> None:
    """sendMessage in the body of the answer is carried out."""

    async def answer(request: web.Request, update: dict[str, Any]) -> web.StreamResponse:
        chat_id = update["message"]["chat"]["id"]
        return web.json_response({"method": "sendMessage", "chat_id": chat_id, "text": "hello"})

    async with House().open() as house:
        house.answer = answer
        await desk.call("setWebhook", url=f"http://127.0.0.1:{house.port}/hook")
        with desk.sandbox.world.feed.listen() as events:
            desk.sandbox.world.say(desk.bot.id, desk.people[0].id, "x")
            async for event in events:
                if event.kind == "call":
                    break
        (call, *_) = desk.sandbox.world.calls.latest()
        assert (call.method, call.ok) == ("sendMessage", True)


async def test_stopping_does_not_wait_for_a_slow_bot() -> None:
    """What is under way is cut off, and nothing is left running."""
    asked, over = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request, update: dict[str, Any]) -> web.StreamResponse:
        asked.set()
        await over.wait()
        return web.Response()

    async with House().open() as house:
        house.answer = answer
        async with Sandbox.start(limits=Limits.off()) as sandbox, aiohttp.ClientSession() as client:
            desk = Desk(sandbox, client)
            await desk.call("setWebhook", url=f"http://127.0.0.1:{house.port}/hook")
            sandbox.world.say(desk.bot.id, desk.people[0].id, "x")
            await asked.wait()
        assert len(desk.bot.queue.updates) == 1
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("webhook")]
        over.set()
