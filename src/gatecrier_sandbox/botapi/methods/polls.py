"""Polls: sending and stopping them."""

from msgspec import Struct

from gatecrier_sandbox.botapi import markup
from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.sending import (
    admit,
    arrive,
    begin,
    checked_caption,
    message_id,
    written,
    written_as,
)
from gatecrier_sandbox.entities.formatted import need_visible
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import membership, polls, rights, wire
from gatecrier_sandbox.world.asked import Poll, PollOption
from gatecrier_sandbox.world.model import Chat, ChatType, Message, Room, Wire

LONGEST_QUESTION = 300
LONGEST_EXPLANATION = 200
MOST_LINE_FEEDS = 2
MOST_COUNTRIES = 12
SHORTEST, LONGEST = 5, 2_628_000
"""Seconds a poll is open, if that is limited."""


class Choices(Struct, frozen=True):
    """What is asked and answered, before anybody knows where."""

    question: tuple[str, list[Wire]]
    options: list[PollOption]
    explanation: tuple[str, list[Wire]]
    correct: list[int]
    description: tuple[str, list[Wire]]


@method(
    "sendPoll",
    missing=(
        "business_connection_id",
        "media",
        "explanation_media",
        "options[].media",
        "members_only: everybody present votes",
        "country_codes: nobody has a country",
        "hide_results_until_closes",
        "shuffle_options",
    ),
)
def send_poll(call: Call) -> Wire:
    """Ask a question with answers to choose from."""
    choices = _choices(call)
    draft = begin(call, "can_send_polls", "polls", may_be_ephemeral=False)
    poll = _poll(call, draft.room, choices)
    _check_question(poll)
    admit(call, draft)
    draft.message.poll_id = polls.opened(call.world, poll).id
    return wire.message(call.world, draft.room, arrive(call, draft))


@method("stopPoll", missing=("business_connection_id",))
def stop_poll(call: Call) -> Wire:
    """End a poll; its last state goes to the bot that stopped it and to the one that sent it."""
    under = markup.parse_inline(call.text("reply_markup"))
    room = call.room(Access.EDIT)
    message = room.messages.get(message_id(call))
    if message is None:
        raise bad_request("message with poll to stop not found")
    if not message.poll_id:
        raise bad_request("message is not a poll")
    poll = call.world.polls[message.poll_id]
    if polls.is_over(call.world, poll):
        raise bad_request("poll has already been closed")
    if message.forward is not None or not _may_stop(call, room, message):
        raise bad_request("poll can't be stopped")
    markup.check_data(under)
    message.markup = under
    polls.close(call.world, poll, call.bot.id)
    call.world.happened("edited", room, message.message_id)
    return wire.poll(call.world, poll, knows=True)


def _may_stop(call: Call, room: Room, message: Message) -> bool:
    """The bot's own poll; in a channel anybody's, with the right to edit posts."""
    if not message.editable:
        return False
    if message.bot_id == call.bot.id:
        return True
    if not isinstance(room, Chat) or room.type is not ChatType.CHANNEL:
        return False
    return rights.holds(room, membership.current(call.world, room, call.bot.id), "can_edit_messages")


def _choices(call: Call) -> Choices:
    """Read the words of the request; `ApiError` 400 what cannot be read."""
    question = _custom_emoji_only(
        written(call, call.text("question"), "question_parse_mode", "question_entities")
    )
    options = _options(call)
    if call.text("type") not in {"", "regular", "quiz"}:
        raise bad_request("unsupported poll type specified")
    explanation: tuple[str, list[Wire]] = ("", [])
    if call.text("type") == "quiz":
        names = ("explanation_parse_mode", "explanation_entities")
        explanation = written(call, call.text("explanation"), *names)
    description = written(call, call.text("description"), "description_parse_mode", "description_entities")
    return Choices(question, options, explanation, _correct(call), description)


def _custom_emoji_only(found: tuple[str, list[Wire]]) -> tuple[str, list[Wire]]:
    """Questions and answers keep no other entities."""
    return found[0], [entity for entity in found[1] if entity["type"] == "custom_emoji"]


def _options(call: Call) -> list[PollOption]:
    raw = call.text("options")
    if not raw:
        raise bad_request('parameter "options" is required')
    values = decode(raw, "options")
    if not isinstance(values, list):
        raise bad_request("expected an Array of InputPollOption")
    return [_option(call, value) for value in values]


