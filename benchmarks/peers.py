"""
The same work, done by python-telegram-bot and aiogram as their documentation shows it.

Each is given what is cheapest for it: one handler without conditions, a keyboard made beforehand, no rate
limiter, logging off, uvloop.
"""

import itertools
import json
from collections.abc import AsyncIterator, Container, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiogram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram_broadcaster import Broadcaster
from aiogram_broadcaster.contents import TextContent
from aiogram_broadcaster.storages.file import FileStorage
from telegram.ext import Application, ApplicationBuilder, ContextTypes, MessageHandler, filters
from telegram.request import BaseRequest, HTTPXRequest, RequestData

import telegram
from benchmarks import samples

PTB = f"python-telegram-bot {telegram.__version__}"
BROADCASTER = "aiogram-broadcaster 0.6.8, keeping a file"
AIOGRAM = f"aiogram {aiogram.__version__}"

POOL = 64
"""Connections of python-telegram-bot: more than calls in flight, else its pool times out."""


class Memory(BaseRequest):
    """A network of python-telegram-bot's that answers getMe, and getUpdates with what is laid ready."""

    def __init__(self) -> None:
        self.ready: list[bytes] = []

    @property
    def read_timeout(self) -> float | None:
        return 5.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(  # noqa: PLR0917 - the signature is python-telegram-bot's
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        del method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        return 200, samples.GET_ME if url.endswith("getMe") else self.ready.pop(0)


class PtbUpdates:
    """An Application of python-telegram-bot with one handler; `seen` counts what reached it."""

    def __init__(self, members: Container[int] | None = None) -> None:
        self.seen = 0
        self.network = Memory()
        self.bot = telegram.Bot(samples.TOKEN, request=self.network, get_updates_request=self.network)
        self.app: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().bot(self.bot).updater(None).job_queue(None).build()
        )
        self._members = members
        handler = self._nothing if members is None else self._gate
        self.app.add_handler(MessageHandler(filters.ALL, handler))

    async def take(self, body: bytes) -> None:
        """From bytes to the handler."""
        await self.app.process_update(telegram.Update.de_json(json.loads(body), self.bot))

    async def poll(self) -> None:
        """One getUpdates, and each update to the handler."""
        for update in await self.bot.get_updates():
            await self.app.process_update(update)

    async def _nothing(self, update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        del update, context
        self.seen += 1

    async def _gate(self, update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        del context
        user = update.effective_user
        if self._members is not None and user is not None and user.id in self._members:
            self.seen += 1


@asynccontextmanager
async def ptb_updates(members: Container[int] | None = None) -> AsyncIterator[PtbUpdates]:
    """Ready to take updates; with `members`, the handler looks the sender up there."""
    peer = PtbUpdates(members)
    await peer.app.initialize()
    try:
        yield peer
    finally:
        await peer.app.shutdown()


class AiogramUpdates:
    """A Dispatcher of aiogram with one handler; `seen` counts what reached it."""

    def __init__(self) -> None:
        self.seen = 0
        self.bot = aiogram.Bot(samples.TOKEN)
        self.dispatcher = aiogram.Dispatcher()
        self.dispatcher.message.register(self._nothing)

    async def take(self, body: bytes) -> None:
        """From bytes to the handler."""
        await self.dispatcher.feed_raw_update(self.bot, json.loads(body))

    async def _nothing(self, message: Message) -> None:
        del message
        self.seen += 1


class PtbSends:
    """sendMessage by python-telegram-bot."""

    def __init__(self, url: str, chats: Iterator[int]) -> None:
        request = HTTPXRequest(connection_pool_size=POOL)
        self.bot = telegram.Bot(samples.TOKEN, base_url=f"{url}/bot", request=request)
        self._chats = chats
        self._markup = telegram.InlineKeyboardMarkup(
            [
                [
                    telegram.InlineKeyboardButton(
                        text, url=url or None, callback_data=None if url else "later:1"
                    )
                ]
                for text, url in samples.BUTTONS
            ]
        )

    async def call(self) -> None:
        """One call."""
        await self.bot.send_message(
            next(self._chats), samples.HTML, parse_mode="HTML", reply_markup=self._markup
        )


class AiogramSends:
    """sendMessage by aiogram."""

    def __init__(self, url: str, chats: Iterator[int]) -> None:
        session = AiohttpSession(api=TelegramAPIServer.from_base(url))
        self.bot = aiogram.Bot(samples.TOKEN, session=session)
        self._chats = chats
        self.markup = InlineKeyboardMarkup(
            inline_keyboard=[
                [InlineKeyboardButton(text=text, url=to or None, callback_data=None if to else "later:1")]
                for text, to in samples.BUTTONS
            ]
        )

    async def call(self) -> None:
        """One call."""
        await self.bot.send_message(
            next(self._chats), samples.HTML, parse_mode="HTML", reply_markup=self.markup
        )


class AiogramBroadcaster:
    """A mailing by aiogram-broadcaster, without an interval; it writes all of it down after each one."""

    def __init__(self, sends: AiogramSends, file: Path) -> None:
        self.storage = FileStorage(file)
        self._broadcaster = Broadcaster(sends.bot, storage=self.storage)
        self._content = TextContent(text=samples.HTML, parse_mode="HTML", reply_markup=sends.markup)
        self._chats = itertools.count(7_000_000_000)

    async def mail(self, count: int) -> int:
        """So many, one after the other."""
        chats = list(itertools.islice(self._chats, count))
        mailer = await self._broadcaster.create_mailer(chats=chats, content=self._content)
        if not await mailer.start():
            raise RuntimeError("the mailing did not end")
        await mailer.delete()
        return count


@asynccontextmanager
async def sends(url: str) -> AsyncIterator[tuple[PtbSends, AiogramSends]]:
    """Both, connected to a server."""
    chats = itertools.count(6_000_000_000)
    ptb, ours = PtbSends(url, chats), AiogramSends(url, chats)
    await ptb.bot.initialize()
    try:
        yield ptb, ours
    finally:
        await ptb.bot.shutdown()
        await ours.bot.session.close()
