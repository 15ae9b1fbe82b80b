"""What a button about a campaign carries. Free of aiogram: the board shows buttons without it."""

from datetime import UTC, datetime
from typing import NamedTuple

from gatecrier.telegram.messages import Button

PREFIX = "c"


class Press(NamedTuple):
    """
    One press: anybody can forge it, so who presses is looked at every time.

    Args:
        campaign: 0 where none is meant, as in a list.
        verb: What to show, or what to do; "!" at its end: it does what cannot be taken back.
    """

    campaign: int
    verb: str


def button(text: str, campaign: int, verb: str) -> Button:
    """A button that presses `verb`."""
    return Button(text=text, data=f"{PREFIX}:{campaign}:{verb}")


def pressed(data: str) -> Press | None:
    """What a button's data says; None when it is none of ours."""
    prefix, _, rest = data.partition(":")
    number, _, verb = rest.partition(":")
    if prefix != PREFIX or not verb or not (number.isascii() and number.isdecimal()) or len(number) > 18:
        return None
    return Press(int(number), verb)


def at(moment: datetime) -> str:
    """The verb that schedules a campaign for a moment."""
    return f"at.{int(moment.timestamp())}!"


def moment_of(verb: str) -> datetime | None:
    """The moment that such a verb names; None: it is another verb."""
    digits = verb.removeprefix("at.").removesuffix("!")
    if verb != f"at.{digits}!" or not (digits.isascii() and digits.isdecimal()) or len(digits) > 11:
        return None
    return datetime.fromtimestamp(int(digits), UTC)
