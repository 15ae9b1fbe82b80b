"""What the gate decides: pure, total, and told what time it is. `service` only carries it out."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from gatecrier.gate.model import (
    Action,
    Decision,
    Exemptions,
    Gate,
    Mode,
    Policy,
    Reason,
    Restriction,
    RestrictionState,
    Standing,
)
from gatecrier.telegram.updates import (
    GROUPS,
    ChatMember,
    MemberChange,
    Message,
    Permissions,
    Person,
)

MUTED = Permissions()
"""What we set: none of the sixteen. Nothing else of ours looks like it, so it can be recognised."""

SENDING = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
)

SHORTEST_UNTIL = timedelta(seconds=90)
"""Telegram takes a date less than 30 s ahead for "for ever", so `Bot.restrict` wants 75 s."""

DOUBT = 60
"""Seconds: how far our clock and Telegram's, or two updates, may disagree about which came first."""


def decide(
    message: Message,
    gate: Gate,
    standings: Mapping[int, Standing],
    *,
    admins: Collection[int],
    exemptions: Exemptions,
    now: datetime,
) -> Decision:
    """
    Decide about a message, new or edited, in a gated group.

    Args:
        standings: The sender's, by channel; a missing one is UNKNOWN.
    """
    if (undecided := _needs_no_judgement(message, gate)) is not None:
        return undecided
    observed = gate.mode is Mode.OBSERVE
    if message.is_automatic_forward or message.sender_chat is not None:
        return _about_chat(message, gate, observed)
    # A guest bot speaks for whoever summoned it; its own membership says nothing.
    person = message.guest_bot_caller_user or message.sender
    if person is None:
        return Decision(action=Action.IGNORE, reason=Reason.NO_SENDER)
    if (reason := exempt(person, admins, exemptions, now)) is not None:
        return Decision(action=Action.EXEMPT, reason=reason, person=person)
    return _about_person(person, gate, standings, observed)


def _needs_no_judgement(message: Message, gate: Gate) -> Decision | None:
    if message.chat.type not in GROUPS:
        return Decision(action=Action.IGNORE, reason=Reason.NOT_A_GROUP)
    if message.is_service:
        return Decision(action=Action.IGNORE, reason=Reason.SERVICE_MESSAGE)
    if gate.mode is Mode.OFF:
        return Decision(action=Action.IGNORE, reason=Reason.GATE_OFF)
    if gate.suspension is not None:
        return Decision(action=Action.PASS, reason=Reason.GATE_SUSPENDED)
    return None


def exempt(person: Person, admins: Collection[int], exemptions: Exemptions, now: datetime) -> Reason | None:
    """Why this person may speak whatever the channels say; None when the channels decide."""
    if person.is_bot:
        return Reason.BOT
    if person.id in admins:
        return Reason.ADMIN
    if person.id in exemptions:
        until = exemptions[person.id]
        if until is None or now < until:
            return Reason.EXEMPTION
    return None


def _about_chat(message: Message, gate: Gate, observed: bool) -> Decision:
    """A chat speaks: the pseudo person in `sender` says nothing, and is never restricted."""
    speaker = message.sender_chat
    if message.is_automatic_forward or speaker is None:
        return Decision(action=Action.EXEMPT, reason=Reason.AUTOMATIC_FORWARD)
    if speaker.id == message.chat.id:
        return Decision(action=Action.EXEMPT, reason=Reason.ANONYMOUS_ADMIN)
    if speaker.id == gate.linked_chat_id:
        return Decision(action=Action.EXEMPT, reason=Reason.LINKED_CHANNEL)
    return Decision(action=Action.DELETE, reason=Reason.FOREIGN_CHANNEL, only_observed=observed)


def _about_person(person: Person, gate: Gate, standings: Mapping[int, Standing], observed: bool) -> Decision:
    standing, missing = judge(gate.policy, standings)
    action, reason = CONSEQUENCES[standing]
    return Decision(
        action=action,
        reason=reason,
        person=person,
        missing=missing,
        only_observed=observed and action in (Action.DELETE, Action.ENFORCE),
    )


CONSEQUENCES: dict[Standing, tuple[Action, Reason]] = {
    Standing.MEMBER: (Action.PASS, Reason.MEMBER),
    Standing.NOT_MEMBER: (Action.ENFORCE, Reason.NOT_MEMBER),
    # Fail closed without harm: nobody is muted because Telegram or we failed.
    Standing.UNKNOWN: (Action.DELETE, Reason.STANDING_UNKNOWN),
    Standing.MISCONFIGURED: (Action.SUSPEND, Reason.CHANNEL_MISCONFIGURED),
}


class Judgement(NamedTuple):
    """What a policy says of a person, and which channels made it say so."""

    standing: Standing
    missing: tuple[int, ...] = ()


def judge(policy: Policy, standings: Mapping[int, Standing]) -> Judgement:
    """
    Weigh the standings of all channels: what cannot be asked weighs most, then what is certain, then doubt.

    NOT_MEMBER of one is enough to fail "all", whatever is unknown of the others.
    """
    for standing in (Standing.MISCONFIGURED, Standing.NOT_MEMBER, Standing.UNKNOWN):
        found = tuple(id_ for id_ in policy.channels if standings.get(id_, Standing.UNKNOWN) is standing)
        if found:
            return Judgement(standing, found)
    return Judgement(Standing.MEMBER)


