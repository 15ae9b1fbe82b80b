"""The demo, as a newcomer runs it."""

import asyncio
import json
import sys

import pytest

pytestmark = pytest.mark.story


async def test_the_demo_plays_both_stories_and_counts_right() -> None:
    """`gatecrier demo --once` ends by itself with exit code 0, and one JSON object on standard output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gatecrier", "demo", "--once", "--subscribers", "100", "--output", "json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    shown = json.loads(out)
    campaign = shown["broadcast"]
    assert campaign["audience"] == 100
    assert sum(campaign[state] for state in ("sent", "failed", "suppressed", "unknown")) == 100
    assert shown["gate"]["held"] == 12
    assert shown["gate"]["wrongly_held"] == shown["gate"]["missed"] == 0
    assert shown["gate"]["decisions"]["member"] == 46
