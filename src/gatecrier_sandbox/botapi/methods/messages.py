"""Sending: what a bot writes, and what it copies."""

from msgspec import Struct

from gatecrier_sandbox.botapi import access, markup
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.markup import Markup
from gatecrier_sandbox.entities.formatted import formatted, need_visible
from gatecrier_sandbox.errors import bad_request, forbidden, too_many_requests
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import conversation, wire
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Message, Room, Wire

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024


class Reply(Struct, frozen=True):
    """What a new message answers; `optional` sends it anyway when that is gone."""

    message_id: int = 0
    optional: bool = False


@method("sendMessage")
def send_message(call: Call) -> Wire:
    """Write a text into a chat."""
    check_preview(call)
    raw = call.text("text")
    if not raw:
        raise bad_request("message text is empty")
    text, entities = written(call, raw, "parse_mode", "entities")
    room, message = _prepare(call)
    need_visible(text)
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    message.text, message.entities = text, entities
    return wire.message(call.world, room, _deliver(call, room, message))


@method("copyMessage")
def copy_message(call: Call) -> Wire:
    """Write again what stands somewhere, without saying where it came from."""
    caption = None
    if "caption" in call.params.values:
        caption = written(call, call.text("caption"), "parse_mode", "caption_entities")
    reply, under = _reply(call), markup.parse(call.text("reply_markup"))
    original = _original(call)
    room = call.room(Access.WRITE)
    message = _blank(call, room, reply, under)
    message.text, message.entities, message.photo = original.text, original.entities, original.photo
    if caption is not None and original.photo:
        message.text, message.entities = caption
        if len(message.text) > LONGEST_CAPTION:
            raise bad_request("message caption is too long")
    return {"message_id": _deliver(call, room, message).message_id}


def _original(call: Call) -> Message:
    source = call.room(Access.READ, "from_chat_id")
    original = source.messages.get(message_id(call))
    if original is None:
        raise bad_request("message to copy not found")
    if original.service is not None:
        raise bad_request("the message can't be copied")
    return original


def message_id(call: Call) -> int:
    """The message a request means; 0 if it names none."""
    return call.params.integer("message_id", 0, low=0)


def check_preview(call: Call) -> None:
    """Read `link_preview_options` to refuse what is broken; previews are not made here."""
    raw = call.text("link_preview_options")
    value = decode(raw, "link preview options") if raw else {}
    if not isinstance(value, dict):
        raise bad_request("object expected as link preview options")


def written(call: Call, raw: str, mode: str, entities: str) -> tuple[str, list[Wire]]:
    """A text of the request as a message holds it; mentioned people are looked up."""
    text, found = formatted(raw, call.text(mode), call.params.values.get(entities, ""))
    if any("user_id" in entity or "user" in entity for entity in found):
        found = [known for entity in found if (known := _with_user(call, entity))]
    return text, found


def _with_user(call: Call, entity: Wire) -> Wire | None:
    """A text_mention with its User; none if nobody has that id."""
    if entity["type"] != "text_mention":
        return entity
    given = entity.pop("user", None)
    wanted = entity.pop("user_id", given.get("id") if isinstance(given, dict) else None)
    person = call.world.people.get(wanted) if isinstance(wanted, int) else None
    return entity | {"user": wire.user(person)} if person else None


def _prepare(call: Call) -> tuple[Room, Message]:
    reply, under = _reply(call), markup.parse(call.text("reply_markup"))
    room = call.room(Access.WRITE)
    return room, _blank(call, room, reply, under)


def _blank(call: Call, room: Room, reply: Reply, under: Markup) -> Message:
    """A message without words yet; its id is given when it arrives."""
    access.check_posting(call.world, call.bot, room)
    in_channel = isinstance(room, Chat) and room.type is ChatType.CHANNEL
    return Message(
        0,
        call.world.today,
        sender_id=0 if in_channel else call.bot.id,
        sender_chat_id=room.id if isinstance(room, Chat) and in_channel else 0,
        markup=under.inline,
        editable=not under.other,
        reply_to=_replied(room, reply),
        thread_id=_thread(call, room),
        protected=call.flag("protect_content"),
        bot_id=call.bot.id,
    )


def _thread(call: Call, room: Room) -> int:
    """A thread begins with a message of a supergroup (there are no forums here yet)."""
    thread_id = call.params.integer("message_thread_id", 0, low=0)
    if thread_id and (isinstance(room, Dialog) or thread_id not in room.messages):
        raise bad_request("message thread not found")
    return thread_id


def _reply(call: Call) -> Reply:
    """Read reply_parameters, or the older pair of parameters."""
    raw = call.text("reply_parameters")
    if not raw:
        old = call.params.integer("reply_to_message_id", 0, low=0)
        return Reply(old, call.flag("allow_sending_without_reply"))
    value = decode(raw, "reply parameters")
    if not isinstance(value, dict):
        raise bad_request("can't parse reply parameters: expected an Object")
    number, optional = value.get("message_id", 0), value.get("allow_sending_without_reply", False)
    if not str(number).isdecimal():
        raise bad_request('can\'t parse reply parameters: Field "message_id" must be a valid Number')
    return Reply(int(number), bool(optional))


def _replied(room: Room, reply: Reply) -> Message | None:
    found = room.messages.get(reply.message_id)
    if reply.message_id and found is None and not reply.optional:
        raise bad_request("message to be replied not found")
    return found


def charge(call: Call, room: Room) -> None:
    """Count a message against the limits; `ApiError` 429 if it is too many."""
    chat_id = room.id if isinstance(room, Chat) else room.person_id
    wait = call.world.meter.charge(call.bot.id, chat_id, now=call.world.clock.now())
    if wait:
        raise too_many_requests(wait)


def _deliver(call: Call, room: Room, message: Message) -> Message:
    """The last checks, those of Telegram's own servers; then the message is there."""
    markup.check_data(message.markup)
    charge(call, room)
    if isinstance(room, Dialog):
        if room.blocked:
            raise forbidden("bot was blocked by the user")
        call.world.deliveries.add(call.bot.id, room.person_id, message.text)
    message.message_id = call.world.next_message_id(room)
    return conversation.post(call.world, room, message)
