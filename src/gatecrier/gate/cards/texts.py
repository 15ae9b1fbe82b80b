"""
What people read of the gate: cards, answers to buttons, words to a group's admins.

Pure functions; the first argument is the language. Cards and notices are HTML with everything foreign
escaped, buttons and toasts are plain text.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from gatecrier.gate import policy
from gatecrier.gate.cards import templates
from gatecrier.gate.cards.wording import PHRASES, Wording, label
from gatecrier.gate.model import Channel, Gate, Held, Reason, Verdict
from gatecrier.gate.policy import InChannel, Policy
from gatecrier.kernel.language import FSI, PDI, Said, isolated
from gatecrier.kernel.names import shown, unlinked, utf16
from gatecrier.telegram.messages import Button

VERIFY = "verify:"
"""What a Verify button's data begins with; the card's id follows."""

DOOR = "door:"
"""What the Verify button of somebody who waits to be let in begins with; the request's id follows."""

MOST_JOIN_BUTTONS = 8  # a card stays readable; whoever lacks more learns of the rest on Verify
MOST_PEOPLE = 5  # named on a card; the rest is counted
LONGEST_TOAST = 200  # UTF-16 units (answerCallbackQuery)


class Toast(StrEnum):
    """The answers to a press of a button; each is a phrase of its own."""

    FREED = "freed"
    FREED_ANYWAY = "freed-anyway"  # the channels cannot be asked
    FREE_ALREADY = "free-already"
    ADMITTED = "admitted"  # at the door
    BY_ADMIN = "by-admin"  # an admin restricted them
    NOT_YOURS = "not-yours"
    TOO_OLD = "too-old"
    WAIT = "wait"
    NO_ANSWER = "no-answer"  # Telegram gave none
    CANNOT_FREE = "cannot-free"  # the bot lacks the right
    STILL_MISSING = "still-missing"
    PENDING = "pending"  # they asked to join the channel; its admins have not answered
    NOT_ASKED = "not-asked"  # nobody waits at the door by that name
    ADMINS_DECIDE = "admins-decide"  # the gate leaves the door to them
    PROVEN = "proven"  # an anonymous admin is one
    NOT_ADMIN = "not-admin"
    PROOF_TOO_OLD = "proof-too-old"


_FREED = frozenset({Toast.FREED, Toast.FREED_ANYWAY, Toast.FREE_ALREADY, Toast.ADMITTED})
_ALERTS = frozenset(
    {
        Toast.BY_ADMIN,
        Toast.NO_ANSWER,
        Toast.CANNOT_FREE,
        Toast.STILL_MISSING,
        Toast.PENDING,
        Toast.NOT_ASKED,
        Toast.ADMINS_DECIDE,
        Toast.NOT_ADMIN,
        Toast.PROOF_TOO_OLD,
    }
)


def toast(
    language: str, which: Toast, remainder: Policy | None = None, channels: Iterable[Channel] = ()
) -> Verdict:
    """
    The verdict on a press, in plain text of at most 200 UTF-16 units.

    Args:
        remainder, channels: For `STILL_MISSING`: what is missing, and the channels it names.
    """
    if which is not Toast.STILL_MISSING:
        text = PHRASES.say(language, f"toast-{which}")
    elif remainder is not None and policy.forbidden(remainder):
        task = Wording(language, channels, html=False).task(remainder)
        text = PHRASES.say(language, "toast-still-to-do", task=task)
    else:
        missing = Wording(language, channels, html=False).missing(remainder)
        text = PHRASES.say(language, "toast-still-missing", missing=missing)
    return Verdict(which in _FREED, _cut(text), alert=which in _ALERTS)


def explain(
    language: str, remainder: Policy | None, channels: Iterable[Channel], *, html: bool = False
) -> str:
    """What is demanded, or still missing: "@a; and one of @b, @c", "leave @rival"; plain text unless told."""
    return Wording(language, channels, html=html).missing(remainder).text


