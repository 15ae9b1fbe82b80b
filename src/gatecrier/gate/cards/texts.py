"""What people read: cards, toasts, and the word to a group's admins. HTML where it says so."""

from collections.abc import Iterable, Sequence
from html import escape

from gatecrier.gate.model import Case, Cause, Channel, Gate, Held, Verdict
from gatecrier.gate.names import plain, shown
from gatecrier.telegram.bot import Button

VERIFY = "verify:"
"""What a Verify button's data begins with; the card's id follows."""

MOST_JOIN_BUTTONS = 8  # a card stays readable; whoever lacks more learns of the rest on Verify
LONGEST_TOAST = 200  # characters (answerCallbackQuery)

TOO_OLD = Verdict(False, "This button is out of date. If something holds you, there is a newer one.")
NOT_YOURS = Verdict(False, "This is not for you: I do not hold you here.")
WAIT = Verdict(False, "One moment: you have just asked. Try again in a few seconds.")
NO_ANSWER = Verdict(False, "Telegram does not answer just now. Please try again in a minute.", alert=True)
FREED = Verdict(True, "Thank you! You may write here now.")
FREED_ANYWAY = Verdict(True, "The channels cannot be asked just now, so you may write here.")
BY_ADMIN = Verdict(
    False, "An admin of this group has restricted you. Only an admin can lift that.", alert=True
)
FREE_ALREADY = Verdict(True, "You may write here already.")
CANNOT_FREE = Verdict(
    False,
    "You belong to the channel now, but I may not free you: I lack the right to. Please ask an admin.",
    alert=True,
)


def still_missing(channels: Iterable[Channel]) -> Verdict:
    """The answer to a press that came too early."""
    names = ", ".join(_label(channel) for channel in channels)
    return Verdict(False, _cut(f"You have not joined yet: {names}."), alert=True)


def card(held: Held, channels: Sequence[Channel]) -> str:
    """The card's text (HTML): who is held, and what to do. `channels`: what at least one of them lacks."""
    rest = held.total - len(held.cases)
    people = ", ".join(_mention(case) for case in held.cases)
    more = f" and {rest} more" if rest else ""
    which = ", ".join(escape(_label(channel)) for channel in channels[:MOST_JOIN_BUTTONS])
    wanted = f"join {which}" if which else "join the group's channel"
    return f"{people}{more}: to write here, {wanted}, then press <b>Verify</b>."


def card_buttons(card_id: str, channels: Sequence[Channel]) -> list[list[Button]]:
    """A Join button for each channel, and Verify."""
    joins = [
        [Button(text=f"Join {_label(channel)}", url=channel.join_url)]
        for channel in channels[:MOST_JOIN_BUTTONS]
        if channel.join_url
    ]
    return [*joins, [Button(text="Verify", data=f"{VERIFY}{card_id}")]]


def card_id_of(data: str) -> str | None:
    """The card's id in a button's data; None when it is another button's."""
    return data.removeprefix(VERIFY) if data.startswith(VERIFY) else None


def suspended(gate: Gate) -> str:
    """The one word to a group's admins (HTML)."""
    return (
        f"<b>For the admins:</b> the gate of this group is suspended. {escape(cause(gate))} "
        "Until then everybody may write; it resumes by itself."
    )


def cause(gate: Gate) -> str:
    """Why a gate is suspended; "" when it is not."""
    if gate.suspension is None:
        return ""
    label = next((_label(each) for each in gate.channels if each.id == gate.suspension.channel_id), "")
    return CAUSES[gate.suspension.cause].format(channel=label or "the channel")


CAUSES = {
    Cause.LOST_RIGHTS: "I need the rights to delete messages and to ban (restrict) users: please give them "
    "back to me.",
    Cause.CHANNEL: "I cannot see who belongs to {channel}: please make me an administrator of it again, "
    "or take it off with /unprotect.",
    Cause.PARKED: "I am not in the group any more: add me again as an administrator.",
}


def _label(channel: Channel) -> str:
    return plain(channel.label) or "the channel"


def _mention(case: Case) -> str:
    return f'<a href="tg://user?id={case.person_id}">{shown(case.name, otherwise="Somebody")}</a>'


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TOAST else f"{text[: LONGEST_TOAST - 1]}…"
