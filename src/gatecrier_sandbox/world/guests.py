"""Guest bots: mentioned in a chat they are no members of, they may answer once."""

from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.asked import GuestQuery
from gatecrier_sandbox.world.clicks import TOO_OLD
from gatecrier_sandbox.world.hearing import names
from gatecrier_sandbox.world.model import Chat, Message
from gatecrier_sandbox.world.state import State

PATIENCE = 60
"""Seconds in which a guest bot may answer; how long Telegram waits is not documented."""
CALLS = frozenset({"mention", "text_mention", "bot_command"})


def call(state: State, chat: Chat, message: Message) -> None:
    """Tell the guest bots that are mentioned and not here; each may answer once."""
    if not any(entity["type"] in CALLS for entity in message.entities):
        return
    for bot in state.bots.values():
        if not bot.supports_guests or bot.id in chat.bot_ids or not names(state, bot, message):
            continue
        caller = message.sender_chat_id or message.sender_id
        number = str(state.rng.getrandbits(62))
        query = GuestQuery(number, bot.id, chat.id, message.message_id, caller, state.clock.now())
        state.guest_queries[number] = query
        shown = wire.message(state, chat, message, viewer=bot.id) | {"guest_query_id": number}
        state.emit(bot, "guest_message", shown)


def pending(state: State, bot_id: int, query_id: str) -> GuestQuery:
    """The call a bot answers; `ApiError` 400 if it is unknown, another's, answered, or too old."""
    asked = state.guest_queries.get(query_id)
    if asked is None or asked.bot_id != bot_id or asked.date + PATIENCE < state.clock.now():
        raise bad_request(TOO_OLD)
    return asked
