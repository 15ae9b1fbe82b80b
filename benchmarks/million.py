"""Rows 9: a million subscribers cost no memory, and the first does not wait for the last."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import MICRO, Ratio, Row, Size
from benchmarks.servers import Server

GROUP = "million"
MORE_MEMORY = 30  # MiB that many subscribers may take more than few
BEGINS_WITHIN = 2.0  # seconds
"""The budgets of design.md §11."""
MIB = 2**20


async def rows(size: Size, _responder: Server) -> list[Row]:
    """Processes of their own, for their memory: one with few subscribers, one with many. Linux only."""
    if sys.platform != "linux":
        return []
    few, many = (_audience(count) for count in (size.few, size.many))
    per_million = many["ledger"] / size.many * 1e6 / MIB
    return [
        Row(
            group=GROUP,
            what=f"memory, a campaign to {size.many:,}, MiB",
            ours=many["peak"] / MIB,
            peer=f"of one to {size.few:,}, + {MORE_MEMORY}",
            theirs=few["peak"] / MIB + MORE_MEMORY,
            reads=Ratio.OVERHEAD,
            budget=1.0,
            note=f"{(many['peak'] - few['peak']) / MIB:+.0f} MiB, with a CSV of all in {many['csv']:.1f} s; "
            f"ledger {per_million:.0f} MiB a million",
        ),
        Row(
            group=GROUP,
            what=f"first send after the start, {size.many:,}",
            ours=many["first"] * MICRO,
            peer="what was promised",
            theirs=BEGINS_WITHIN * MICRO,
            reads=Ratio.OVERHEAD,
            budget=1.0,
            note=f"{many['first']:.2f} s, {few['first']:.2f} of {size.few:,}; "
            f"all in the ledger after {many['written']:.1f} s",
        ),
    ]


def _audience(count: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.audience", str(count)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told
