"""The gate's rules, each row a sender or a state that somebody could try to slip through with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.fake_telegram import ADA, ANN, BOT, CHANNEL, GROUP, OWNER, place
from gatecrier.gate import rules
from gatecrier.gate.model import (
    Action,
    Cause,
    Decision,
    Gate,
    Mode,
    Reason,
    Restriction,
    RestrictionState,
    Suspension,
)
from gatecrier.gate.policy import InChannel
from gatecrier.gate.rules import Change, Hold, Newer
from gatecrier.gate.standing import Standing
from gatecrier.telegram.updates import (
    Chat,
    ChatMember,
    ChatType,
    Entity,
    Marker,
    MemberChange,
    Message,
    Permissions,
    Person,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
LINKED = Chat(id=-1009, type=ChatType.CHANNEL, title="Ours")
FOREIGN = Chat(id=-1008, type=ChatType.CHANNEL, title="Theirs")
HELPER = Person(id=30, is_bot=True, first_name="Helper")
CHANNEL_BOT = Person(id=136817688, is_bot=True, first_name="Channel")
TELEGRAM = Person(id=777000, first_name="Telegram")
GROUP_ANONYMOUS_BOT = Person(id=1087968824, is_bot=True, first_name="Group")


def make_gate(**fields: Any) -> Gate:
    given_fields = {
        "chat_id": GROUP.id,
        "bot_id": BOT.id,
        "title": "",
        "mode": Mode.ENFORCE,
        "policy": InChannel(CHANNEL.id),
        "channels": (),
        "linked_chat_id": LINKED.id,
        "created_at": NOW,
        **fields,
    }
    return Gate(**given_fields)


def make_message(sender: Person | None = ANN, chat: Chat = GROUP, **fields: Any) -> Message:
    return Message(message_id=1, date=SECONDS, chat=chat, sender=sender, **{"text": "Hello", **fields})


def decide(message: Message, standing: Standing = Standing.UNKNOWN, **fields: Any) -> Decision:
    return rules.decide(
        message,
        make_gate(**fields),
        {CHANNEL.id: standing},
        admins={OWNER.id},
        exemptions={40: None, 41: NOW + timedelta(seconds=1), 42: NOW},
        now=NOW,
    )


SENDERS = [
    (make_message(chat=Chat(id=5, type=ChatType.PRIVATE)), Action.IGNORE, Reason.NOT_A_GROUP),
    (make_message(chat=CHANNEL), Action.IGNORE, Reason.NOT_A_GROUP),
    (make_message(text="", new_chat_members=(ANN,)), Action.IGNORE, Reason.SERVICE_MESSAGE),
    (make_message(text="", pinned_message=Marker()), Action.IGNORE, Reason.SERVICE_MESSAGE),
    (make_message(None), Action.IGNORE, Reason.NO_SENDER),
    (
        make_message(TELEGRAM, sender_chat=LINKED, is_automatic_forward=True),
        Action.EXEMPT,
        Reason.AUTOMATIC_FORWARD,
    ),
    (
        make_message(TELEGRAM, sender_chat=FOREIGN, is_automatic_forward=True),
        Action.EXEMPT,
        Reason.AUTOMATIC_FORWARD,
    ),
    (make_message(GROUP_ANONYMOUS_BOT, sender_chat=GROUP), Action.EXEMPT, Reason.ANONYMOUS_ADMIN),
    (make_message(CHANNEL_BOT, sender_chat=LINKED), Action.EXEMPT, Reason.LINKED_CHANNEL),
    (make_message(CHANNEL_BOT, sender_chat=FOREIGN), Action.DELETE, Reason.FOREIGN_CHANNEL),
    (make_message(GROUP_ANONYMOUS_BOT, sender_chat=FOREIGN), Action.DELETE, Reason.FOREIGN_CHANNEL),
    (make_message(HELPER), Action.EXEMPT, Reason.BOT),
    (make_message(HELPER, guest_bot_caller_user=ANN), Action.DELETE, Reason.STANDING_UNKNOWN),
    (make_message(HELPER, guest_bot_caller_user=OWNER), Action.EXEMPT, Reason.ADMIN),
    (make_message(OWNER), Action.EXEMPT, Reason.ADMIN),
    (make_message(Person(id=40)), Action.EXEMPT, Reason.EXEMPTION),
    (make_message(Person(id=41)), Action.EXEMPT, Reason.EXEMPTION),
    (make_message(Person(id=42)), Action.DELETE, Reason.STANDING_UNKNOWN),
    (make_message(via_bot=HELPER), Action.DELETE, Reason.STANDING_UNKNOWN),
    (make_message(TELEGRAM), Action.DELETE, Reason.STANDING_UNKNOWN),
]


@pytest.mark.parametrize(("message", "action", "reason"), SENDERS)
def test_who_speaks_decides_first(message: Message, action: Action, reason: Reason) -> None:
    """Attack 18: whoever may speak does, whoever hides behind a chat, a bot or a number does not."""
    decision = decide(message)
    assert (decision.action, decision.reason) == (action, reason)


STANDINGS = [
    (Standing.MEMBER, Action.PASS, Reason.MEMBER),
    (Standing.NOT_MEMBER, Action.ENFORCE, Reason.NOT_MEMBER),
    (Standing.UNKNOWN, Action.DELETE, Reason.STANDING_UNKNOWN),
    (Standing.MISCONFIGURED, Action.SUSPEND, Reason.CHANNEL_MISCONFIGURED),
]

BYPASSES = [
    {},
    {"edit_date": SECONDS},
    {"media_group_id": "7", "text": ""},
    {"text": ""},
    {"thread_id": 4},
    {"via_bot": HELPER},
    {"entities": (Entity("bot_command", 0, 5),)},
]


@pytest.mark.parametrize("fields", BYPASSES)
@pytest.mark.parametrize(("standing", "action", "reason"), STANDINGS)
def test_what_is_known_decides_then(
    standing: Standing, action: Action, reason: Reason, fields: dict[str, Any]
) -> None:
    """Edits, albums, polls, topics and inline bots are judged like plain messages; doubt never mutes."""
    decision = decide(make_message(**fields), standing)
    assert (decision.action, decision.reason, decision.person) == (action, reason, ANN)


def test_a_guest_bots_caller_is_judged_in_its_place() -> None:
    """A bot that somebody summoned is no way around the gate: the summoner is held."""
    decision = decide(make_message(HELPER, guest_bot_caller_user=ANN), Standing.NOT_MEMBER)
    assert (decision.action, decision.person) == (Action.ENFORCE, ANN)


def test_observing_decides_without_acting() -> None:
    """Who would be held is known before anybody is; those who pass pass anyway."""
    observed = decide(make_message(), Standing.NOT_MEMBER, mode=Mode.OBSERVE)
    assert (observed.action, observed.only_observed) == (Action.ENFORCE, True)
    assert decide(make_message(CHANNEL_BOT, sender_chat=FOREIGN), mode=Mode.OBSERVE).only_observed
    assert not decide(make_message(), Standing.MEMBER, mode=Mode.OBSERVE).only_observed


def test_a_gate_that_is_off_or_suspended_lets_everybody_talk() -> None:
    """No failure of ours or of a channel's admins silences a group."""
    assert decide(make_message(), Standing.NOT_MEMBER, mode=Mode.OFF).reason is Reason.GATE_OFF
    suspension = Suspension(cause=Cause.PARKED, since=NOW)
    decision = decide(make_message(), Standing.NOT_MEMBER, suspension=suspension)
    assert (decision.action, decision.reason) == (Action.PASS, Reason.GATE_SUSPENDED)