def _option(call: Call, value: object) -> PollOption:
    """An InputPollOption, or the older plain text."""
    if isinstance(value, str):
        return PollOption("", value.strip())
    if not isinstance(value, dict):
        raise bad_request("expected an option to be of type String")
    text = value.get("text")
    if not isinstance(text, str):
        problem = 'Can\'t find field "text"' if text is None else 'Field "text" must be of type String'
        raise bad_request(f"can't parse InputPollOption: {problem}")
    mode, entities = value.get("text_parse_mode") or "", value.get("text_entities")
    given = wire.encoded(entities) if entities else ""
    words, kept = _custom_emoji_only(written_as(call, text, str(mode), given))
    return PollOption("", words, kept)


def _correct(call: Call) -> list[int]:
    """The right answers of a quiz, also spelled as before 10.0."""
    raw = call.text("correct_option_ids")
    if not raw:
        return [call.integer("correct_option_id")] if call.text("correct_option_id") else []
    values = decode(raw, "correct_option_ids")
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise bad_request("expected an Array of Integer as correct_option_ids")
    return values


def _poll(call: Call, room: Room, choices: Choices) -> Poll:
    """The poll a request asks for, in this chat; it is not open yet."""
    in_channel = isinstance(room, Chat) and room.type is ChatType.CHANNEL
    is_quiz = call.text("type") == "quiz"
    poll = Poll(
        polls.new_id(call.world), call.bot.id, choices.question[0], choices.options, choices.question[1]
    )
    for option in poll.options:
        option.id = polls.new_id(call.world)
    poll.is_quiz, poll.is_closed = is_quiz, call.flag("is_closed")
    poll.is_anonymous = call.flag("is_anonymous") if call.text("is_anonymous") else True
    poll.allows_multiple_answers = call.flag("allows_multiple_answers")
    poll.allows_revoting = call.flag("allows_revoting") if call.text("allows_revoting") else not is_quiz
    poll.allows_adding = call.flag("allow_adding_options") and not is_quiz and not poll.is_anonymous
    poll.members_only = in_channel and call.flag("members_only")
    poll.country_codes = _countries(call) if in_channel else []
    poll.correct = choices.correct if is_quiz else []
    poll.explanation, poll.explanation_entities = choices.explanation
    poll.description, poll.description_entities = choices.description
    if in_channel and not poll.is_anonymous:
        raise bad_request("non-anonymous polls can't be sent to channel chats")
    _limit(call, poll)
    return poll


def _limit(call: Call, poll: Poll) -> None:
    """How long it is open; a period goes before a date."""
    poll.open_period = call.params.integer("open_period", 0, low=0, high=LONGEST)
    poll.close_date = call.params.integer("close_date", 0, low=0)
    if poll.open_period:
        poll.close_date = call.world.today + poll.open_period
    if poll.close_date and not SHORTEST <= poll.close_date - call.world.today <= LONGEST:
        raise bad_request("wrong poll data specified")


def _countries(call: Call) -> list[str]:
    raw = call.text("country_codes")
    values = decode(raw, "country codes") if raw else []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise bad_request("expected an Array of String as country codes")
    if len(values) > MOST_COUNTRIES or not all(len(value) == 2 and value.isalpha() for value in values):
        raise bad_request("COUNTRY_CODE_INVALID")
    return [value.upper() for value in values]


def _check_question(poll: Poll) -> None:
    """The limits of a poll. Source: td `create_input_message_content`."""
    need_visible(poll.question)
    if len(poll.question) > LONGEST_QUESTION:
        raise bad_request(f"poll question length must not exceed {LONGEST_QUESTION}")
    if not poll.options:
        raise bad_request("poll must have at least one answer option")
    if len(poll.options) > polls.MOST_OPTIONS:
        raise bad_request(f"poll can't have more than {polls.MOST_OPTIONS} options")
    for option in poll.options:
        if not option.text:
            raise bad_request("poll options must be non-empty")
        if len(option.text) > polls.LONGEST_OPTION:
            raise bad_request(f"poll options length must not exceed {polls.LONGEST_OPTION}")
    checked_caption(poll.description)
    if poll.is_quiz:
        _check_quiz(poll)


def _check_quiz(poll: Poll) -> None:
    if not poll.correct:
        raise bad_request("correct quiz option list must be non-empty")
    if sorted(set(poll.correct)) != poll.correct:
        raise bad_request("correct quiz option list must be increasing")
    if not 0 <= poll.correct[0] <= poll.correct[-1] < len(poll.options):
        raise bad_request("wrong quiz correct_option_id")
    if len(poll.correct) > 1 and not poll.allows_multiple_answers:
        raise bad_request("QUIZ_CORRECT_ANSWERS_TOO_MUCH")
    if len(poll.explanation) > LONGEST_EXPLANATION or poll.explanation.count("\n") > MOST_LINE_FEEDS:
        raise bad_request("message caption is too long")
