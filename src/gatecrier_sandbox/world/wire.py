"""The records as a bot sees them: JSON objects without nulls, fields in Telegram's order."""

from collections.abc import Iterable

import msgspec

from gatecrier_sandbox.world import permissions, rights
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.model import (
    Bot,
    Chat,
    ChatType,
    InviteLink,
    Member,
    Message,
    Person,
    Room,
    Status,
    Wire,
)
from gatecrier_sandbox.world.state import State


def user(person: Person) -> Wire:
    """A User."""
    shown: Wire = {"id": person.id, "is_bot": person.is_bot, "first_name": person.first_name}
    if person.last_name:
        shown["last_name"] = person.last_name
    if person.username:
        shown["username"] = person.username
    if person.language_code:
        shown["language_code"] = person.language_code
    if person.is_premium:
        shown["is_premium"] = True
    return shown


def full_name(person: Person) -> str:
    """Both names, as people see them."""
    return f"{person.first_name} {person.last_name}".strip()


def myself(bot: Bot, person: Person) -> Wire:
    """The User of getMe."""
    return user(person) | {
        "can_join_groups": True,
        "can_read_all_group_messages": bot.reads_all,
        "supports_guest_queries": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_join_request_queries": False,
    }


def private_chat(person: Person) -> Wire:
    """The Chat of a dialog: the other side."""
    shown: Wire = {"id": person.id, "first_name": person.first_name}
    if person.last_name:
        shown["last_name"] = person.last_name
    if person.username:
        shown["username"] = person.username
    shown["type"] = "private"
    return shown


def chat(room: Chat) -> Wire:
    """The Chat of a group or channel."""
    shown: Wire = {"id": room.id, "title": room.title}
    if room.username:
        shown["username"] = room.username
    shown["type"] = room.type.value
    if room.type is ChatType.GROUP:
        shown["all_members_are_administrators"] = False
    return shown


def room(state: State, place: Room) -> Wire:
    """The Chat of any room."""
    if isinstance(place, Chat):
        return chat(place)
    return private_chat(state.people[place.person_id])


def message(state: State, place: Room, record: Message, *, bare: bool = False) -> Wire:
    """A Message; `bare` leaves out what it replies to, as inside `reply_to_message`."""
    shown = _head(state, place, record)
    if record.forward is not None:
        shown |= record.forward
    if not bare:
        shown |= _replied(state, place, record)
    if record.via_bot_id:
        shown["via_bot"] = user(state.people[record.via_bot_id])
    if record.media_group_id:
        shown["media_group_id"] = record.media_group_id
    shown |= _content(record)
    if record.markup is not None:
        shown["reply_markup"] = record.markup
    if record.protected:
        shown["has_protected_content"] = True
    if record.effect_id:
        shown["effect_id"] = record.effect_id
    if record.is_topic:
        shown["is_topic_message"] = True
    return shown


def _replied(state: State, place: Room, record: Message) -> Wire:
    """What it answers."""
    shown = dict(record.reply_extra or {})
    if record.reply_to is not None:
        shown["reply_to_message"] = message(state, place, record.reply_to, bare=True)
    return shown


def _head(state: State, place: Room, record: Message) -> Wire:
    """Who, where and when; an ephemeral message has its number in a field of its own."""
    shown: Wire = {"message_id": 0 if record.receiver_id else record.message_id}
    if record.receiver_id:
        shown["ephemeral_message_id"] = record.message_id
        shown["receiver_user"] = user(state.people[record.receiver_id])
    if record.sender_id:
        shown["from"] = user(state.people[record.sender_id])
    if record.signature:
        shown["author_signature"] = record.signature
    if record.sender_chat_id:
        shown["sender_chat"] = chat(state.chats[record.sender_chat_id])
    shown["chat"] = room(state, place)
    shown["date"] = record.date
    if record.edit_date:
        shown["edit_date"] = record.edit_date
    if record.thread_id:
        shown["message_thread_id"] = record.thread_id
    return shown


def _content(record: Message) -> Wire:
    if record.service is not None:
        return record.service
    words, entities = ("caption", "caption_entities") if record.is_media else ("text", "entities")
    shown: Wire = dict(record.content or {})
    if record.text:
        shown[words] = record.text
    if record.entities:
        shown[entities] = record.entities
    return shown


def photo(file: File) -> list[Wire]:
    """The sizes of a photo: here one, as it was uploaded."""
    return [
        {
            "file_id": file.file_id,
            "file_unique_id": file.unique_id,
            "file_size": file.size,
            "width": file.width,
            "height": file.height,
        }
    ]


def encoded(value: object) -> str:
    """A JSON text."""
    return msgspec.json.encode(value).decode()


def newcomers(people: Iterable[Person]) -> Wire:
    """The service fields of people who came in, with the legacy twins."""
    users = [user(person) for person in people]
    return {"new_chat_participant": users[0], "new_chat_member": users[0], "new_chat_members": users}


def departed(person: Person) -> Wire:
    """The service fields of a person who left, with the legacy twin."""
    return {"left_chat_participant": user(person), "left_chat_member": user(person)}


def member(room: Chat, person: Person, record: Member, *, viewer: int = 0) -> Wire:
    """A ChatMember; `viewer` is the bot that asks (it decides `can_be_edited`)."""
    shown: Wire = {"user": user(person), "status": record.status.value}
    match record.status:
        case Status.CREATOR:
            shown["is_anonymous"] = record.is_anonymous
        case Status.ADMINISTRATOR:
            shown |= _administrator(room, record, editable=viewer != 0 and viewer == record.promoter)
        case Status.RESTRICTED:
            shown |= {"until_date": record.until, "is_member": record.present}
            shown |= permissions.view(record.permissions)
        case Status.KICKED:
            shown["until_date"] = record.until
    if record.custom_title and record.is_admin:
        shown["custom_title"] = record.custom_title
    return shown


def _administrator(room: Chat, record: Member, *, editable: bool) -> Wire:
    shown: Wire = {"can_be_edited": editable, "is_anonymous": record.is_anonymous}
    shown |= {name: name in record.rights for name in rights.OF_TYPE[room.type]}
    shown["can_manage_voice_chats"] = "can_manage_video_chats" in record.rights
    return shown


def member_change(
    state: State, place: Room, actor: Person, old: Wire, new: Wire, *, link: InviteLink | None
) -> Wire:
    """A ChatMemberUpdated, dated now."""
    shown: Wire = {
        "chat": room(state, place),
        "from": user(actor),
        "date": state.today,
        "old_chat_member": old,
        "new_chat_member": new,
    }
    if link is not None:
        shown["invite_link"] = invite_link(state, link)
    return shown


def invite_link(state: State, link: InviteLink) -> Wire:
    """A ChatInviteLink."""
    shown: Wire = {"invite_link": link.url}
    if link.name:
        shown["name"] = link.name
    shown["creator"] = user(state.people[link.creator_id])
    if link.expire_date:
        shown["expire_date"] = link.expire_date
    if link.member_limit:
        shown["member_limit"] = link.member_limit
    shown["creates_join_request"] = link.creates_join_request
    shown["is_primary"] = link.is_primary
    shown["is_revoked"] = link.is_revoked
    return shown
