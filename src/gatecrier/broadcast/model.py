"""What a campaign is: its content, its state, its deliveries, and how far it has come."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gatecrier.broadcast.content.model import (
    Album,
    Button,
    Buttons,
    Content,
    Copy,
    Media,
    MediaKind,
    Message,
    ParseMode,
    Recipient,
    Text,
    Variant,
    Variants,
)
from gatecrier.registry.model import SuppressionReason

__all__ = [
    "ACTIVE",
    "ATTEMPTED",
    "ENDED",
    "FINAL",
    "Album",
    "Button",
    "Buttons",
    "Campaign",
    "CampaignState",
    "Content",
    "Copy",
    "Delivery",
    "DeliveryState",
    "Media",
    "MediaKind",
    "Message",
    "Options",
    "Outcome",
    "ParseMode",
    "Progress",
    "Recipient",
    "Tally",
    "Text",
    "Tried",
    "UnknownPolicy",
    "Variant",
    "Variants",
    "Verb",
    "Verdict",
]


class CampaignState(StrEnum):
    """Where a campaign stands; `rules.may` is the table of moves between them."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"  # it starts by itself at its moment
    PREPARING = "preparing"  # the audience is being written; sending has begun already
    RUNNING = "running"
    PAUSED = "paused"  # by an operator (no cause), or by itself (the cause says why)
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"  # Telegram rejects the content: no recipient could get it


class Verb(StrEnum):
    """What moves a campaign from state to state; the last three are never an operator's."""

    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    REPEAT = "repeat"
    PREPARED = "prepared"
    FINISH = "finish"
    FAIL = "fail"


class DeliveryState(StrEnum):
    """Where one row of the ledger stands; the last four are final."""

    PENDING = "pending"
    LEASED = "leased"  # a worker holds it, no call was made
    SENDING = "sending"  # the call may be out
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"  # the call was out, and nobody knows what came of it


FINAL = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SUPPRESSED, DeliveryState.UNKNOWN)
ATTEMPTED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)
"""Final states that took a call."""


