"""
Forks senders of a campaign, to be killed: everything is imported once, so that a life takes milliseconds.

Each line of standard input starts a child, whose process id is printed; the next line buries the last one.
"""

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gatecrier.app import build
from gatecrier.broadcast.service import sender_key
from gatecrier.kernel.settings import load
from gatecrier.kernel.telemetry import configure
from journeys.conftest import fast

PAUSE = 0.02  # seconds before an idle sender is woken again, as the reconciler would


async def live() -> None:
    """What a process does for a campaign from its start on, until it is killed."""
    configure("error")
    async with build(fast(load(), float(sys.argv[1]))) as app:
        await app.reconciler.take_over(app.first.bot_id)
        while True:
            await app.first.senders.run(sender_key(app.first.bot_id))
            await asyncio.sleep(PAUSE)


def main() -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(live())
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)


main()
