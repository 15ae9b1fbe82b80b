"""Fifty SIGKILLs in one campaign: the books balance, and nobody is written to twice."""

import asyncio
import contextlib
import csv
import io
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatecrier.app import App, build
from gatecrier.broadcast.model import CampaignState, DeliveryState
from gatecrier.kernel.errors import Conflict
from gatecrier.kernel.settings import Settings, load
from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.world.model import Bot
from journeys.conftest import begin_campaign, fast, until

pytestmark = [pytest.mark.story, pytest.mark.timeout(300)]

SUBSCRIBERS = 20_000
BLOCKED = 0.02
KILLS = 50
LONGEST_LIFE = 400  # messages delivered between a start and its SIGKILL, at most
RATE = 5_000.0
MESSAGE = "Once, and only once"
MOTHER = Path(__file__).parent / "mother.py"


@dataclass
class Battlefield:
    """A campaign on an idle app, the sandbox that receives it, and a mother of its senders."""

    app: App
    sandbox: Sandbox
    bot: Bot
    mother: asyncio.subprocess.Process
    campaign_id: int

    def received(self) -> dict[int, int]:
        return self.sandbox.world.deliveries.count(self.bot.id, text=MESSAGE)

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[None]:
        """A sender at work, killed without a warning at the end of the block."""
        assert self.mother.stdin is not None
        assert self.mother.stdout is not None
        self.mother.stdin.write(b"go\n")
        pid = int(await self.mother.stdout.readline())
        try:
            yield
        finally:
            os.kill(pid, signal.SIGKILL)

    async def state(self) -> CampaignState:
        return (await self.app.broadcast.get(self.campaign_id)).state

    async def is_finished(self) -> bool:
        return await self.state() is CampaignState.FINISHED

    async def kill_after(self, messages: int) -> None:
        """Start a sender, and kill it when so many more messages have arrived: 0, while it starts."""
        wanted = min(len(self.received()) + messages, SUBSCRIBERS * (1 - BLOCKED) - 2_000)
        async with self.sender():
            await until(lambda: len(self.received()) >= wanted, f"{messages} more are delivered")


@asynccontextmanager
async def battlefield(folder: Path) -> AsyncIterator[Battlefield]:
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("crash_bot")
        settings = load(
            bot_token=bot.token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{folder}/crash.db"
        )
        async with build(fast(settings, RATE)) as app, mother(settings) as process:
            campaign_id = await begin_campaign(
                app, sandbox, bot.id, MESSAGE, people=SUBSCRIBERS, blocked=BLOCKED
            )
            yield Battlefield(app, sandbox, bot, process, campaign_id)


@asynccontextmanager
async def mother(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **os.environ,
        "GATECRIER_BOT_TOKEN": settings.token,
        "GATECRIER_TELEGRAM_API_URL": settings.telegram_api_url,
        "GATECRIER_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(MOTHER),
        str(RATE),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def check(field: Battlefield, kills: int) -> None:
    """The sum law; nobody twice; doubt only for calls in flight; ledger, CSV and Telegram agree."""
    progress = await field.app.broadcast.progress(field.campaign_id)
    tally, received = progress.tally, field.received()
    assert tally.audience == sum(tally.of(state) for state in DeliveryState) == SUBSCRIBERS
    assert tally.open == 0
    assert set(Counter(received).values()) == {1}
    assert tally.of(DeliveryState.UNKNOWN) <= kills * field.app.settings.broadcast.window
    pieces = [piece async for piece in field.app.broadcast.report(field.campaign_id)]
    rows = list(csv.DictReader(io.StringIO("".join(pieces))))
    by_state = {
        state: {int(row["person_id"]) for row in rows if row["state"] == state} for state in DeliveryState
    }
    assert {state: len(people) for state, people in by_state.items()} == tally.states
    assert by_state[DeliveryState.SENT] <= received.keys()
    assert received.keys() - by_state[DeliveryState.SENT] <= by_state[DeliveryState.UNKNOWN]


async def test_fifty_kills_lose_nobody_and_reach_nobody_twice(tmp_path: Path) -> None:
    """At random moments, some while the process starts."""
    rng = random.Random(11)
    async with battlefield(tmp_path) as field:
        for _ in range(KILLS):
            await field.kill_after(rng.randint(0, LONGEST_LIFE))
        async with field.sender():
            await until(field.is_finished, "the campaign finishes")
        await check(field, KILLS)


async def test_kills_among_pauses_and_resumes(tmp_path: Path) -> None:
    """An operator pauses and resumes while processes die; a paused campaign sends nothing after its calls."""
    rng = random.Random(12)
    async with battlefield(tmp_path) as field:
        for number in range(KILLS):
            verb = field.app.broadcast.pause if number % 5 == 2 else field.app.broadcast.resume
            with contextlib.suppress(Conflict):  # it goes on already
                await verb(field.campaign_id, actor="test")
            is_paused = await field.state() is CampaignState.PAUSED
            await field.kill_after(0 if is_paused else rng.randint(0, LONGEST_LIFE))
        with contextlib.suppress(Conflict):
            await field.app.broadcast.resume(field.campaign_id, actor="test")
        async with field.sender():
            await until(field.is_finished, "the campaign finishes")
        await check(field, KILLS)
