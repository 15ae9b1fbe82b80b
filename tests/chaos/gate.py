"""Gate under fire: processes die while groups talk; in the end exactly the strangers are held."""

import asyncio
import random
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import sqlalchemy as sa

from chaos.field import Field, private_redis
from chaos.field import field as fielded
from chaos.fire import comes, cut, strike
from chaos.fleet import Fleet, Post
from chaos.proxy import Proxy
from chaos.report import Report
from gatecrier.app import App, build
from gatecrier.gate.tables import cases
from gatecrier.registry.store import received_updates
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.calls import CallFilter
from gatecrier_sandbox.world.faults import Fault, FaultKind
from ports import free_port
from postgres import Postgres

LONGEST_MENDING = 90.0  # seconds after the last fault in which all must be as it should be


@dataclass(frozen=True)
class Size:
    """How much fire."""

    webs: int = 3
    workers: int = 2
    groups: int = 100
    channels: int = 20
    people: int = 600
    seconds: float = 120.0  # of talk
    acts: float = 40.0  # a second: words, joins, leaves
    kills: int = 24
    redis_outage: float = 60.0  # seconds; 0: none
    database_outage: float = 30.0


@dataclass
class Town:
    """
    Groups that require channels, and people of whom some belong.

    Attributes:
        seen: Whoever wrote in a group: of the others the bot cannot know.
        silences: Moments between which nobody may be muted (Unix seconds).
    """

    ground: Field
    rng: random.Random
    owner: int
    admins: list[int]
    people: list[int]
    channels: list[int]
    groups: dict[int, list[int]]  # → the channels it requires
    seen: set[tuple[int, int]] = field(default_factory=set)
    silences: list[tuple[float, float]] = field(default_factory=list)

    def belongs(self, group: int, person: int) -> bool:
        """Whether somebody is in all that a group requires, by the world's word."""
        world = self.ground.sandbox.world
        return all(world.member(channel, person).present for channel in self.groups[group])

    def is_held(self, group: int, person: int) -> bool:
        """Whether somebody may not write there."""
        return "can_send_messages" not in self.ground.sandbox.world.allowed(group, person)

    def act(self) -> None:
        """Somebody writes, joins or leaves a channel."""
        world, rng = self.ground.sandbox.world, self.rng
        person = rng.choice(self.people)
        if rng.random() < 0.12:
            channel = rng.choice(self.channels)
            if world.member(channel, person).present:
                world.leave(channel, person)
            else:
                world.join(channel, person)
            return
        group = rng.choice([*self.groups])
        writer = rng.choice(self.admins) if rng.random() < 0.05 else person
        try:
            world.say(group, writer, f"word {rng.random()}")
        except Refused:
            return  # held
        if writer is person:
            self.seen.add((group, person))

    def wrong(self) -> list[str]:
        """Who is held and belongs, or was seen, does not belong, and is not held."""
        found = []
        for group, person in sorted(self.seen):
            held, belongs = self.is_held(group, person), self.belongs(group, person)
            if held is belongs:
                found.append(f"{person} in {group}: {'held' if held else 'free'}, belongs: {belongs}")
        return found


async def run(size: Size, seed: int, postgres: Postgres, folder: Path) -> Report:
    """One run; what must hold is in the report."""
    report, rng = Report("Gate under fire", seed), random.Random(seed)
    ports = [free_port() for _ in range(size.webs)]
    with private_redis(folder) as redis_port:
        async with (
            Proxy.before(lambda: [("127.0.0.1", port) for port in ports]) as balancer,
            fielded(postgres, redis_port, bots=1, public_port=balancer.port) as ground,
            build(ground.settings) as truth,
        ):
            town = _town(ground, size, rng)
            for group, required in town.groups.items():
                names = " ".join(f"@channel{town.channels.index(id_)}" for id_ in required)
                await truth.first.gate.order(group, names, actor="chaos")
            posts = [
                Post(f"web{number}", "web", {**ground.env, "GATECRIER_HTTP_PORT": str(port)})
                for number, port in enumerate(ports)
            ]
            posts += [Post(f"worker{number}", "worker", ground.env) for number in range(size.workers)]
            async with Fleet.at_work(folder, 25.0, posts) as fleet:
                await comes(partial(_has_webhook, ground), 30)
                faults = ground.sandbox.world.faults
                faults.add(Fault(FaultKind.DUPLICATE_UPDATE, probability=0.1))
                faults.add(Fault(FaultKind.REORDER_UPDATE, probability=0.1, seconds=1.0))
                fire = asyncio.create_task(_fire(fleet, town, size, rng, report))
                await _talk(town, size, fire)
                faults.clear()
                mended = await comes(lambda: _is_quiet(truth, town), LONGEST_MENDING)
                report.law(
                    "exactly the strangers are held",
                    mended,
                    "; ".join(town.wrong()[:4]) or f"{len(town.seen)} seen",
                )
                await _judge(report, truth, town)
            report.law("SIGTERM ends a process within 10 s", not fleet.findings, "; ".join(fleet.findings))
    return report


