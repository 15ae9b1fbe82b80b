"""AIMD: the rate of a bot in bulk follows what Telegram shows."""

from hypothesis import given
from hypothesis import strategies as st

from gatecrier.telegram.pace import CALM, DECREASE, FLOOR, SAMPLE, SETTLE, Pace


def test_a_429_slows_down_once_however_many_calls_met_it() -> None:
    """Twenty-five calls in flight hear of one limit."""
    pace = Pace(25)
    assert pace.limited(10.0)
    assert not any(pace.limited(10.0 + late / 100) for late in range(25))
    assert pace.rate == 25 * DECREASE
    assert pace.limited(10.0 + SETTLE)
    assert pace.rate == 25 * DECREASE * DECREASE


def test_calm_brings_the_rate_back_step_by_step_to_the_ceiling_and_no_further() -> None:
    """One message a second more for every five calm seconds."""
    pace = Pace(25)
    pace.limited(0.0)
    slowed = pace.rate
    for tick in range(1, 1000):
        pace.answered(tick * CALM / 10, 0.05)
        assert pace.rate <= min(25, slowed + tick / 10)
    assert pace.rate == 25


def test_no_growth_before_it_was_calm() -> None:
    """A 429 within the settling time changes nothing, and is no calm either."""
    pace = Pace(25)
    pace.limited(0.0)
    slowed = pace.rate
    pace.limited(2.0)
    pace.answered(6.9, 0.05)
    assert pace.rate == slowed
    pace.answered(7.1, 0.05)
    assert pace.rate == slowed + 1


def test_a_rest_counts_as_calm() -> None:
    """An hour after a flood the bot is as fast as ever, though it sent nothing meanwhile."""
    pace = Pace(25)
    for second in range(0, 60, 4):
        pace.limited(float(second))
    assert pace.rate == FLOOR
    pace.answered(60 + 2 * CALM, 0.05)
    assert FLOOR + 2 <= pace.rate <= FLOOR + 3
    pace.answered(3600.0, 0.05)
    assert pace.rate == 25


def test_a_rising_p95_is_a_flood_wait_that_the_server_hides() -> None:
    """Calls that took 80 ms take two seconds: slower, before any 429."""
    pace = Pace(30)
    for number in range(SAMPLE):
        pace.answered(number / 30, 0.08)
    assert pace.rate == 30
    for number in range(SAMPLE):
        pace.answered(10 + number / 30, 2.0 if number % 10 == 0 else 0.08)
    assert pace.rate == 30 * DECREASE


def test_a_slow_network_is_no_limit() -> None:
    """Whose calls always take 1.5 s is far away, not limited."""
    pace = Pace(30)
    for number in range(20 * SAMPLE):
        pace.answered(number / 30, 1.5)
    assert pace.rate == 30


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 30), st.floats(0, 10)), max_size=300))
def test_the_rate_stays_between_floor_and_ceiling(signs: list[tuple[bool, float, float]]) -> None:
    """Whatever happens, in whatever order."""
    pace, now = Pace(25), 0.0
    for limited, after, seconds in signs:
        now += after
        pace.limited(now) if limited else pace.answered(now, seconds)
        assert FLOOR <= pace.rate <= 25
