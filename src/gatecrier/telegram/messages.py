"""What is said of a message when it is sent: its buttons, its markup, how it arrives."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

ParseMode = Literal["", "HTML", "MarkdownV2"]


class Button(msgspec.Struct, frozen=True, gc=False):
    """
    An inline button; exactly one of the last four says what it does.

    Args:
        url: Opens it.
        data: 1 to 64 bytes that come back as a ButtonPress; anybody can forge them.
        copy: 1 to 256 characters put on the clipboard.
        web_app: An https:// address that opens inside Telegram; private chats only.
    """

    text: str
    url: str = ""
    data: str = ""
    copy: str = ""
    web_app: str = ""

    def as_params(self) -> dict[str, object]:
        """As Bot API InlineKeyboardButton."""
        if self.url:
            return {"text": self.text, "url": self.url}
        if self.copy:
            return {"text": self.text, "copy_text": {"text": self.copy}}
        if self.web_app:
            return {"text": self.text, "web_app": {"url": self.web_app}}
        return {"text": self.text, "callback_data": self.data}


Buttons = Sequence[Sequence[Button]]


class File(msgspec.Struct, frozen=True, gc=False):
    """
    A file with a caption.

    Args:
        file: A file_id of the bot's, or an http(s) address from which Telegram fetches it.
        above: The caption stands above the picture.
        spoiler: The picture is covered until it is tapped.
    """

    kind: Literal["photo", "video", "document", "animation", "audio", "voice"]
    file: str
    caption: str = ""
    parse_mode: ParseMode = ""
    above: bool = False
    spoiler: bool = False

    @property
    def method(self) -> str:
        """The Bot API's method for its kind."""
        return f"send{self.kind.capitalize()}"

    def as_params(self) -> dict[str, object]:
        """As that method takes it, but for its parse_mode."""
        params: dict[str, object] = {self.kind: self.file}
        if self.caption:
            params["caption"] = self.caption
        if self.above:
            params["show_caption_above_media"] = True
        if self.spoiler:
            params["has_spoiler"] = True
        return params


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


def delivered(
    params: dict[str, object], *, silent: bool, protect: bool, effect: str = "", paid: bool = False
) -> None:
    """Note whether it makes a sound, may be passed on, has an effect, and may cost Stars to leave faster."""
    if paid:
        params["allow_paid_broadcast"] = True
    if silent:
        params["disable_notification"] = True
    if protect:
        params["protect_content"] = True
    if effect:
        params["message_effect_id"] = effect


def previewed(params: dict[str, object], *, shown: bool, above: bool) -> None:
    """Note whether a preview of its link is shown, and where."""
    if not shown:
        params["link_preview_options"] = {"is_disabled": True}
    elif above:
        params["link_preview_options"] = {"show_above_text": True}
