"""What a new message answers: reply_parameters, quotes, and replies to messages of other chats."""

from msgspec import Struct

from gatecrier_sandbox.botapi.access import Access, reach
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.entities.formatted import formatted
from gatecrier_sandbox.entities.spans import utf16
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import forwarding, wire
from gatecrier_sandbox.world.model import Chat, ChatType, Message, Room, Wire

LONGEST_QUOTE = 1024
QUOTABLE = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji", "date_time"})
"""The entities a quote keeps."""


class ReplyWish(Struct, frozen=True):
    """What a new message answers; `optional` sends it anyway when that is gone."""

    message_id: int = 0
    optional: bool = False
    chat_id: str = ""
    ephemeral_id: int = 0
    quote: str = ""
    quote_mode: str = ""
    quote_entities: str = ""
    quote_position: int = 0


NOTHING = ReplyWish()


def read_reply(call: Call) -> ReplyWish:
    """Read reply_parameters, or the older pair of parameters; `ApiError` 400 if they are broken."""
    raw = call.text("reply_parameters")
    if not raw:
        old = call.params.integer("reply_to_message_id", 0, low=0)
        return ReplyWish(old, call.flag("allow_sending_without_reply")) if old else NOTHING
    value = decode(raw, "reply parameters")
    if not isinstance(value, dict):
        raise bad_request("can't parse reply parameters: expected an Object")
    return ReplyWish(
        _number(value, "message_id"),
        bool(value.get("allow_sending_without_reply", False)),
        str(value.get("chat_id") or ""),
        _number(value, "ephemeral_message_id"),
        _string(value, "quote"),
        _string(value, "quote_parse_mode"),
        wire.encoded(value.get("quote_entities")) if value.get("quote_entities") else "",
        _number(value, "quote_position"),
    )


def _number(value: dict[str, object], name: str) -> int:
    given = value.get(name) or 0
    if isinstance(given, bool) or not str(given).isdecimal() or len(str(given)) > 18:
        raise bad_request(f'can\'t parse reply parameters: Field "{name}" must be a valid Number')
    return int(str(given))


def _string(value: dict[str, object], name: str) -> str:
    given = value.get(name) or ""
    if not isinstance(given, str):
        raise bad_request(f'can\'t parse reply parameters: Field "{name}" must be of type String')
    return given


def find_replied(call: Call, room: Room, message: Message, wish: ReplyWish) -> None:
    """
    Put what is answered into `message`.

    Raises:
        ApiError: 400 there is no such message, or the quote is not in it.
    """
    if wish.ephemeral_id:
        message.reply_to = _ephemeral(call, room, message, wish.ephemeral_id)
    if not wish.message_id:
        return
    source = reach(call.world, call.bot, wish.chat_id, Access.READ) if wish.chat_id else room
    found = source.messages.get(wish.message_id)
    if found is None:
        if not wish.optional or source is not room:
            raise bad_request("message to be replied not found")
        return
    if source is room:
        message.reply_to = found
    else:
        message.reply_extra = _external(call, source, found)
    if wish.quote:
        message.reply_extra = (message.reply_extra or {}) | {"quote": _quote(found, wish)}


def _ephemeral(call: Call, room: Room, message: Message, number: int) -> Message:
    """An incoming ephemeral message, answered in time by an ephemeral one to its sender."""
    found = room.ephemeral.get(number) if isinstance(room, Chat) else None
    if found is None or found.sender_id != message.receiver_id or found.receiver_id != call.bot.id:
        raise bad_request("message to be replied not found")
    return found


def _external(call: Call, source: Room, found: Message) -> Wire:
    shown: Wire = {"origin": forwarding.origin(call.world, source, found)}
    if isinstance(source, Chat) and source.type is not ChatType.GROUP:
        shown |= {"chat": wire.chat(source), "message_id": found.message_id}
    return {"external_reply": shown | (found.content or {})}


def _quote(found: Message, wish: ReplyWish) -> Wire:
    text, entities = formatted(wish.quote, wish.quote_mode, wish.quote_entities)
    place = found.text.find(text)
    if place < 0 or len(text) > LONGEST_QUOTE:
        raise bad_request("QUOTE_TEXT_INVALID")
    wanted = _nearest(found.text, text, wish.quote_position)
    shown: Wire = {"text": text, "position": wanted, "is_manual": True}
    kept = [entity for entity in entities if entity["type"] in QUOTABLE]
    return shown | ({"entities": kept} if kept else {})


def _nearest(whole: str, part: str, position: int) -> int:
    """Where the quote stands, in UTF-16 units: the place nearest to the one given."""
    places = []
    start = whole.find(part)
    while start >= 0:
        places.append(utf16(whole[:start]))
        start = whole.find(part, start + 1)
    return min(places, key=lambda place: abs(place - position))
