"""InlineQueryResult objects, read and checked. Source: telegram-bot-api `get_inline_query_result`."""

from collections.abc import Callable

from msgspec import Struct, field

from gatecrier_sandbox.botapi import inline_media, markup
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.botapi.locations import VENUE_IDS, contact, live, point, venue
from gatecrier_sandbox.botapi.media import Parcel
from gatecrier_sandbox.botapi.sending import LONGEST_CAPTION, LONGEST_TEXT, written_as
from gatecrier_sandbox.entities.formatted import need_visible
from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.kinds import has_caption
from gatecrier_sandbox.world.model import Message, Wire

MOST_RESULTS = 50
LONGEST_ID = 64
"""Bytes of a result's id."""
MISSING = (
    "results of type game",
    "rich_message",
    "invoices",
    "files at URLs elsewhere: a grey pixel stands for them",
)
PREFIX = "can't parse inline query result: "


class Answer(Struct):
    """Results that were read: their messages by id, how the bot put them, files to keep if all is well."""

    messages: dict[str, Message] = field(default_factory=dict)
    shown: list[Wire] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)


def results(call: Call) -> Answer:
    """Read `results`; `ApiError` 400 what cannot be read, too many, or the same id twice."""
    answer = Answer()
    raw = call.text("results")
    values = _decoded(raw, "inline query results") if raw else []
    if not isinstance(values, list):
        raise bad_request("expected an Array of inline query results")
    if len(values) > MOST_RESULTS:
        raise bad_request("too many inline query results specified")
    for value in values:
        _read(call, value, answer)
    return answer


def result(call: Call) -> Answer:
    """Read `result`: the one message it becomes."""
    answer = Answer()
    raw = call.text("result")
    if not raw:
        raise bad_request("result isn't specified")
    _read(call, _decoded(raw, "web view query results"), answer)
    return answer


def _decoded(raw: str, noun: str) -> object:
    try:
        return decode(raw, noun)
    except ApiError:
        raise bad_request(f"can't parse JSON encoded {noun}") from None


def _read(call: Call, value: object, answer: Answer) -> None:
    """Read one result into an answer; its message has no place yet."""
    if not isinstance(value, dict):
        raise bad_request(PREFIX + "Inline query result must be an object")
    fields = Fields(value, PREFIX)
    kind, number = fields.need_text("type").lower(), fields.need_text("id")
    if not 0 < len(number.encode()) <= LONGEST_ID:
        raise bad_request("RESULT_ID_INVALID" if number else "RESULT_ID_EMPTY")
    if number in answer.messages:
        raise bad_request("RESULT_ID_DUPLICATE")
    message = answer.messages[number] = Message(0, 0)
    answer.shown.append(value)
    given = fields.nested("input_message_content")
    if given is not None:
        _fill(call, message, Fields(given, PREFIX), is_required=kind == "article")
    under = fields.nested("reply_markup")
    if under is not None:
        message.markup = markup.parse_inline(wire.encoded(under))
        markup.check_data(message.markup)
    is_filled = bool(message.text) or message.content is not None
    content = _content(call, kind, fields, answer)
    if not is_filled:
        _carry(call, message, content, fields)


def _carry(call: Call, message: Message, content: Wire | None, fields: Fields) -> None:
    """Put what the result itself is into its message, with its caption."""
    if content is None:
        raise bad_request(PREFIX + "Input message content is not specified")
    message.content = content
    if has_caption(message):
        message.text, message.entities = _words(call, fields, "caption", "caption_entities")
    if len(message.text) > LONGEST_CAPTION:
        raise bad_request("MEDIA_CAPTION_TOO_LONG")


def _content(call: Call, kind: str, fields: Fields, answer: Answer) -> Wire | None:
    """What the result itself would send; it is checked even if other content stands in."""
    if kind in inline_media.SORTS:
        found = inline_media.parcel(call, kind, fields)
        answer.parcels.append(found)
        return inline_media.content(kind, found, fields)
    maker = MAKERS.get(kind)
    if maker is None:
        raise bad_request(f'{PREFIX}type "{kind}" is unsupported for the inline query result')
    return maker(fields)


def _words(call: Call, fields: Fields, name: str, entities: str) -> tuple[str, list[Wire]]:
    """A text of the result with its entities."""
    text, mode, spans = fields.text(name), fields.text("parse_mode"), fields.array(entities)
    return written_as(call, text, mode, wire.encoded(spans) if spans else "") if text else ("", [])


def _fill(call: Call, message: Message, given: Fields, *, is_required: bool) -> None:
    """Read an InputMessageContent into a message."""
    if given.text("message_text"):
        message.text, message.entities = _words(call, given, "message_text", "entities")
        need_visible(message.text)
        if len(message.text) > LONGEST_TEXT:
            raise bad_request("MESSAGE_TOO_LONG")
    elif given.has("latitude") and given.has("longitude"):
        message.content = _place(given)
    elif given.has("phone_number"):
        message.content = _contact(given)
    elif is_required:
        raise bad_request(PREFIX + "Input message content is not specified")


def _article(fields: Fields) -> Wire | None:
    if not fields.need_text("title"):
        raise bad_request("ARTICLE_TITLE_EMPTY")
    if not fields.has("input_message_content"):
        raise bad_request(PREFIX + 'Can\'t find field "message_text"')
    return None


def _contact(fields: Fields) -> Wire:
    names = {name: fields.need_text(name) for name in ("phone_number", "first_name")}
    return contact(names | {name: fields.text(name) for name in ("last_name", "vcard")})


def _location(fields: Fields) -> Wire:
    fields.need_text("title")
    return _place(fields, is_titled=True)


def _venue(fields: Fields) -> Wire:
    for name in ("title", "address"):
        fields.need_text(name)
    return _place(fields)


def _place(fields: Fields, *, is_titled: bool = False) -> Wire:
    """A venue where there is an address, too; otherwise a location, perhaps a live one."""
    latitude, longitude = fields.need_real("latitude"), fields.need_real("longitude")
    if fields.has("title") and fields.has("address") and not is_titled:
        names = ("title", "address", *VENUE_IDS)
        return venue(latitude, longitude, {name: fields.text(name) for name in names})
    period = fields.whole("live_period")
    held = point(latitude, longitude, fields.real("horizontal_accuracy"), is_live=bool(period))
    if period:
        held |= live(period, fields.whole("heading"), fields.whole("proximity_alert_radius"))
    return {"location": held}


MAKERS: dict[str, Callable[[Fields], Wire | None]] = {
    "article": _article,
    "contact": _contact,
    "location": _location,
    "venue": _venue,
}
"""By type of result."""
