"""What a new message answers: reply_parameters, quotes, and replies to messages of other chats."""

from msgspec import Struct

from gatecrier_sandbox.botapi import ephemeral
from gatecrier_sandbox.botapi.access import Access, reach
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.entities.formatted import formatted
from gatecrier_sandbox.entities.spans import utf16
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import ephemerals, forwarding, wire
from gatecrier_sandbox.world.kinds import KINDS
from gatecrier_sandbox.world.model import Chat, ChatType, Message, Room, Wire

LONGEST_QUOTE = 1024
MOST_PLACES = 100
"""Places at which a quote is looked for."""
CARRIED = (*KINDS, "live_photo", "poll", "has_media_spoiler")
"""What an ExternalReplyInfo shows of a message's content."""
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
    poll_option_id: str = ""


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
        _string(value, "poll_option_id"),
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
    Put what is answered into `message`. Ephemeral messages know neither quotes nor other chats.

    Raises:
        ApiError: 400 there is no such message, or the quote is not in it.
    """
    if wish.ephemeral_id:
        message.reply_to = _ephemeral(call, room, message, wish.ephemeral_id)
    if not wish.message_id or wish.ephemeral_id:
        return
    elsewhere = bool(wish.chat_id) and not message.receiver_id
    source = reach(call.world, call.bot, wish.chat_id, Access.READ) if elsewhere else room
    found = source.messages.get(wish.message_id)
    if found is None:
        if not wish.optional or source is not room or message.receiver_id:
            raise bad_request("message to be replied not found")
        return
    if source is room:
        message.reply_to = found
    else:
        message.reply_extra = _external(call, source, found)
    if not message.receiver_id:
        message.reply_extra = ((message.reply_extra or {}) | _part(call, found, wish)) or None


def _part(call: Call, found: Message, wish: ReplyWish) -> Wire:
    """The part of a message that is answered: a quote, or an option of its poll."""
    shown: Wire = {"quote": _quote(found, wish)} if wish.quote else {}
    if wish.poll_option_id:
        options = call.world.polls[found.poll_id].options if found.poll_id else []
        if all(option.id != wish.poll_option_id for option in options):
            raise bad_request("POLL_OPTION_INVALID")
        shown["reply_to_poll_option_id"] = wish.poll_option_id
    return shown


def _ephemeral(call: Call, room: Room, message: Message, number: int) -> Message:
    """An incoming ephemeral message, answered in time by an ephemeral one to its sender."""
    found = ephemerals.find(call.world, room, number) if isinstance(room, Chat) else None
    if found is None or not message.receiver_id or not isinstance(room, Chat):
        raise bad_request("message to be replied not found")
    if not ephemeral.is_fresh(call, room, message.receiver_id, number):
        raise bad_request("message to be replied not found")
    return found


def _external(call: Call, source: Room, found: Message) -> Wire:
    """What a reply shows of a message of another chat: where it is from, what it carries, its words."""
    shown: Wire = {"origin": forwarding.origin(call.world, source, found)}
    if isinstance(source, Chat) and source.type is not ChatType.GROUP:
        shown |= {"chat": wire.chat(source), "message_id": found.message_id}
    whole = wire.message(call.world, source, found, bare=True, viewer=call.bot.id)
    shown |= {name: whole[name] for name in CARRIED if name in whole}
    if not found.text or found.service is not None:
        return {"external_reply": shown}
    words = found.text[:LONGEST_QUOTE]
    quote = _shown_quote(words, within(found.entities, 0, utf16(words)), 0)
    return {"external_reply": shown, "quote": quote}


def _quote(found: Message, wish: ReplyWish) -> Wire:
    """The part of a message the sender chose; its words and its styles must stand there."""
    text, entities = formatted(wish.quote, wish.quote_mode, wish.quote_entities)
    kept = within(entities, 0, utf16(text))
    places = [
        place
        for place in _places(found.text, text)
        if within(found.entities, place, utf16(text)) == kept and len(text) <= LONGEST_QUOTE
    ]
    if not text or not places:
        raise bad_request("QUOTE_TEXT_INVALID")
    place = min(places, key=lambda place: abs(place - wish.quote_position))
    return _shown_quote(text, kept, place) | {"is_manual": True}


def _shown_quote(text: str, entities: list[Wire], position: int) -> Wire:
    return {"text": text, **({"entities": entities} if entities else {}), "position": position}


def _places(whole: str, part: str) -> list[int]:
    """Where a part stands in a text, in UTF-16 units."""
    places: list[int] = []
    start = whole.find(part)
    while start >= 0 and len(places) < MOST_PLACES:
        places.append(utf16(whole[:start]))
        start = whole.find(part, start + 1)
    return places


def within(entities: list[Wire], start: int, length: int) -> list[Wire]:
    """The entities a quote keeps, cut to a part of the text and counted from its beginning; UTF-16 units."""
    kept = []
    for entity in entities:
        first, size = int(str(entity["offset"])), int(str(entity["length"]))
        begin, end = max(first, start), min(first + size, start + length)
        if entity["type"] in QUOTABLE and begin < end:
            kept.append(entity | {"offset": begin - start, "length": end - begin})
    return kept
