"""What broadcast decides: pure, total, with time as an argument."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gatecrier.broadcast.model import (
    ATTEMPTED,
    Campaign,
    CampaignState,
    Delivery,
    DeliveryState,
    Tally,
    Tried,
    UnknownPolicy,
    Verb,
    Verdict,
)
from gatecrier.kernel.errors import (
    BadContent,
    Conflict,
    GatecrierError,
    Misconfigured,
    OutcomeUnknown,
    PeerGone,
    TryLater,
)
from gatecrier.registry.model import SuppressionReason

MAX_ATTEMPTS = 5
"""Calls for one delivery, those included whose outcome stayed unknown."""

LONGEST_BACKOFF = 900.0
"""Seconds: the wait before another attempt doubles with each, up to this."""

UNKNOWN_BACKOFF = 30.0
"""Seconds before an at-least-once delivery is tried again after doubt: the server is in trouble."""

WORKER_DIED = "worker_died"
"""The code of a delivery whose worker ended between the call and its record: nobody knows, and it says
nothing of the message."""

POSTPONEMENTS = frozenset({"rate_limited", "breaker_open"})
"""Codes of TryLater that say nothing of this message: it was not accepted for trying at all."""

JUDGED_FROM = 50
"""Attempts before a campaign is judged: fewer say nothing of the rest."""

MOST_ERRORS = 0.5
MOST_GONE = 0.8
"""Shares of attempts above which a campaign pauses. Old audiences lose half; four fifths is a fault."""

MESSAGES_PER_STAR = 10
"""Above the free rate a message costs 0.1 Stars (Bot API, allow_paid_broadcast)."""

OF_ONE_CHAT = frozenset({"no_rights", "not_a_supergroup"})
"""Codes of Misconfigured that are about one recipient's chat: no reason to stop for all."""

SUPPRESSING = {
    "blocked": SuppressionReason.BLOCKED,
    "deactivated": SuppressionReason.DEACTIVATED,
    "needs_start": SuppressionReason.NEEDS_START,
    "chat_not_found": SuppressionReason.NEEDS_START,
}
"""Codes of PeerGone that tell something lasting of the person. An unknown 403 is not among them: it was
seen to pass by itself, and once cost a bot 3 % of its subscribers (facts/broadcasting.md §0.8)."""

UNHEARD_OF = "unknown_400"
"""The code of a 400 that nobody has seen."""

SOFT = "cannot_write_to_person"
"""The code of a 403 whose reason nobody knows."""
SOFT_LIMIT = 3
"""Campaigns in a row that end so for a person before they are given up."""

S = CampaignState
MOVES: Mapping[tuple[CampaignState, Verb], CampaignState] = {
    (S.DRAFT, Verb.START): S.PREPARING,
    (S.DRAFT, Verb.CANCEL): S.CANCELLED,
    (S.DRAFT, Verb.SCHEDULE): S.SCHEDULED,
    (S.SCHEDULED, Verb.SCHEDULE): S.SCHEDULED,  # at another moment
    (S.SCHEDULED, Verb.UNSCHEDULE): S.DRAFT,
    (S.SCHEDULED, Verb.START): S.PREPARING,
    (S.SCHEDULED, Verb.CANCEL): S.CANCELLED,
    (S.PREPARING, Verb.PREPARED): S.RUNNING,
    (S.PREPARING, Verb.PAUSE): S.PAUSED,
    (S.PREPARING, Verb.CANCEL): S.CANCELLED,
    (S.PREPARING, Verb.FAIL): S.FAILED,
    (S.RUNNING, Verb.PAUSE): S.PAUSED,
    (S.RUNNING, Verb.CANCEL): S.CANCELLED,
    (S.RUNNING, Verb.FINISH): S.FINISHED,
    (S.RUNNING, Verb.FAIL): S.FAILED,
    (S.PAUSED, Verb.RESUME): S.PREPARING,  # and on to RUNNING at once when the audience is written
    (S.PAUSED, Verb.CANCEL): S.CANCELLED,
    (S.PAUSED, Verb.REPEAT): S.PAUSED,
    (S.FINISHED, Verb.REPEAT): S.PREPARING,
    (S.PAUSED, Verb.FAIL): S.FAILED,  # by a call that was in flight when it paused
}


