"""Entities a sender gives as JSON. Source: telegram-bot-api get_text_entity, td get_message_entities."""

from collections.abc import Callable
from typing import NoReturn

import msgspec

from gatecrier_sandbox.entities.dates import date_format
from gatecrier_sandbox.entities.links import checked, mentioned
from gatecrier_sandbox.entities.nesting import QUOTES, STYLES
from gatecrier_sandbox.entities.spans import Span, place
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import BROKEN
from gatecrier_sandbox.world.model import Wire

Values = dict[str, object]
FARTHEST = 1_000_000
"""UTF-16 units an entity may begin behind the start, or be long."""
LARGEST = {32: (1 << 31) - 1, 64: (1 << 63) - 1}
PLAIN = QUOTES.union(STYLES, {"code"})
DETECTED = frozenset(
    ("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number")
)
"""Telegram finds these itself and does not look at those given."""


def given_entities(raw: str) -> list[Span]:
    """
    Read an `entities` parameter; what is no JSON array counts as none.

    Raises:
        ApiError: 400, an entity is no entity.
    """
    try:
        values = msgspec.json.decode(raw)
    except BROKEN:
        return []
    spans = [_given(value) for value in values] if isinstance(values, list) else []
    return [_in_reach(span) for span in spans if span is not None]


def check_places(text: str, spans: list[Span]) -> None:
    """`ApiError` 400 if an entity (in order) ends or begins outside the text, or inside a character."""
    is_short = text.isascii() or max(text) <= "\uffff"
    total = len(text) if is_short else _check_halves(text, spans)
    for span in spans:
        if span.offset > total:
            raise bad_request(f"Entity begins after the end of the text at UTF-16 offset {span.offset}")
    for span in reversed(spans):
        if span.end > total:
            begin = f"Entity beginning at UTF-16 offset {span.offset}"
            raise bad_request(f"{begin} ends after the end of the text at UTF-16 offset {span.end}")


def _check_halves(text: str, spans: list[Span]) -> int:
    """The length of the text; no entity may end or begin between the halves of a surrogate pair."""
    ends = {span.end: span for span in sorted(spans, key=place)}
    begins = {span.offset for span in spans}
    units = size = 0
    for char in text:
        size += len(char.encode("utf-8", "surrogatepass"))
        units += 1
        if char > "\uffff":
            if inner := ends.get(units):
                begin = f"Entity beginning at UTF-16 offset {inner.offset}"
                raise bad_request(f"{begin} ends in a middle of a UTF-16 symbol at byte offset {size}")
            if units in begins:
                raise bad_request(f"Entity begins in a middle of a UTF-16 symbol at byte offset {size}")
            units += 1
    return units


def _in_reach(span: Span) -> Span:
    for name, value in (("offset", span.offset), ("length", span.length)):
        if not 0 <= value <= FARTHEST:
            raise bad_request(f"Receive an entity with incorrect {name} {value}")
    return span


def _given(value: object) -> Span | None:
    """One entity; None for a kind that is not looked at."""
    extra: Wire
    if not isinstance(value, dict):
        _refuse("expected an Object")
    kind = _text(value, "type")
    if not kind:
        _refuse("Type is not specified")
    if kind in DETECTED:
        return None
    if kind in READERS:
        kind, extra = READERS[kind](value)
    elif kind in PLAIN:
        extra = {}
    else:
        _refuse("Unsupported type specified")
    return Span(kind, _number(value, "offset"), _number(value, "length"), extra)


def _pre(value: Values) -> tuple[str, Wire]:
    language = _text(value, "language") if "language" in value else ""
    return "pre", {"language": language} if language else {}


def _text_link(value: Values) -> tuple[str, Wire]:
    address = _text(value, "url")
    if user_id := mentioned(address):
        return "text_mention", {"user_id": user_id}
    try:
        return "text_link", {"url": checked(address)}
    except ValueError as error:
        raise bad_request(f"Entity URL '{address}' is invalid: {error}") from None


def _text_mention(value: Values) -> tuple[str, Wire]:
    user = value.get("user")
    if "user" not in value:
        _refuse('Can\'t find field "user"')
    if not isinstance(user, dict):
        _refuse('Field "user" must be of type Object')
    return "text_mention", {"user_id": _number(user, "id", 64)}


def _custom_emoji(value: Values) -> tuple[str, Wire]:
    number = _number(value, "custom_emoji_id", 64)
    if not number:
        raise bad_request("Invalid custom emoji identifier specified")
    return "custom_emoji", {"custom_emoji_id": str(number)}


def _date_time(value: Values) -> tuple[str, Wire]:
    moment = _number(value, "unix_time")
    given = _text(value, "date_time_format") if "date_time_format" in value else ""
    letters = date_format(given, last_wins=True)
    if letters is None:
        _refuse("Invalid date-time format specified")
    if moment <= 0:
        raise bad_request("Invalid date specified")
    return "date_time", {"unix_time": moment, "date_time_format": letters}


READERS: dict[str, Callable[[Values], tuple[str, Wire]]] = {
    "pre": _pre,
    "text_link": _text_link,
    "text_mention": _text_mention,
    "custom_emoji": _custom_emoji,
    "date_time": _date_time,
}


def _text(value: Values, name: str) -> str:
    """A text that must be there; a number is taken as it is written."""
    found = value.get(name)
    if name not in value:
        _refuse(f'Can\'t find field "{name}"')
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        _refuse(f'Field "{name}" must be of type String')
    return str(found)


def _number(value: Values, name: str, bits: int = 32) -> int:
    """A whole number that must be there, also in quotes."""
    found = value.get(name)
    if name not in value:
        _refuse(f'Can\'t find field "{name}"')
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        _refuse(f'Field "{name}" must be of type Number')
    digits = str(found)
    is_whole = digits.removeprefix("-").isascii() and digits.removeprefix("-").isdigit() and len(digits) < 21
    if not is_whole or abs(int(digits)) > LARGEST[bits]:
        _refuse(f'Field "{name}" must be a valid Number')
    return int(digits)


def _refuse(why: str) -> NoReturn:
    raise bad_request(f"can't parse MessageEntity: {why}")
