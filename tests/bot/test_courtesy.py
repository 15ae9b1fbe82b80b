"""Courtesy: idle commands must not use up the messages that the gate needs for its card."""

from gatecrier.bot.courtesy import PER_GROUP, PER_PERSON, WINDOW, Courtesy
from gatecrier.kernel.clock import FakeClock


async def test_one_person_is_answered_a_few_times_a_minute(clock: FakeClock) -> None:
    """Enough to correct a command, not enough to fill a group; other people are still answered."""
    courtesy = Courtesy(clock)
    assert [courtesy.may_answer(-1, 7) for _ in range(PER_PERSON + 1)] == [True] * PER_PERSON + [False]
    assert courtesy.may_answer(-1, 8)
    assert courtesy.may_answer(-2, 7)
    await clock.advance(WINDOW)
    assert courtesy.may_answer(-1, 7)


async def test_a_crowd_is_answered_a_few_times_a_minute(clock: FakeClock) -> None:
    """However many people ask, half of what Telegram allows a group stays free."""
    courtesy = Courtesy(clock)
    assert sum(courtesy.may_answer(-1, person) for person in range(100)) == PER_GROUP