def may(state: CampaignState, verb: Verb) -> CampaignState | None:
    """The state that `verb` leads to; None when it is not possible now."""
    return MOVES.get((state, verb))


def demand(campaign: Campaign, verb: Verb) -> CampaignState:
    """
    The state that `verb` leads a campaign to.

    Raises:
        Conflict: its state forbids that now.
    """
    to = may(campaign.state, verb)
    if to is None:
        raise Conflict(f"Campaign {campaign.id} is {campaign.state}: it cannot {verb} now.")
    return to


def after_attempt(
    delivery: Delivery,
    error: GatecrierError | None,
    *,
    now: datetime,
    max_attempts: int = MAX_ATTEMPTS,
    unknown: UnknownPolicy = UnknownPolicy.AT_MOST_ONCE,
    paid: bool = False,
) -> Verdict:
    """
    Decide what a finished attempt means; `delivery.attempts` does not yet count this one.

    Args:
        paid: It was to be paid for. How Telegram says that this is not allowed is not published, so a 400
            that nobody has seen pauses the campaign.
    """
    may_repeat = delivery.attempts + 1 < max_attempts
    match error:
        case None:
            return Verdict(state=DeliveryState.SENT)
        case TryLater():
            return _later(delivery, error, now, may_repeat=may_repeat)
        case OutcomeUnknown():
            return _in_doubt(error, now, repeat=may_repeat and unknown is UnknownPolicy.AT_LEAST_ONCE)
        case Misconfigured() if error.code not in OF_ONE_CHAT:
            return Verdict(
                state=DeliveryState.PENDING, due_at=now, counts=False, campaign=Verb.PAUSE, cause=str(error)
            )
        case BadContent():
            return Verdict(state=DeliveryState.FAILED, code=error.code, campaign=Verb.FAIL, cause=str(error))
        case _:
            return _refused(error, paid=paid)


def _refused(error: GatecrierError, *, paid: bool) -> Verdict:
    if paid and error.code == UNHEARD_OF:
        cause = f"Telegram refuses what is to be paid for: {error}"
        return Verdict(state=DeliveryState.FAILED, code=error.code, campaign=Verb.PAUSE, cause=cause)
    lasting = SUPPRESSING.get(error.code) if isinstance(error, PeerGone) else None
    return Verdict(state=DeliveryState.FAILED, code=error.code, suppress=lasting)


def _in_doubt(error: OutcomeUnknown, now: datetime, *, repeat: bool) -> Verdict:
    if not repeat:
        return Verdict(state=DeliveryState.UNKNOWN, code=error.code)
    due_at = now + timedelta(seconds=UNKNOWN_BACKOFF)
    return Verdict(state=DeliveryState.PENDING, code=error.code, due_at=due_at)


def _later(delivery: Delivery, error: TryLater, now: datetime, *, may_repeat: bool) -> Verdict:
    """A limit postpones and is no attempt; a line that is down is one, each time after a longer wait."""
    if error.code in POSTPONEMENTS:
        due_at = now + timedelta(seconds=error.retry_after)
        rest = 0.0 if error.code == "rate_limited" else error.retry_after  # the budgets know of rate limits
        return Verdict(state=DeliveryState.PENDING, due_at=due_at, counts=False, rest=rest)
    if not may_repeat:
        return Verdict(state=DeliveryState.FAILED, code=error.code)
    wait = min(error.retry_after * 2**delivery.attempts, LONGEST_BACKOFF)
    due_at = now + timedelta(seconds=wait)
    return Verdict(state=DeliveryState.PENDING, code=error.code, due_at=due_at, rest=error.retry_after)


