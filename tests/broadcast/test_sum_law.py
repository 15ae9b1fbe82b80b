"""The sum law, over faults nobody thought of."""

import asyncio
import contextlib
import random
import tempfile
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcast.stage import BOT, Stage, people
from gatecrier.broadcast.model import Campaign, Options
from gatecrier.kernel.errors import Conflict, GatecrierError, OutcomeUnknown, PeerGone, Refused, TryLater
from gatecrier.storage.database import Database
from gatecrier.storage.migrate import migrate

pytestmark = pytest.mark.database

ERRORS: list[Callable[[], GatecrierError]] = [
    lambda: PeerGone("x", code="blocked"),
    lambda: PeerGone("x", code="cannot_write_to_person"),
    lambda: TryLater("x", retry_after=2, code="rate_limited"),
    lambda: TryLater("x", retry_after=1, code="unreachable"),
    lambda: OutcomeUnknown("x", code="no_answer"),
    lambda: Refused("x", code="unknown_400"),
]
EVENTS = ["kill", "stop", "pause", "leave", "second"]


async def storm(stage: Stage, events: list[str], options: Options, rng: random.Random) -> None:
    """A campaign of 40 under random answers, with these events at random moments, then led to its end."""
    await stage.subscribe(40)
    for number in rng.sample(range(1, 41), 15):
        error = rng.choice(ERRORS)()
        stage.telegram.answer(people(number), error, arrives=isinstance(error, OutcomeUnknown))
    campaign = await stage.begin(options)
    for number, event in enumerate(events):
        await strike(stage, campaign, event, f"w{number}", rng)
        await stage.check_laws(campaign)
        await stage.reconciler.take_over(BOT)
    for attempt in range(50):
        if (await stage.broadcast.get(campaign.id)).state == "finished":
            break
        with contextlib.suppress(Conflict):
            await stage.broadcast.resume(campaign.id, actor="cli")
        await stage.sender(f"end{attempt}").run()
    tally = await stage.check_laws(campaign)
    assert (tally.open, tally.audience) == (0, 40)
    assert tally.unknown.get("worker_died", 0) <= events.count("kill") * options.window


async def strike(stage: Stage, campaign: Campaign, event: str, worker: str, rng: random.Random) -> None:
    """Run a sender, and let `event` happen to it after a while."""
    with contextlib.suppress(Conflict):
        await stage.broadcast.resume(campaign.id, actor="cli")
    senders = [stage.sender(f"{worker}.{number}") for number in range(2 if event == "second" else 1)]
    runs = [asyncio.create_task(sender.run()) for sender in senders]
    await stage.clock.sleep(rng.uniform(0, 1.5))
    match event:
        case "pause":
            with contextlib.suppress(Conflict):
                await stage.broadcast.pause(campaign.id, actor="cli")
        case "stop":
            await senders[0].stop()
        case "leave":
            await stage.suppress(people(*rng.sample(range(1, 41), 5)))
        case "kill":
            runs[0].cancel()
    for result in await asyncio.gather(*runs, return_exceptions=True):
        assert result is None or isinstance(result, asyncio.CancelledError)


async def weather(seed: int, events: list[str], options: Options) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at(f"sqlite:///{folder}/storm.db")
        await migrate(database)
        await storm(Stage(database, latency=0.3), events, options, random.Random(seed))
        await database.close()


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    events=st.lists(st.sampled_from(EVENTS), max_size=4),
    window=st.integers(1, 12),
    canary=st.integers(0, 6),
)
def test_whatever_happens_every_row_is_counted_once(
    seed: int, events: list[str], window: int, canary: int
) -> None:
    """Kills, stops, pauses, opt-outs and a second sender at random moments: the sum holds, nobody twice."""
    asyncio.run(weather(seed, events, Options(window=window, canary=canary)))
