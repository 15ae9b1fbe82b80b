"""Row 7: what a question of the sweep costs, all in."""

import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from benchmarks import samples
from benchmarks.decisions import GATE
from benchmarks.measure import MICRO, Ratio, Row, Size
from benchmarks.servers import Server
from gatecrier.app import App, build
from gatecrier.gate.store import GateStore
from gatecrier.kernel.settings import GateSettings, Settings
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.transport import Reply

GROUP = "sweep"
PEOPLE = 20_000
RATE = 5.0  # questions a second that a sweep may ask: 50 a run, the default
LIFE = 864_000.0  # seconds: nobody's standing may expire while we measure


class Members:
    """A transport by which everybody belongs everywhere."""

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109
        """What Telegram answers to getChatMember."""
        del url, body, timeout
        return Reply(200, b'{"ok":true,"result":{"user":{"id":1,"is_bot":false},"status":"member"}}')

    async def close(self) -> None:
        """Nothing is open."""


async def rows(size: Size, _responder: Server) -> list[Row]:
    """Asking anew for the oldest of what is known."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        async with _app(path) as app:
            await _fill(app, path)
            await app.first.gate.start()
            return [await _sweep(app, runs=size.rounds)]


@asynccontextmanager
async def _app(path: Path) -> AsyncIterator[App]:
    settings = Settings(
        bot_token=SecretStr(samples.TOKEN),
        database_url=SecretStr(f"sqlite:///{path}"),
        gate=GateSettings(member_ttl=LIFE, sweep_rate=RATE),
    )
    async with build(settings, transport=Members(), rng=random.Random(1)) as app:
        yield app


async def _fill(app: App, path: Path) -> None:
    """Everybody is on the roster, and known as a member for an hour; written without us, and not measured."""
    now = app.clock.now()
    async with app.database.transaction() as connection:
        store = GateStore(connection, samples.BOT_ID)
        await store.put(GATE, now=now)
        await store.demand(GATE.chat_id, GATE.channels, by="bench", now=now)
    learnt = f"{now.timestamp() - 3600:.6f}"
    people = samples.people(PEOPLE)
    with sqlite3.connect(path) as bare:
        moment = bare.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch')", (learnt,)).fetchone()[0]
        bare.executemany(
            "INSERT INTO standings (chat_id, person_id, standing, date, source, checked_at) "
            "VALUES (?, ?, 1, ?, 'verification', ?)",
            ((samples.CHANNEL, id_, samples.DATE, moment) for id_ in people),
        )
        bare.executemany(
            "INSERT INTO roster (chat_id, person_id, bot_id, first_seen_at, last_seen_at, present, strikes, "
            "strike_key, mutes) VALUES (?, ?, ?, ?, ?, 1, 0, '', 0)",
            ((samples.GROUP, id_, samples.BOT_ID, moment, moment) for id_ in people),
        )
    bare.close()


async def _sweep(app: App, *, runs: int) -> Row:
    asked, began, seen = 0, time.process_time(), time.perf_counter()
    for _ in range(runs):
        asked += sum((await app.first.gate.sweeper.run_once()).values())
    taken, wall = time.process_time() - began, time.perf_counter() - seen
    if asked < runs * RATE:
        raise RuntimeError(f"a sweep asked only {asked} questions")
    began = time.process_time()
    for number in range(asked):
        await app.first.bot.get_member(samples.CHANNEL, number + 1, lane=Lane.ANSWER)
    theirs = time.process_time() - began
    return Row(
        group=GROUP,
        what="a question of the sweep, all in",
        ours=taken * MICRO / asked,
        peer="getChatMember alone",
        theirs=theirs * MICRO / asked,
        reads=Ratio.OVERHEAD,
        note=f"{asked} questions in {wall:.1f} s",
    )
