"""A campaign's content: whether Telegram can accept it, and how it is kept."""

import html
import re
from dataclasses import asdict
from typing import Any

from gatecrier.broadcast.model import Button, Content, Copy, Options, ParseMode, Text, UnknownPolicy
from gatecrier.kernel.errors import Refused

LONGEST_TEXT = 4096
"""Characters after the markup is parsed (Bot API sendMessage)."""
LONGEST_RAW_TEXT = 32_768
"""Bytes with markup (the Bot API server's own limit)."""
MOST_BUTTONS = 100
MOST_BUTTONS_IN_A_ROW = 8
"""Undocumented; python-telegram-bot found them."""
LONGEST_DATA = 64
LONGEST_COPY = 256
MOST_TEST_PERSONS = 100
LARGEST_WINDOW = 100
LARGEST_CANARY = 1000
LONGEST_NAME = 200
LONGEST_LIFE = 47 * 3600
"""Seconds: an hour before Telegram's 48 are over, for what a rate limit delays (Bot API deleteMessage)."""
SLOWEST_RATE, FASTEST_RATE = 0.01, 1000.0

_TAG = re.compile(r"<[^>]*>")
_LINK_TARGET = re.compile(r"\]\([^)]*\)")
_MARK = re.compile(r"\\(.)|[*_~|`\[]", re.DOTALL)


def check(name: str, content: Content, options: Options) -> None:
    """
    Refuse what Telegram would refuse for everybody.

    Markup is not parsed here: what is wrong in it shows at the canary, before the audience sees it.

    Raises:
        Refused: `field` names what is wrong: name, text, parse_mode, buttons, message_id ...
    """
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise Refused(f"A campaign needs a name of 1 to {LONGEST_NAME} characters.", field="name")
    if isinstance(content, Text):
        _check_text(content)
    elif content.message_id <= 0 or content.from_chat_id == 0:
        raise Refused("A copy needs the chat and the number of a message in it.", field="message_id")
    _check_buttons(content)
    _check_options(options)


def visible_length(content: Text) -> int:
    """Characters a reader sees; for MarkdownV2 at least so many, as only Telegram parses it whole."""
    if content.parse_mode is ParseMode.HTML:
        return len(html.unescape(_TAG.sub("", content.text)))
    if content.parse_mode is ParseMode.MARKDOWN:
        return len(_MARK.sub(r"\1", _LINK_TARGET.sub("", content.text)))
    return len(content.text)


def _check_text(content: Text) -> None:
    if content.parse_mode not in list(ParseMode):
        names = ", ".join(mode.value for mode in ParseMode if mode)
        raise Refused(f"Telegram knows no such markup; use {names} or none.", field="parse_mode")
    if not content.text.strip():
        raise Refused("The message is empty.", field="text")
    length = visible_length(content)
    if length > LONGEST_TEXT:
        raise Refused(
            f"The message has {length} characters; Telegram takes {LONGEST_TEXT}.",
            remedy="Shorten it, or split it into two campaigns.",
            field="text",
        )
    try:
        size = len(content.text.encode())
    except UnicodeEncodeError:
        raise Refused("The message holds half a character (a lone surrogate).", field="text") from None
    if size > LONGEST_RAW_TEXT:
        raise Refused(f"With its markup the message takes {size} bytes of {LONGEST_RAW_TEXT}.", field="text")


def _check_buttons(content: Content) -> None:
    if sum(map(len, content.buttons)) > MOST_BUTTONS:
        raise Refused(f"A message takes {MOST_BUTTONS} buttons.", field="buttons")
    for number, row in enumerate(content.buttons, 1):
        if not 0 < len(row) <= MOST_BUTTONS_IN_A_ROW:
            raise Refused(f"Row {number} must hold 1 to {MOST_BUTTONS_IN_A_ROW} buttons.", field="buttons")
        for button in row:
            _check_button(button)


def _check_button(button: Button) -> None:
    label = f"The button {button.text!r}"
    if not button.text.strip():
        raise Refused("A button needs a text.", field="buttons")
    if [bool(button.url), bool(button.data), bool(button.copy)].count(True) != 1:
        raise Refused(f"{label} needs one of url, data and copy.", field="buttons")
    if button.url and not re.match(r"(https?|tg)://\S+$", button.url):
        raise Refused(
            f"{label} needs an address that begins with https://, http:// or tg://.", field="buttons"
        )
    if len(button.data.encode()) > LONGEST_DATA:
        raise Refused(f"The data of {label[4:]} takes more than {LONGEST_DATA} bytes.", field="buttons")
    if len(button.copy) > LONGEST_COPY:
        raise Refused(f"{label} copies more than {LONGEST_COPY} characters.", field="buttons")


def _check_options(options: Options) -> None:
    if not 0 <= options.canary <= LARGEST_CANARY:
        raise Refused(f"A canary is 0 to {LARGEST_CANARY} deliveries.", field="canary")
    if not 1 <= options.window <= LARGEST_WINDOW:
        raise Refused(f"A window is 1 to {LARGEST_WINDOW} calls.", field="window")
    if options.rate and not SLOWEST_RATE <= options.rate <= FASTEST_RATE:
        raise Refused(
            f"A campaign's own rate is {SLOWEST_RATE} to {FASTEST_RATE:.0f} a second, or 0 for none.",
            field="rate",
        )
    if not 0 <= options.delete_after <= LONGEST_LIFE:
        raise Refused(
            f"Messages can be deleted by themselves after 1 to {LONGEST_LIFE} seconds.",
            remedy="Telegram lets a bot delete what is less than 48 hours old.",
            field="delete_after",
        )
    if options.paid and options.stars <= 0:
        raise Refused(
            "A paid campaign needs to know how many Stars it may cost.",
            remedy="Ten messages above the free rate cost one.",
            field="stars",
        )
    if len(options.only) > MOST_TEST_PERSONS:
        raise Refused(f"A test reaches {MOST_TEST_PERSONS} persons at most.", field="only")


def pack(content: Content) -> dict[str, Any]:
    """As it is kept: plain values, with its kind."""
    return {"kind": type(content).__name__.lower(), **asdict(content)}


def unpack(kept: dict[str, Any]) -> Content:
    """The reverse of `pack`."""
    values = dict(kept)
    kind = values.pop("kind")
    values["buttons"] = tuple(tuple(Button(**button) for button in row) for row in values["buttons"])
    if kind == "text":
        values["parse_mode"] = ParseMode(values["parse_mode"])
        return Text(**values)
    return Copy(**values)


def pack_options(options: Options) -> dict[str, Any]:
    """As they are kept; the policy for unknown outcomes has a column of its own, for SQL to read."""
    kept = asdict(options)
    del kept["unknown"]
    return kept


def unpack_options(kept: dict[str, Any], unknown: str) -> Options:
    """The reverse of `pack_options`."""
    return Options(**{**kept, "only": tuple(kept["only"]), "unknown": UnknownPolicy(unknown)})