M, N, U, X = Standing.MEMBER, Standing.NOT_MEMBER, Standing.UNKNOWN, Standing.MISCONFIGURED


@pytest.mark.parametrize(
    ("known", "heard", "seconds_later", "expected"),
    [
        (U, N, -500, Newer.TAKE),
        (M, M, -500, Newer.TAKE),
        (M, N, 61, Newer.TAKE),
        (M, N, 1, Newer.TAKE),
        (M, N, 0, Newer.ASK),
        (M, N, -2, Newer.ASK),
        (M, N, -61, Newer.IGNORE),
        (N, M, -61, Newer.IGNORE),
    ],
)
def test_the_newer_word_holds(known: Standing, heard: Standing, seconds_later: int, expected: Newer) -> None:
    """Attack 12: a late update does not undo what is newer; too close to tell is asked."""
    heard_at = SECONDS + seconds_later
    assert rules.which_is_newer(known, SECONDS, heard, heard_at, heard_at) is expected


@pytest.mark.parametrize(
    ("known", "heard", "age", "expected"),
    [
        (M, N, 10, Newer.TAKE),
        (M, N, 11, Newer.ASK),
        (U, N, 11, Newer.ASK),
        (N, N, 11, Newer.ASK),
        (N, M, 3600, Newer.TAKE),
    ],
)
def test_nobody_is_held_on_an_old_word(known: Standing, heard: Standing, age: int, expected: Newer) -> None:
    """I5: who is said to have left a while ago may be back; who is said to have joined is believed."""
    assert rules.which_is_newer(known, SECONDS, heard, SECONDS + 1, SECONDS + 1 + age) is expected


