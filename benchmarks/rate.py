"""Rows 8: the allowed rate is used, and nobody else waits for it."""

import asyncio
import json
import random
import statistics
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import SecretStr

from benchmarks.measure import MICRO, Ratio, Row, Size
from benchmarks.servers import Server, serving
from gatecrier.app import App, build
from gatecrier.broadcast.model import ACTIVE, ATTEMPTED, CampaignState, Options, Text
from gatecrier.broadcast.service import sender_key
from gatecrier.kernel.settings import BroadcastSettings, Settings
from gatecrier.registry.model import Subscriber
from gatecrier.registry.store import SubscriberStore
from gatecrier.telegram.transport import AiohttpTransport, Reply, Transport

GROUP = "rate"
ANSWERS = "answers"
LIMITED = ("gatecrier_sandbox", "--port", "0")
USED = 1 / 0.99
"""Time taken ÷ time allowed, at most (design.md §11: 99 % of the rate)."""
ANSWERED_WITHIN = 0.050  # seconds that a campaign may add to an answer's p99
PATIENCE = 30.0  # seconds until an answer counts as none
OK = 200
LOOK = 0.02  # seconds between two looks at a campaign


async def rows(size: Size, _responder: Server) -> list[Row]:
    """Campaigns against the sandbox with its limits on."""
    found = []
    for rate in (25.0, 30.0):
        with serving(LIMITED, None) as sandbox:
            found.append(await _kept(size, sandbox, rate))
    return found


async def answers(size: Size, _responder: Server) -> list[Row]:
    """One answer after the other, beside a campaign and alone."""
    with serving(LIMITED, None) as sandbox:
        return [await _answers(size, sandbox)]


@dataclass
class Stage:
    """Gatecrier on a fresh database, and a sandbox with as many subscribers as it has."""

    app: App
    sandbox: Server
    last_id: int
    """Of the subscribers: the last are answered, a campaign comes to the first."""

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The sandbox's control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.sandbox.url}/sandbox/{path}", data=data)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    async def begin(self) -> int:
        """A campaign to all of them."""
        campaign = await self.app.broadcast.create(
            self.app.first.bot_id, "Rate", Text(text="Hello"), actor="bench", options=Options(canary=0)
        )
        await self.app.broadcast.start(campaign.id, actor="bench")
        return campaign.id

    async def ended(self, campaign_id: int) -> None:
        while (await self.app.broadcast.get(campaign_id)).state is not CampaignState.FINISHED:
            await self.app.clock.sleep(LOOK)


