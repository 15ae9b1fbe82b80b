"""The records as a bot sees them: JSON objects without nulls, fields in Telegram's order."""

from collections.abc import Iterable

from gatecrier_sandbox.world import permissions, rights
from gatecrier_sandbox.world.model import (
    Bot,
    Chat,
    ChatType,
    InviteLink,
    Member,
    Message,
    Origin,
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
    if record.origin is not None:
        shown |= _forward(state, record.origin)
    if record.reply_to is not None and not bare:
        shown["reply_to_message"] = message(state, place, record.reply_to, bare=True)
    if record.media_group_id:
        shown["media_group_id"] = record.media_group_id
    shown |= _content(record)
    if record.markup is not None:
        shown["reply_markup"] = record.markup
    if record.protected:
        shown["has_protected_content"] = True
    return shown


def _head(state: State, place: Room, record: Message) -> Wire:
    """Who, where and when."""
    shown: Wire = {"message_id": record.message_id}
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
    words, entities = ("caption", "caption_entities") if record.photo else ("text", "entities")
    shown: Wire = {"photo": _photo(record)} if record.photo else {}
    if record.text:
        shown[words] = record.text
    if record.entities:
        shown[entities] = record.entities
    return shown


def _photo(record: Message) -> list[Wire]:
    name = f"sandbox{record.date}x{record.message_id}"
    size: Wire = {"file_id": f"AgAC{name}", "file_unique_id": f"AQAD{name}", "file_size": 1024}
    return [size | {"width": 90, "height": 90}]


def _forward(state: State, origin: Origin) -> Wire:
    source = chat(state.chats[origin.chat_id])
    return {
        "forward_origin": {
            "type": "channel",
            "chat": source,
            "message_id": origin.message_id,
            "date": origin.date,
        },
        "is_automatic_forward": True,
        "forward_from_chat": source,
        "forward_from_message_id": origin.message_id,
        "forward_date": origin.date,
    }


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
