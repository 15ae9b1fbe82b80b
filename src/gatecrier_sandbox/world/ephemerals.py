"""Messages of a group that one person and one bot see, and nobody else."""

from gatecrier_sandbox.entities.detect import detect
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import Bot, Chat, Message
from gatecrier_sandbox.world.state import State

LIFETIME = 86_400
"""Seconds an ephemeral message is kept; how long Telegram keeps it is not documented."""


def find(state: State, chat: Chat, number: int) -> Message | None:
    """The ephemeral message of this number, unless its time is over."""
    found = chat.ephemeral.get(number)
    return found if found is not None and found.date + LIFETIME > state.clock.now() else None


def post(state: State, chat: Chat, message: Message) -> Message:
    """Show a message to its receiver alone; those whose time is over go."""
    for number, old in tuple(chat.ephemeral.items()):
        if old.date + LIFETIME > state.clock.now():
            break
        del chat.ephemeral[number]
    message.message_id = chat.next_ephemeral_id
    chat.next_ephemeral_id += 1
    chat.ephemeral[message.message_id] = message
    state.happened("message", chat, message.message_id)
    return message


def addressee(state: State, chat: Chat, text: str) -> Bot | None:
    """The bot of this group to which a text is an ephemeral command."""
    if not text.startswith("/"):
        return None
    command, _, name = text.split(maxsplit=1)[0][1:].partition("@")
    for bot in state.bots_in(chat):
        if name and state.people[bot.id].username.lower() != name.lower():
            continue
        if _knows(bot, command.lower()):
            return bot
    return None


def _knows(bot: Bot, command: str) -> bool:
    """Whether this is among the commands the bot calls ephemeral."""
    return any(
        known["command"] == command and known.get("is_ephemeral")
        for commands in bot.commands.values()
        for known in commands
    )


def command(state: State, chat: Chat, text: str, bot: Bot, *, sender_id: int) -> Message:
    """A person's ephemeral command: only the bot hears it."""
    message = Message(
        0, state.today, sender_id=sender_id, text=text, entities=detect(text, []), receiver_id=bot.id
    )
    post(state, chat, message)
    state.emit(bot, "message", wire.message(state, chat, message, viewer=bot.id))
    return message
