"""What a subscriber's button carries."""

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton


class Press(CallbackData, prefix="s"):
    """
    One press; it only ever concerns whoever presses.

    Args:
        verb: What to show, or what to do; "!" at its end: it cannot be taken back.
        value: The wanted value, never "the other one": the same press twice is the same.
    """

    verb: str
    value: str = ""


def button(text: str, verb: str, value: str = "") -> InlineKeyboardButton:
    """A button that presses `verb`."""
    return InlineKeyboardButton(text=text, callback_data=Press(verb=verb, value=value).pack())
