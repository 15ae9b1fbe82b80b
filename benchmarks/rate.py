"""Row 8: the allowed rate is used, nobody else waits for it, and a million subscribers cost no memory."""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.measure import MICRO, Ratio, Row, Size
from benchmarks.servers import Server, serving
from gatecrier.app import App, build
from gatecrier.broadcast.model import CampaignState, Options, Text
from gatecrier.broadcast.service import sender_key
from gatecrier.kernel.settings import BroadcastSettings, Settings
from gatecrier.registry.model import Subscriber
from gatecrier.registry.store import SubscriberStore
from gatecrier.telegram.lanes import Lane

GROUP = "rate"
LIMITED = ("gatecrier_sandbox", "--port", "0")
USED = 1 / 0.99
"""Time taken ÷ time allowed, at most (design.md §11: 99 % of the rate)."""
ANSWERED_WITHIN = 0.050  # seconds that a campaign may add to an answer's p99
LOOK = 0.02  # seconds between two looks at a campaign


async def rows(size: Size, _responder: Server) -> list[Row]:
    """Against the sandbox with its limits on."""
    found = []
    for rate in (25.0, 30.0):
        with serving(LIMITED, None) as sandbox:
            found.append(await _kept(size, sandbox, rate))
    with serving(LIMITED, None) as sandbox:
        found.append(await _answers(size, sandbox))
    return found + (_million(size) if sys.platform == "linux" else [])


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
            self.app.bot.bot_id, "Rate", Text(text="Hello"), actor="bench", options=Options(canary=0)
        )
        await self.app.broadcast.start(campaign.id, actor="bench")
        return campaign.id

    async def ended(self, campaign_id: int) -> None:
        while (await self.app.broadcast.get(campaign_id)).state is not CampaignState.FINISHED:
            await self.app.clock.sleep(LOOK)


@asynccontextmanager
async def _stage(sandbox: Server, subscribers: int, rate: float) -> AsyncIterator[Stage]:
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
        async with build(settings, rng=random.Random(1)) as app:
            await _fill(app, cohort["first_id"], subscribers)
            yield Stage(app, sandbox, cohort["first_id"] + subscribers - 1)


async def _fill(app: App, first_id: int, count: int) -> None:
    now = app.clock.now()
    people = [
        Subscriber(
            id=0,
            bot_id=app.bot.bot_id,
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
        sending = asyncio.create_task(stage.app.senders.run(sender_key(stage.app.bot.bot_id)))
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


async def _answers(size: Size, sandbox: Server) -> Row:
    """One of the subscribers after the other is answered, at rest and during a campaign at full rate."""
    async with _stage(sandbox, size.kept, 25.0) as stage:
        calm = await _p99(stage, size.answers)
        campaign_id = await stage.begin()
        sending = asyncio.create_task(stage.app.senders.run(sender_key(stage.app.bot.bot_id)))
        busy = await _p99(stage, size.answers)
        await stage.app.broadcast.cancel(campaign_id, actor="bench")
        await sending
    added = busy - calm
    return Row(
        group=GROUP,
        what="an answer during a campaign at 25/s, p99",
        ours=busy * MICRO,
        peer="the same at rest",
        theirs=calm * MICRO,
        reads=Ratio.OVERHEAD,
        note=f"{added * 1000:+.1f} ms, of {ANSWERED_WITHIN * 1000:.0f} allowed",
    )


async def _p99(stage: Stage, count: int) -> float:
    """Seconds; two answers a second and more leave a campaign its rate."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        await stage.app.bot.send_message(stage.last_id - number, "Hello", lane=Lane.ANSWER)
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0.2)
    return statistics.quantiles(taken, n=100)[98]


def _million(size: Size) -> list[Row]:
    """Processes of their own, for their memory: one with few subscribers, one with many."""
    few, many = (_memory_of(count) for count in (size.few, size.many))
    per_million = many["ledger"] / size.many * 1e6 / 2**20
    return [
        Row(
            group=GROUP,
            what=f"memory, a campaign to {size.many:,}",
            ours=many["peak"] / 2**20,
            peer=f"MiB of one to {size.few:,}",
            theirs=few["peak"] / 2**20,
            reads=Ratio.OVERHEAD,
            note=f"{(many['peak'] - few['peak']) / 2**20:+.0f} MiB of 30 allowed; "
            f"ledger {per_million:.0f} MiB a million; CSV {many['csv']:.1f} s",
        ),
        Row(
            group=GROUP,
            what=f"first send after the start, {size.many:,}",
            ours=many["first"] * MICRO,
            peer=f"the same, {size.few:,}",
            theirs=few["first"] * MICRO,
            reads=Ratio.OVERHEAD,
            note=f"{many['first']:.2f} s of 2 allowed; {many['written']:.1f} s until all are in the ledger",
        ),
    ]


def _memory_of(count: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.audience", str(count)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told
