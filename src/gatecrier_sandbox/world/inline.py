"""Inline mode: what people type behind a bot's name, the results they choose, and guest bots."""

import base64
import re

import msgspec

from gatecrier_sandbox.errors import Refused, bad_request
from gatecrier_sandbox.world import conversation, membership, rights, topics, voice, wire
from gatecrier_sandbox.world.asked import GuestQuery, InlineQuery
from gatecrier_sandbox.world.clicks import TOO_OLD
from gatecrier_sandbox.world.kinds import kind_of
from gatecrier_sandbox.world.model import Chat, Dialog, Message, Room, Wire
from gatecrier_sandbox.world.state import State
from gatecrier_sandbox.world.voice import Speech, Voice

PATIENCE = 10
"""Seconds within which a query can be answered."""
KEPT = 1_000
"""Queries kept, so that results can be chosen and repeated."""
INLINE_ID = re.compile(r"[A-Za-z0-9_-]{27}")


def ask(
    state: State, user_id: int, bot_id: int, query: str, *, offset: str = "", chat_id: int = 0
) -> InlineQuery:
    """
    Type something behind a bot's name; the bot gets an inline_query unless its answer is still cached.

    Args:
        chat_id: where it is typed; 0 is the private chat with that bot.
    Raises:
        Refused: no such bot or person, the bot has no inline mode, or the person is not in that chat.
    """
    person, bot = state.need_person(user_id), state.need_bot(bot_id)
    if not bot.supports_inline:
        raise Refused("the bot has no inline mode", field="bot_id")
    room = state.room(user_id, chat_id or bot_id)
    if isinstance(room, Chat) and not membership.current(state, room, user_id).present:
        raise Refused("not a member", status=403)
    asked = InlineQuery(
        str(state.rng.getrandbits(62)), bot.id, person.id, chat_id or bot_id, query, state.clock.now()
    )
    asked.offset, asked.chat_type = offset, _chat_type(room, bot_id)
    cached = _cached(state, asked)
    state.inline_queries[asked.id] = asked
    while len(state.inline_queries) > KEPT:
        del state.inline_queries[next(iter(state.inline_queries))]
    if cached is not None:
        asked.results, asked.shown = cached.results, cached.shown
        asked.next_offset, asked.button = cached.next_offset, cached.button
        return asked
    shown: Wire = {"id": asked.id, "from": wire.user(person), "chat_type": asked.chat_type}
    state.emit(bot, "inline_query", shown | {"query": query, "offset": offset})
    return asked


def _chat_type(room: Room, bot_id: int) -> str:
    if isinstance(room, Dialog):
        return "sender" if room.bot_id == bot_id else "private"
    return room.type.value


def _cached(state: State, asked: InlineQuery) -> InlineQuery | None:
    """The answer to the same question that Telegram still remembers."""
    for old in reversed(state.inline_queries.values()):
        same = (old.bot_id, old.query, old.offset, old.chat_type)
        if same != (asked.bot_id, asked.query, asked.offset, asked.chat_type):
            continue
        if old.is_personal and old.user_id != asked.user_id:
            continue
        if old.results is not None and old.cached_until > asked.date:
            return old
    return None


def pending(state: State, bot_id: int, query_id: str) -> InlineQuery:
    """The query a bot answers; `ApiError` 400 if it is unknown, another's, too old, or answered."""
    asked = state.inline_queries.get(query_id)
    if asked is None or asked.bot_id != bot_id or asked.results is not None:
        raise bad_request(TOO_OLD)
    if asked.date + PATIENCE < state.clock.now():
        raise bad_request(TOO_OLD)
    return asked


def choose(state: State, query_id: str, result_id: str, *, thread_id: int = 0) -> Message:
    """
    Send a result to where the query was typed: a message of the person, via the bot.

    Raises:
        Refused: no such query or result, or the person may not send that there.
    """
    asked = state.inline_queries.get(query_id)
    if asked is None:
        raise Refused("there is no such query", field="inline_query_id", status=404)
    template = (asked.results or {}).get(result_id)
    if template is None:
        raise Refused("there is no such result", field="result_id", status=404)
    room = state.room(asked.user_id, asked.chat_id)
    speaker = _speaker(state, room, asked.user_id, template, thread_id)
    message = msgspec.structs.replace(template, message_id=state.next_message_id(room), date=state.today)
    message.sender_id, message.sender_chat_id = speaker.sender_id, speaker.sender_chat_id
    message.signature, message.via_bot_id = speaker.signature, asked.bot_id
    if message.markup is not None:
        _number(state, room, message)
    if isinstance(room, Chat):
        topics.settle(room, message, topics.find(room, None, thread_id))
    conversation.post(state, room, message)
    _feed_back(state, asked, result_id, message)
    return message


def _speaker(state: State, room: Room, user_id: int, message: Message, thread_id: int) -> Voice:
    """As whom the person sends it; Refused if they may not send it there."""
    if isinstance(room, Dialog):
        if room.blocked:
            raise Refused("blocked", status=403)
        return Voice(user_id)
    member = membership.current(state, room, user_id)
    rights.require_voice(room, member, "can_send_other_messages")
    return voice.take(state, room, user_id, Speech(kind_of(message).permission, thread_id=thread_id))


def _number(state: State, room: Room, message: Message) -> None:
    """Give a message an inline_message_id, by which its bot edits it wherever it is."""
    message.inline_id = base64.urlsafe_b64encode(state.rng.randbytes(20)).decode().rstrip("=")
    state.inline_messages[message.inline_id] = (room, message.message_id)


def _feed_back(state: State, asked: InlineQuery, result_id: str, message: Message) -> None:
    """Tell the bot what was chosen, if it wants to know."""
    bot = state.bots[asked.bot_id]
    if not bot.inline_feedback:
        return
    shown: Wire = {"result_id": result_id, "from": wire.user(state.people[asked.user_id])}
    if message.inline_id:
        shown["inline_message_id"] = message.inline_id
    state.emit(bot, "chosen_inline_result", shown | {"query": asked.query})


def find(state: State, inline_message_id: str) -> tuple[Room, Message] | None:
    """The message that has this inline_message_id, and where it stands."""
    room, number = state.inline_messages.get(inline_message_id, (None, 0))
    message = room.messages.get(number) if room is not None else None
    return (room, message) if room is not None and message is not None else None


def need(state: State, bot_id: int, inline_message_id: str) -> tuple[Room, Message]:
    """The inline message a bot edits; `ApiError` 400 if there is none, or it is another bot's."""
    if INLINE_ID.fullmatch(inline_message_id) is None:
        raise bad_request("invalid inline message identifier specified")
    found = find(state, inline_message_id)
    if found is None or bot_id not in {found[1].via_bot_id, found[1].bot_id}:
        raise bad_request("MESSAGE_ID_INVALID")
    return found


def answer_as_guest(state: State, asked: GuestQuery, template: Message) -> Message:
    """Let a guest bot answer the message that called it."""
    del state.guest_queries[asked.id]
    chat = state.chats[asked.chat_id]
    message = msgspec.structs.replace(template, message_id=state.next_message_id(chat), date=state.today)
    message.sender_id = message.bot_id = asked.bot_id
    message.reply_to = chat.messages.get(asked.message_id)
    message.guest_caller_id = asked.caller_id
    _number(state, chat, message)
    return conversation.post(state, chat, message)
