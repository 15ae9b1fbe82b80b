"""SIGKILL in the middle of a campaign: the books still balance, and nobody is written to twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from gatecrier.app import App, build
from gatecrier.broadcast.model import CampaignState, DeliveryState
from gatecrier.kernel.settings import Settings, load
from gatecrier_sandbox import Limits, Sandbox
from journeys.conftest import begin_campaign, fast, until

pytestmark = pytest.mark.story

SUBSCRIBERS = 2_000
MESSAGE = "Once, and only once"
RATE = 400.0
KILLS_AFTER = (200, 700, 1_300)  # messages delivered when the process dies
PRODUCT = Path(__file__).parent / "product.py"


@asynccontextmanager
async def product(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Gatecrier in a process of its own, killed without a warning at the end of the block."""
    environment = {
        **os.environ,
        "GATECRIER_BOT_TOKEN": settings.token,
        "GATECRIER_TELEGRAM_API_URL": settings.telegram_api_url,
        "GATECRIER_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, str(PRODUCT), str(RATE), env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_killed_in_the_middle_nobody_is_lost_and_nobody_written_to_twice(tmp_path: Path) -> None:
    """All states sum up to the audience, one message each at most, unknown at most the calls in flight."""
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        bot = sandbox.world.bot("crash_bot")
        settings = load(
            bot_token=bot.token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{tmp_path}/crash.db"
        )

        def received() -> dict[int, int]:
            return sandbox.world.deliveries.count(bot.id, text=MESSAGE)

        async with build(fast(settings, RATE)) as idle:
            campaign_id = await begin_campaign(
                idle, sandbox, bot.id, MESSAGE, people=SUBSCRIBERS, blocked=0.03
            )
            for delivered in KILLS_AFTER:
                async with product(settings):
                    await until(partial(reached, received, delivered), f"{delivered} are delivered")
            async with product(settings):
                await until(lambda: finished(idle, campaign_id), "the campaign finishes")
            progress = await idle.broadcast.progress(campaign_id)
        tally = progress.tally
        assert tally.audience == SUBSCRIBERS
        assert sum(tally.of(state) for state in DeliveryState) == SUBSCRIBERS
        assert tally.open == 0
        assert max(Counter(received()).values()) == 1
        assert tally.of(DeliveryState.UNKNOWN) <= len(KILLS_AFTER) * settings.broadcast.window
        assert tally.of(DeliveryState.SENT) <= len(received()) <= SUBSCRIBERS - tally.of(DeliveryState.FAILED)


def reached(received: Callable[[], dict[int, int]], wanted: int) -> bool:
    return len(received()) >= wanted


async def finished(app: App, campaign_id: int) -> bool:
    return (await app.broadcast.get(campaign_id)).state is CampaignState.FINISHED
