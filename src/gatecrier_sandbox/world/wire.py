"""The records as a bot sees them: JSON objects without nulls, fields in Telegram's order."""

import math
from collections.abc import Iterable

import msgspec

from gatecrier_sandbox.world import permissions, rights
from gatecrier_sandbox.world.asked import Poll, PollOption
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.model import (
    Bot,
    Chat,
    ChatType,
    Dialog,
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
        "can_join_groups": bot.can_join_groups,
        "can_read_all_group_messages": bot.reads_all,
        "supports_guest_queries": bot.supports_guests,
        "supports_inline_queries": bot.supports_inline,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_join_request_queries": bot.supports_join_request_queries,
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
    if room.is_forum:
        shown["is_forum"] = True
    if room.type is ChatType.GROUP:
        shown["all_members_are_administrators"] = False
    return shown


def room(state: State, place: Room) -> Wire:
    """The Chat of any room."""
    if isinstance(place, Chat):
        return chat(place)
    return private_chat(state.people[place.person_id])


def message(state: State, place: Room, record: Message, *, bare: bool = False, viewer: int = 0) -> Wire:
    """
    A Message; `bare` leaves out what it replies to, as inside `reply_to_message`.

    `viewer` is the bot that looks; 0 is the one that sent it. Who did not ask an open quiz sees no answer.
    """
    shown = _head(state, place, record) | (record.forward or {})
    if not bare:
        shown |= _replied(state, place, record, viewer)
    if record.media_group_id:
        shown["media_group_id"] = record.media_group_id
    shown |= _content(state, record)
    if record.poll_id:
        shown["poll"] = _poll_inside(state, place, record, viewer)
    if record.markup is not None:
        shown["reply_markup"] = record.markup
    shown |= _mediators(state, record)
    if record.protected or (isinstance(place, Chat) and place.has_protected_content):
        shown["has_protected_content"] = True
    if record.effect_id:
        shown["effect_id"] = record.effect_id
    if record.is_topic:
        shown["is_topic_message"] = True
    return shown


def _mediators(state: State, record: Message) -> Wire:
    """The bot a message came by, and who called the guest bot that wrote it."""
    shown: Wire = {}
    if record.via_bot_id:
        shown["via_bot"] = user(state.people[record.via_bot_id])
    if record.guest_caller_id > 0:
        shown["guest_bot_caller_user"] = user(state.people[record.guest_caller_id])
    elif record.guest_caller_id:
        shown["guest_bot_caller_chat"] = chat(state.chats[record.guest_caller_id])
    return shown


def _replied(state: State, place: Room, record: Message, viewer: int) -> Wire:
    """What it answers."""
    shown = dict(record.reply_extra or {})
    if record.reply_to is not None:
        shown["reply_to_message"] = message(state, place, record.reply_to, bare=True, viewer=viewer)
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
    if isinstance(place, Chat) and (tag := _sender_tag(place, record)):
        shown["sender_tag"] = tag
    shown["chat"] = room(state, place)
    shown["date"] = record.date
    if record.edit_date:
        shown["edit_date"] = record.edit_date
    if record.thread_id:
        shown["message_thread_id"] = record.thread_id
    return shown


def _sender_tag(place: Chat, record: Message) -> str:
    """The tag or title that stands beside the sender's name."""
    sender = place.members.get(record.sender_id)
    if sender is None or place.type is not ChatType.SUPERGROUP or record.sender_chat_id:
        return ""
    return sender.custom_title if sender.is_admin else sender.tag


def _content(state: State, record: Message) -> Wire:
    if record.service is not None:
        return record.service
    words, entities = ("caption", "caption_entities") if record.is_media else ("text", "entities")
    shown: Wire = dict(record.content or {})
    if "location" in shown:
        shown["location"] = location(shown["location"], age=state.clock.now() - record.date)
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


LIVE = ("live_period", "heading", "proximity_alert_radius")
"""What only a live location has."""
FOR_EVER = 2**31 - 1
"""A live_period without end."""


def location(held: object, *, age: float) -> Wire:
    """A Location `age` seconds after it was sent: its live fields go when its period is over."""
    shown = dict(held) if isinstance(held, dict) else {}
    period = shown.get("live_period", 0)
    if age < period or (period == FOR_EVER and age < math.inf):
        return shown
    return {name: value for name, value in shown.items() if name not in LIVE}


def _poll_inside(state: State, place: Room, record: Message, viewer: int) -> Wire:
    """A Poll as a Message holds it: with its description, and its answer for who may see it."""
    held = state.polls[record.poll_id]
    shown = poll(state, held, knows=knows_answer(state, place, record, held, viewer))
    if held.description:
        shown["description"] = held.description
    if held.description_entities:
        shown["description_entities"] = held.description_entities
    return shown


def knows_answer(state: State, place: Room, record: Message, held: Poll, viewer: int) -> bool:
    """Whether the answer of a quiz is shown: once it is closed, in private, and to the bot that asked."""
    if held.is_closed or 0 < held.close_date <= state.clock.now() or isinstance(place, Dialog):
        return True
    return record.forward is None and record.bot_id == held.bot_id and viewer in {0, held.bot_id}


def poll(state: State, held: Poll, *, knows: bool) -> Wire:
    """A Poll; `knows`: the viewer may see which options of a quiz are right."""
    shown: Wire = {"id": held.id, "question": held.question}
    if held.question_entities:
        shown["question_entities"] = held.question_entities
    shown["options"] = [_poll_option(state, held, number) for number in range(len(held.options))]
    shown["total_voter_count"] = len(held.votes)
    shown["is_closed"] = held.is_closed or 0 < held.close_date <= state.clock.now()
    shown |= {"is_anonymous": held.is_anonymous, "type": "quiz" if held.is_quiz else "regular"}
    shown["allows_multiple_answers"] = held.allows_multiple_answers
    shown |= {"allows_revoting": held.allows_revoting, "members_only": held.members_only}
    for name in ("country_codes", "open_period", "close_date"):
        if value := getattr(held, name):
            shown[name] = value
    return shown | (_solution(held) if held.is_quiz and knows else {})


def _solution(held: Poll) -> Wire:
    shown: Wire = {"correct_option_ids": held.correct}
    if held.explanation:
        shown["explanation"] = held.explanation
    if held.explanation_entities:
        shown["explanation_entities"] = held.explanation_entities
    return shown


def _poll_option(state: State, held: Poll, number: int) -> Wire:
    option: PollOption = held.options[number]
    shown: Wire = {"persistent_id": option.id, "text": option.text}
    if option.entities:
        shown["text_entities"] = option.entities
    shown["voter_count"] = sum(number in chosen for chosen in held.votes.values())
    if option.added_by > 0:
        shown["added_by_user"] = user(state.people[option.added_by])
    elif option.added_by:
        shown["added_by_chat"] = chat(state.chats[option.added_by])
    if option.addition_date:
        shown["addition_date"] = option.addition_date
    return shown


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
            shown |= _administrator(room, record, editable=rights.may_edit(room, viewer, record))
        case Status.RESTRICTED:
            shown |= {"until_date": record.until, "is_member": record.present}
            shown |= permissions.view(record.permissions)
        case Status.KICKED:
            shown["until_date"] = record.until
        case Status.MEMBER if record.until:
            shown["until_date"] = record.until
    if record.custom_title and record.is_admin:
        shown["custom_title"] = record.custom_title
    if record.tag and record.status in {Status.MEMBER, Status.RESTRICTED}:
        shown["tag"] = record.tag
    return shown


def _administrator(room: Chat, record: Member, *, editable: bool) -> Wire:
    shown: Wire = {"can_be_edited": editable, "is_anonymous": record.is_anonymous}
    shown |= {name: name in record.rights for name in rights.OF_TYPE[room.type]}
    shown["can_manage_voice_chats"] = "can_manage_video_chats" in record.rights
    return shown


def member_change(
    state: State,
    place: Room,
    actor: Person,
    old: Wire,
    new: Wire,
    *,
    link: InviteLink | None = None,
    via_request: bool = False,
    viewer: int = 0,
) -> Wire:
    """A ChatMemberUpdated, dated now, as `viewer` sees it; `via_request`: without a link, approved."""
    shown: Wire = {
        "chat": room(state, place),
        "from": user(actor),
        "date": state.today,
        "old_chat_member": old,
        "new_chat_member": new,
    }
    if link is not None:
        shown["invite_link"] = invite_link(state, link, viewer=viewer)
    if via_request:
        shown["via_join_request"] = True
    return shown


SHOWN_OF_LINK = len("https://t.me/+12345678")
"""Characters of another administrator's link that a bot sees."""


def invite_link(state: State, link: InviteLink, *, viewer: int = 0, pending: int = 0) -> Wire:
    """A ChatInviteLink; the bot `viewer` sees other people's cut short. `pending`: requests by it."""
    is_own = viewer in {0, link.creator_id}
    shown: Wire = {"invite_link": link.url if is_own else f"{link.url[:SHOWN_OF_LINK]}..."}
    if link.name:
        shown["name"] = link.name
    shown["creator"] = user(state.people[link.creator_id])
    for name in ("expire_date", "member_limit", "subscription_period", "subscription_price"):
        if value := getattr(link, name):
            shown[name] = value
    if pending:
        shown["pending_join_request_count"] = pending
    shown["creates_join_request"] = link.creates_join_request
    shown["is_primary"] = link.is_primary
    shown["is_revoked"] = link.is_revoked
    return shown
