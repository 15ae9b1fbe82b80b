"""Changing what was sent: edits and deletions."""

from msgspec import Struct

from gatecrier_sandbox.botapi import input_media, markup, media, rich_messages
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.input_media import ABOVE, Load, Wish
from gatecrier_sandbox.botapi.message_ids import message_ids
from gatecrier_sandbox.botapi.params import Upload
from gatecrier_sandbox.botapi.sending import (
    LONGEST_TEXT,
    caption,
    charge,
    check_preview,
    checked_caption,
    message_id,
    written,
)
from gatecrier_sandbox.entities.formatted import need_visible
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import conversation, deletion, inline, membership, rights, wire
from gatecrier_sandbox.world.kinds import has_caption
from gatecrier_sandbox.world.media import ALBUMS
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Message, Room, Wire

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
DELETABLE = 48 * 3600
"""Seconds within which a message can be deleted for everyone in private chats and basic groups."""
DICE_STAYS = 24 * 3600
"""Seconds for which a dice cannot be deleted in a private chat."""
BUSINESS = ("business_connection_id",)


class Version(Struct):
    """What a message says after an edit."""

    text: str
    entities: list[Wire]
    markup: Wire | None
    content: Wire | None


@method("editMessageText", missing=BUSINESS)
def edit_message_text(call: Call) -> Wire | bool:
    """Give a message of the bot another text, plain or rich; its keyboard goes unless given again."""
    check_preview(call)
    if call.text("rich_message"):
        return _edit_rich(call)
    raw = call.text("text")
    if not raw:
        raise bad_request("message text is empty")
    text, entities = written(call, raw, "parse_mode", "entities")
    under = markup.parse_inline(call.text("reply_markup"))
    room, message = editable(call)
    _check_worded(message)
    need_visible(text)
    if len(text) > LONGEST_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    return _edit(call, room, message, Version(text, entities, under, None))


def _edit_rich(call: Call) -> Wire | bool:
    """Put a rich message in the place of a text, plain or rich."""
    written = rich_messages.read(call)
    under = markup.parse_inline(call.text("reply_markup"))
    room, message = editable(call)
    _check_worded(message)
    if _is_inline(call) and any(isinstance(wish.given, Upload) for _, wish in written.wishes):
        raise bad_request("invalid message content specified")
    rich_messages.check_rights(call, room, written)
    carried = rich_messages.loaded(call, written)
    return _edit(call, room, message, Version("", [], under, carried.content), carried)


def _check_worded(message: Message) -> None:
    """`ApiError` 400 if a message is neither a text nor a rich message."""
    if message.is_media and "rich_message" not in (message.content or {}):
        raise bad_request("there is no text in the message to edit")


@method("editMessageCaption", missing=BUSINESS)
def edit_message_caption(call: Call) -> Wire | bool:
    """Give a file of the bot another caption, or none."""
    under = markup.parse_inline(call.text("reply_markup"))
    text, entities = caption(call)
    room, message = editable(call)
    if not has_caption(message):
        raise bad_request("there is no caption in the message to edit")
    content = {name: value for name, value in (message.content or {}).items() if name != ABOVE}
    content |= {ABOVE: True} if call.flag(ABOVE) and text else {}
    return _edit(call, room, message, Version(text, entities, under, content))


@method("editMessageMedia", missing=BUSINESS)
def edit_message_media(call: Call) -> Wire | bool:
    """Put another file in the place of a file or a text."""
    under = markup.parse_inline(call.text("reply_markup"))
    wish = new_media(call)
    room, message = editable(call)
    carried = replacing(call, message, wish, may_upload=not _is_inline(call))
    return _edit(call, room, message, Version(wish.text, wish.entities, under, carried.content), carried)


@method("editMessageReplyMarkup", missing=BUSINESS)
def edit_message_reply_markup(call: Call) -> Wire | bool:
    """Give a message of the bot another keyboard, or none."""
    under = markup.parse_inline(call.text("reply_markup"))
    room, message = editable(call)
    return _edit(call, room, message, Version(message.text, message.entities, under, message.content))


def new_media(call: Call) -> Wish:
    """Read the parameter `media` of an edit."""
    raw = call.text("media")
    if not raw:
        raise bad_request('parameter "media" is required')
    return input_media.read(call, decode(raw, "input media"), "can't parse InputMedia: ")


