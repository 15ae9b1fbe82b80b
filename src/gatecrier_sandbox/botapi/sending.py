"""The one way a bot's message goes out: what every send method shares, and the checks in Telegram's order."""

from msgspec import Struct

from gatecrier_sandbox.botapi import access, ephemeral, markup
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.replies import NOTHING, ReplyWish, find_replied, read_reply
from gatecrier_sandbox.entities.formatted import formatted
from gatecrier_sandbox.errors import bad_request, forbidden, too_many_requests
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import conversation, ephemerals, membership, topics, wire
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Message, Room, Wire

UNSUPPORTED = ("business_connection_id", "direct_messages_topic_id", "suggested_post_parameters")
"""Parameters of every send method that are not known here, for `missing`."""
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
PAID_MESSAGE = 100_000_000
"""Nanostars a message beyond the free rate costs: 0.1 Stars."""
STAR = 1_000_000_000


class Draft(Struct):
    """A message on its way: where it goes, and what it will be. Its id is given when it arrives."""

    room: Room
    message: Message


def begin(
    call: Call,
    permission: str = "can_send_messages",
    noun: str = "text messages",
    *,
    is_forward: bool = False,
    may_be_ephemeral: bool = True,
    may_have_markup: bool = True,
) -> Draft:
    """
    Read what all send methods share and check that the bot may send this here.

    Args:
        permission: what a member needs to send it; `noun` names it in the refusal.
        is_forward: it answers nothing, has no keyboard of its own, and cannot be edited.
        may_be_ephemeral: whether the method knows `ephemeral_message_parameters`.
        may_have_markup: whether it knows `reply_markup`.
    Raises:
        ApiError: 400 or 403, in the order of facts/botapi.md §3.
    """
    reply = NOTHING if is_forward else read_reply(call)
    has_markup = may_have_markup and not is_forward
    under = markup.parse(call.text("reply_markup")) if has_markup else markup.NONE
    room = call.room(Access.WRITE)
    access.check_posting(call.world, call.bot, room, permission, noun)
    in_channel = isinstance(room, Chat) and room.type is ChatType.CHANNEL
    message = Message(
        0,
        call.world.today,
        sender_id=0 if in_channel else call.bot.id,
        sender_chat_id=room.id if isinstance(room, Chat) and in_channel else 0,
        markup=under.inline,
        keyboard=under.other,
        editable=under.other is None and not is_forward,
        protected=call.flag("protect_content"),
        effect_id=call.text("message_effect_id") if isinstance(room, Dialog) else "",
        bot_id=call.bot.id,
    )
    if may_be_ephemeral and not is_forward:
        ephemeral.address(call, room, message, reply.ephemeral_id)
    _place(call, room, message, reply)
    return Draft(room, message)


def _place(call: Call, room: Room, message: Message, reply: ReplyWish) -> None:
    """Into its thread, under what it answers."""
    find_replied(call, room, message, reply)
    thread_id = call.params.integer("message_thread_id", 0, low=0)
    if isinstance(room, Chat):
        me = membership.current(call.world, room, call.bot.id)
        topics.place(room, message, thread_id, me, call.bot.id)
    elif thread_id:
        raise bad_request("message thread not found")


def deliver(call: Call, draft: Draft) -> Message:
    """
    The last checks, those of Telegram's own servers; then the message is there.

    Raises:
        ApiError: 400 a button's data, 403 blocked, 429 too fast.
    """
    admit(call, draft)
    return arrive(call, draft)


def admit(call: Call, draft: Draft, *, count: int = 1) -> None:
    """The last checks, for `count` messages that go together; nothing is there yet. Raises as `deliver`."""
    markup.check_data(draft.message.markup)
    charge(call, draft.room, count=count)
    if isinstance(draft.room, Dialog) and draft.room.blocked:
        raise forbidden("bot was blocked by the user")


def arrive(call: Call, draft: Draft) -> Message:
    """Put a message that was admitted into its chat."""
    room, message = draft.room, draft.message
    if isinstance(room, Dialog):
        call.world.deliveries.add(call.bot.id, room.person_id, message.text)
    elif message.receiver_id:
        return ephemerals.post(call.world, room, message)
    message.message_id = call.world.next_message_id(room)
    return conversation.post(call.world, room, message)


def deliver_shown(call: Call, draft: Draft) -> Wire:
    """Deliver, and show the message that was sent."""
    return wire.message(call.world, draft.room, deliver(call, draft))


def charge(call: Call, room: Room, *, count: int = 1) -> None:
    """Count messages against the limits; `ApiError` 429 if even one is too many. Stars buy more."""
    world, bot = call.world, call.bot
    chat_id = room.id if isinstance(room, Chat) else room.person_id
    now = world.clock.now()
    wait = world.meter.charge(bot.id, chat_id, now=now, count=count)
    if wait and _can_pay(call):
        wait = world.meter.charge(bot.id, chat_id, now=now, paid=True, count=count)
        if not wait:
            bot.nanostars -= PAID_MESSAGE * count
    if wait:
        raise too_many_requests(wait)


def _can_pay(call: Call) -> bool:
    needed = max(call.world.meter.limits.paid_balance * STAR, PAID_MESSAGE)
    return call.flag("allow_paid_broadcast") and call.bot.nanostars >= needed


def check_preview(call: Call) -> None:
    """Read `link_preview_options` to refuse what is broken; previews are not made here."""
    raw = call.text("link_preview_options")
    value = decode(raw, "link preview options") if raw else {}
    if not isinstance(value, dict):
        raise bad_request("object expected as link preview options")


def written(call: Call, raw: str, mode: str, entities: str) -> tuple[str, list[Wire]]:
    """A text of the request as a message holds it; mentioned people are looked up."""
    return written_as(call, raw, call.text(mode), call.params.values.get(entities, ""))


def written_as(call: Call, raw: str, mode: str, entities: str) -> tuple[str, list[Wire]]:
    """A text with the parse mode and the raw JSON of the entities given."""
    text, found = formatted(raw, mode, entities)
    if any("user_id" in entity or "user" in entity for entity in found):
        found = [known for entity in found if (known := _with_user(call, entity))]
    return text, found


def caption(call: Call) -> tuple[str, list[Wire]]:
    """The caption of the request; `ApiError` 400 if it is too long."""
    text, entities = written(call, call.text("caption"), "parse_mode", "caption_entities")
    return checked_caption(text), entities


def checked_caption(text: str) -> str:
    """The caption itself; `ApiError` 400 if it is too long."""
    if len(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return text


def message_id(call: Call) -> int:
    """The message a request means; 0 if it names none."""
    return call.params.integer("message_id", 0, low=0)


def _with_user(call: Call, entity: Wire) -> Wire | None:
    """A text_mention with its User; none if the bot knows nobody of that id."""
    if entity["type"] != "text_mention":
        return entity
    given = entity.pop("user", None)
    wanted = entity.pop("user_id", given.get("id") if isinstance(given, dict) else None)
    person = access.known_person(call.world, call.bot, wanted) if isinstance(wanted, int) else None
    return entity | {"user": wire.user(person)} if person else None
