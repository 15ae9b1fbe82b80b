"""
One contender behind a webhook, in a process of its own.

`python -m benchmarks.gatehouse NAME URL GROUPS PEOPLE` prints its address when it is ready; URL is where
the Bot API is. A line on its standard input says how many messages of members it was sent so far; when
nothing is left to do it answers how many it has let pass. It ends when its standard input does.
"""

import asyncio
import json
import logging
import random
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import uvloop

from benchmarks import crowd, samples
from benchmarks.crowd import Crowd

PATH = f"/telegram/{samples.BOT_ID}"
MEMBER_TTL = 86_400.0
"""Seconds: nobody's standing may expire while we measure."""
NEVER_WAITS = 1e9  # calls a second: all the work of a budget, and never a wait

MOST_LOOKS = 2_000  # for what is missing, 5 ms apart


class House(Protocol):
    """A gate that serves."""

    @property
    def members(self) -> int:
        """Messages of known members that passed."""

    async def quiet(self) -> None:
        """Return when nothing is left to do."""


class Ours:
    """The product as `App.run` serves it, screens and all, on SQLite."""

    def __init__(self, app: Any) -> None:
        self._app = app

    @property
    def members(self) -> int:
        from gatecrier.gate.model import Reason

        return int(self._app.first.gate.decisions().get(Reason.MEMBER, 0))

    async def quiet(self) -> None:
        await self._app.first.inbox.drain()


@asynccontextmanager
async def ours(api: str, people: Crowd) -> AsyncIterator[tuple[House, int]]:
    """Everybody's standing is in the database; everybody has written since the start."""
    from pydantic import SecretStr

    from gatecrier.app import build
    from gatecrier.kernel import telemetry
    from gatecrier.kernel.settings import GateSettings, Settings
    from gatecrier.telegram.budgets import Budgets

    telemetry.configure("warning")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        settings = Settings(
            bot_token=SecretStr(samples.TOKEN),
            database_url=SecretStr(f"sqlite:///{folder}/bench.db"),
            telegram_api_url=api,
            public_url="https://bots.example.org",
            webhook_secret=SecretStr(crowd.SECRET),
            http_port=0,
            gate=GateSettings(member_ttl=MEMBER_TTL),
        )
        app = await stack.enter_async_context(build(settings, rng=random.Random(1)))
        app.gateway.budgets = Budgets(
            app.clock,
            per_bot=NEVER_WAITS,
            per_group_minute=NEVER_WAITS,
            reads=NEVER_WAITS,
            acts=NEVER_WAITS,
        )
        await _settle(app, people)
        await app.start()
        for group, members in people.members().items():
            live = app.first.gate.gates.get(group)
            if live is None:
                raise RuntimeError("a gate was not loaded")
            for member in members:
                app.first.gate.gates.let_pass(live, member)
        server, port = app.serve()
        for loop in (server.run(), app.jobs.run(), app.first.cards.run()):
            task = asyncio.create_task(loop)
            stack.callback(task.cancel)
        yield Ours(app), port


async def _settle(app: Any, people: Crowd) -> None:
    """Gates and standings into the database, as earlier days would have left them there."""
    from gatecrier.gate.model import Channel, Gate, Known, Mode, Source
    from gatecrier.gate.policy import InChannel
    from gatecrier.gate.standing import Standing
    from gatecrier.gate.store import GateStore, StandingStore

    now, began = app.clock.now(), datetime.fromtimestamp(samples.DATE, UTC)
    async with app.database.transaction() as connection:
        gates = GateStore(connection, samples.BOT_ID)
        for group, members in people.members().items():
            id_ = crowd.channel_of(group)
            channels = (Channel(id=id_, title="News", username=f"news_{-id_}", join_url="https://t.me/news"),)
            gate = Gate(
                chat_id=group,
                bot_id=samples.BOT_ID,
                title="Readers of the Quarterly",
                mode=Mode.ENFORCE,
                policy=InChannel(id_),
                created_at=began,
                channels=channels,
            )
            await gates.put(gate, now=now)
            await gates.demand(group, channels, by="bench", now=now)
            await StandingStore(connection).put(
                [
                    Known(
                        chat_id=id_,
                        person_id=member,
                        standing=Standing.MEMBER,
                        date=samples.DATE,
                        source=Source.VERIFICATION,
                        checked_at=now,
                    )
                    for member in members
                ]
            )


