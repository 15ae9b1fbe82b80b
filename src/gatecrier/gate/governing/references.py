"""What somebody writes to name a channel: "@name", a t.me link, or a number."""

import re

from gatecrier.kernel.errors import Refused

MOST = 10  # channels in one group: nobody joins more to write a line

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/", re.IGNORECASE)
_INVITE = re.compile(r"(?:\+|joinchat/)", re.IGNORECASE)
_NUMBER = re.compile(r"-100\d{5,14}")

Reference = int | str
"""An id, or "@name"."""


def spelling(reference: Reference) -> Reference:
    """The form in which two references to the same name are equal."""
    return reference if isinstance(reference, int) else reference.lower()


def parse_one(word: str) -> Reference:
    """
    The channel that a word names.

    Raises:
        Refused: it names none.
    """
    if _NUMBER.fullmatch(word):
        return int(word)
    name, links = _LINK.subn("", word, count=1)
    if links and _INVITE.match(name):
        raise Refused(
            "An invite link does not tell me which channel it is.",
            remedy="Give me the channel's @name, or its number (it begins with -100).",
            code="invite_link",
        )
    name = name.split("?")[0].rstrip("/") if links else name.removeprefix("@")
    if not _NAME.fullmatch(name):
        raise Refused(
            f'"{word[:64]}" is no name of a channel.',
            remedy="Write it like this: /protect @channel",
            code="bad_channel_name",
        )
    return f"@{name}"