class UnknownPolicy(StrEnum):
    """What to do when nobody knows whether a call arrived: doubt, or perhaps twice."""

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a campaign is sent."""

    #: Deliveries whose outcome is awaited before the rest goes out; 0: none.
    canary: int = 5
    unknown: UnknownPolicy = UnknownPolicy.AT_MOST_ONCE
    #: Calls of it in flight at once, at most: what a crash may leave unknown.
    window: int = 25
    #: Messages a second of this campaign, at most; 0: as many as the bot may send.
    rate: float = 0.0
    #: Each gets it when their clock next shows this time ("10:00"), from the start on; "": at once.
    local_time: str = ""
    #: A message of service, such as a receipt: the frequency cap does not hold it.
    service: bool = False
    #: It cannot wait: quiet hours do not hold it.
    urgent: bool = False
    #: Count who presses which button.
    track: bool = False
    #: Seconds after which each message is deleted again; 0: never.
    delete_after: int = 0
    #: Send faster than the free rate, for Stars: 0.1 for each message above it.
    paid: bool = False
    #: The most it may cost, in Stars; counted as if every message cost.
    stars: int = 0
    #: A test: only these persons, by Telegram's id; empty: all subscribers of the bot.
    only: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of the attempts so far, as far as a campaign is judged by it."""

    attempts: int = 0
    #: Failed or unknown for another reason than the person's own.
    errors: int = 0
    #: The person blocked the bot, deleted the account, or never started it.
    gone: int = 0

    def __sub__(self, other: "Tried") -> "Tried":
        return Tried(
            attempts=self.attempts - other.attempts,
            errors=self.errors - other.errors,
            gone=self.gone - other.gone,
        )


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One message to one audience."""

    id: int
    bot_id: int
    name: str
    content: Content
    options: Options
    state: CampaignState
    #: Why it paused or failed by itself; "" when an operator did it.
    cause: str = ""
    #: Rows in the ledger: grows while the campaign prepares, then stays.
    audience: int = 0
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    #: Since when it has been sending; None while it does not.
    active_since: datetime | None = None
    #: Seconds it was sending before `active_since`: pauses do not count.
    active_seconds: float = 0.0
    #: The newest subscriber of the audience, fixed at start, and the last one written to the ledger.
    snapshot_upto: int = 0
    snapshot_cursor: int = 0
    #: Attempts and failures an operator has seen and resumed over: judged no more.
    excused: Tried = Tried()
    #: Calls for rows that were sent again since: they cost Stars, too.
    called_before: int = 0
    #: Who made it, as the audit log says it.
    created_by: str = ""
    #: What its maker named the request, so that a repeated one makes no second campaign.
    idempotency_key: str | None = None
    #: What subscribers may opt out of; "": only /stop keeps them from it.
    category: str = ""
    #: The query that selects the audience; "": every subscriber.
    segment: str = ""
    #: The second operator who said yes, where one is needed.
    approved_by: str = ""
    #: When it starts by itself.
    scheduled_at: datetime | None = None
    #: The schedule that made it.
    schedule_id: int | None = None

    @property
    def is_prepared(self) -> bool:
        """The whole audience is in the ledger."""
        return self.snapshot_cursor >= self.snapshot_upto

    @property
    def is_active(self) -> bool:
        """It sends."""
        return self.state in ACTIVE

    def elapsed(self, now: datetime) -> float:
        """Seconds it has been sending, pauses not counted."""
        stint = (now - self.active_since).total_seconds() if self.active_since else 0.0
        return self.active_seconds + stint


ACTIVE = (CampaignState.PREPARING, CampaignState.RUNNING)
ENDED = (CampaignState.FINISHED, CampaignState.CANCELLED, CampaignState.FAILED)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A row of the ledger that a worker holds."""

    campaign_id: int
    subscriber_id: int
    person_id: int
    #: Calls that were made and ended; a flood wait is none.
    attempts: int = 0
    #: Who they are, as far as the content greets them or speaks their language; else only their id.
    recipient: Recipient | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a finished attempt means for its row, its person and its campaign."""

    state: DeliveryState
    code: str = ""
    #: When to try again; only for PENDING.
    due_at: datetime | None = None
    #: It counts as an attempt: the call was made, and its answer was about this message.
    counts: bool = True
    suppress: SuppressionReason | None = None
    #: What the campaign does now (PAUSE or FAIL), and why.
    campaign: Verb | None = None
    cause: str = ""
    #: Seconds the bot should not send at all: nobody would be reached.
    rest: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A verdict on a delivery, ready to be recorded."""

    delivery: Delivery
    verdict: Verdict
    message_id: int | None = None
    #: Of the other messages, where there were several: an album's, its follow-up.
    more_ids: tuple[int, ...] = ()
    #: The number of the variant, where there are several.
    variant: int | None = None
    at: datetime
    #: When the message is to be deleted again.
    withdraw_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Rows of a campaign counted, all from one moment: the values sum up to `audience`."""

    audience: int
    states: dict[DeliveryState, int]
    failed: dict[str, int] = field(default_factory=dict)
    suppressed: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    #: Of those sent, the ones that lack a part: a follow-up, a pin ...
    sent: dict[str, int] = field(default_factory=dict)

    def of(self, *states: DeliveryState) -> int:
        """How many rows are in any of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def open(self) -> int:
        """Rows something may still happen to."""
        return self.audience - self.of(*FINAL)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a campaign has come."""

    campaign: Campaign
    tally: Tally
    #: Attempts a second, over the last half minute, or since the start while less is known.
    rate: float
    #: Seconds until the last delivery at that rate; None while there is no rate to go by.
    eta_seconds: float | None
    #: Seconds it has been sending, pauses not counted.
    elapsed: float
