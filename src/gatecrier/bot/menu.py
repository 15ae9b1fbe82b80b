"""The list of commands that Telegram shows beside the input field."""

import structlog

from gatecrier.bot import commands
from gatecrier.kernel.errors import GatecrierError
from gatecrier.telegram.bot import Bot

log = structlog.get_logger(__name__)


async def show_menu(bot: Bot) -> None:
    """Tell Telegram our commands, for groups' admins and in private; not worth a failed start."""
    try:
        await bot.set_commands(list(commands.IN_GROUPS.items()), scope="all_chat_administrators")
        await bot.set_commands(list(commands.IN_PRIVATE.items()), scope="all_private_chats")
    except GatecrierError as error:
        log.warning("bot.menu_not_set", code=error.code, text=error.text)
