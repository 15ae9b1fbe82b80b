"""A campaign under fire, small enough for every run of the tests; `make chaos` plays the whole size."""

from pathlib import Path

import pytest

from chaos import campaign
from postgres import Postgres

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]

SMALL = campaign.Size(
    workers=3, recipients=6_000, rate=100.0, kills=8, redis_outages=1, database_outages=1, patience=150.0
)


async def test_a_campaign_under_fire(postgres: Postgres, tmp_path: Path) -> None:
    """Kills, freezes and outages: the books balance, nobody is written to twice, the rate is kept."""
    report = await campaign.run(SMALL, 1, postgres, tmp_path)
    report.show()
    assert report.broken == []
