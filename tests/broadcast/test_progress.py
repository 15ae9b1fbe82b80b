"""Rate and time left: honest from the first second on."""

import pytest

from broadcast.stage import NOW
from gatecrier.broadcast.model import Campaign, CampaignState, DeliveryState, Options, Tally, Text
from gatecrier.broadcast.progress import Pace
from gatecrier.kernel.clock import FakeClock

CAMPAIGN = Campaign(
    id=1,
    bot_id=7,
    name="news",
    content=Text(text="x"),
    options=Options(),
    state=CampaignState.RUNNING,
    created_at=NOW,
    active_since=NOW,
)


def sent(count: int) -> Tally:
    return Tally(audience=1000, states={DeliveryState.SENT: count, DeliveryState.SUPPRESSED: 100})


async def test_the_rate_is_of_the_last_half_minute(clock: FakeClock) -> None:
    """What it does now, not what it did an hour ago; suppressed rows cost no time and are no rate."""
    pace = Pace(clock)
    await clock.advance(100)
    first = pace.progress(CAMPAIGN, sent(100))
    assert (first.rate, first.eta_seconds) == (1.0, 800.0)
    for step in range(1, 5):
        await clock.advance(10)
        latest = pace.progress(CAMPAIGN, sent(100 + 200 * step))
    assert latest.rate == pytest.approx(20.0)
    assert latest.eta_seconds == pytest.approx(0.0)


async def test_a_campaign_that_stands_still_has_no_time_left(clock: FakeClock) -> None:
    """Nobody can say when a stalled campaign ends."""
    pace = Pace(clock)
    pace.progress(CAMPAIGN, sent(0))
    await clock.advance(10)
    assert pace.progress(CAMPAIGN, sent(0)).eta_seconds is None
