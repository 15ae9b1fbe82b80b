"""Rows 6: what it costs to know a million people: loading them at start, memory, and the file they lie in."""

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from benchmarks import samples
from benchmarks.decisions import GATE, MEMBER_TTL, Laid
from benchmarks.measure import MICRO, Ratio, Row, Size
from benchmarks.servers import Server
from gatecrier.app import App, build
from gatecrier.gate.model import Source
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore
from gatecrier.kernel.settings import GateSettings, Settings

GROUP = "standings"
BARE = "sqlite3, into a dict"
_INSERT = (
    "INSERT INTO standings (chat_id, person_id, standing, date, source, checked_at) VALUES (?, ?, ?, ?, ?, ?)"
)
_SELECT = "SELECT chat_id, person_id, standing, date, checked_at FROM standings"


async def rows(size: Size, _responder: Server) -> list[Row]:
    """Load them once as `Gatekeeper.start` does, and once as barely as one can."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        settings = Settings(
            bot_token=SecretStr(samples.TOKEN),
            database_url=SecretStr(f"sqlite:///{file}"),
            gate=GateSettings(member_ttl=MEMBER_TTL),
        )
        async with build(settings, transport=Laid(), rng=random.Random(1)) as app:
            before = file.stat().st_size
            await _settle(app, file, size.standings)
            disk = file.stat().st_size - before
            began = time.process_time()
            await app.first.gate.start()
            ours = time.process_time() - began
            if len(app.first.gate.standings) != size.standings:
                raise RuntimeError(
                    f"{len(app.first.gate.standings)} of {size.standings} standings were loaded"
                )
            memory = _bytes(app.first.gate.standings.of(samples.CHANNEL))
        bare = _barely(file, size.standings)
    note = f"{ours:.1f} s, {memory >> 20} MiB of memory, {disk >> 20} MiB of disk in all"
    return [
        Row(
            group=GROUP,
            what=f"{size.standings:,} standings loaded at start, each",
            note=note,
            ours=ours / size.standings * MICRO,
            peer=BARE,
            theirs=bare / size.standings * MICRO,
            reads=Ratio.OVERHEAD,
        )
    ]


async def _settle(app: App, file: Path, count: int) -> None:
    """A gate, and the standings of `count` members, as earlier days would have left them."""
    now = app.clock.now()
    async with app.database.transaction() as connection:
        gates = GateStore(connection, samples.BOT_ID)
        await gates.put(GATE, now=now)
        await gates.demand(GATE.chat_id, GATE.channels, by="bench", now=now)
    with sqlite3.connect(file) as straight:
        straight.executemany(_INSERT, _learnt(count, now))
    straight.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    straight.close()


def _learnt(count: int, now: datetime) -> Iterator[tuple[object, ...]]:
    moment = now.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    for person in samples.people(count):
        yield samples.CHANNEL, person, Standing.MEMBER.value, samples.DATE, Source.VERIFICATION.value, moment


def _barely(file: Path, count: int) -> float:
    """CPU seconds of reading the same rows."""
    opened = sqlite3.connect(file)
    began = time.process_time()
    found = {(row[0], row[1]): row[2:] for row in opened.execute(_SELECT)}
    taken = time.process_time() - began
    opened.close()
    if len(found) != count:
        raise RuntimeError(f"{len(found)} of {count} rows were read")
    return taken


def _bytes(entries: dict[int, int]) -> int:
    """All that a table of integers takes, keys and values included."""
    return sys.getsizeof(entries) + sum(
        sys.getsizeof(key) + sys.getsizeof(value) for key, value in entries.items()
    )
