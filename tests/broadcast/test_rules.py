"""What broadcast decides, as tables."""

from datetime import timedelta

import pytest

from broadcast.stage import NOW, make_delivery
from gatecrier.broadcast import rules
from gatecrier.broadcast.model import (
    CampaignState,
    DeliveryState,
    Tally,
    Tried,
    UnknownPolicy,
    Verb,
    Verdict,
)
from gatecrier.kernel.errors import (
    BadContent,
    GatecrierError,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    PeerGone,
    Refused,
    TryLater,
)
from gatecrier.registry.model import SuppressionReason

S = DeliveryState


def failed(code: str, suppress: SuppressionReason | None = None) -> Verdict:
    return Verdict(state=S.FAILED, code=code, suppress=suppress)


def in_seconds(seconds: float, **more: object) -> Verdict:
    return Verdict(state=S.PENDING, due_at=NOW + timedelta(seconds=seconds), **more)  # type: ignore[arg-type]


ATTEMPTS: list[tuple[int, GatecrierError | None, Verdict]] = [
    (0, None, Verdict(state=S.SENT)),
    (4, None, Verdict(state=S.SENT)),
    (0, PeerGone("x", code="blocked"), failed("blocked", SuppressionReason.BLOCKED)),
    (0, PeerGone("x", code="deactivated"), failed("deactivated", SuppressionReason.DEACTIVATED)),
    (0, PeerGone("x", code="needs_start"), failed("needs_start", SuppressionReason.NEEDS_START)),
    (0, PeerGone("x", code="chat_not_found"), failed("chat_not_found", SuppressionReason.NEEDS_START)),
    (0, NotFound("x", code="some_chat_not_found"), failed("some_chat_not_found")),
    (
        0,
        Misconfigured("No source.", code="source_lost"),
        in_seconds(0, counts=False, campaign=Verb.PAUSE, cause="No source."),
    ),
    (0, PeerGone("x", code="cannot_write_to_person"), failed("cannot_write_to_person")),
    (0, PeerGone("x", code="kicked"), failed("kicked")),
    (0, Refused("x", code="unknown_400"), failed("unknown_400")),
    (0, Misconfigured("x", code="no_rights"), failed("no_rights")),
    (0, TryLater("x", retry_after=3, code="rate_limited"), in_seconds(3, counts=False)),
    (99, TryLater("x", retry_after=3, code="rate_limited"), in_seconds(3, counts=False)),
    (0, TryLater("x", retry_after=30, code="breaker_open"), in_seconds(30, counts=False, rest=30)),
    (0, TryLater("x", retry_after=1, code="unreachable"), in_seconds(1, code="unreachable", rest=1)),
    (3, TryLater("x", retry_after=1, code="unreachable"), in_seconds(8, code="unreachable", rest=1)),
    (4, TryLater("x", retry_after=1, code="unreachable"), failed("unreachable")),
    (0, OutcomeUnknown("x", code="no_answer"), Verdict(state=S.UNKNOWN, code="no_answer")),
    (
        0,
        BadContent("Bad markup.", code="bad_markup"),
        Verdict(state=S.FAILED, code="bad_markup", campaign=Verb.FAIL, cause="Bad markup."),
    ),
    (
        2,
        Misconfigured("Wrong token.", code="unauthorized"),
        in_seconds(0, counts=False, campaign=Verb.PAUSE, cause="Wrong token."),
    ),
]


@pytest.mark.parametrize(("attempts", "error", "expected"), ATTEMPTS)
def test_an_attempt_ends_in_exactly_one_verdict(
    attempts: int, error: GatecrierError | None, expected: Verdict
) -> None:
    """A flood wait postpones, a blocked bot suppresses, an unknown 403 does not, doubt is not repeated."""
    delivery = make_delivery(attempts=attempts)
    assert rules.after_attempt(delivery, error, now=NOW, max_attempts=5) == expected


