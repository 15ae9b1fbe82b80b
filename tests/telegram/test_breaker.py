"""The breaker's three states."""

import pytest

from gatecrier.kernel.errors import TryLater
from gatecrier.telegram.breaker import Breaker, State


def broken() -> Breaker:
    """A breaker that opened at 0."""
    breaker = Breaker()
    for _ in range(3):
        breaker.failed(breaker.enter(0), 0)
    return breaker


def test_three_failures_in_a_row_open_it() -> None:
    """Then nothing is sent, and the caller hears when to come again."""
    with pytest.raises(TryLater) as error:
        broken().enter(10)
    assert (error.value.code, error.value.retry_after) == ("breaker_open", 20)


def test_a_success_in_between_starts_the_count_again() -> None:
    """Scattered failures are life, not an outage."""
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(breaker.enter(0), 0)
        breaker.failed(breaker.enter(0), 0)
        breaker.succeeded(breaker.enter(0))
    assert breaker.state is State.CLOSED


def test_after_half_a_minute_one_probe_at_a_time_goes_through() -> None:
    """A far side that recovers is not run over."""
    breaker = broken()
    breaker.enter(30)
    with pytest.raises(TryLater):
        breaker.enter(30)


def test_two_successful_probes_close_it() -> None:
    """One success may be luck."""
    breaker = broken()
    states = []
    for now in (30, 31):
        breaker.succeeded(breaker.enter(now))
        states.append(breaker.state)
    assert states == [State.HALF_OPEN, State.CLOSED]
    breaker.enter(31)
    breaker.enter(31)


def test_a_failed_probe_opens_it_again() -> None:
    """The half minute starts anew."""
    breaker = broken()
    breaker.failed(breaker.enter(30), 31)
    with pytest.raises(TryLater) as error:
        breaker.enter(31)
    assert error.value.retry_after == 30


def test_a_probe_that_was_given_up_lets_the_next_one_go() -> None:
    """A cancelled call must not keep the breaker half open for ever."""
    breaker = broken()
    breaker.left(breaker.enter(30))
    breaker.succeeded(breaker.enter(30))
    assert breaker.state is State.HALF_OPEN


def test_calls_from_before_do_not_count_afterwards() -> None:
    """A request that began before the breaker opened neither closes it nor prolongs it."""
    breaker = Breaker()
    old = breaker.enter(0)
    for _ in range(3):
        breaker.failed(breaker.enter(0), 0)
    breaker.succeeded(old)
    breaker.failed(old, 20)
    assert breaker.state is State.OPEN
    breaker.enter(30)


def test_a_look_changes_nothing() -> None:
    """Whoever only asks whether it is open neither becomes the probe nor waits for one."""
    breaker = broken()
    with pytest.raises(TryLater):
        breaker.check(29)
    breaker.check(30)
    assert breaker.state is State.OPEN
    breaker.enter(30)
    with pytest.raises(TryLater):
        breaker.check(30)