def card(
    language: str,
    held: Held,
    remainder: Policy | None,
    channels: Sequence[Channel],
    *,
    template: str = "",
    group_title: str = "",
) -> str:
    """
    The group's rolling card (HTML): who is held, and what to do.

    Args:
        remainder: What at least one of them lacks.
        channels: Those it names, and perhaps others.
        template: The group's own text, as `templates.check` returned it; "": ours.
        group_title: For a template that names it.
    """
    people = _people(language, held)
    wording = Wording(language, channels, html=True)
    if template:
        missing, group = wording.missing(remainder), _group(group_title)
        return templates.render(language, template, people=people, channels=missing, group=group)
    return PHRASES.html(language, "card", people=people, task=wording.task(remainder))


def personal_card(
    language: str,
    *,
    name: str,
    group_title: str,
    remainder: Policy | None,
    channels: Sequence[Channel],
    reason: Reason,
    template: str = "",
) -> str:
    """The card that one person sees alone (HTML), in the group or in private. `reason`: why they are held."""
    wording = Wording(language, channels, html=True)
    message_id = _PERSONAL.get(reason, "personal-came")
    return _personal(message_id, wording, remainder, name=name, group_title=group_title, template=template)


_PERSONAL = {
    Reason.NOT_MEMBER: "personal-wrote",
    Reason.LEFT_CHANNEL: "personal-left",
    Reason.CAME: "personal-came",
}


def door_card(
    language: str,
    *,
    name: str,
    group_title: str,
    remainder: Policy | None,
    channels: Sequence[Channel],
    template: str = "",
) -> str:
    """The private message (HTML) to somebody who has asked to join."""
    wording = Wording(language, channels, html=True)
    return _personal("door", wording, remainder, name=name, group_title=group_title, template=template)


def _personal(
    message_id: str, wording: Wording, remainder: Policy | None, *, name: str, group_title: str, template: str
) -> str:
    person = isolated(_name(wording.language, name))
    group = _group(group_title)
    if template:
        missing = wording.missing(remainder)
        return templates.render(wording.language, template, people=person, channels=missing, group=group)
    task = wording.task(remainder)
    return PHRASES.html(wording.language, message_id, name=person, group=group, task=task)


def warning(
    language: str,
    *,
    name: str,
    left: int,
    remainder: Policy | None,
    channels: Sequence[Channel],
    person_id: int = 0,
) -> str:
    """
    The first step of the grace ladder (HTML): this message stays.

    Args:
        left: So many more will stay.
        person_id: Of whom it is a mention; 0: it is none.
    """
    task = Wording(language, channels, html=True).task(remainder)
    person = _person(language, name, person_id)
    return PHRASES.html(language, "warning", name=person, task=task, left=max(left, 0))


def deleted(
    language: str,
    *,
    name: str,
    left: int,
    remainder: Policy | None,
    channels: Sequence[Channel],
    person_id: int = 0,
) -> str:
    """The second step (HTML): this message is gone. `left`: so many more will only be removed."""
    task = Wording(language, channels, html=True).task(remainder)
    person = _person(language, name, person_id)
    return PHRASES.html(language, "deleted", name=person, task=task, left=max(left, 0))


def join_button(language: str, channel: Channel) -> Button:
    """Leads to the channel."""
    text = PHRASES.say(language, "button-join", channel=label(language, channel))
    return Button(text=text, url=channel.join_url)


def verify_button(language: str, id_: str, *, what: str = VERIFY) -> Button:
    """Asks Telegram anew. `what`: `VERIFY` of a card, or `DOOR` of a join request."""
    return Button(text=PHRASES.say(language, "button-verify"), data=f"{what}{id_}")


def buttons(
    language: str, id_: str, remainder: Policy | None, channels: Sequence[Channel], *, what: str = VERIFY
) -> list[list[Button]]:
    """A Join button for each channel that joining helps with, and Verify."""
    return [*join_buttons(language, remainder, channels), [verify_button(language, id_, what=what)]]