def _town(ground: Field, size: Size, rng: random.Random) -> Town:
    world, bot = ground.sandbox.world, ground.bots[0]
    owner = world.person("Owner").id
    admins = [world.person(f"Admin {number}").id for number in range(3)]
    channels = [
        world.chat("channel", f"Channel {number}", username=f"channel{number}").id
        for number in range(size.channels)
    ]
    groups = [world.chat("supergroup", f"Group {number}").id for number in range(size.groups)]
    people = [world.person(f"Person {number}").id for number in range(size.people)]
    for chat in [*channels, *groups]:
        world.set_member(chat, owner, "creator")
        world.set_member(chat, bot.id, "administrator")
    for group in groups:
        for admin in admins:
            world.set_member(group, admin, "administrator")
    for person in people:
        for channel in channels:
            if rng.random() < 0.6:
                world.join(channel, person)
        for group in groups:
            world.join(group, person)
    bot.queue.clear()
    required = {group: rng.sample(channels, rng.choice([1, 1, 2])) for group in groups}
    return Town(ground, rng, owner, admins, people, channels, required)


async def _talk(town: Town, size: Size, fire: "asyncio.Task[None]") -> None:
    """People act at random until the time is over and the last fault is."""
    loop = asyncio.get_running_loop()
    end = loop.time() + size.seconds
    while loop.time() < end or not fire.done():
        town.act()
        await asyncio.sleep(town.rng.expovariate(size.acts))
    fire.result()


async def _fire(fleet: Fleet, town: Town, size: Size, rng: random.Random, report: Report) -> None:
    outages = [
        (town.ground.redis, "redis", size.redis_outage),
        (town.ground.database, "database", size.database_outage),
    ]
    outages = [outage for outage in outages if outage[2]]
    rng.shuffle(outages)
    pause = max(0.3, (size.seconds - sum(seconds for _, _, seconds in outages)) / (size.kills + 1))
    at = sorted(rng.sample(range(size.kills + 1), len(outages)))
    await asyncio.sleep(2)
    for number in range(size.kills + 1):
        if at and number == at[0]:
            at.pop(0)
            proxy, name, seconds = outages.pop()
            began = time.time()
            await cut(proxy, name, seconds, rng, report)
            if name == "database":  # what was decided before may still be under way
                town.silences.append((began + 5, began + seconds))
        post = rng.choice(fleet.posts)
        how = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
        await strike(fleet, post, how, rng, report)
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)
    await fleet.thawed()
    report.fault("peace")


async def _judge(report: Report, truth: App, town: Town) -> None:
    calls = list(town.ground.sandbox.world.calls.select(CallFilter(ok=True)))
    muted = [call for call in calls if call.method == "restrictChatMember"]
    touched = [call for call in muted if int(_params(call.params)["user_id"]) in {town.owner, *town.admins}]
    report.law(
        "no admin is touched", not touched, f"{len(muted)} mutes and releases, {len(touched)} of admins"
    )
    blind = [call for call in muted if any(began <= call.time <= ended for began, ended in town.silences)]
    report.law("nobody is muted without the database", not blind, f"{len(blind)} while it was away")
    async with truth.database.read() as connection:
        held = await connection.scalar(sa.select(sa.func.count()).select_from(cases))
    still = await _open_updates(truth)
    report.law("every update was handled", not still, f"{still} are open")
    shown, twice = 0, 0
    last: dict[str, str] = {}
    for call in calls:
        params = _params(call.params)
        if "ephemeral_message_parameters" in params:
            # The same person in the same group: another card only when something else is missing by now.
            who = params["chat_id"] + params["ephemeral_message_parameters"]
            words = params["text"] + params["reply_markup"]
            twice += last.get(who) == words
            last[who], shown = words, shown + 1
    report.law("nobody gets a card twice", not twice, f"{shown} cards, {twice} came twice")
    report.law("somebody was held, and told", bool(held and shown), f"{held} cases")


async def _has_webhook(ground: Field) -> bool:
    return ground.bots[0].webhook is not None


async def _is_quiet(truth: App, town: Town) -> bool:
    return not (town.wrong() or town.ground.bots[0].queue.updates or await _open_updates(truth))


async def _open_updates(truth: App) -> int:
    query = sa.select(sa.func.count()).select_from(received_updates)
    async with truth.database.read() as connection:
        return await connection.scalar(query.where(received_updates.c.done_at.is_(None))) or 0


def _params(raw: msgspec.Raw) -> dict[str, str]:
    return msgspec.json.decode(raw, type=dict[str, str])
