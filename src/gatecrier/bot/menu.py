"""The list of commands that Telegram shows beside the input field."""

from collections.abc import Iterable

import structlog

from gatecrier.bot import commands
from gatecrier.kernel.errors import GatecrierError
from gatecrier.telegram.bot import Bot

log = structlog.get_logger(__name__)


async def show_menu(bot: Bot, operators: Iterable[int]) -> None:
    """Tell Telegram our commands, for groups' admins and in private; not worth a failed start."""
    try:
        await bot.set_commands(list(commands.IN_GROUPS.items()), scope="all_chat_administrators")
        await bot.set_commands(list(commands.IN_PRIVATE.items()), scope="all_private_chats")
        for person_id in operators:
            await _show_to_operator(bot, person_id)
    except GatecrierError as error:
        log.warning("bot.menu_not_set", code=error.code, text=error.text)


async def _show_to_operator(bot: Bot, person_id: int) -> None:
    everything = list((commands.IN_PRIVATE | commands.FOR_OPERATORS).items())
    try:
        await bot.set_commands(everything, scope="chat", chat_id=person_id)
    except GatecrierError as error:  # they have not started the bot yet
        log.info("bot.operator_has_no_menu", person=person_id, code=error.code)
