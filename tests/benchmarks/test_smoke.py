"""The benchmarks run; how fast anything is, is none of a test's business."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GROUPS = {"updates", "calls", "delivery", "rate", "answers", "standings", "sweep"} | (
    {"sandbox", "webhook", "million"} if sys.platform == "linux" else set()
)


@pytest.mark.story
def test_every_row_of_the_table_has_a_ratio() -> None:
    """`make bench` works at every commit: each contender does its work, and both sides cost something."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", "json"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("GATECRIER_")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {row["group"] for row in rows} == GROUPS
    assert all(row["ratio"] > 0 and row["ours_us"] > 0 and row["peer_us"] > 0 for row in rows)