@asynccontextmanager
async def _stage(
    sandbox: Server, subscribers: int, rate: float, network: Transport | None = None
) -> AsyncIterator[Stage]:
    def control(path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(f"{sandbox.url}/sandbox/{path}", data=json.dumps(body).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    bot = control("bots", {"username": "rate_bot"})
    cohort = control("subscribers", {"bot_id": bot["id"], "count": subscribers, "announce": False})
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            bot_token=SecretStr(bot["token"]),
            telegram_api_url=sandbox.url,
            database_url=SecretStr(f"sqlite:///{folder}/bench.db"),
            broadcast=BroadcastSettings(rate=rate),
        )
        async with build(settings, transport=network, rng=random.Random(1)) as app:
            await _fill(app, cohort["first_id"], subscribers)
            yield Stage(app, sandbox, cohort["first_id"] + subscribers - 1)


async def _fill(app: App, first_id: int, count: int) -> None:
    now = app.clock.now()
    people = [
        Subscriber(
            id=0,
            bot_id=app.first.bot_id,
            person_id=first_id + number,
            first_name="Ann",
            username="",
            language_code="en",
            is_premium=False,
            source="",
            started_at=now,
            last_seen_at=now,
        )
        for number in range(count)
    ]
    async with app.database.transaction() as connection:
        await SubscriberStore(connection).put(people)


async def _kept(size: Size, sandbox: Server, rate: float) -> Row:
    async with _stage(sandbox, size.kept, rate) as stage:
        began = time.perf_counter()
        campaign_id = await stage.begin()
        sending = asyncio.create_task(stage.app.first.senders.run(sender_key(stage.app.first.bot_id)))
        await stage.ended(campaign_id)
        taken = time.perf_counter() - began
        await sending
        refused = stage.ask("calls/count?ok=false&method=sendMessage")["count"]
    return Row(
        group=GROUP,
        what=f"{size.kept:,} recipients at {rate:.0f}/s, time for each",
        ours=taken * MICRO / size.kept,
        peer="what Telegram allows",
        theirs=MICRO / rate,
        reads=Ratio.OVERHEAD,
        budget=USED,
        note=f"{taken:.1f} s, {refused} refused",
    )


class Listening:
    """A network that tells when somebody has been sent a message."""

    def __init__(self) -> None:
        self._network = AiohttpTransport()
        self._awaited: dict[int, asyncio.Event] = {}

    async def answered(self, person_id: int) -> None:
        """Wait until Telegram has taken a message for them."""
        heard = self._awaited[person_id] = asyncio.Event()
        async with asyncio.timeout(PATIENCE):
            await heard.wait()
        del self._awaited[person_id]

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109
        reply = await self._network.post(url, body, timeout=timeout)
        if self._awaited and url.endswith("/sendMessage"):
            heard = self._awaited.get(int(msgspec.json.decode(body)["chat_id"]))  # aiogram's is a text
            if heard is not None and reply.status == OK:
                heard.set()
        return reply

    async def close(self) -> None:
        await self._network.close()


async def _answers(size: Size, sandbox: Server) -> Row:
    """One person after the other says /start, at rest and during a campaign at full rate."""
    recipients = size.answers * 20  # more than a campaign sends while so many are answered
    network = Listening()
    async with _stage(sandbox, recipients, 25.0, network) as stage:
        working = asyncio.create_task(stage.app.run())
        await _answer(stage, network, 0)  # what is made once, is made
        calm = await _p99(stage, network, size.answers)
        campaign_id = await stage.begin()
        began = time.perf_counter()
        busy = await _p99(stage, network, size.answers)
        sent = (await stage.app.broadcast.progress(campaign_id)).tally.of(*ATTEMPTED)
        rate = sent / (time.perf_counter() - began)
        if (await stage.app.broadcast.get(campaign_id)).state not in ACTIVE:
            raise RuntimeError("the campaign ended before the answers did")
        await stage.app.broadcast.cancel(campaign_id, actor="bench")
        stage.app.stop()
        await working
    return Row(
        group=ANSWERS,
        what=f"/start → answer during a campaign, p99 of {size.answers}",
        ours=busy * MICRO,
        peer=f"at rest + {ANSWERED_WITHIN * 1000:.0f} ms",
        theirs=(calm + ANSWERED_WITHIN) * MICRO,
        reads=Ratio.OVERHEAD,
        budget=1.0,
        note=f"{(busy - calm) * 1000:+.1f} ms; the campaign at {rate:.1f}/s",
    )


async def _p99(stage: Stage, network: Listening, count: int) -> float:
    """Seconds. Fewer than five answers a second leave a campaign most of its rate."""
    taken = []
    for number in range(count):
        taken.append(await _answer(stage, network, number))
        await asyncio.sleep(0.2)
    return statistics.quantiles(taken, n=100)[98]


async def _answer(stage: Stage, network: Listening, number: int) -> float:
    """Seconds from /start in the sandbox to its taking our answer, by update, database, screen and budget."""
    person_id = stage.last_id - number
    heard = asyncio.create_task(network.answered(person_id))
    said = {"chat_id": stage.app.first.bot_id, "from_id": person_id, "text": "/start"}
    await asyncio.sleep(0)
    began = time.perf_counter()
    await asyncio.to_thread(stage.ask, "messages", said)
    await heard
    return time.perf_counter() - began
