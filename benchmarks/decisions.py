"""Rows 1: from the bytes of a group message to the gate's decision, as production does it."""

import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from pydantic import SecretStr

from benchmarks import samples
from benchmarks.measure import Ratio, Row, Size, Work, medians
from benchmarks.peers import AIOGRAM, PTB, AiogramUpdates, PtbUpdates, ptb_updates
from benchmarks.servers import Server
from gatecrier.app import App, build
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.model import Channel, Gate, Known, Mode, Reason, Source
from gatecrier.gate.policy import InChannel
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore
from gatecrier.kernel.settings import GateSettings, Settings
from gatecrier.telegram.glance import passed
from gatecrier.telegram.transport import Reply
from gatecrier.telegram.updates import Update, decode

GROUP = "updates"
AGAINST_PTB = 50.0
POLLED_AGAINST_PTB = 30.0
AGAINST_BARE = 3.0
"""The budgets of design.md §11."""
REGULARS = 300
"""Writers whose standings lie in the processor's cache: as in a group where the same people talk."""
MEMBER_TTL = 86_400.0
"""Seconds: nobody's standing may expire while we measure."""
GATE = Gate(
    chat_id=samples.GROUP,
    bot_id=samples.BOT_ID,
    title="Readers of the Quarterly",
    mode=Mode.ENFORCE,
    policy=InChannel(samples.CHANNEL),
    created_at=datetime.fromtimestamp(samples.DATE, UTC),
    channels=(Channel(id=samples.CHANNEL, title="News", username="news", join_url="https://t.me/news"),),
)


class Laid:
    """A transport that answers with what is laid ready."""

    def __init__(self) -> None:
        self.ready: list[bytes] = []

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109
        """The next answer."""
        del url, body, timeout
        return Reply(200, self.ready.pop(0))

    async def close(self) -> None:
        """Nothing is open."""


class Counts(Protocol):
    """Something that counts the updates that reached their end."""

    @property
    def seen(self) -> int:
        """So many so far."""


class Decider:
    """What production does for one update, with nothing around it."""

    def __init__(self, app: App, network: Laid) -> None:
        self.app = app
        self.network = network
        self._knows, self._wants = app.first.gate.glance, app.first.routing.wants

    def take(self, body: bytes) -> bool:
        """From bytes to the decision; False: it may stay, nothing is to be done."""
        return passed(body, self._knows) is None and self._wants(decode(body))

    @property
    def seen(self) -> int:
        """Messages the gate decided to leave, their senders being members."""
        return self.app.first.gate.decisions().get(Reason.MEMBER, 0)


@asynccontextmanager
async def decider(members: Sequence[int]) -> AsyncIterator[Decider]:
    """The product on a database of its own, with one gate and these members' standings warmed at start."""
    with tempfile.TemporaryDirectory() as folder:
        network = Laid()
        settings = Settings(
            bot_token=SecretStr(samples.TOKEN),
            database_url=SecretStr(f"sqlite:///{folder}/bench.db"),
            gate=GateSettings(member_ttl=MEMBER_TTL),
        )
        async with build(settings, transport=network, rng=random.Random(1)) as app:
            await _protect(app)
            await app.first.gate.start()
            _warm(app, members)
            yield Decider(app, network)


async def _protect(app: App) -> None:
    now = app.clock.now()
    async with app.database.transaction() as connection:
        gates = GateStore(connection, samples.BOT_ID)
        await gates.put(GATE, now=now)
        await gates.demand(GATE.chat_id, GATE.channels, by="bench", now=now)


def _warm(app: App, members: Sequence[int]) -> None:
    """
    What `start` does with the standings it reads, without the reading: that takes 40 µs for each.

    The entries are the gate's own, which `Gates` shows; their clock began a moment before ours.
    """
    standings = Standings(app.clock, random.Random(1), member_ttl=MEMBER_TTL, most=len(members))
    now = app.clock.now()
    for id_ in members:
        standings.warm(
            Known(
                chat_id=samples.CHANNEL,
                person_id=id_ + 0,  # a number of its own, as the database gives one
                standing=Standing.MEMBER,
                date=samples.DATE,
                source=Source.VERIFICATION,
                checked_at=now,
            )
        )
    app.first.gate.standings.of(samples.CHANNEL).update(standings.of(samples.CHANNEL))
    live = app.first.gate.gates.get(samples.GROUP)
    if live is None:
        raise RuntimeError("the gate was not loaded")
    for id_ in standings.of(samples.CHANNEL):  # each has written here before
        app.first.gate.gates.let_pass(live, id_)


