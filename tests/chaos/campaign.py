"""Campaign under fire: workers die, freeze and lose their databases, and the books balance all the same."""

import asyncio
import random
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaos.field import Field, field, private_redis
from chaos.fleet import Fleet, Post
from chaos.proxy import Mode
from chaos.report import Report
from gatecrier.app import App, build
from gatecrier.broadcast.model import CampaignState, DeliveryState, Text
from gatecrier.registry.store import SubscriberStore
from gatecrier_sandbox import Limits
from gatecrier_sandbox.world.calls import CallFilter
from make import make_subscriber
from postgres import Postgres

MESSAGE = "Once, whatever happens"
WINDOW = 25  # calls in flight: journeys.conftest.fast
HEADROOM = 1.2  # Telegram's limit over ours: 30 over 25
AT_ONCE = 10_000
LOOK = 0.1


@dataclass(frozen=True)
class Size:
    """How much fire."""

    workers: int = 4
    bots: int = 3
    recipients: int = 60_000  # of all bots
    rate: float = 250.0  # messages a second of a bot
    kills: int = 40
    redis_outages: int = 2
    database_outages: int = 1
    outage: float = 5.0  # seconds
    patience: float = 1_200.0  # seconds until it must be over


async def run(size: Size, seed: int, postgres: Postgres, folder: Path) -> Report:
    """One run; what must hold is in the report."""
    report = Report("Campaign under fire", seed)
    with private_redis(folder) as redis_port:
        async with field(postgres, redis_port, bots=size.bots) as ground, build(ground.settings) as truth:
            world = ground.sandbox.world
            world.meter.limits = Limits(
                per_bot=size.rate * HEADROOM, per_private_chat=None, per_group_minute=None
            )
            for bot in ground.bots[1:]:
                await truth.bots.add(bot.token, username=f"bot_{bot.id}", actor="chaos")
            await truth.renew_bots()
            campaigns = {bot.id: await _campaign(truth, ground, bot.id, size) for bot in ground.bots}
            posts = [Post(f"worker{number}", "worker", ground.env) for number in range(size.workers)]
            async with Fleet.at_work(folder, size.rate, posts) as fleet:
                fire = asyncio.create_task(_fire(fleet, ground, size, random.Random(seed), report))
                try:
                    ended = await _until_ended(truth, campaigns, fire, size.patience)
                finally:
                    fire.cancel()
                    await asyncio.gather(fire, return_exceptions=True)
            report.law("every campaign ends", ended, f"{len(campaigns)} campaigns")
            await _judge(report, truth, ground, campaigns, size)
            report.law("SIGTERM ends a process within 10 s", not fleet.findings, "; ".join(fleet.findings))
    return report


async def _fire(fleet: Fleet, ground: Field, size: Size, rng: random.Random, report: Report) -> None:
    """Faults in a random order, spread over the time that the campaign would take."""
    hits = [signal.SIGKILL] * (size.kills // 2) + [signal.SIGTERM] * (size.kills // 4)
    hits += [signal.SIGSTOP] * (size.kills - len(hits))
    faults: list[str | signal.Signals] = [*hits]
    faults += ["redis"] * size.redis_outages + ["database"] * size.database_outages
    rng.shuffle(faults)
    ideal = size.recipients / size.bots / size.rate
    pause = max(0.2, 0.6 * ideal / len(faults))
    thawing: list[asyncio.Task[None]] = []
    await asyncio.sleep(2)
    for fault in faults:
        if isinstance(fault, signal.Signals):
            post = rng.choice(fleet.posts)
            report.fault(f"{fault.name} to {post.name}")
            await fleet.kill(post, fault)
            if fault is signal.SIGSTOP:
                thawing.append(asyncio.create_task(fleet.thaw(post, rng.uniform(0.5, 14.0))))
        else:
            proxy = ground.redis if fault == "redis" else ground.database
            mode = rng.choice([Mode.REFUSE, Mode.RESET, Mode.HANG])
            report.fault(f"{fault}: {mode.value} for {size.outage:.0f} s")
            await proxy.set(mode)
            await asyncio.sleep(size.outage)
            await proxy.set(Mode.PASS)
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)
    await asyncio.gather(*thawing)
    report.fault("peace")


