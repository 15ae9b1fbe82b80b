"""The records of the gate: what a group demands, what is known of people, and what was done to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gatecrier.gate.options import Options
from gatecrier.gate.policy import Policy
from gatecrier.gate.standing import Standing
from gatecrier.telegram.updates import Permissions, Person


class Source(StrEnum):
    """How a standing became known."""

    VERIFICATION = "verification"
    UPDATE = "update"


class Mode(StrEnum):
    """What a gate does with its decisions."""

    OFF = "off"
    OBSERVE = "observe"  # decides and counts, touches nobody
    ENFORCE = "enforce"


class Action(StrEnum):
    """What a decision asks for."""

    IGNORE = "ignore"  # not a person speaking in a gated group
    EXEMPT = "exempt"  # may speak whatever the channels say
    PASS = "pass"  # noqa: S105 # may speak
    WARN = "warn"  # leave the message, tell the person what is missing
    WAIT = "wait"  # leave the message until Telegram has been asked once more
    DELETE = "delete"  # remove the message, touch nobody
    BAN_CHANNEL = "ban_channel"  # remove the message, let the channel that posted it post no more
    ENFORCE = "enforce"  # remove the message, mute the person, show the card
    KICK = "kick"  # remove the message and the person, who may come again
    SUSPEND = "suspend"  # the gate cannot decide: let everybody talk, tell the admins


class Reason(StrEnum):
    """Why: one row each in the table of decisions that an operator sees."""

    NOT_A_GROUP = "not_a_group"
    SERVICE_MESSAGE = "service_message"
    NO_SENDER = "no_sender"
    GATE_OFF = "gate_off"
    GATE_SUSPENDED = "gate_suspended"
    AUTOMATIC_FORWARD = "automatic_forward"
    ANONYMOUS_ADMIN = "anonymous_admin"
    LINKED_CHANNEL = "linked_channel"
    FOREIGN_CHANNEL = "foreign_channel"
    BOT = "bot"
    OTHER_BOT = "other_bot"
    ADMIN = "admin"
    EXEMPTION = "exemption"
    MEMBER = "member"
    NOT_MEMBER = "not_member"
    LEFT_CHANNEL = "left_channel"
    CAME = "came"
    REACTED = "reacted"
    GRACE = "grace"
    FREE_MESSAGE = "free_message"
    WARNED = "warned"
    DOUBTED = "doubted"
    STANDING_UNKNOWN = "standing_unknown"
    CHANNEL_MISCONFIGURED = "channel_misconfigured"


@dataclass(frozen=True, kw_only=True)
class Channel:
    """
    A channel that a gate requires. The id binds; the rest is for people to read.

    Args:
        join_url: Where a person joins: the public address, or an invite link.
    """

    id: int
    title: str
    username: str
    join_url: str

    @property
    def label(self) -> str:
        """How people call it: @name, or its title (hostile text) when it has none."""
        return f"@{self.username}" if self.username else self.title


class Cause(StrEnum):
    """Why a gate is set aside."""

    LOST_RIGHTS = "lost_rights"  # the bot may not delete or restrict in the group
    CHANNEL = "channel"  # a channel cannot be asked
    PARKED = "parked"  # the bot was removed from the group


@dataclass(frozen=True, kw_only=True)
class Suspension:
    """
    Why a gate cannot decide now.

    Args:
        channel_id, person_id: The verification that failed, 0 when another call did; the gate resumes
            when the same one works.
        told: Whether the admins have been told.
    """

    cause: Cause
    since: datetime
    channel_id: int = 0
    person_id: int = 0
    told: bool = False


@dataclass(frozen=True, kw_only=True)
class Raid:
    """Many came at once: until then newcomers are held without a word."""

    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Gate:
    """
    A group's enforcement.

    Args:
        channels: Those the policy names, for people to read.
        created_at: When the gate was put up; who was in the group then may have a period of grace.
        linked_chat_id: The channel whose posts Telegram copies into this group; None when there is none.
    """

    chat_id: int
    bot_id: int
    title: str
    mode: Mode
    policy: Policy
    channels: tuple[Channel, ...]
    created_at: datetime
    options: Options = field(default_factory=Options)
    linked_chat_id: int | None = None
    suspension: Suspension | None = None
    raid: Raid | None = None


Subject = int | str
"""Who is exempt: the id of a person, a bot or a channel, or an invite link that makes exempt."""

Exemptions = Mapping[Subject, datetime | None]
"""Who may speak whatever the channels say → until when; None means for good."""


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """Somebody whom the channels do not matter for, until when, since when, and who wanted it."""

    subject: Subject
    until: datetime | None
    added_at: datetime
    added_by: str


@dataclass(frozen=True, kw_only=True)
class History:
    """
    What one person did in one group so far.

    Args:
        came_at: When they joined; None: they were here before the gate, or it is not known.
        left_channel_at: When they last left a required channel.
        strikes: Messages without belonging; `strike_key` names the one counted last.
        mutes: Mutes of ours that ran out.
    """

    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    present: bool = True
    came_at: datetime | None = None
    left_channel_at: datetime | None = None
    strikes: int = 0
    strike_key: str = ""
    mutes: int = 0


@dataclass(frozen=True, kw_only=True)
class Decision:
    """
    What is to be done about a message, and why.

    Args:
        person: Who was judged; None where no person was.
        missing: The channels they lack (`NOT_MEMBER`), or that cannot be asked (`CHANNEL_MISCONFIGURED`).
        only_observed: The gate observes: count it, touch nobody.
        left: So many more messages of theirs lead to the same, before the next step of the ladder.
    """

    action: Action
    reason: Reason
    person: Person | None = None
    missing: tuple[int, ...] = ()
    only_observed: bool = False
    left: int = 0


@dataclass(frozen=True, kw_only=True)
class Known:
    """
    One standing with its evidence.

    Args:
        date: Unix seconds: the moment it was true at Telegram; newer wins.
        checked_at: When we learnt it.
    """

    chat_id: int
    person_id: int
    standing: Standing
    date: int
    source: Source
    checked_at: datetime


class RestrictionState(StrEnum):
    """How far a restriction is; written before the call it announces."""

    APPLYING = "applying"
    ACTIVE = "active"
    LIFTING = "lifting"


class Outcome(StrEnum):
    """How a case ended."""

    VERIFIED = "verified"  # they pressed Verify, and belong now
    JOINED = "joined"  # Telegram told us that they joined
    SUSPENDED = "suspended"  # freed because the gate cannot verify
    UNPROTECTED = "unprotected"  # the group no longer demands the channel
    RELEASED = "released"  # an operator freed them
    ADMIN_DECIDED = "admin_decided"  # an admin muted, banned, unmuted or promoted them since
    SERVED = "served"  # the mute has lasted as long as it should
    KICKED = "kicked"  # removed from the group
    REFUSED = "refused"  # Telegram would not let us mute them


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """
    A mute of ours, and what was there before it.

    Args:
        prior: The permissions to give back; all sixteen when nothing was restricted before, which
            leaves no exception in Telegram's list (the group's own defaults hold again).
        prior_until: Until when `prior` was to hold; None means for good.
        outcome: Why it is being lifted; None before that.
        due_at: When the healer may finish what is half done.
        failures: How often it could not, since this state began.
        lift_at: When the mute ends by itself; None: when they belong.
    """

    chat_id: int
    person_id: int
    state: RestrictionState
    prior: Permissions
    prior_until: datetime | None
    applied_at: datetime
    due_at: datetime
    failures: int = 0
    outcome: Outcome | None = None
    lift_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """
    The open matter of one person in one group.

    Args:
        name: As Telegram gave it: hostile text.
        thread_id: The topic whose card names them; 0 outside topics.
        missing: The channels they lacked.
        away: They left the group: held still, but not named on the card.
        language: Theirs, as Telegram tells it; "" when it does not.
        silent: Held in a raid: not named on the card while it lasts.
        private_id, private_at: The card that they alone see, and since when; None: none was shown.
    """

    id: str
    chat_id: int
    person_id: int
    name: str
    thread_id: int
    reason: Reason
    missing: tuple[int, ...]
    opened_at: datetime
    away: bool = False
    language: str = ""
    silent: bool = False
    private_id: int | None = None
    private_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """
    The one warning of a group's topic.

    Args:
        id: Opaque; what its Verify button carries.
        message_id: Where it is shown; None when it is not.
        old_message_id: The card before it, still to be deleted.
        wanted, raised, shown: Counters of changes: every change, the last one that brought a new person,
            the last one people can see. It is behind while `shown` is less than `wanted`.
    """

    id: str
    chat_id: int
    thread_id: int
    message_id: int | None
    old_message_id: int | None
    wanted: int
    raised: int
    shown: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """Who a card names: the newest few, and how many there are."""

    cases: tuple[Case, ...]
    total: int
    missing: tuple[int, ...]


@dataclass(frozen=True)
class Verdict:
    """
    The answer to a press of Verify.

    Args:
        freed: Whether the person may speak now.
        text: For the toast, at most 200 characters, plain text.
        alert: Show it as a dialog they must close.
    """

    freed: bool
    text: str
    alert: bool = False


@dataclass(frozen=True, kw_only=True)
class GateStatus:
    """What `/status` and `gate show` tell."""

    gate: Gate
    held: int
    decisions: dict[Reason, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Protected:
    """What `/protect` did: the gate as it is now, and the channels that were added."""

    gate: Gate
    added: tuple[Channel, ...]


@dataclass(frozen=True)
class Unprotected:
    """
    What `/unprotect` did.

    Args:
        gate: What is left of it; None when the group demands nothing any more.
        freed: How many people were freed at once.
        waiting: How many will be freed as soon as Telegram allows it.
    """

    gate: Gate | None
    removed: tuple[Channel, ...]
    freed: int
    waiting: int