async def rows(size: Size, _responder: Server) -> list[Row]:
    """One update at a time, by kind, and in batches as a long poll brings them."""
    members = samples.people(size.standings)
    found: list[Row] = []
    async with decider(members) as ours, ptb_updates() as ptb:
        peers = ptb, AiogramUpdates()
        for kind in samples.KINDS:
            found += await _one_by_one(size, kind, _Updates(size, kind, members), ours, peers)
        some = _Updates(size, "text", members[:REGULARS])
        found.append(
            await _against_one(size, some, ours, ptb, what=f"text, by {REGULARS} regulars → decision")
        )
        async with ptb_updates(members=dict.fromkeys(members, True)) as gated:
            text = _Updates(size, "text", members)
            found.append(
                await _against_one(size, text, ours, gated, what="text → decision", peer=f"{PTB} + a dict")
            )
        found.append(await _polled(size, members, ours, ptb))
    return found


async def _one_by_one(
    size: Size, kind: str, updates: "_Updates", ours: Decider, peers: tuple[PtbUpdates, AiogramUpdates]
) -> list[Row]:
    ptb, aiogram = peers
    taken = await medians(
        {
            "ours": updates.given_to(ours.take, ours),
            "bare": updates.given_to(msgspec.json.Decoder(Update).decode),
            PTB: updates.awaited_by(ptb.take, ptb),
            AIOGRAM: updates.awaited_by(aiogram.take, aiogram),
        },
        rounds=size.update_rounds,
        before=updates.read,
    )
    what = f"{kind}, {updates.bytes} B → decision"
    mine = taken["ours"]
    return [
        Row(
            group=GROUP,
            what=what,
            ours=mine,
            peer=PTB,
            theirs=taken[PTB],
            reads=Ratio.CHEAPER,
            budget=AGAINST_PTB,
        ),
        Row(group=GROUP, what=what, ours=mine, peer=AIOGRAM, theirs=taken[AIOGRAM], reads=Ratio.CHEAPER),
        Row(
            group=GROUP,
            what=what,
            ours=mine,
            peer="bare msgspec decode",
            theirs=taken["bare"],
            reads=Ratio.OVERHEAD,
            budget=AGAINST_BARE,
        ),
    ]


async def _against_one(
    size: Size, updates: "_Updates", ours: Decider, ptb: PtbUpdates, *, what: str, peer: str = PTB
) -> Row:
    taken = await medians(
        {"ours": updates.given_to(ours.take, ours), "peer": updates.awaited_by(ptb.take, ptb)},
        rounds=size.update_rounds,
        before=updates.read,
    )
    return Row(
        group=GROUP, what=what, ours=taken["ours"], peer=peer, theirs=taken["peer"], reads=Ratio.CHEAPER
    )


async def _polled(size: Size, members: Sequence[int], ours: Decider, ptb: PtbUpdates) -> Row:
    """Answers of getUpdates, 100 updates each; the network is left out for both."""
    updates = _Updates(size, "mixed", members)

    async def by_us(number: int) -> int:
        ours.network.ready = list(samples.batches(updates.of(number)))
        while ours.network.ready:
            await ours.app.first.poller.run_once()
        return size.updates

    async def by_ptb(number: int) -> int:
        ptb.network.ready = list(samples.batches(updates.of(number)))
        while ptb.network.ready:
            await ptb.poll()
        return size.updates

    taken = await medians(
        {"ours": _all_seen(by_us, ours), "peer": _all_seen(by_ptb, ptb)},
        rounds=size.update_rounds,
        before=updates.read,
    )
    return Row(
        group=GROUP,
        what="long poll of 100, mixed, per update",
        ours=taken["ours"],
        peer=PTB,
        theirs=taken["peer"],
        reads=Ratio.CHEAPER,
        budget=POLLED_AGAINST_PTB,
    )


class _Updates:
    """Enough updates of a kind that no round sees one again."""

    def __init__(self, size: Size, kind: str, members: Sequence[int]) -> None:
        self._each = size.updates
        self._all = samples.bodies(kind, members, size.updates * (size.update_rounds + 1))
        self.bytes = sum(map(len, self._all)) // len(self._all)

    def of(self, number: int) -> list[bytes]:
        """Those of one round."""
        return self._all[number * self._each : (number + 1) * self._each]

    async def read(self, number: int) -> None:
        """Read a round's bytes once: updates that have just arrived lie in the processor's cache."""
        for body in self.of(number):
            body.count(b"\0")

    def given_to(self, take: Callable[[bytes], object], counter: Counts | None = None) -> Work:
        """Hand each to something that decides at once."""

        async def work(number: int) -> int:
            for body in self.of(number):
                take(body)
            return self._each

        return _all_seen(work, counter) if counter else work

    def awaited_by(self, take: Callable[[bytes], Awaitable[None]], counter: Counts) -> Work:
        """Hand each to something that must be awaited."""

        async def work(number: int) -> int:
            for body in self.of(number):
                await take(body)
            return self._each

        return _all_seen(work, counter)


def _all_seen(work: Work, counter: Counts) -> Work:
    """The same work, proven: a contender that drops updates is no contender."""

    async def proven(number: int) -> int:
        before = counter.seen
        given = await work(number)
        if counter.seen - before != given:
            raise RuntimeError(f"{given} updates were given, {counter.seen - before} arrived")
        return given

    return proven
