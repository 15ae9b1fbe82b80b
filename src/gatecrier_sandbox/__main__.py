"""`python -m gatecrier_sandbox --port 8081`: a sandbox until Ctrl-C."""

import argparse
import asyncio
import signal
import sys

import uvloop

from gatecrier_sandbox.server import Sandbox
from gatecrier_sandbox.world.limits import Limits


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="gatecrier_sandbox", description="A Telegram of your own, for tests."
    )
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one (default 8081)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", type=int, default=1, help="tokens and ids follow from it (default 1)")
    parser.add_argument("--no-limits", action="store_true", help="never answer 429 by itself")
    return parser.parse_args(argv)


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    limits = Limits.off() if options.no_limits else Limits()
    async with Sandbox.start(
        port=options.port, host=options.host, limits=limits, seed=options.seed
    ) as sandbox:
        sys.stderr.write(f"Bot API {sandbox.url}/bot<token>/<method>\nControl {sandbox.url}/sandbox\n")
        await stop.wait()


def main() -> int:
    """Serve; 1 if the port cannot be had."""
    options = arguments()
    try:
        uvloop.run(serve(options))
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