def join_buttons(language: str, remainder: Policy | None, channels: Sequence[Channel]) -> list[list[Button]]:
    """A Join button for each channel that joining helps with."""
    wanted = policy.joinable(remainder) if remainder is not None else ()
    joins = [
        [join_button(language, channel)] for channel in channels if channel.id in wanted and channel.join_url
    ]
    return joins[:MOST_JOIN_BUTTONS]


def card_id_of(data: str) -> str | None:
    """The card's id in a button's data; None when it is another button's."""
    return data.removeprefix(VERIFY) if data.startswith(VERIFY) else None


def door_id_of(data: str) -> str | None:
    """The request's id in a button's data; None when it is another button's."""
    return data.removeprefix(DOOR) if data.startswith(DOOR) else None


def prove(language: str) -> str:
    """Asks an anonymous admin for a proof (plain text)."""
    return PHRASES.say(language, "prove")


def prove_button(language: str, data: str) -> Button:
    """The button of that proof."""
    return Button(text=PHRASES.say(language, "button-prove"), data=data)


def gate_suspended(language: str, gate: Gate) -> str:
    """The one word to a group's admins (HTML) when its gate is set aside."""
    return PHRASES.html(language, "suspended", cause=Said(_cause(language, gate, html=True)))


def gate_resumed(language: str) -> str:
    """The word to them (HTML) when it works again."""
    return PHRASES.html(language, "resumed")


def suspension_cause(language: str, gate: Gate) -> str:
    """Why a gate is set aside (plain text); "" when it is not."""
    return _cause(language, gate, html=False)


def raid_over(language: str, *, came: int, minutes: int, held: int, freed: int) -> str:
    """What a raid was (plain text). `held`: without a word; `freed`: of those, until now."""
    return PHRASES.say(
        language,
        "raid-over",
        came=PHRASES.part(language, "raid-came", came=came, minutes=max(minutes, 1)),
        held=PHRASES.part(language, "raid-held", held=held),
        freed=PHRASES.part(language, "raid-freed", freed=freed),
    )


def _cause(language: str, gate: Gate, *, html: bool) -> str:
    if gate.suspension is None:
        return ""
    channel = Wording(language, gate.channels, html=html).missing(InChannel(gate.suspension.channel_id))
    message_id = f"cause-{gate.suspension.cause.replace('_', '-')}"
    return PHRASES.say(language, message_id, channel=channel)


def _people(language: str, held: Held) -> Said:
    named = held.cases[:MOST_PEOPLE]
    rest = held.total - len(named)
    if not named:
        return PHRASES.part(language, "people-unnamed", count=rest)
    mentions = [isolated(_mention(language, case.name, case.person_id)) for case in named]
    if rest <= 0:
        return PHRASES.listed(language, mentions, comma="list-comma", last="list-and")
    people = PHRASES.listed(language, mentions, comma="list-comma", last="list-comma")
    return PHRASES.part(language, "people-and-more", people=people, rest=rest)


def _mention(language: str, name: str, person_id: int) -> Said:
    text = shown(name, otherwise=PHRASES.say(language, "somebody"))
    return Said(f'<a href="tg://user?id={person_id}">{text}</a>')


def _group(title: str) -> Said:
    return isolated(Said(f"<b>{unlinked(title, otherwise='…')}</b>"))


def _person(language: str, name: str, person_id: int) -> Said:
    return isolated(_mention(language, name, person_id) if person_id else _name(language, name))


def _name(language: str, name: str) -> Said:
    return Said(unlinked(name, otherwise=PHRASES.say(language, "somebody")))


def _cut(text: str) -> str:
    """At most 200 UTF-16 units; what was isolated ends where the text does."""
    if utf16(text) <= LONGEST_TOAST:
        return text
    kept = text
    while utf16(kept) + _open(kept) + 1 > LONGEST_TOAST:
        kept = kept[:-1]
    return f"{kept}…{PDI * _open(kept)}"


def _open(text: str) -> int:
    return max(text.count(FSI) - text.count(PDI), 0)