def standing_of(member: ChatMember) -> Standing:
    """MEMBER or NOT_MEMBER, from what Telegram answers or reports."""
    return Standing.MEMBER if member.belongs else Standing.NOT_MEMBER


class Newer(Enum):
    """Whether an update about a standing is to be believed."""

    TAKE = auto()
    IGNORE = auto()  # we know something newer
    ASK = auto()  # too close to tell: Telegram knows


def which_is_newer(known: Standing, known_date: int, heard: Standing, heard_date: int) -> Newer:
    """
    Compare what we know with what an update says; both dates in Unix seconds.

    Updates come late, doubled and out of order, and a verification carries our clock's date.
    """
    if known in (Standing.UNKNOWN, heard) or heard_date > known_date + DOUBT:
        return Newer.TAKE
    if heard_date < known_date - DOUBT:
        return Newer.IGNORE
    return Newer.TAKE if heard_date > known_date else Newer.ASK


class Hold(Enum):
    """Whether we may mute somebody, or why not."""

    YES = auto()
    IS_ADMIN = auto()
    IS_SILENT = auto()  # banned or muted by somebody else: not ours to touch
    IS_OUTSIDE = auto()
    ADMIN_FREED = auto()  # we had muted them, and an admin let them speak since
    NOT_WANTED = auto()  # the gate demands it no more


def may_hold(present: ChatMember, *, only_members: bool) -> Hold:
    """
    Whether to mute a person who is `present` in the group like this.

    Args:
        only_members: Leave people alone who are not in the group now (they may have commented from
            outside, which counts; having left the channel does not).
    """
    if present.is_admin:
        return Hold.IS_ADMIN
    if present.status == "kicked" or not speaks(present):
        return Hold.IS_SILENT
    if only_members and not present.belongs:
        return Hold.IS_OUTSIDE
    return Hold.YES


def speaks(member: ChatMember) -> bool:
    """Whether anything at all may be sent, as far as this person's own restrictions go."""
    if member.status == "restricted":
        return any(getattr(member, name) for name in SENDING)
    return member.status != "kicked"


class Terms(NamedTuple):
    """Permissions, and until when they hold; None means for good."""

    permissions: Permissions
    until: datetime | None


def prior_terms(present: ChatMember) -> Terms:
    """What is to be given back to a person who is about to be muted."""
    if present.status != "restricted":
        return Terms(Permissions.all(), None)
    until = datetime.fromtimestamp(present.until_date, UTC) if present.until_date else None
    return Terms(present.permissions, until)


def lift_terms(restriction: Restriction, now: datetime) -> Terms:
    """
    What to set when a restriction is lifted.

    A restriction from before that has run out meanwhile is not put back; one about to run out is
    kept a little longer rather than made eternal.
    """
    until = restriction.prior_until
    if until is None:
        return Terms(restriction.prior, None)
    if until <= now:
        return Terms(Permissions.all(), None)
    return Terms(restriction.prior, max(until, now + SHORTEST_UNTIL))


def is_our_mute(present: ChatMember) -> bool:
    """Whether this is exactly what we set: Telegram does not tell who restricted somebody."""
    return present.status == "restricted" and present.until_date == 0 and present.permissions == MUTED


FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=1)


def wait_after(failures: int) -> timedelta:
    """
    How long to leave alone what Telegram forbade us `failures` times in a row: an admin must act first.

    Doubling, so that groups which threw the bot out long ago leave the healer time for the others.
    """
    return min(FIRST_WAIT * (1 << min(failures - 1, 16)), LONGEST_WAIT)


class Change(Enum):
    """What a change of a held person's place in the group means for their case."""

    NOTHING = auto()
    WENT = auto()  # they left by themselves: still held, but no longer named
    CAME = auto()
    ADMIN_FREED = auto()  # an admin lets them speak: give back what we took, and leave them alone
    ADMIN_TOOK = auto()  # an admin muted, banned or promoted them: no longer our matter


def after_change(change: MemberChange, restriction: Restriction, *, bot_id: int) -> Change:
    """Decide what a reported change means for somebody we hold; the update may be late."""
    if change.sender.id == bot_id:
        return Change.NOTHING
    if change.sender.id == change.person.id:
        if change.old.belongs and not change.new.belongs:
            return Change.WENT
        return Change.CAME if change.new.belongs and not change.old.belongs else Change.NOTHING
    if change.date < restriction.applied_at.timestamp() - DOUBT:
        return Change.NOTHING
    return _after_admin(change)


def _after_admin(change: MemberChange) -> Change:
    if change.new.is_admin or not speaks(change.new):
        silent_before = change.old.status == "restricted" and not speaks(change.old)
        added = silent_before and is_our_mute(change.new) and not change.old.belongs and change.new.belongs
        return Change.CAME if added else Change.ADMIN_TOOK
    if change.new.status == "left":
        return Change.ADMIN_TOOK
    return Change.ADMIN_FREED if not speaks(change.old) else Change.NOTHING


def wrote_after(message: Message, restriction: Restriction) -> bool:
    """Whether somebody we muted wrote later than that: then the mute may be gone, and it must be seen."""
    written = message.edit_date or message.date
    return restriction.state is RestrictionState.ACTIVE and written > restriction.applied_at.timestamp() + 2