TALKER = {"can_send_messages": True}


@pytest.mark.parametrize(
    ("present", "only_members", "expected"),
    [
        (place(ANN), False, Hold.YES),
        (place(ANN, "left"), False, Hold.YES),
        (place(ANN, "left"), True, Hold.IS_OUTSIDE),
        (place(ANN, "restricted", is_member=True, **TALKER), True, Hold.YES),
        (place(ANN, "restricted", is_member=False, **TALKER), True, Hold.IS_OUTSIDE),
        (place(ANN, "restricted", is_member=True, can_send_polls=True), False, Hold.YES),
        (place(ANN, "restricted", is_member=True), False, Hold.IS_SILENT),
        (place(ANN, "restricted", is_member=True, can_invite_users=True), False, Hold.IS_SILENT),
        (place(ANN, "kicked"), False, Hold.IS_SILENT),
        (place(ANN, "administrator"), False, Hold.IS_ADMIN),
        (place(ANN, "creator"), True, Hold.IS_ADMIN),
    ],
)
def test_whom_we_may_mute(present: ChatMember, only_members: bool, expected: Hold) -> None:
    """I1 and attack 4: no admin is muted, and nobody whom somebody else silenced becomes ours to free."""
    assert rules.may_hold(present, only_members=only_members) is expected


def make_restriction(**fields: Any) -> Restriction:
    given_fields = {
        "chat_id": GROUP.id,
        "person_id": ANN.id,
        "state": RestrictionState.ACTIVE,
        "prior": Permissions(can_send_messages=True),
        "prior_until": None,
        "applied_at": NOW,
        "due_at": NOW,
        **fields,
    }
    return Restriction(**given_fields)


def test_an_unrestricted_member_gets_all_sixteen_back() -> None:
    """Anything less leaves them in the group's list of exceptions for ever (tg-spam#149)."""
    assert rules.prior_terms(place(ANN)) == (Permissions.all(), None)
    assert rules.prior_terms(place(ANN, "left")) == (Permissions.all(), None)


def test_a_restricted_member_gets_exactly_that_back() -> None:
    """An admin's partial restriction, and its end, survive ours."""
    until = NOW + timedelta(hours=1)
    present = place(
        ANN, "restricted", is_member=True, until_date=int(until.timestamp()), can_send_messages=True
    )
    prior, prior_until = rules.prior_terms(present)
    assert (prior, prior_until) == (Permissions(can_send_messages=True), until)


@pytest.mark.parametrize(
    ("seconds_left", "permissions", "seconds"),
    [
        (None, Permissions(can_send_messages=True), None),
        (3600, Permissions(can_send_messages=True), 3600),
        (5, Permissions(can_send_messages=True), 90),
        (0, Permissions.all(), None),
        (-10, Permissions.all(), None),
    ],
)
def test_a_restriction_from_before_ends_when_it_was_to_end(
    seconds_left: int | None, permissions: Permissions, seconds: int | None
) -> None:
    """Run out meanwhile: gone. About to: kept a little, since Telegram makes under 30 s eternal."""
    until = None if seconds_left is None else NOW + timedelta(seconds=seconds_left)
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert rules.lift_terms(make_restriction(prior_until=until), NOW) == (permissions, expected)


