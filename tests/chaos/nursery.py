"""
Forks processes of the product, to be killed: everything is imported once, so that a start takes milliseconds.

Each line of standard input is a JSON object (role, rate, env, log); its process id is printed. The children
are what `gatecrier run --role …` is, but for the rate, which only a sandbox allows.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import gatecrier.bot.dispatcher  # noqa: F401 - aiogram takes seconds: once
from gatecrier.cli.run import work
from gatecrier.kernel.settings import GateSettings, Role, load
from gatecrier.kernel.telemetry import configure
from journeys.conftest import fast


async def live(role: Role, rate: float) -> None:
    """As `gatecrier run`, at a rate that only a sandbox allows."""
    configure("info")
    await work(fast(load(), rate).model_copy(update={"gate": GateSettings(sweep_rate=50)}), role)


def child(order: dict[str, Any]) -> None:
    """Be that process until it ends."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ.update(order["env"])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        asyncio.run(live(Role(order["role"]), order["rate"]))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        if code:
            import traceback

            traceback.print_exc()
        os._exit(code)


def main() -> None:
    """Until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries them
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(order)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


main()
