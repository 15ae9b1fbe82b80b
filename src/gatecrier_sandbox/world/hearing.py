"""Which bots hear a message: facts/botapi.md §8."""

from gatecrier_sandbox.world.model import Bot, Chat, ChatType, Dialog, Message, Room
from gatecrier_sandbox.world.state import State


def audience(state: State, room: Room, message: Message) -> list[Bot]:
    """The bots that hear a message: never its sender, and in groups no bot hears another."""
    if isinstance(room, Dialog):
        return [] if message.bot_id else [state.bots[room.bot_id]]
    bots = [bot for bot in state.bots_in(room) if bot.id != message.bot_id]
    if room.type is ChatType.CHANNEL:
        return bots
    if message.bot_id:
        return []
    return [bot for bot in bots if _hears(state, bot, room, message)]


def _hears(state: State, bot: Bot, chat: Chat, message: Message) -> bool:
    """
    Privacy mode: what is meant for the bot; administrators hear everything.

    Source: facts/botapi.md §8; a bare command is for the bot that spoke last, for all where none did.
    """
    if bot.reads_all or chat.members[bot.id].is_admin or message.service:
        return True
    replied = message.reply_to
    if replied is not None and bot.id in {replied.bot_id, replied.via_bot_id}:
        return True
    if message.via_bot_id == bot.id or names(state, bot, message):
        return True
    command = message.text.split(maxsplit=1)[0] if message.text.startswith("/") else ""
    return bool(command) and "@" not in command and chat.last_bot_id in {0, bot.id}


def names(state: State, bot: Bot, message: Message) -> bool:
    """Whether the words mention the bot, or command it by name."""
    units = message.text.encode("utf-16-le")
    name = f"@{state.people[bot.id].username}".lower()
    for entity in message.entities:
        start, length = entity["offset"], entity["length"]
        if not isinstance(start, int) or not isinstance(length, int):
            continue
        words = units[2 * start : 2 * (start + length)].decode("utf-16-le", "replace").lower()
        match entity["type"]:
            case "mention" if words == name:
                return True
            case "bot_command" if words.endswith(name):
                return True
            case "text_mention" if isinstance(user := entity.get("user"), dict) and user["id"] == bot.id:
                return True
    return False