@pytest.mark.parametrize(
    ("present", "ours"),
    [
        (place(ANN, "restricted", is_member=True), True),
        (place(ANN, "restricted", is_member=False), True),
        (place(ANN, "restricted", is_member=True, until_date=SECONDS), False),
        (place(ANN, "restricted", is_member=True, can_invite_users=True), False),
        (place(ANN), False),
        (place(ANN, "kicked"), False),
        (place(ANN, "administrator"), False),
    ],
)
def test_our_mute_is_known_by_its_exact_shape(present: ChatMember, ours: bool) -> None:
    """I2: whatever differs from what we set is somebody else's, and is not lifted."""
    assert rules.is_our_mute(present) is ours


MUTED = place(ANN, "restricted", is_member=True)
MUTED_OUTSIDE = place(ANN, "restricted", is_member=False)


@pytest.mark.parametrize(
    ("old", "new", "by", "late", "expected"),
    [
        (place(ANN), MUTED, BOT, 0, Change.NOTHING),
        (MUTED, place(ANN), BOT, 0, Change.NOTHING),
        (MUTED, MUTED_OUTSIDE, ANN, 0, Change.WENT),
        (MUTED_OUTSIDE, MUTED, ANN, 0, Change.CAME),
        (MUTED_OUTSIDE, MUTED, ADA, 0, Change.CAME),
        (MUTED, place(ANN), ADA, 0, Change.ADMIN_FREED),
        (MUTED, place(ANN, "restricted", is_member=True, **TALKER), ADA, 0, Change.ADMIN_FREED),
        (MUTED, place(ANN, "restricted", is_member=True, until_date=9), ADA, 0, Change.ADMIN_TOOK),
        (MUTED, MUTED, ADA, 0, Change.ADMIN_TOOK),
        (MUTED, place(ANN, "kicked"), ADA, 0, Change.ADMIN_TOOK),
        (MUTED, place(ANN, "administrator"), ADA, 0, Change.ADMIN_TOOK),
        (MUTED, place(ANN, "left"), ADA, 0, Change.ADMIN_TOOK),
        (place(ANN), place(ANN, "restricted", is_member=True, **TALKER), ADA, 0, Change.NOTHING),
        (MUTED, place(ANN), ADA, 61, Change.NOTHING),
        (MUTED, place(ANN), ADA, 30, Change.ADMIN_FREED),
    ],
)
def test_an_admins_later_word_wins(
    old: ChatMember, new: ChatMember, by: Person, late: int, expected: Change
) -> None:
    """Our own echo and old news mean nothing, going and coming hides and shows, an admin decides."""
    change = MemberChange(chat=GROUP, sender=by, date=SECONDS - late, old=old, new=new)
    assert rules.after_change(change, make_restriction(), bot_id=BOT.id) is expected


messages = st.builds(
    make_message,
    st.sampled_from([None, ANN, OWNER, HELPER, TELEGRAM, CHANNEL_BOT, Person(id=40)]),
    st.sampled_from([GROUP, CHANNEL, Chat(id=5, type=ChatType.PRIVATE)]),
    text=st.sampled_from(["", "Hello"]),
    sender_chat=st.sampled_from([None, GROUP, LINKED, FOREIGN]),
    is_automatic_forward=st.booleans(),
    guest_bot_caller_user=st.sampled_from([None, ANN, OWNER]),
    new_chat_members=st.sampled_from([(), (ANN,)]),
)


@given(messages, st.sampled_from(Standing), st.sampled_from(Mode))
def test_every_message_has_a_decision_and_only_absence_mutes(
    message: Message, standing: Standing, mode: Mode
) -> None:
    """The decision is total, and nobody is muted unless Telegram said that they do not belong (I5)."""
    decision = decide(message, standing, mode=mode)
    if decision.action is Action.ENFORCE:
        assert standing is Standing.NOT_MEMBER
        assert message.sender_chat is None
        assert decision.person not in (None, OWNER, HELPER)