async def _campaign(truth: App, ground: Field, bot_id: int, size: Size) -> int:
    count = size.recipients // size.bots
    cohort = ground.sandbox.world.subscribers(bot_id, count, blocked=0.02, announce=False)
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        people = [make_subscriber(bot_id, cohort.first_id + number) for number in numbers]
        async with truth.database.transaction() as connection:
            await SubscriberStore(connection).put(people)
    campaign = await truth.broadcast.create(bot_id, "Fire", Text(text=MESSAGE), actor="chaos")
    await truth.broadcast.start(campaign.id, actor="chaos")
    return campaign.id


async def _until_ended(
    truth: App, campaigns: Mapping[int, int], fire: "asyncio.Task[None]", patience: float
) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while loop.time() < deadline:
        states = [(await truth.broadcast.get(id_)).state for id_ in campaigns.values()]
        if fire.done() and all(state is CampaignState.FINISHED for state in states):
            fire.result()
            return True
        await asyncio.sleep(LOOK)
    return False


async def _judge(report: Report, truth: App, ground: Field, campaigns: Mapping[int, int], size: Size) -> None:
    doubt, sums, twice, lies = 0, [], 0, 0
    for bot_id, campaign_id in campaigns.items():
        tally = (await truth.broadcast.progress(campaign_id)).tally
        received = ground.sandbox.world.deliveries.count(bot_id, text=MESSAGE)
        sums.append(
            sum(tally.of(state) for state in DeliveryState) == tally.audience == size.recipients // size.bots
            and tally.open == 0
        )
        doubt += tally.of(DeliveryState.UNKNOWN)
        twice += sum(count > 1 for count in received.values())
        sent, unknown = tally.of(DeliveryState.SENT), tally.of(DeliveryState.UNKNOWN)
        lies += not sent <= len(received) <= sent + unknown
    report.law("the states of each campaign sum up to its audience", all(sums), f"{sums}")
    report.law("nobody is written to twice", twice == 0, f"{twice} people were")
    report.law(
        "who is booked as sent received it, and nobody else but the doubtful", lies == 0, f"{lies} wrong"
    )
    # A kill, a freeze, or a database that goes while calls are out: each leaves one window in doubt at most.
    moments = size.kills + size.bots * size.database_outages
    most = moments * WINDOW
    report.law("doubt is at most what was in flight", doubt <= most, f"{doubt} unknown of {most} at most")
    limited = _fullest_second(ground)
    limit = size.rate * HEADROOM
    report.law(
        "no second holds more than the bot's limit",
        all(count <= limit for count, _ in limited.values()),
        "; ".join(f"{count} of {limit:.0f} at {report.at(time):.1f} s" for count, time in limited.values()),
    )
    refused = sum(
        record.error_code == 429 for record in ground.sandbox.world.calls.select(CallFilter(ok=False))
    )
    report.law("Telegram never says 429", refused == 0, f"{refused} times")


def _fullest_second(ground: Field) -> dict[int, tuple[int, float]]:
    """Bot id -> the most messages that arrived within any one second, and when it ended."""
    fullest = {bot.id: (0, 0.0) for bot in ground.bots}
    for bot in ground.bots:
        wanted = CallFilter(bot_id=bot.id, method="sendMessage", ok=True)
        times = [record.time for record in ground.sandbox.world.calls.select(wanted)]
        first = 0
        for last, time in enumerate(times):
            while time - times[first] >= 1.0:
                first += 1
            fullest[bot.id] = max(fullest[bot.id], (last - first + 1, time))
    return fullest
