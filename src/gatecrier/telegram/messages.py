"""What is said of a message when it is sent: its buttons, its markup, how it arrives."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

ParseMode = Literal["", "HTML", "MarkdownV2"]


class Button(msgspec.Struct, frozen=True, gc=False):
    """
    An inline button; exactly one of the last three says what it does.

    Args:
        url: Opens it.
        data: 1 to 64 bytes that come back as a ButtonPress; anybody can forge them.
        copy: 1 to 256 characters put on the clipboard.
    """

    text: str
    url: str = ""
    data: str = ""
    copy: str = ""

    def as_params(self) -> dict[str, object]:
        """As Bot API InlineKeyboardButton."""
        if self.url:
            return {"text": self.text, "url": self.url}
        if self.copy:
            return {"text": self.text, "copy_text": {"text": self.copy}}
        return {"text": self.text, "callback_data": self.data}


Buttons = Sequence[Sequence[Button]]


class Ephemeral(NamedTuple):
    """
    A message that one person of a group alone sees.

    Args:
        id: 0 when it is not ephemeral, because a server older than Bot API 10.2 showed it to everybody.
        public_id: Its number then.
    """

    id: int
    public_id: int = 0


def styled(params: dict[str, object], parse_mode: ParseMode, buttons: Buttons) -> None:
    """Note markup and buttons among the parameters of a call."""
    if parse_mode:
        params["parse_mode"] = parse_mode
    if buttons:
        params["reply_markup"] = {
            "inline_keyboard": [[button.as_params() for button in row] for row in buttons]
        }


def delivered(params: dict[str, object], *, silent: bool, protect: bool, paid: bool = False) -> None:
    """Note whether it makes a sound, may be passed on, and may cost Stars to leave faster."""
    if paid:
        params["allow_paid_broadcast"] = True
    if silent:
        params["disable_notification"] = True
    if protect:
        params["protect_content"] = True
