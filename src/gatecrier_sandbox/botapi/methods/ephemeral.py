"""Changing and taking away what one person alone sees."""

from gatecrier_sandbox.botapi import input_media, markup
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.media import keep
from gatecrier_sandbox.botapi.methods.editing import NOT_MODIFIED
from gatecrier_sandbox.botapi.sending import (
    LONGEST_TEXT,
    caption,
    charge,
    check_preview,
    checked_caption,
    written,
)
from gatecrier_sandbox.entities.formatted import need_visible
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import ephemerals
from gatecrier_sandbox.world.kinds import has_caption
from gatecrier_sandbox.world.model import Chat, Message, Wire

LARGEST_ID = 2**52
ABOVE = "show_caption_above_media"


@method("editEphemeralMessageText", missing=("rich_message",))
def edit_ephemeral_message_text(call: Call) -> bool:
    """Give an ephemeral message another text; its keyboard goes unless given again."""
    check_preview(call)
    raw = call.text("text")
    if not raw:
        raise bad_request("message text is empty")
    text, entities = written(call, raw, "parse_mode", "entities")
    under = markup.parse_inline(call.text("reply_markup"))
    chat, message = _own(call)
    if message.is_media:
        raise bad_request("there is no text in the message to edit")
    need_visible(text)
    if len(text) > LONGEST_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    return _edit(call, chat, message, text=text, entities=entities, under=under)


@method("editEphemeralMessageCaption")
def edit_ephemeral_message_caption(call: Call) -> bool:
    """Give an ephemeral message another caption, or none."""
    text, entities = caption(call)
    under = markup.parse_inline(call.text("reply_markup"))
    chat, message = _own(call)
    if not has_caption(message):
        raise bad_request("there is no caption in the message to edit")
    content = {name: value for name, value in (message.content or {}).items() if name != ABOVE}
    content |= {ABOVE: True} if call.flag(ABOVE) and text else {}
    return _edit(call, chat, message, text=text, entities=entities, under=under, content=content)


@method("editEphemeralMessageMedia")
def edit_ephemeral_message_media(call: Call) -> bool:
    """Give an ephemeral message another file, with its caption; its keyboard goes unless given again."""
    raw = call.text("media")
    if not raw:
        raise bad_request('parameter "media" is required')
    wish = input_media.read(call, decode(raw, "input media"), "can't parse InputMedia: ")
    under = markup.parse_inline(call.text("reply_markup"))
    chat, message = _own(call)
    if message.is_media and not has_caption(message):
        raise bad_request("message media can't be edited")
    load = input_media.load(call, wish)
    text = checked_caption(wish.text)
    _edit(call, chat, message, text=text, entities=wish.entities, under=under, content=load.content)
    keep(call, *load.parcels)
    return True


@method("editEphemeralMessageReplyMarkup")
def edit_ephemeral_message_reply_markup(call: Call) -> bool:
    """Give an ephemeral message another keyboard, or none."""
    under = markup.parse_inline(call.text("reply_markup"))
    chat, message = _own(call)
    return _edit(call, chat, message, text=message.text, entities=message.entities, under=under)


@method("deleteEphemeralMessage")
def delete_ephemeral_message(call: Call) -> bool:
    """Take an ephemeral message away."""
    chat, message = _own(call)
    del chat.ephemeral[message.message_id]
    call.world.happened("deleted", chat, message.message_id)
    return True


def _own(call: Call) -> tuple[Chat, Message]:
    """The bot's ephemeral message to the person the request names."""
    user_id = call.params.integer("receiver_user_id", 0, low=0, high=LARGEST_ID)
    if not user_id:
        raise bad_request("invalid receiver_user_id specified")
    number = call.params.integer("ephemeral_message_id", 0, low=0)
    room = call.room(Access.EDIT)
    found = ephemerals.find(call.world, room, number) if isinstance(room, Chat) else None
    if found is None or (found.bot_id, found.receiver_id) != (call.bot.id, user_id):
        raise bad_request("MESSAGE_ID_INVALID")
    if not isinstance(room, Chat):
        raise bad_request("MESSAGE_ID_INVALID")
    return room, found


def _edit(
    call: Call,
    chat: Chat,
    message: Message,
    *,
    text: str,
    entities: list[Wire],
    under: Wire | None,
    content: Wire | None = None,
) -> bool:
    markup.check_data(under)
    content = message.content if content is None else content
    if (message.text, message.entities, message.markup, message.content) == (text, entities, under, content):
        raise bad_request(NOT_MODIFIED)
    charge(call, chat)
    message.text, message.entities, message.markup, message.content = text, entities, under, content
    message.edit_date = call.world.today
    call.world.happened("edited", chat, message.message_id)
    return True
