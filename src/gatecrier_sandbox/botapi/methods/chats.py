"""Chats as a whole: what they are, what an administrator bot changes of them, leaving."""

from gatecrier_sandbox.botapi import access, chat_info
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.media import need
from gatecrier_sandbox.botapi.params import Upload
from gatecrier_sandbox.botapi.permission_wish import requested
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import conversation, membership, portraits, rights, topics
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Room, Wire

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_audio",
        "upload_audio",
        "upload_document",
        "choose_sticker",
        "pick_up_location",
        "find_location",
        "record_video_note",
        "upload_video_note",
        "cancel",
    ]
)
LONGEST_TITLE = 128
LONGEST_DESCRIPTION = 255


@method("getChat")
def get_chat(call: Call) -> Wire:
    """A ChatFullInfo."""
    room = _readable(call)
    if isinstance(room, Chat):
        return chat_info.of_chat(call.world, room, call.bot)
    return chat_info.of_dialog(call.world, room)


def _readable(call: Call) -> Room:
    """The room; a person met in a group can be read before any dialog."""
    chat_id = call.text("chat_id")
    if chat_id:
        number = access.identify(call.world, call.bot, chat_id)
        if number > 0 and number not in call.bot.dialogs and access.seen_person(call.world, call.bot, number):
            return Dialog(call.bot.id, number)
    return call.room(Access.READ)


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    """How many are present; two in a dialog."""
    room = call.room(Access.READ_MEMBERS)
    return sum(member.present for member in room.members.values()) if isinstance(room, Chat) else 2


@method("getChatMembersCount")
def get_chat_members_count(call: Call) -> object:
    """The older name."""
    return get_chat_member_count(call)


def _changeable(call: Call, room: Room, noun: str, refusal: str, right: str = "can_change_info") -> Chat:
    """The chat, if the bot may change its `noun`."""
    if not isinstance(room, Chat):
        raise bad_request(f"can't change private chat {noun}")
    if not rights.holds(room, membership.current(call.world, room, call.bot.id), right):
        raise bad_request(refusal)
    return room


@method("setChatTitle")
def set_chat_title(call: Call) -> bool:
    """Give a chat another title; the same one changes nothing."""
    room = call.room(Access.WRITE)
    title = " ".join(call.text("title").split())[:LONGEST_TITLE].strip()
    if not title:
        raise bad_request("title must be non-empty")
    chat = _changeable(call, room, "title", "not enough rights to change chat title")
    if title != chat.title:
        chat.title = title
        conversation.serve(call.world, chat, {"new_chat_title": title}, actor=call.bot.id)
        call.world.happened("chat", chat)
    return True


@method("setChatDescription")
def set_chat_description(call: Call) -> bool:
    """Give a chat another description; nobody is told."""
    room = call.room(Access.WRITE)
    chat = _changeable(call, room, "description", "not enough rights to set chat description")
    description = call.text("description").strip()[:LONGEST_DESCRIPTION]
    if description == chat.description:
        raise bad_request("chat description is not modified")
    chat.description = description
    call.world.happened("chat", chat)
    return True


@method("setChatPhoto")
def set_chat_photo(call: Call) -> bool:
    """Give a chat a photo, which must be uploaded."""
    room = call.room(Access.WRITE)
    upload = need(call, "photo")
    if not isinstance(upload, Upload):
        raise bad_request("photo must be uploaded as an InputFile")
    chat = _changeable(call, room, "photo", "not enough rights to change chat photo")
    if not upload.data:
        raise bad_request("file must be non-empty")
    if not portraits.is_picture(upload.data):
        raise bad_request("IMAGE_PROCESS_FAILED")
    chat.photo_id = portraits.store(call.world, upload.data, name=upload.filename)
    shown = portraits.sizes(call.world, chat.photo_id)
    conversation.serve(call.world, chat, {"new_chat_photo": shown}, actor=call.bot.id)
    call.world.happened("chat", chat)
    return True


@method("deleteChatPhoto")
def delete_chat_photo(call: Call) -> bool:
    """Take a chat's photo away."""
    room = call.room(Access.WRITE)
    chat = _changeable(call, room, "photo", "not enough rights to change chat photo")
    if not chat.photo_id:
        raise bad_request("CHAT_NOT_MODIFIED")
    chat.photo_id = ""
    conversation.serve(call.world, chat, {"delete_chat_photo": True}, actor=call.bot.id)
    call.world.happened("chat", chat)
    return True


@method("setChatPermissions")
def set_chat_permissions(call: Call) -> bool:
    """What members may do who are not restricted themselves; nobody is told."""
    granted = requested(call)
    room = call.room(Access.WRITE)
    if isinstance(room, Chat) and room.type is ChatType.CHANNEL:
        raise bad_request("can't change channel chat permissions")
    refusal = "not enough rights to change chat permissions"
    chat = _changeable(call, room, "permissions", refusal, "can_restrict_members")
    chat.permissions = granted
    call.world.happened("chat", chat)
    return True


@method("leaveChat")
def leave_chat(call: Call) -> bool:
    """The bot goes, by itself; its restrictions stay."""
    room = call.room(Access.EDIT)
    if isinstance(room, Dialog):
        raise bad_request("chat member status can't be changed in private chats")
    me = membership.current(call.world, room, call.bot.id)
    membership.change(call.world, room, call.bot.id, membership.gone(me), by=call.bot.id)
    return True


@method("sendChatAction", missing=("business_connection_id",))
def send_chat_action(call: Call) -> bool:
    """Show that the bot is busy; nobody sees it here."""
    if call.text("action").lower() not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    room = call.room(Access.WRITE)
    access.check_posting(call.world, call.bot, room)
    thread_id = call.params.integer("message_thread_id", 0, low=0)
    if isinstance(room, Chat):
        topics.resolve(room, thread_id)
    elif thread_id:
        raise bad_request("message thread not found")
    return True
