"""Fire by hand: `make chaos ARGS="campaign --seed 7"`; the whole size of issue E, which takes minutes."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos import campaign, gate
from chaos.report import Report
from postgres import find_postgres

SCENARIOS = {
    "campaign": lambda seed, postgres, folder: campaign.run(campaign.Size(), seed, postgres, folder),
    "gate": lambda seed, postgres, folder: gate.run(gate.Size(), seed, postgres, folder),
}


def main() -> int:
    """Run one scenario; 1 when something that must hold does not."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gatecrier-chaos-"))
    sys.stdout.write(f"logs: {folder}\n")
    factory = pytest.TempPathFactory(folder, 0, "none", trace=lambda *_: None, _ispytest=True)
    postgres = find_postgres(factory)
    try:
        report: Report = asyncio.run(SCENARIOS[options.scenario](options.seed, postgres, folder))
    finally:
        postgres.close()
    report.show()
    return 1 if report.broken else 0


sys.exit(main())
