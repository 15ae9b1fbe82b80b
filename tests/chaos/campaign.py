"""Campaign under fire: workers die, freeze and lose their databases, and the books balance all the same."""

import asyncio
import random
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chaos.field import Field, field, private_redis
from chaos.fire import comes, cut, strike
from chaos.fleet import Fleet, Post
from chaos.report import Report
from gatecrier.app import App, build
from gatecrier.broadcast.model import CampaignState, DeliveryState
from gatecrier_sandbox import Limits
from gatecrier_sandbox.world.calls import CallFilter
from journeys.conftest import begin_campaign
from postgres import Postgres

MESSAGE = "Once, whatever happens"
WINDOW = 25  # calls in flight: journeys.conftest.fast
HEADROOM = 1.2  # Telegram's limit over ours: 30 over 25


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
            people = size.recipients // size.bots
            campaigns = {
                bot.id: await begin_campaign(
                    truth, ground.sandbox, bot.id, MESSAGE, people=people, blocked=0.02
                )
                for bot in ground.bots
            }
            posts = [Post(f"worker{number}", "worker", ground.env) for number in range(size.workers)]
            async with Fleet.at_work(folder, size.rate, posts) as fleet:
                fire = asyncio.create_task(_fire(fleet, ground, size, random.Random(seed), report))
                try:
                    ended = await comes(partial(_has_ended, truth, campaigns, fire), size.patience)
                    if fire.done():
                        fire.result()
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
    await asyncio.sleep(2)
    for fault in faults:
        if isinstance(fault, signal.Signals):
            await strike(fleet, rng.choice(fleet.posts), fault, rng, report)
        else:
            await cut(ground.redis if fault == "redis" else ground.database, fault, size.outage, rng, report)
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)
    await fleet.thawed()
    report.fault("peace")


async def _has_ended(truth: App, campaigns: Mapping[int, int], fire: "asyncio.Task[None]") -> bool:
    states = [(await truth.broadcast.get(id_)).state for id_ in campaigns.values()]
    return fire.done() and all(state is CampaignState.FINISHED for state in states)


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
