"""Inline buttons that Telegram would refuse."""

import re

from gatecrier.broadcast.content.model import Button, Buttons
from gatecrier.kernel.errors import Refused

MOST_BUTTONS = 100
MOST_BUTTONS_IN_A_ROW = 8
"""Undocumented; python-telegram-bot found them."""
LONGEST_DATA = 64
LONGEST_COPY = 256

_URL = re.compile(r"(https?|tg|ton)://\S+", re.IGNORECASE)
_WEB_APP = re.compile(r"https://\S+", re.IGNORECASE)


def check_buttons(buttons: Buttons) -> None:
    """
    Refuse what Telegram would.

    Raises:
        Refused: field "buttons"; the text names the button.
    """
    if sum(map(len, buttons)) > MOST_BUTTONS:
        raise Refused(f"A message takes {MOST_BUTTONS} buttons.", field="buttons")
    for number, row in enumerate(buttons, 1):
        if not 0 < len(row) <= MOST_BUTTONS_IN_A_ROW:
            raise Refused(f"Row {number} must hold 1 to {MOST_BUTTONS_IN_A_ROW} buttons.", field="buttons")
        for button in row:
            _check_button(button)


def _check_button(button: Button) -> None:
    if not button.text.strip():
        raise Refused("A button needs a text.", field="buttons")
    label = f"button {button.text!r}"
    if [button.url, button.data, button.copy, button.web_app].count("") != 3:
        raise Refused(f"The {label} needs one of url, data, copy and web_app.", field="buttons")
    if button.url and _URL.fullmatch(button.url) is None:
        raise Refused(
            f"The {label} needs an address that begins with https://, http:// or tg://.", field="buttons"
        )
    if button.web_app and _WEB_APP.fullmatch(button.web_app) is None:
        raise Refused(f"The {label} needs a web app's address, which begins with https://.", field="buttons")
    if len(button.data.encode()) > LONGEST_DATA:
        raise Refused(f"The data of the {label} takes more than {LONGEST_DATA} bytes.", field="buttons")
    if len(button.copy) > LONGEST_COPY:
        raise Refused(f"The {label} copies more than {LONGEST_COPY} characters.", field="buttons")
