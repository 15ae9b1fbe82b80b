"""`make bench`, or `make bench ARGS="--quick --output json --only updates"`."""

import argparse
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import uvloop

from benchmarks import calls, decisions, delivery, million, rate, sandbox, standings, sweep, table, webhook
from benchmarks.measure import Cores, Row, Size, pin
from benchmarks.servers import RESPONDER, Server, serving
from gatecrier.kernel import telemetry

Group = Callable[[Size, Server], Awaitable[list[Row]]]

GROUPS: dict[str, Group] = {
    decisions.GROUP: decisions.rows,
    calls.GROUP: calls.rows,
    sandbox.GROUP: sandbox.rows,
    delivery.GROUP: delivery.rows,
    rate.GROUP: rate.rows,
    rate.ANSWERS: rate.answers,
    standings.GROUP: standings.rows,
    sweep.GROUP: sweep.rows,
    webhook.GROUP: webhook.rows,
    million.GROUP: million.rows,
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Ourselves beside our peers, as ratios.")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="some seconds: does it all work?")
    length.add_argument("--long", action="store_true", help="campaigns to 100,000, and 10,000 at 25/s")
    parser.add_argument("--postgres", default="", help="an empty database, postgresql://user@host/name")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    parser.add_argument("--only", choices=tuple(GROUPS), help="one group of rows")
    return parser.parse_args()


async def measured(size: Size, only: str | None, cores: Cores) -> list[Row]:
    """The rows of all groups, or of one; says on stderr which it is at."""
    rows: list[Row] = []
    with serving(RESPONDER, cores.theirs) as responder:
        for name, group in GROUPS.items():
            if only in (None, name):
                began = time.monotonic()
                rows += await group(size, responder)
                sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    return rows


def main() -> int:
    """Measure and print; 0 whatever the ratios are, for a budget missed is no breakage."""
    options = arguments()
    size = Size.quick() if options.quick else Size.long() if options.long else Size()
    size = replace(size, postgres=options.postgres)
    cores = Cores.pick()
    pin(0, cores.ours)
    telemetry.configure("warning")
    rows = uvloop.run(measured(size, options.only, cores))
    if options.output == "json":
        print(json.dumps({"machine": table.machine(), "rows": [row.as_json() for row in rows]}, indent=2))
    else:
        table.show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
