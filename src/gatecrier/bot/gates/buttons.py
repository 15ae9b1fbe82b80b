"""What a button of the settings carries: the group, what to do, and with what value."""

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton

OBSERVE = "observe"
"""The verb of the one button that hangs in a group."""

LONGEST = 64  # bytes of a button's data (Bot API)


class Press(CallbackData, prefix="g"):
    """
    One press: anybody can forge it, so whatever it does is proven when it is done.

    Args:
        group: 0 where no group is chosen yet.
        verb: What to show, or what to do.
        value: The wanted value, never "the other one": the same press twice is the same.
    """

    group: int
    verb: str
    value: str = ""


def button(text: str, group: int, verb: str, value: object = "") -> InlineKeyboardButton:
    """A button that presses `verb`."""
    data = Press(group=group, verb=verb, value=str(value)).pack()
    return InlineKeyboardButton(text=text, callback_data=data)
