"""`make defences`: every defence is taken out in turn; a test that still passes then protects nothing."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from defences.catalogue import DEFENCES, Defence

ROOT = Path(__file__).parents[2]
QUICK = {"GATE_WORLD_QUICK": "1"}
"""The property test need not shrink what it finds here."""
PASSED, FAILED = 0, 1
"""pytest's exit codes; any other means that the tests did not run at all."""


def main() -> int:
    """0 when every defence is missed by its tests."""
    parser = argparse.ArgumentParser(
        prog="defences", description="Take each defence out; its tests must fail."
    )
    parser.add_argument("rows", nargs="*", help="only these rows, such as N3 or 12")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    options = parser.parse_args()
    chosen = [each for each in DEFENCES if not options.rows or each.row in options.rows]
    with ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(_verdict, chosen))
    for defence, verdict in zip(chosen, verdicts, strict=True):
        sys.stdout.write(f"{defence.row:>4}  {verdict:<10} {defence.what}\n")
    missed = verdicts.count("missed")
    sys.stdout.write(f"{missed} of {len(verdicts)} defences are missed by their tests when taken out\n")
    return 0 if missed == len(verdicts) else 1


def _verdict(defence: Defence) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        defence.take_out(source)
        environment = os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"} | QUICK
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *defence.tests]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == FAILED:
        return "missed"
    return "NOT MISSED" if done.returncode == PASSED else f"BROKEN {done.returncode}: {done.stdout[-300:]}"


if __name__ == "__main__":
    sys.exit(main())
