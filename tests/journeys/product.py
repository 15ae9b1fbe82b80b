"""`gatecrier run` at a rate that only a sandbox allows; started as a process of its own, to be killed."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gatecrier.app import build
from gatecrier.kernel.settings import load
from gatecrier.kernel.telemetry import configure
from journeys.conftest import fast


async def main() -> None:
    configure("warning")
    async with build(fast(load(), float(sys.argv[1]))) as app:
        await app.run()


asyncio.run(main())
