"""reply_markup: what a request may put under a message."""

from typing import NoReturn

from msgspec import Struct

from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.entities.links import checked
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world.model import Wire

ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
)
"""What an inline button does: exactly one of these."""
CHOSEN = ("allow_user_chats", "allow_bot_chats", "allow_group_chats", "allow_channel_chats")
STYLES = frozenset({"", "default", "primary", "success", "danger"})
LONGEST_DATA = 64
"""Bytes of callback_data."""
BROKEN_BUTTON = "can't parse inline keyboard button: "


class Markup(Struct, frozen=True):
    """What stands under a message: an inline keyboard, or another markup (then it cannot be edited later)."""

    inline: Wire | None = None
    other: Wire | None = None


NONE = Markup()


def parse(raw: str) -> Markup:
    """
    Read `reply_markup` (raw JSON).

    Raises:
        ApiError: 400 with the text of facts/botapi.md §4.
    """
    if not raw:
        return NONE
    value = decode(raw, "reply keyboard markup")
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "keyboard" in value:
        _check_keyboard(value["keyboard"])
        return Markup(other=value)
    if "inline_keyboard" in value:
        return _inline(value["inline_keyboard"])
    names = ("remove_keyboard", "hide_keyboard", "force_reply")
    return Markup(other=value) if any(name in value for name in names) else NONE


def parse_inline(raw: str) -> Wire | None:
    """Read the markup of an edit: inline or none."""
    markup = parse(raw)
    if markup.other is not None:
        raise bad_request("inline keyboard expected")
    return markup.inline


def _check_keyboard(rows: object) -> None:
    if not isinstance(rows, list):
        raise bad_request('field "keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request('field "keyboard" must be an Array of Arrays')
    for button in (button for row in rows for button in row):
        text = button.get("text") if isinstance(button, dict) else button
        if not isinstance(text, str):
            raise bad_request("can't parse keyboard button: KeyboardButton must be an Object")


def _inline(rows: object) -> Markup:
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    kept = [[_button(button) for button in row] for row in rows if row]
    return Markup(inline={"inline_keyboard": kept}) if kept else NONE


def _button(value: object) -> Wire:
    if not isinstance(value, dict):
        _refuse("InlineKeyboardButton must be an Object")
    text = value.get("text")
    if not isinstance(text, str):
        _refuse('Can\'t find field "text"' if text is None else 'Field "text" must be of type String')
    action = next((name for name in ACTIONS if name in value), None)
    if action is None:
        _refuse("Text buttons are unallowed in the inline keyboard")
    button: Wire = {"text": text} | _action(action, value[action])
    return button | _looks(Fields(value, BROKEN_BUTTON))


def _looks(given: Fields) -> Wire:
    """A button's icon and colour; the style "default" is none."""
    icon, style = given.text("icon_custom_emoji_id"), given.text("style")
    if style not in STYLES:
        raise bad_request("invalid button style specified")
    shown: Wire = {"icon_custom_emoji_id": icon} if icon else {}
    return shown | ({"style": style} if style not in {"", "default"} else {})


def _action(name: str, value: object) -> Wire:
    """What a button does, as a bot sees it: a login button looks like one with a URL."""
    if name in {"url", "callback_data", "switch_inline_query", "switch_inline_query_current_chat"}:
        if not isinstance(value, str):
            _refuse(f'Field "{name}" must be of type String')
        return {name: _url(value) if name == "url" else value}
    if name == "pay":
        if not isinstance(value, bool):
            _refuse('Field "pay" must be of type Boolean')
        return {name: value}
    if not isinstance(value, dict):
        _refuse(f'Field "{name}" must be of type Object')
    given = Fields({key: content for key, content in value.items() if content is not None}, BROKEN_BUTTON)
    return {"url": _login_url(given)} if name == "login_url" else {name: _details(name, given)}


def _details(name: str, given: Fields) -> Wire:
    """The documented members of an action that is an object."""
    match name:
        case "web_app":
            return {"url": _url(given.need_text("url"), "Web App URL", https_only=True)}
        case "copy_text":
            return {"text": given.need_text("text")}
        case "switch_inline_query_chosen_chat":
            kinds: Wire = {kind: True for kind in CHOSEN if given.flag(kind)}
            return {"query": given.text("query")} | kinds
    return {}


def _login_url(given: Fields) -> str:
    """Where a login button leads; whom it logs in is not told to bots."""
    address = given.need_text("url")
    for name in ("forward_text", "bot_username"):
        given.text(name)
    given.flag("request_write_access")
    return _url(address, "login URL", https_only=True)


def _url(address: str, noun: str = "URL", *, https_only: bool = False) -> str:
    address = address.strip()
    try:
        return checked(address, https_only=https_only)
    except ValueError as error:
        raise bad_request(f"inline keyboard button {noun} '{address}' is invalid: {error}") from None


def _refuse(text: str) -> NoReturn:
    raise bad_request(BROKEN_BUTTON + text)


def check_data(markup: Wire | None) -> None:
    """The check Telegram's own servers make last: callback_data of 1 to 64 bytes, a text on each button."""
    rows = (markup or {}).get("inline_keyboard", [])
    for row in rows if isinstance(rows, list) else []:
        for button in row:
            data = button.get("callback_data")
            if data is not None and not 0 < len(data.encode()) <= LONGEST_DATA:
                raise bad_request("BUTTON_DATA_INVALID")
            if not button["text"]:
                raise bad_request("BUTTON_TYPE_INVALID")