def replacing(call: Call, message: Message, wish: Wish, *, may_upload: bool) -> Load:
    """
    The file that is to take the place of what `message` carries.

    Raises:
        ApiError: 400 it cannot, with the texts of TDLib's `edit_message_media`.
    """
    old = _replaceable(message)
    if not may_upload and any(isinstance(given, Upload) for given in (wish.given, wish.cover, wish.still)):
        raise bad_request("invalid message content specified")
    checked_caption(wish.text)
    carried = input_media.load(call, wish)
    if message.media_group_id and wish.kind != old:
        if wish.kind not in ALBUMS:
            raise bad_request("message content type can't be used in an album")
        if ALBUMS[wish.kind] != "picture" or ALBUMS.get(old) != "picture":
            raise bad_request("can't change media type in the album")
    return carried


def _replaceable(message: Message) -> str:
    """The kind of file a message carries, "" for a text; nothing else can be replaced."""
    if not message.is_media:
        return ""
    content = message.content or {}
    names = ("live_photo", *(kind for kind in input_media.KINDS if kind != "live_photo"))
    kind = next((name for name in names if name in content), "")
    if not kind:
        raise bad_request("message media can't be edited")
    return kind


def _is_inline(call: Call) -> bool:
    """Whether the request names a message by its inline_message_id."""
    return not call.text("chat_id") and not message_id(call)


def editable(call: Call) -> tuple[Room, Message]:
    """The message a request names, if the bot may edit it; `ApiError` 400 or 403 if not."""
    if _is_inline(call):
        if not call.text("inline_message_id"):
            raise bad_request("message identifier is not specified")
        return inline.need(call.world, call.bot.id, call.text("inline_message_id"))
    room = call.room(Access.EDIT)
    message = room.messages.get(message_id(call))
    if message is None:
        raise bad_request("message to edit not found")
    if not _may_edit(call, room, message):
        raise bad_request("message can't be edited")
    return room, message


def _may_edit(call: Call, room: Room, message: Message) -> bool:
    """Its own messages; in channels also everybody's posts, with the right to."""
    if not message.editable or message.service is not None or message.forward is not None:
        return False
    own = message.bot_id == call.bot.id
    if isinstance(room, Dialog) or room.type is not ChatType.CHANNEL:
        return own
    me = membership.current(call.world, room, call.bot.id)
    return rights.holds(room, me, "can_edit_messages") or (
        own and rights.holds(room, me, "can_post_messages")
    )


def _edit(call: Call, room: Room, message: Message, new: Version, carried: Load | None = None) -> Wire | bool:
    markup.check_data(new.markup)
    if Version(message.text, message.entities, message.markup, message.content) == new:
        raise bad_request(NOT_MODIFIED)
    charge(call, room)
    media.keep(call, *(carried.parcels if carried is not None else ()))
    message.text, message.entities, message.markup = new.text, new.entities, new.markup
    message.content = new.content
    message.edit_date = call.world.today
    conversation.announce_edit(call.world, room, message)
    return True if _is_inline(call) else wire.message(call.world, room, message)


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
    _check_deletable(call, room, room.messages[number])
    deletion.remove(call.world, room, number)
    return True


@method("deleteMessages")
def delete_messages(call: Call) -> bool:
    """Take several messages away, all or none; those that are gone already do not matter."""
    if not call.text("chat_id"):
        raise bad_request("chat identifier is not specified")
    numbers = message_ids(call)
    room = call.room(Access.WRITE)
    found = [number for number in dict.fromkeys(numbers) if number in room.messages]
    for number in found:
        _check_deletable(call, room, room.messages[number])
    for number in found:
        deletion.remove(call.world, room, number)
    return True


def _check_deletable(call: Call, room: Room, message: Message) -> None:
    """Raise `ApiError` if the bot may not take this message away."""
    if isinstance(room, Chat) and not _deletes(call, room, message):
        raise bad_request("message can't be deleted")
    age = call.world.clock.now() - message.date
    is_small = isinstance(room, Dialog) or room.type is ChatType.GROUP
    is_young_dice = isinstance(room, Dialog) and "dice" in (message.content or {}) and age < DICE_STAYS
    if is_young_dice or (is_small and age > DELETABLE):
        raise bad_request("message can't be deleted for everyone")


def _deletes(call: Call, chat: Chat, message: Message) -> bool:
    me = membership.current(call.world, chat, call.bot.id)
    if message.bot_id == call.bot.id and (chat.is_group or rights.holds(chat, me, "can_post_messages")):
        return True
    return rights.holds(chat, me, "can_delete_messages")
