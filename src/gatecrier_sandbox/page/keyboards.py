"""Keyboards: buttons under a message, and those that stand where one writes."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gatecrier_sandbox.page.rich import href_of
from gatecrier_sandbox.world.model import Message, Wire

STYLES = frozenset({"primary", "success", "danger"})
ELSEWHERE = {
    "web_app": "opens a Mini App",
    "login_url": "logs in on a website",
    "callback_game": "starts a game",
    "pay": "pays an invoice",
    "request_users": "asks to choose people",
    "request_chat": "asks to choose a chat",
    "request_managed_bot": "makes a bot",
    "request_poll": "makes a poll",
    "request_location": "sends a location",
}
"""What some buttons would do in an app, and do not here."""


class Button(Struct, frozen=True):
    """
    A button: `act` is callback, link, copy, inline, text, contact or none.

    `value` is what the act needs (data, address, text); for none it says what the button would do.
    `elsewhere`: the query is to be typed in another chat, which one chooses.
    """

    text: str
    act: str
    value: str = ""
    style: str = ""
    elsewhere: bool = False


class Keyboard(Struct, frozen=True):
    """What stands where one writes: rows of buttons, a hint in the field, a message to answer."""

    rows: Sequence[Sequence[Button]] = ()
    placeholder: str = ""
    reply_to: int = 0


def inline(markup: Wire | None, go: str) -> list[list[Button]]:
    """The buttons under a message."""
    return [[_inline(button, go) for button in row] for row in _rows(markup, "inline_keyboard")]


def _rows(markup: Wire | None, name: str) -> list[list[Wire]]:
    rows = (markup or {}).get(name)
    if not isinstance(rows, list):
        return []
    return [[button for button in row if isinstance(button, dict)] for row in rows if isinstance(row, list)]


def _inline(button: Wire, go: str) -> Button:
    text, style = str(button.get("text", "")), str(button.get("style", ""))
    style = style if style in STYLES else ""
    if "callback_data" in button:
        return Button(text, "callback", str(button["callback_data"]), style)
    if "url" in button:
        return Button(text, "link", href_of(str(button["url"]), go), style)
    copied = button.get("copy_text")
    if isinstance(copied, dict):
        return Button(text, "copy", str(copied.get("text", "")), style)
    for name in ("switch_inline_query", "switch_inline_query_current_chat"):
        if name in button:
            return Button(text, "inline", str(button[name]), style, name == "switch_inline_query")
    chosen = button.get("switch_inline_query_chosen_chat")
    if isinstance(chosen, dict):
        return Button(text, "inline", str(chosen.get("query", "")), style, elsewhere=True)
    return Button(text, "none", _elsewhere(button), style)


def _elsewhere(button: Wire) -> str:
    return next((words for name, words in ELSEWHERE.items() if name in button), "does nothing here")


def standing(newest_first: Iterable[Message], person: int) -> Keyboard:
    """
    The keyboard a person has in a room: the newest one given them and not removed.

    A one-time keyboard is gone, and a forced reply answered, once they have written.
    """
    has_written = False
    for message in newest_first:
        markup = message.keyboard
        if markup is None or not _is_for(message, markup, person):
            has_written = has_written or message.sender_id == person
            continue
        if markup.get("remove_keyboard"):
            return Keyboard()
        return _standing(message, markup, has_written=has_written)
    return Keyboard()


def _standing(message: Message, markup: Wire, *, has_written: bool) -> Keyboard:
    placeholder = str(markup.get("input_field_placeholder") or "")
    if markup.get("force_reply") and not markup.get("keyboard"):
        return Keyboard() if has_written else Keyboard((), placeholder, message.message_id)
    if markup.get("one_time_keyboard") and has_written:
        return Keyboard()
    rows = [[_plain(button) for button in row] for row in _rows(markup, "keyboard")]
    return Keyboard(rows, placeholder)


def _is_for(message: Message, markup: Wire, person: int) -> bool:
    """A selective keyboard is for whom the message answers, or mentions by id."""
    if not markup.get("selective"):
        return True
    if message.reply_to is not None and message.reply_to.sender_id == person:
        return True
    mentioned = (entity.get("user") for entity in message.entities)
    return any(isinstance(user, dict) and user.get("id") == person for user in mentioned)


def _plain(button: Wire) -> Button:
    text, style = str(button.get("text", "")), str(button.get("style", ""))
    style = style if style in STYLES else ""
    if button.get("request_contact"):
        return Button(text, "contact", "", style)
    if any(name in button for name in ELSEWHERE):
        return Button(text, "none", _elsewhere(button), style)
    return Button(text, "text", text, style)
