"""Rows 2: a sendMessage through our gateway, budgets and observation on, over HTTP to a responder."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from benchmarks import samples
from benchmarks.measure import Ratio, Row, Size, Work, medians
from benchmarks.peers import AIOGRAM, PTB, sends
from benchmarks.servers import Server
from gatecrier.kernel.clock import SystemClock
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import CallRecord, Gateway
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button
from gatecrier.telegram.transport import AiohttpTransport

GROUP = "calls"
BARE = "bare aiohttp"
IN_FLIGHT = (1, 10, 50)
AGAINST_PTB = {10: 10.0, 50: 25.0}
AGAINST_BARE = 2.0
"""The budgets of design.md §11."""

NEVER_WAITS = 1e9  # a second, or a minute: all the work of a budget, and never a wait
PERMITS = 25  # taken at once, as a campaign's window does
BUTTONS = [[Button(text=text, url=url, data="" if url else "later:1")] for text, url in samples.BUTTONS]

Call = Callable[[], Awaitable[None]]


class Sends:
    """sendMessage through our `Bot`, to another chat each time."""

    def __init__(self, url: str) -> None:
        clock = SystemClock()
        self.budgets = Budgets(
            clock, per_bot=NEVER_WAITS, per_private_chat=NEVER_WAITS, per_group_minute=NEVER_WAITS
        )
        self.observed: dict[str, int] = {}
        self.gateway = Gateway(
            AiohttpTransport(),
            self.budgets,
            clock=clock,
            rng=random.Random(1),
            api_url=url,
            observe=self._observe,
        )
        self.bot = Bot(samples.TOKEN, self.gateway)
        self._chats = itertools.count(5_000_000_000)
        self._permits = 0

    async def answer(self) -> None:
        """A person waits for this one."""
        await self.bot.send_message(
            next(self._chats), samples.HTML, lane=Lane.ANSWER, parse_mode="HTML", buttons=BUTTONS
        )

    async def campaign(self) -> None:
        """One of many, with a permit of a batch."""
        if not self._permits:
            self._permits += await self.budgets.reserve(samples.BOT_ID, upto=PERMITS)
        self._permits -= 1
        await self.bot.send_message(
            next(self._chats),
            samples.HTML,
            lane=Lane.CAMPAIGN,
            parse_mode="HTML",
            buttons=BUTTONS,
            permit=True,
        )

    def _observe(self, record: CallRecord) -> None:
        self.observed[record.code] = self.observed.get(record.code, 0) + 1


class Bare:
    """The same bytes posted by aiohttp, the answer read and not looked at."""

    def __init__(self, url: str, chat_id: int = 5_000_000_000) -> None:
        self._url = f"{url}/bot{samples.TOKEN}/sendMessage"
        self._body = msgspec.json.encode(samples.send_params(chat_id))
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json"},
        )

    async def call(self) -> None:
        """One call."""
        async with self.session.post(self._url, data=self._body) as answer:
            await answer.read()


@asynccontextmanager
async def bare(url: str) -> AsyncIterator[Bare]:
    """Connections to a server."""
    posting = Bare(url)
    try:
        yield posting
    finally:
        await posting.session.close()


def in_flight(call: Call, width: int, calls: int) -> Work:
    """`calls` calls in a round, `width` of them at any time."""

    async def one_after_another() -> None:
        for _ in range(calls // width):
            await call()

    async def work(_round: int) -> int:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(one_after_another())
        return calls // width * width

    return work


async def rows(size: Size, responder: Server) -> list[Row]:
    """1, 10 and 50 in flight, in two lanes, against all."""
    found: list[Row] = []
    ours = Sends(responder.url)
    async with sends(responder.url) as (ptb, aiogram), bare(responder.url) as posting:
        for width in IN_FLIGHT:
            taken = await medians(
                {
                    "ANSWER": in_flight(ours.answer, width, size.calls),
                    "CAMPAIGN": in_flight(ours.campaign, width, size.calls),
                    BARE: in_flight(posting.call, width, size.calls),
                    AIOGRAM: in_flight(aiogram.call, width, size.calls),
                    PTB: in_flight(ptb.call, width, size.calls),
                },
                rounds=size.rounds,
            )
            found += _rows(width, taken)
    await ours.gateway.close()
    if ours.observed.keys() != {"ok"}:
        raise RuntimeError(f"calls failed: {ours.observed}")
    return found


def _rows(width: int, taken: dict[str, float]) -> list[Row]:
    compared = (
        ("ANSWER", PTB, Ratio.CHEAPER, AGAINST_PTB.get(width)),
        ("ANSWER", AIOGRAM, Ratio.CHEAPER, None),
        ("ANSWER", BARE, Ratio.OVERHEAD, AGAINST_BARE),
        ("CAMPAIGN", PTB, Ratio.CHEAPER, AGAINST_PTB.get(width)),
        ("CAMPAIGN", BARE, Ratio.OVERHEAD, AGAINST_BARE),
    )
    return [
        Row(
            group=GROUP,
            what=f"sendMessage, {lane}, {width} in flight",
            ours=taken[lane],
            peer=peer,
            theirs=taken[peer],
            reads=reads,
            budget=budget,
        )
        for lane, peer, reads, budget in compared
    ]
