"""A process of its own: a campaign to so many subscribers, its first send, its memory, its CSV."""

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks import samples
from gatecrier.broadcast import report
from gatecrier.broadcast.model import Options, Text
from gatecrier.broadcast.senders import Senders
from gatecrier.broadcast.service import Broadcast, sender_key
from gatecrier.kernel import telemetry
from gatecrier.kernel.clock import SystemClock
from gatecrier.storage.database import Database
from gatecrier.storage.jobs import Jobs
from gatecrier.storage.migrate import migrate
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.transport import Reply

CLOCK = SystemClock()
LOOK = 0.05  # seconds between two looks at the snapshot
SENT = Reply(200, b'{"ok":true,"result":{"message_id":1}}')


class Network:
    """Answers at once, and remembers when the first message left."""

    def __init__(self) -> None:
        self.first = asyncio.Event()

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109
        """What Telegram answers to sendMessage."""
        del url, body, timeout
        self.first.set()
        return SENT

    async def close(self) -> None:
        """Nothing is open."""


async def main(count: int) -> dict[str, float]:
    """Seconds and bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        database = Database.at(f"sqlite:///{path}")
        await migrate(database)
        _fill(path, count)
        before = _size(path)
        network = Network()
        budgets = Budgets(CLOCK, per_bot=25.0)
        gateway = Gateway(network, budgets, clock=CLOCK, rng=random.Random(1), api_url="http://tg")
        bot = Bot(samples.TOKEN, gateway)
        broadcast = Broadcast(database, clock=CLOCK, jobs=Jobs(CLOCK, database))
        senders = Senders({bot.bot_id: bot}, budgets, database, clock=CLOCK, worker="bench")
        campaign = await broadcast.create(
            bot.bot_id, "x", Text(text="Hello"), actor="bench", options=Options(canary=5)
        )
        began = time.perf_counter()
        await broadcast.start(campaign.id, actor="bench")
        sending = asyncio.create_task(senders.run(sender_key(bot.bot_id)))
        await network.first.wait()
        first = time.perf_counter() - began
        while not (await broadcast.get(campaign.id)).is_prepared:
            await CLOCK.sleep(LOOK)
        written = time.perf_counter() - began
        ledger = _size(path) - before
        await senders.stop()
        await sending
        began = time.perf_counter()
        lines = 0
        async for piece in report.lines(database, campaign.id):
            lines += piece.count("\n")
        csv = time.perf_counter() - began
        await database.close()
    if lines != count + 1:
        raise RuntimeError(f"the report has {lines} lines")
    return {"first": first, "written": written, "ledger": ledger, "csv": csv, "peak": _peak()}


def _peak() -> int:
    """Bytes of memory at the largest; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def _fill(path: Path, count: int) -> None:
    """Written without us, and not measured."""
    with sqlite3.connect(path) as bare:
        bare.execute(
            "INSERT INTO subscribers (bot_id, person_id, first_name, username, language_code, is_premium, "
            "source, started_at, last_seen_at) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "SELECT ?, 5000000000 + i, 'Ann', '', 'en', 0, '', "
            "'2026-11-01 00:00:00.000000', '2026-11-01 00:00:00.000000' FROM n",
            (count, samples.BOT_ID),
        )
    bare.close()


def _size(path: Path) -> int:
    with sqlite3.connect(path) as bare:
        bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bare.close()
    return path.stat().st_size


if __name__ == "__main__":
    telemetry.configure("error")
    sys.stdout.write(json.dumps(uvloop.run(main(int(sys.argv[1])))))
