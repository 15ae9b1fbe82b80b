"""The aiogram side: which handler answers which command, and how an error becomes a sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiogram
import structlog
from aiogram.client.default import DefaultBotProperties
from aiogram.types import CallbackQuery, TelegramObject
from aiogram.types import Message as ShownMessage

from gatecrier.bot import groups, screens, subscribers
from gatecrier.bot.routing import as_dict
from gatecrier.bot.session import GatewaySession
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.errors import GatecrierError, TryLater
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.updates import Received

log = structlog.get_logger(__name__)

TOAST = 200  # characters Telegram shows of an answer to a button


class Screens:
    """Handlers of one bot; `show` finds the one that answers."""

    def __init__(self, token: str, gateway: Gateway, *, gate: Gatekeeper) -> None:
        self._bot = aiogram.Bot(
            token, session=GatewaySession(gateway), default=DefaultBotProperties(parse_mode="HTML")
        )
        # Group traffic must leave no state behind, and nothing here is a dialog yet.
        self._dispatcher = aiogram.Dispatcher(disable_fsm=True, gate=gate)
        self._dispatcher.message.outer_middleware(explain_refusals)
        self._dispatcher.callback_query.outer_middleware(explain_refusals)
        self._dispatcher.include_routers(groups.make_router(), subscribers.make_router())

    async def show(self, received: Received) -> None:
        """Let a handler answer this command or button."""
        await self._dispatcher.feed_raw_update(self._bot, as_dict(received), record=received.update)


Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


async def explain_refusals(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
    """Show what a service refused to whoever asked; what only needs time goes back to the inbox."""
    try:
        return await handler(event, data)
    except TryLater:
        raise
    except GatecrierError as error:
        log.info("bot.refused", code=error.code, text=error.text)
        if isinstance(event, ShownMessage):
            await event.reply(screens.refused(error))
        elif isinstance(event, CallbackQuery):
            await event.answer(error.text[:TOAST], show_alert=True)
        return None
