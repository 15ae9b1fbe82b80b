"""A gate under fire, small enough for every run of the tests; `make chaos` plays the whole size."""

from pathlib import Path

import pytest

from chaos import gate
from postgres import Postgres

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]

SMALL = gate.Size(
    webs=2,
    groups=12,
    channels=5,
    people=60,
    seconds=35.0,
    acts=15.0,
    kills=6,
    redis_outage=4.0,
    database_outage=8.0,
)


async def test_a_gate_under_fire(postgres: Postgres, tmp_path: Path) -> None:
    """Kills, freezes, outages, doubled and disordered updates: in the end exactly the strangers are held."""
    report = await gate.run(SMALL, 1, postgres, tmp_path)
    report.show()
    assert report.broken == []
