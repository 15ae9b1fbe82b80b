"""`python -m gatecrier_sandbox --port 8081`: a sandbox until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from gatecrier_sandbox.opening import DEMO, opened
from gatecrier_sandbox.server import Sandbox
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.worldfile import BrokenWorldFile

INVALID = 5
"""Exit code: the world file is no world."""


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="gatecrier_sandbox", description="A Telegram of your own, for tests."
    )
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one (default 8081)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", default="1", help=f"tokens and ids follow from it, or {DEMO} (default 1)")
    parser.add_argument("--world", type=Path, help="load this file if it is there; save it at the end")
    parser.add_argument("--no-limits", action="store_true", help="never answer 429 by itself")
    return parser.parse_args(argv)


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM; then save the world, if it has a file."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    limits = Limits.off() if options.no_limits else Limits()
    world = opened(options.world, seed=options.seed, limits=limits)
    async with Sandbox.start(port=options.port, host=options.host, world=world) as sandbox:
        sys.stderr.write(f"Bot API {sandbox.url}/bot<token>/<method>\nControl {sandbox.url}/sandbox\n")
        for bot in world.bots.values():
            sys.stderr.write(f"Bot @{world.people[bot.id].username} {bot.token}\n")
        await stop.wait()


def main() -> int:
    """Serve; 1 if the port cannot be had or the file not be written, 5 if it is no world."""
    options = arguments()
    try:
        uvloop.run(serve(options))
    except BrokenWorldFile as error:
        sys.stderr.write(f"{error}\n")
        return INVALID
    except OSError as error:
        place = error.filename or f"{options.host}:{options.port}"
        sys.stderr.write(f"{place}: {error.strerror or error}\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