def is_given_up(newest_first: Sequence[DeliveryState]) -> bool:
    """
    Whether somebody is not to be tried any more, by how their last campaigns ended: SENT or refused softly.

    Every third refusal in a row counts, not each from the third on: whoever wrote to the bot since they
    were given up gets three new tries.
    """
    sent = (number for number, state in enumerate(newest_first) if state is DeliveryState.SENT)
    refused = next(sent, len(newest_first))
    return refused > 0 and refused % SOFT_LIMIT == 0


def tried(tally: Tally) -> Tried:
    """Sort the attempts so far into what a campaign is judged by."""
    gone = sum(count for code, count in tally.failed.items() if code in SUPPRESSING)
    died = tally.unknown.get(WORKER_DIED, 0)
    wrong = tally.of(DeliveryState.FAILED, DeliveryState.UNKNOWN) - gone - died
    return Tried(attempts=tally.of(*ATTEMPTED) - died, errors=wrong, gone=gone)


def canary_left(size: int, tally: Tally) -> int:
    """How many more deliveries must be awaited before the rest may go out."""
    return max(0, size - tally.of(*ATTEMPTED))


def canary_verdict(size: int, so_far: Tried) -> str:
    """Why the campaign must pause after its canary; "" to go on. (Bad content has failed it by now.)"""
    if not 0 < size <= so_far.attempts or so_far.errors < so_far.attempts:
        return ""
    return f"None of the first {so_far.attempts} deliveries arrived."


def auto_pause(so_far: Tried) -> str:
    """Why a running campaign must pause, judged by its attempts since it was last resumed; "" to go on."""
    if so_far.attempts < JUDGED_FROM:
        return ""
    if so_far.errors > MOST_ERRORS * so_far.attempts:
        return (
            f"{so_far.errors} of {so_far.attempts} deliveries failed for reasons that are not the person's."
        )
    if so_far.gone > MOST_GONE * so_far.attempts:
        return f"{so_far.gone} of {so_far.attempts} persons have blocked or never started this bot."
    return ""


def judge(campaign: Campaign, tally: Tally, *, balance: int | None = None) -> tuple[Verb | None, str]:
    """
    What an active campaign does by itself now (FINISH, or PAUSE with its cause); None: go on.

    Args:
        balance: The bot's Stars; None: nobody knows.
    """
    if tally.open == 0 and campaign.state is CampaignState.RUNNING:
        return Verb.FINISH, ""
    if affordable(campaign, tally) == 0:
        return Verb.PAUSE, f"Its {campaign.options.stars} Stars may be spent."
    if balance is not None and (short := shortage(stars_needed(campaign, tally), balance)):
        return Verb.PAUSE, short
    so_far = tried(tally) - campaign.excused
    cause = canary_verdict(campaign.options.canary, so_far) or auto_pause(so_far)
    return (Verb.PAUSE, cause) if cause else (None, "")


def affordable(campaign: Campaign, tally: Tally) -> int | None:
    """
    How many more calls the Stars of a paid campaign pay for; None: it is not paid.

    Each is counted as if it cost, those too that Telegram charges nothing for: a stop-loss errs on that side.
    """
    if not campaign.options.paid:
        return None
    called = tally.of(*ATTEMPTED, DeliveryState.SENDING) + campaign.called_before
    return max(0, campaign.options.stars * MESSAGES_PER_STAR - called)


def stars_needed(campaign: Campaign, tally: Tally) -> int:
    """What the rest of a campaign may cost at most, in Stars; 0: it is not paid, or nothing is left."""
    calls = affordable(campaign, tally)
    return 0 if calls is None else -(-min(calls, tally.open) // MESSAGES_PER_STAR)


def shortage(needed: int, balance: int) -> str:
    """Why a campaign that may cost so many Stars must not send at the paid rate; "": it may."""
    return f"The bot has {balance} Stars, and this may cost {needed}." if balance < needed else ""


def eta(open_rows: int, rate: float) -> float | None:
    """Seconds until `open_rows` are done at `rate` a second; None while there is no rate to go by."""
    if open_rows == 0:
        return 0.0
    return open_rows / rate if rate > 0 else None
