"""Errors as people in Telegram read them. Free of aiogram: see `app`."""

from html import escape

from gatecrier.kernel.errors import GatecrierError, TryLater

TOAST = 200  # characters Telegram shows of an answer to a button


def refused(error: GatecrierError) -> str:
    """An error as a person reads it: what is wrong, what to do."""
    remedy = "Please try again in a minute." if isinstance(error, TryLater) else error.remedy
    return f"{escape(error.text)}\n{escape(remedy)}".rstrip()


def toast(error: GatecrierError) -> str:
    """The same in an answer to a button: plain text."""
    return error.text[:TOAST]
