"""Changing what was sent: edits and deletions."""

import msgspec

from gatecrier_sandbox.botapi import markup
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.sending import LONGEST_TEXT, charge, check_preview, message_id, written
from gatecrier_sandbox.entities.formatted import need_visible
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import BROKEN
from gatecrier_sandbox.world import conversation, membership, rights, wire
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Message, Room, Wire

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
DELETABLE = 48 * 3600
"""Seconds within which a message can be deleted for everyone in private chats and basic groups."""
MOST_DELETED = 100


@method("editMessageText")
def edit_message_text(call: Call) -> Wire:
    """Give a message of the bot another text; its keyboard goes unless given again."""
    check_preview(call)
    raw = call.text("text")
    if not raw:
        raise bad_request("message text is empty")
    text, entities = written(call, raw, "parse_mode", "entities")
    under = markup.parse_inline(call.text("reply_markup"))
    room, message = _editable(call)
    if message.is_media:
        raise bad_request("there is no text in the message to edit")
    need_visible(text)
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return _edit(call, room, message, text=text, entities=entities, under=under)


@method("editMessageReplyMarkup")
def edit_message_reply_markup(call: Call) -> Wire:
    """Give a message of the bot another keyboard, or none."""
    under = markup.parse_inline(call.text("reply_markup"))
    room, message = _editable(call)
    return _edit(call, room, message, text=message.text, entities=message.entities, under=under)


def _editable(call: Call) -> tuple[Room, Message]:
    number = message_id(call)
    if not call.text("chat_id") and not number:
        raise bad_request("message identifier is not specified")
    room = call.room(Access.EDIT)
    message = room.messages.get(number)
    if message is None:
        raise bad_request("message to edit not found")
    own = message.bot_id == call.bot.id and message.editable and message.service is None
    if not own and not _edits_posts(call, room, message):
        raise bad_request("message can't be edited")
    return room, message


def _edits_posts(call: Call, room: Room, message: Message) -> bool:
    """In channels an administrator with the right edits everybody's posts."""
    if isinstance(room, Dialog) or room.type is not ChatType.CHANNEL or not message.editable:
        return False
    return rights.holds(room, membership.current(call.world, room, call.bot.id), "can_edit_messages")


def _edit(
    call: Call, room: Room, message: Message, *, text: str, entities: list[Wire], under: Wire | None
) -> Wire:
    markup.check_data(under)
    if (message.text, message.entities, message.markup) == (text, entities, under):
        raise bad_request(NOT_MODIFIED)
    charge(call, room)
    message.text, message.entities, message.markup = text, entities, under
    message.edit_date = call.world.today
    conversation.announce_edit(call.world, room, message)
    return wire.message(call.world, room, message)


@method("deleteMessage")
def delete_message(call: Call) -> bool:
    """Take a message away."""
    if not call.text("chat_id"):
        raise bad_request("chat identifier is not specified")
    number = message_id(call)
    if not number:
        raise bad_request("message identifier is not specified")
    room = call.room(Access.WRITE)
    if number not in room.messages:
        raise bad_request("message to delete not found")
    _delete(call, room, number)
    return True


@method("deleteMessages")
def delete_messages(call: Call) -> bool:
    """Take several messages away; those that are gone already do not matter."""
    if not call.text("chat_id"):
        raise bad_request("chat identifier is not specified")
    numbers = _numbers(call)
    room = call.room(Access.WRITE)
    for number in numbers:
        if number in room.messages:
            _delete(call, room, number)
    return True


def _numbers(call: Call) -> list[int]:
    try:
        values = msgspec.json.decode(call.text("message_ids") or "[]", type=list[int | str])
        numbers = [int(value) for value in values]
    except (*BROKEN, ValueError):
        raise bad_request("can't parse message identifiers JSON object") from None
    if not numbers:
        raise bad_request("message identifiers are not specified")
    if len(numbers) > MOST_DELETED:
        raise bad_request("too many message identifiers specified")
    return numbers


def _delete(call: Call, room: Room, number: int) -> None:
    message = room.messages[number]
    if isinstance(room, Chat) and not _deletes(call, room, message):
        raise bad_request("message can't be deleted")
    is_small = isinstance(room, Dialog) or room.type is ChatType.GROUP
    if is_small and message.date + DELETABLE < call.world.clock.now():
        raise bad_request("message can't be deleted for everyone")
    del room.messages[number]
    call.world.happened("deleted", room, number)


def _deletes(call: Call, chat: Chat, message: Message) -> bool:
    me = membership.current(call.world, chat, call.bot.id)
    if message.bot_id == call.bot.id and (chat.is_group or rights.holds(chat, me, "can_post_messages")):
        return True
    return rights.holds(chat, me, "can_delete_messages")