@pytest.mark.parametrize(("attempts", "state"), [(0, S.PENDING), (3, S.PENDING), (4, S.UNKNOWN)])
def test_a_campaign_that_would_rather_send_twice_repeats_doubt(attempts: int, state: DeliveryState) -> None:
    """At least once: doubt is tried again, but not for ever."""
    verdict = rules.after_attempt(
        make_delivery(attempts=attempts),
        OutcomeUnknown("x"),
        now=NOW,
        max_attempts=5,
        unknown=UnknownPolicy.AT_LEAST_ONCE,
    )
    assert verdict.state is state


def tally(*, audience: int = 1000, sent: int = 0, unknown: int = 0, **codes: int) -> Tally:
    states = {S.SENT: sent, S.UNKNOWN: unknown, S.FAILED: sum(codes.values())}
    return Tally(audience=audience, states=states, failed=codes)


@pytest.mark.parametrize(
    ("counts", "pauses"),
    [
        (tally(sent=24, unknown_400=26), True),
        (tally(sent=25, unknown_400=25), False),
        (tally(sent=24, unknown=26), True),
        (tally(unknown_400=49), False),
        (tally(sent=20, blocked=30), False),
        (tally(sent=20, some_chat_not_found=30), True),
        (tally(sent=9, blocked=41), True),
        (tally(sent=40, unknown_400=5, blocked=5), False),
    ],
)
def test_a_campaign_pauses_itself_when_most_attempts_fail(counts: Tally, pauses: bool) -> None:
    """Over half failing for our reasons, or four fifths gone, of fifty at least, is a fault worth a look."""
    assert bool(rules.auto_pause(rules.tried(counts))) is pauses


def test_what_an_operator_resumed_over_is_judged_no_more() -> None:
    """A resume means "I have seen it": only what fails afterwards pauses again."""
    seen = rules.tried(tally(unknown_400=50))
    assert rules.auto_pause(seen)
    assert not rules.auto_pause(rules.tried(tally(sent=10, unknown_400=50)) - seen)


def test_a_process_that_died_says_nothing_of_the_message() -> None:
    """What was in flight when a worker was killed is in doubt, and held against no campaign."""
    crashed = Tally(
        audience=100,
        states={DeliveryState.UNKNOWN: 60, DeliveryState.SENT: 10},
        unknown={rules.WORKER_DIED: 55, "timeout": 5},
    )
    assert rules.tried(crashed) == Tried(attempts=15, errors=5)


@pytest.mark.parametrize(
    ("tried", "stops"),
    [
        (Tried(attempts=5, errors=5), True),
        (Tried(attempts=5, errors=4, gone=1), False),
        (Tried(attempts=5, gone=5), False),
        (Tried(attempts=4, errors=4), False),
    ],
)
def test_a_canary_stops_a_campaign_that_nobody_gets(tried: Tried, stops: bool) -> None:
    """When every one of the first deliveries fails for our reasons, the rest would too."""
    assert bool(rules.canary_verdict(5, tried)) is stops


def test_a_canary_finds_out_that_the_message_to_copy_is_lost() -> None:
    """What may be the source's fault is nobody's absence: the first few stop the campaign."""
    assert rules.canary_verdict(5, rules.tried(tally(some_chat_not_found=5)))
    assert not rules.canary_verdict(5, rules.tried(tally(chat_not_found=5)))


def test_ended_campaigns_stay_ended() -> None:
    """No verb leads out of cancelled or failed; out of finished only an operator's wish to repeat."""
    for state in (CampaignState.FINISHED, CampaignState.CANCELLED, CampaignState.FAILED):
        ways_out = {verb for verb in Verb if rules.may(state, verb) is not None}
        assert ways_out == ({Verb.REPEAT} if state is CampaignState.FINISHED else set())


@pytest.mark.parametrize("state", [s for s in CampaignState if s not in ("finished", "cancelled", "failed")])
def test_whatever_is_not_over_can_be_cancelled(state: CampaignState) -> None:
    """An operator can always stop what has not ended."""
    assert rules.may(state, Verb.CANCEL) is CampaignState.CANCELLED


def test_time_left_is_honest() -> None:
    """Nothing left takes no time; without a rate nobody knows."""
    assert rules.eta(0, 0.0) == 0.0
    assert rules.eta(100, 25.0) == 4.0
    assert rules.eta(100, 0.0) is None
