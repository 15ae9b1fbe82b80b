"""RichText as a request gives it. Source: telegram-bot-api and TDLib, `get_rich_text`."""

from typing import NoReturn

from gatecrier_sandbox.botapi import markup
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.entities.dates import date_format
from gatecrier_sandbox.entities.links import mentioned
from gatecrier_sandbox.entities.rich.limits import check_level
from gatecrier_sandbox.entities.rich.texts import FIELDS, STYLES, is_empty, joined, styled
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import Wire

DETECTED = frozenset(FIELDS) - {"url", "phone_number"}
"""Of these only the text counts: Telegram looks for them anew."""
LINKS = {
    "email_address": "email_address",
    "phone_number": "phone_number",
    "anchor_link": "anchor_name",
    "reference_link": "reference_name",
}
"""A type, and the field that says where it leads."""
BUTTON_STYLES = frozenset({"danger", "success", "primary", "link"})
PLAIN_IN_BUTTONS = frozenset({"custom_emoji", "date_time"})


def rich_text(value: object, level: int) -> object:
    """
    Read one RichText; none is empty.

    Raises:
        ApiError: 400 it is none, or nested too deeply.
    """
    check_level(level)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return joined(rich_text(part, level + isinstance(part, list)) for part in value)
    if not isinstance(value, dict):
        raise bad_request("Invalid rich text specified")
    return _typed(Fields(value, ""), level)


def _typed(fields: Fields, level: int) -> object:
    kind = fields.need_text("type")
    if kind in UNFORMED:
        return UNFORMED[kind](fields, level)
    if kind not in STYLES | DETECTED | LINKS.keys() | FORMED.keys():
        raise bad_request("Unsupported rich text type")
    inner = rich_text(fields.values.get("text"), level + 1)
    if kind in FORMED:
        return FORMED[kind](fields, inner)
    if kind in DETECTED or is_empty(inner):
        return inner
    return styled(kind, inner, **({LINKS[kind]: fields.text(LINKS[kind])} if kind in LINKS else {}))


def _reference(fields: Fields, inner: object) -> object:
    name = fields.text("name")
    return {"type": "anchor", "name": name} if is_empty(inner) else styled("reference", inner, name=name)


def _url(fields: Fields, inner: object) -> object:
    address = fields.need_text("url")
    if not address:
        raise bad_request('Field "url" must be non-empty')
    if user_id := mentioned(address):
        return styled("text_mention", inner, user_id=user_id)
    return styled("url", inner, url=address)


def _text_mention(fields: Fields, inner: object) -> object:
    user = fields.nested("user")
    if user is None:
        raise bad_request('Can\'t find field "user"')
    number = user.get("id")
    if isinstance(number, bool) or not isinstance(number, int):
        raise bad_request('Field "id" must be a valid Number')
    return styled("text_mention", inner, user_id=number)


def _date_time(fields: Fields, inner: object) -> object:
    moment, shape = fields.whole("unix_time"), date_format(fields.text("date_time_format"), last_wins=True)
    if shape is None:
        raise bad_request("Invalid date-time format specified")
    if moment <= 0:
        raise bad_request("Invalid date specified")
    return styled("date_time", inner, unix_time=moment, date_time_format=shape)


FORMED = {"reference": _reference, "url": _url, "text_mention": _text_mention, "date_time": _date_time}


def _custom_emoji(fields: Fields, _: int) -> Wire:
    number = fields.text("custom_emoji_id")
    if not number.isascii() or not number.isdigit() or not int(number[:20]):
        raise bad_request("Invalid custom emoji identifier specified")
    return {
        "type": "custom_emoji",
        "custom_emoji_id": number[:20],
        "alternative_text": fields.text("alternative_text"),
    }


def _formula(fields: Fields, _: int) -> Wire:
    return {"type": "mathematical_expression", "expression": fields.text("expression")}


def _anchor(fields: Fields, _: int) -> Wire:
    return {"type": "anchor", "name": fields.text("name")}


def _button(fields: Fields, level: int) -> Wire:
    return {"type": "button", "button": button(fields.values.get("button"), level)}


UNFORMED = {
    "custom_emoji": _custom_emoji,
    "mathematical_expression": _formula,
    "anchor": _anchor,
    "button": _button,
}


def button(value: object, level: int) -> Wire:
    """A RichMessageButton: what it does is checked as in an inline keyboard."""
    if not isinstance(value, dict):
        raise bad_request("InlineButton must be an Object")
    text = rich_text(value.get("text"), level + 1)
    if not _fits_button(text):
        _refuse("its text can have only custom emoji and dates")
    style = Fields(value, "").text("style").lower()
    if style not in BUTTON_STYLES | {"", "default"}:
        raise bad_request("Invalid button style specified")
    shown = _action(value)
    if style == "link" and "callback_data" not in shown:
        _refuse("only callback buttons can have the link style")
    shown["text"] = text
    return shown | ({"style": style} if style in BUTTON_STYLES else {})


def _action(value: dict[str, object]) -> Wire:
    """What a button does, as a button of an inline keyboard without its words."""
    plain = {name: value[name] for name in value if name not in {"text", "style", "icon_custom_emoji_id"}}
    under = markup.parse(wire.encoded({"inline_keyboard": [[plain | {"text": "-"}]]})).inline
    markup.check_data(under)
    rows = under["inline_keyboard"] if under else []
    return dict(rows[0][0]) if isinstance(rows, list) and rows else {}


def _fits_button(text: object) -> bool:
    if isinstance(text, list):
        return all(_fits_button(part) for part in text)
    return isinstance(text, str) or (isinstance(text, dict) and text["type"] in PLAIN_IN_BUTTONS)


def _refuse(why: str) -> NoReturn:
    raise bad_request(f"can't parse rich message button: {why}")
