"""Polls: open, voted in, closed, and what the bot that sent one hears of it."""

from functools import partial

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, membership, wire
from gatecrier_sandbox.world.asked import Poll, PollOption
from gatecrier_sandbox.world.model import Bot, Chat, Message, Room, Wire
from gatecrier_sandbox.world.state import CHANNEL_SPEAKER, State

MOST_OPTIONS = 12
LONGEST_OPTION = 100


def opened(state: State, poll: Poll) -> Poll:
    """Let a poll exist; the clock closes it at its date."""
    state.polls[poll.id] = poll
    if poll.close_date and not poll.is_closed:
        seconds = max(poll.close_date - state.clock.now(), 0)
        state.clock.call_later(seconds, partial(close, state, poll))
    return poll


def new_id(state: State) -> str:
    """A number nobody guesses, for a poll or one of its options."""
    return str(state.rng.getrandbits(62))


def again(state: State, poll: Poll, bot: Bot) -> Poll:
    """The same question anew, without votes, asked by `bot`: what a copy is."""
    options = [PollOption(option.id, option.text, option.entities) for option in poll.options]
    made = Poll(new_id(state), bot.id, poll.question, options, poll.question_entities)
    made.description, made.description_entities = poll.description, poll.description_entities
    made.is_anonymous, made.is_quiz = poll.is_anonymous, poll.is_quiz
    made.allows_multiple_answers, made.allows_revoting = poll.allows_multiple_answers, poll.allows_revoting
    made.allows_adding, made.members_only = poll.allows_adding, poll.members_only
    made.country_codes, made.correct = poll.country_codes, poll.correct
    made.explanation, made.explanation_entities = poll.explanation, poll.explanation_entities
    return opened(state, made)


def is_over(state: State, poll: Poll) -> bool:
    """Whether nobody can vote any more."""
    return poll.is_closed or 0 < poll.close_date <= state.clock.now()


def close(state: State, poll: Poll, *stoppers: int) -> None:
    """End a poll; the bot that sent it and those that stopped it get its last state."""
    if poll.is_closed:
        return
    poll.is_closed = True
    for bot_id in sorted({poll.bot_id, *stoppers} & state.bots.keys()):
        state.emit(state.bots[bot_id], "poll", wire.poll(state, poll, knows=True))


def vote(state: State, user_id: int, chat_id: int, message_id: int, option_ids: list[int]) -> Poll:
    """
    Choose options of the poll in a message, or take the choice back with none.

    Raises:
        Refused: no poll there, closed, not a member, no such option, too many, or no second thoughts allowed.
    """
    room, poll = _found(state, user_id, chat_id, message_id)
    chosen = sorted(set(option_ids))
    _check_vote(state, poll, chosen)
    voter = _voter(state, room, user_id)
    if poll.votes.get(voter, []) == chosen:
        return poll
    if voter in poll.votes and not poll.allows_revoting:
        raise Refused("the poll does not allow another vote", field="option_ids", status=403)
    poll.votes.pop(voter, None)
    if chosen:
        poll.votes[voter] = chosen
    state.happened("edited", room, message_id)
    _tell(state, poll, voter, chosen)
    return poll


def add_option(state: State, user_id: int, chat_id: int, message_id: int, text: str) -> Poll:
    """A member adds an answer to a poll that allows it; the chat gets a service message."""
    room, poll = _found(state, user_id, chat_id, message_id)
    if not poll.allows_adding or is_over(state, poll):
        raise Refused("nobody can add options to this poll", status=403)
    if not 0 < len(text.strip()) <= LONGEST_OPTION or len(poll.options) >= MOST_OPTIONS:
        raise Refused(f"an option has 1 to {LONGEST_OPTION} characters", field="text")
    author = _voter(state, room, user_id)
    option = PollOption(new_id(state), text.strip(), added_by=author, addition_date=state.today)
    poll.options.append(option)
    where = room.messages[message_id]
    added: Wire = {"poll_message": wire.message(state, room, where, bare=True, viewer=-1)}
    added |= {"option_persistent_id": option.id, "option_text": option.text}
    conversation.serve(state, room, {"poll_option_added": added}, actor=user_id)
    _tell_state(state, poll)
    return poll


def _found(state: State, user_id: int, chat_id: int, message_id: int) -> tuple[Room, Poll]:
    """The poll of a message that this person sees."""
    state.need_person(user_id)
    room = state.room(user_id, chat_id)
    message = room.messages.get(message_id)
    if message is None or not message.poll_id:
        raise Refused("there is no poll in such a message", field="message_id", status=404)
    if isinstance(room, Chat) and not membership.current(state, room, user_id).present:
        raise Refused("not a member", status=403)
    return room, state.polls[message.poll_id]


def _check_vote(state: State, poll: Poll, chosen: list[int]) -> None:
    if is_over(state, poll):
        raise Refused("the poll is closed", status=403)
    if chosen and not 0 <= chosen[0] <= chosen[-1] < len(poll.options):
        raise Refused("there is no such option", field="option_ids")
    if len(chosen) > 1 and not poll.allows_multiple_answers:
        raise Refused("only one option can be chosen", field="option_ids")


def _voter(state: State, room: Room, user_id: int) -> int:
    """Who votes: the person, or the group whose anonymous administrator they are."""
    if isinstance(room, Chat) and room.is_group:
        member = membership.current(state, room, user_id)
        if member.is_admin and member.is_anonymous:
            return room.id
    return user_id


def _tell(state: State, poll: Poll, voter: int, chosen: list[int]) -> None:
    """The vote of a poll that is not anonymous, then the poll's new state."""
    bot = state.bots.get(poll.bot_id)
    if bot is not None and not poll.is_anonymous:
        answer: Wire = {"poll_id": poll.id}
        if voter < 0:
            answer["voter_chat"] = wire.chat(state.chats[voter])
        answer["user"] = wire.user(state.people[voter if voter > 0 else CHANNEL_SPEAKER])
        answer["option_ids"] = chosen
        answer["option_persistent_ids"] = [poll.options[number].id for number in chosen]
        state.emit(bot, "poll_answer", answer)
    _tell_state(state, poll)


def _tell_state(state: State, poll: Poll) -> None:
    bot = state.bots.get(poll.bot_id)
    if bot is not None:
        state.emit(bot, "poll", wire.poll(state, poll, knows=True))


def knows_answer(state: State, room: Room, message: Message, bot: Bot) -> bool:
    """Whether a bot may see which options of a quiz are right, in this message."""
    poll = state.polls[message.poll_id]
    return wire.knows_answer(state, room, message, poll, bot.id)