class Simple:
    """
    What the peers' gate does: a member passes; of anybody else Telegram is asked, and who lacks the
    channel is deleted and muted. It keeps nothing, and tells the person nothing.
    """

    def __init__(self, people: Crowd, ask: Callable[[int, int], Awaitable[str]]) -> None:
        self._known = people.members()
        self._ask = ask
        self.members = 0
        self._at_work = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()

    async def judge(
        self, chat_id: int, person_id: int, punish: Callable[[], tuple[Awaitable[Any], Awaitable[Any]]]
    ) -> None:
        """Decide about a message, and carry it out."""
        if person_id in self._known[chat_id]:
            self.members += 1
            return
        self._at_work += 1
        self._is_quiet.clear()
        if await self._ask(crowd.channel_of(chat_id), person_id) in ("left", "kicked"):
            await asyncio.gather(*punish())
        self._at_work -= 1
        if not self._at_work:
            self._is_quiet.set()

    async def quiet(self) -> None:
        await self._is_quiet.wait()


@asynccontextmanager
async def python_telegram_bot(api: str, people: Crowd) -> AsyncIterator[tuple[House, int]]:
    """`Application` with its own webhook server, one handler, 256 updates at once."""
    from telegram.ext import ApplicationBuilder, MessageHandler, filters
    from telegram.request import HTTPXRequest

    import telegram

    silent = telegram.ChatPermissions.no_permissions()
    app: Any = (
        ApplicationBuilder()
        .token(samples.TOKEN)
        .base_url(f"{api}/bot")
        .request(HTTPXRequest(connection_pool_size=256))
        .job_queue(None)
        .concurrent_updates(True)
        .build()
    )

    async def ask(chat_id: int, person_id: int) -> str:
        member: telegram.ChatMember = await app.bot.get_chat_member(chat_id, person_id)
        return member.status

    house = Simple(people, ask)

    async def gate(update: telegram.Update, _context: Any) -> None:
        message = update.effective_message
        if message is not None and message.from_user is not None:
            chat_id, person_id, number = message.chat_id, message.from_user.id, message.message_id
            await house.judge(
                chat_id,
                person_id,
                lambda: (
                    app.bot.delete_message(chat_id, number),
                    app.bot.restrict_chat_member(chat_id, person_id, silent),
                ),
            )

    app.add_handler(MessageHandler(filters.ALL, gate))
    port = _free_port()
    async with app:
        await app.start()
        await app.updater.start_webhook(
            port=port, url_path=PATH, secret_token=crowd.SECRET, webhook_url="https://bots.example.org"
        )
        yield house, port
        await app.updater.stop()
        await app.stop()


@asynccontextmanager
async def aiogram(api: str, people: Crowd) -> AsyncIterator[tuple[House, int]]:
    """`Dispatcher` behind its `SimpleRequestHandler` on aiohttp's server, in the background as by default."""
    import aiogram
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import ChatPermissions, Message
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler
    from aiohttp import web

    bot = aiogram.Bot(samples.TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api)))
    silent = ChatPermissions(can_send_messages=False)

    async def ask(chat_id: int, person_id: int) -> str:
        return (await bot.get_chat_member(chat_id, person_id)).status

    house = Simple(people, ask)
    dispatcher = aiogram.Dispatcher()

    @dispatcher.message()
    async def gate(message: Message) -> None:
        if message.from_user is not None:
            chat_id, person_id = message.chat.id, message.from_user.id
            await house.judge(
                chat_id,
                person_id,
                lambda: (
                    bot.delete_message(chat_id, message.message_id),
                    bot.restrict_chat_member(chat_id, person_id, silent),
                ),
            )

    server, port = web.Application(), _free_port()
    SimpleRequestHandler(dispatcher, bot, secret_token=crowd.SECRET).register(server, PATH)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield house, port
    await runner.cleanup()


class Deaf:
    """Answers everything, and looks at nothing."""

    def __init__(self) -> None:
        self.members = 0

    async def quiet(self) -> None:
        """Nothing is ever left to do."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            while (await receive()).get("more_body"):
                pass
            self.members += 1
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def bare(_api: str, _people: Crowd) -> AsyncIterator[tuple[House, int]]:
    """The HTTP server that we use, with nothing behind it."""
    from gatecrier.web.server import HttpServer

    house = Deaf()
    server = HttpServer(house, host="127.0.0.1", port=0)
    port = server.open()
    task = asyncio.create_task(server.run())
    yield house, port
    task.cancel()


HOUSES = {"ours": ours, "ptb": python_telegram_bot, "aiogram": aiogram, "bare": bare}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def _lines() -> AsyncIterator[bytes]:
    """Of standard input, as they come."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async for line in reader:
        yield line


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Serve until whoever started us is gone."""
    name, api, groups, people = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    async with HOUSES[name](api, Crowd(int(groups), int(people))) as (house, port):
        _say(f"http://127.0.0.1:{port}")
        async for line in _lines():
            for _ in range(MOST_LOOKS):
                if house.members >= int(line):
                    break
                await asyncio.sleep(0.005)
            await house.quiet()
            _say(json.dumps({"members": house.members}))


if __name__ == "__main__":
    uvloop.run(main())
