"""What the gate decides: pure, total, and told what time it is. `service` only carries it out."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from gatecrier.gate import policy
from gatecrier.gate.model import (
    Action,
    Decision,
    Exemptions,
    Gate,
    History,
    Mode,
    Reason,
    Restriction,
    RestrictionState,
    Subject,
)
from gatecrier.gate.options import Bots, Channels
from gatecrier.gate.policy import judge
from gatecrier.gate.standing import Standing
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
    history: History | None = None,
) -> Decision:
    """
    Decide about a message, new or edited, in a gated group.

    Args:
        standings: The sender's, by channel; a missing one is UNKNOWN.
        history: What the sender did before; None: nothing is forgiven.
    """
    if (undecided := _needs_no_judgement(message, gate)) is not None:
        return undecided
    if message.is_automatic_forward or message.sender_chat is not None:
        return _observed(gate, _about_chat(message, gate, exemptions, now))
    # A guest bot speaks for whoever summoned it; its own membership says nothing.
    person = message.guest_bot_caller_user or message.sender
    if person is None:
        return Decision(action=Action.IGNORE, reason=Reason.NO_SENDER)
    if (reason := exempt(person, admins, exemptions, now)) is not None:
        return Decision(action=Action.EXEMPT, reason=reason, person=person)
    if person.is_bot:
        return _observed(gate, _about_bot(person, gate))
    decision = about_person(person, gate, standings, history, now, key=strike_key(message))
    return _observed(gate, decision)


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


TOUCHING = frozenset({Action.WARN, Action.DELETE, Action.BAN_CHANNEL, Action.ENFORCE, Action.KICK})
"""What people notice: a gate that only observes counts these, and does not do them."""


def _observed(gate: Gate, decision: Decision) -> Decision:
    if gate.mode is Mode.OBSERVE and decision.action in TOUCHING:
        return replace(decision, only_observed=True)
    return decision


def exempt(person: Person, admins: Collection[int], exemptions: Exemptions, now: datetime) -> Reason | None:
    """Why this person or bot may speak whatever the channels say; None when the gate decides."""
    if person.id in admins:
        return Reason.ADMIN
    return Reason.EXEMPTION if is_exempt(person.id, exemptions, now) else None


def is_exempt(subject: Subject, exemptions: Exemptions, now: datetime) -> bool:
    """Whether an exemption names this person, bot, channel or link, and still holds."""
    if subject not in exemptions:
        return False
    until = exemptions[subject]
    return until is None or now < until


def _about_chat(message: Message, gate: Gate, exemptions: Exemptions, now: datetime) -> Decision:
    """A chat speaks: the pseudo person in `sender` says nothing, and is never restricted."""
    speaker = message.sender_chat
    if message.is_automatic_forward or speaker is None:
        return Decision(action=Action.EXEMPT, reason=Reason.AUTOMATIC_FORWARD)
    if speaker.id == message.chat.id:
        return Decision(action=Action.EXEMPT, reason=Reason.ANONYMOUS_ADMIN)
    if speaker.id == gate.linked_chat_id:
        return Decision(action=Action.EXEMPT, reason=Reason.LINKED_CHANNEL)
    if is_exempt(speaker.id, exemptions, now):
        return Decision(action=Action.EXEMPT, reason=Reason.EXEMPTION)
    return Decision(action=_FOREIGN[gate.options.channels], reason=Reason.FOREIGN_CHANNEL)


_FOREIGN = {
    Channels.ALLOW: Action.PASS,
    Channels.DELETE: Action.DELETE,
    Channels.BAN: Action.BAN_CHANNEL,
}


def _about_bot(bot: Person, gate: Gate) -> Decision:
    if gate.options.bots is Bots.ALLOW:
        return Decision(action=Action.EXEMPT, reason=Reason.BOT, person=bot)
    return Decision(action=Action.DELETE, reason=Reason.OTHER_BOT, person=bot)


def about_person(
    person: Person,
    gate: Gate,
    standings: Mapping[int, Standing],
    history: History | None,
    now: datetime,
    *,
    key: str,
) -> Decision:
    """
    What a person's standings lead to.

    Args:
        key: Names the message, or the album it is part of; see `strike_key`.
    """
    standing, remainder = judge(gate.policy, standings)
    (action, reason), left = CONSEQUENCES[standing], 0
    if history is not None and standing is not Standing.MEMBER and in_grace(gate, history, now):
        action, reason = Action.PASS, Reason.GRACE  # whatever Telegram would say
    elif history is not None and standing is Standing.NOT_MEMBER:
        action, reason, left = leniency(gate, history, key=key)
    missing = policy.channels(remainder) if remainder is not None else ()
    return Decision(action=action, reason=reason, person=person, missing=missing, left=left)


CONSEQUENCES: dict[Standing, tuple[Action, Reason]] = {
    Standing.MEMBER: (Action.PASS, Reason.MEMBER),
    Standing.NOT_MEMBER: (Action.ENFORCE, Reason.NOT_MEMBER),
    # Fail closed without harm: nobody is muted because Telegram or we failed.
    Standing.UNKNOWN: (Action.DELETE, Reason.STANDING_UNKNOWN),
    Standing.MISCONFIGURED: (Action.SUSPEND, Reason.CHANNEL_MISCONFIGURED),
}


class Step(NamedTuple):
    """A step of the ladder; `left`: so many more messages stay on it."""

    action: Action
    reason: Reason
    left: int = 0


def leniency(gate: Gate, history: History, *, key: str) -> Step:
    """The ladder that somebody who lacks a channel climbs: free messages, warnings, deletions, mutes, out."""
    options = gate.options
    before = strikes_before(history, key)
    for action, reason, many in (
        (Action.PASS, Reason.FREE_MESSAGE, options.free_messages),
        (Action.WARN, Reason.WARNED, options.warnings),
        (Action.DELETE, Reason.NOT_MEMBER, options.deletions),
    ):
        if before < many:
            return Step(action, reason, many - 1 - before)
        before -= many
    if options.mutes and history.mutes >= options.mutes:
        return Step(Action.KICK, Reason.NOT_MEMBER)
    return Step(Action.ENFORCE, Reason.NOT_MEMBER)


def is_held_unasked(gate: Gate, history: History, now: datetime) -> bool:
    """
    Whether somebody who lacks a channel is held before they write: where messages are given free, or
    warned of, the first message is awaited.
    """
    options = gate.options
    return not (
        options.free_messages or options.warnings or options.deletions or in_grace(gate, history, now)
    )


def in_grace(gate: Gate, history: History, now: datetime) -> bool:
    """
    Whether this person need not belong yet.

    Because they were here before the gate, or have just left a channel and may come back.
    """
    options = gate.options
    was_here = history.came_at is None or history.came_at < gate.created_at
    if was_here and now < gate.created_at + timedelta(seconds=options.grace):
        return True
    left_at = history.left_channel_at
    return left_at is not None and now < left_at + timedelta(seconds=options.rejoin_grace)


def strikes_before(history: History, key: str) -> int:
    """How many messages came before this one; it may have been counted already, in an earlier try."""
    return history.strikes - 1 if history.strikes and history.strike_key == key else history.strikes


def strike_key(message: Message) -> str:
    """What names a message for counting: the parts of an album are one."""
    return message.media_group_id or str(message.message_id)


def standing_of(member: ChatMember) -> Standing:
    """MEMBER or NOT_MEMBER, from what Telegram answers or reports."""
    return Standing.MEMBER if member.belongs else Standing.NOT_MEMBER


class Newer(Enum):
    """Whether an update about a standing is to be believed."""

    TAKE = auto()
    IGNORE = auto()  # we know something newer
    ASK = auto()  # too close to tell: Telegram knows


PROMPT = 10
"""Seconds: an update this old may have waited, with us or with Telegram, for the one that takes it back."""


def which_is_newer(known: Standing, known_date: int, heard: Standing, heard_date: int, now: int) -> Newer:
    """
    Compare what we know with what an update says; all dates in Unix seconds.

    Updates come late, doubled and out of order, and a verification carries our clock's date. Who is said
    to have left a while ago may be back: nobody is held on an old word.
    """
    contradicts = known not in (Standing.UNKNOWN, heard)
    if contradicts and heard_date < known_date - DOUBT:
        return Newer.IGNORE
    if heard is Standing.NOT_MEMBER and now - heard_date > PROMPT:
        return Newer.ASK
    return Newer.TAKE if not contradicts or heard_date > known_date else Newer.ASK


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
