"""What people send that is neither words nor a file: a place, a contact, a throw of the dice, a poll."""

from typing import Annotated

from msgspec import Meta, Struct, field

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, dice, polls, topics
from gatecrier_sandbox.world.asked import Poll, PollOption
from gatecrier_sandbox.world.kinds import KINDS, POLL
from gatecrier_sandbox.world.model import Chat, ChatType, Message, Room, Wire
from gatecrier_sandbox.world.state import State
from gatecrier_sandbox.world.voice import Speech, Voice, take

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Location(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="location"):
    """A place, in degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Contact(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="contact"):
    """Somebody's number; `user_id` is the account it belongs to, 0 if to none."""

    phone_number: Annotated[str, Meta(min_length=1, max_length=32)]
    first_name: Name
    last_name: Annotated[str, Meta(max_length=64)] = ""
    user_id: int = 0


class Dice(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="dice"):
    """An emoji that shows a random value."""

    emoji: str = "🎲"


class Question(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="poll"):
    """A poll; a quiz if `correct` (the number of an option, from 0) is given."""

    question: Annotated[str, Meta(min_length=1, max_length=300)]
    options: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(min_length=1, max_length=12)
    ] = field(default_factory=list)
    is_anonymous: bool = True
    allows_multiple_answers: bool = False
    correct: Annotated[int, Meta(ge=0, le=11)] | None = None


Thing = Location | Contact | Dice | Question


def say(
    state: State,
    room: Room,
    from_id: int,
    thing: Thing,
    *,
    reply_to: Message | None = None,
    thread_id: int = 0,
) -> Message:
    """
    A person sends a thing; the bots hear it.

    Raises:
        Refused: as for words; 403 "restricted" where such things are not allowed; 400 no such dice or option.
    """
    permission = POLL.permission if isinstance(thing, Question) else KINDS[_kind(thing)].permission
    _check(state, room, thing)
    voice = Voice(from_id)
    if isinstance(room, Chat):
        voice = take(state, room, from_id, Speech(permission, None, 0, reply_to, thread_id))
    message = Message(
        state.next_message_id(room),
        state.today,
        sender_id=voice.sender_id,
        sender_chat_id=voice.sender_chat_id,
        signature=voice.signature,
        reply_to=reply_to,
        thread_id=thread_id,
    )
    if isinstance(thing, Question):
        message.poll_id = _opened(state, thing).id
    else:
        message.content = _content(state, thing)
    if isinstance(room, Chat):
        topics.settle(room, message, topics.find(room, reply_to, thread_id))
    return conversation.post(state, room, message)


def _kind(thing: Thing) -> str:
    return str(thing.__struct_config__.tag)


def _check(state: State, room: Room, thing: Thing) -> None:
    match thing:
        case Dice(emoji=emoji) if emoji not in dice.SIDES:
            raise Refused("this is no dice", field="emoji")
        case Contact(user_id=user_id) if user_id:
            state.need_person(user_id)
        case Question(correct=int(correct), options=options) if correct >= len(options):
            raise Refused("there is no such option", field="correct")
        case Question(is_anonymous=False) if isinstance(room, Chat) and room.type is ChatType.CHANNEL:
            raise Refused("a channel's polls are anonymous", field="is_anonymous")
        case Question(options=options) if not options:
            raise Refused("a poll needs options", field="options")


def _content(state: State, thing: Location | Contact | Dice) -> Wire:
    match thing:
        case Location(latitude, longitude):
            return {"location": {"latitude": latitude, "longitude": longitude}}
        case Dice(emoji):
            return dice.thrown(state, emoji)
    shown: Wire = {"phone_number": thing.phone_number, "first_name": thing.first_name}
    shown |= {"last_name": thing.last_name} if thing.last_name else {}
    return {"contact": shown | ({"user_id": thing.user_id} if thing.user_id else {})}


def _opened(state: State, asked: Question) -> Poll:
    options = [PollOption(polls.new_id(state), text) for text in asked.options]
    poll = Poll(polls.new_id(state), 0, asked.question, options)
    poll.is_anonymous, poll.allows_multiple_answers = asked.is_anonymous, asked.allows_multiple_answers
    if asked.correct is not None:
        poll.is_quiz, poll.correct, poll.allows_revoting = True, [asked.correct], False
    return polls.opened(state, poll)
