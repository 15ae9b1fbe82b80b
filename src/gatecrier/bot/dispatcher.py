"""The aiogram side: which handler answers which command, and how an error becomes a sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiogram
import structlog
from aiogram.client.default import DefaultBotProperties
from aiogram.types import CallbackQuery, TelegramObject
from aiogram.types import Message as ShownMessage

from gatecrier.bot import groups, refusals, subscribers
from gatecrier.bot.campaigns import handlers as campaigns
from gatecrier.bot.campaigns.desk import Desk
from gatecrier.bot.choices import handlers as choices
from gatecrier.bot.choices.reception import Reception
from gatecrier.bot.gates import handlers as gates
from gatecrier.bot.routing import as_dict
from gatecrier.bot.session import GatewaySession
from gatecrier.broadcast.clicks import Clicks
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.errors import GatecrierError, OutcomeUnknown
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.updates import Received

log = structlog.get_logger(__name__)


class Screens:
    """Handlers of one bot; `show` finds the one that answers."""

    def __init__(
        self,
        token: str,
        gateway: Gateway,
        *,
        gate: Gatekeeper,
        desk: Desk,
        clicks: Clicks,
        reception: Reception,
    ) -> None:
        self._bot = aiogram.Bot(
            token, session=GatewaySession(gateway), default=DefaultBotProperties(parse_mode="HTML")
        )
        # Group traffic must leave no state behind, and nothing here is a dialog yet.
        self._dispatcher = aiogram.Dispatcher(
            disable_fsm=True, gate=gate, desk=desk, clicks=clicks, reception=reception, clock=gateway.clock
        )
        self._dispatcher.message.outer_middleware(explain_refusals)
        self._dispatcher.callback_query.outer_middleware(explain_refusals)
        # Campaigns come last: what an operator was asked for is whatever is no command.
        self._dispatcher.include_routers(
            gates.make_router(),
            groups.make_router(),
            choices.make_router(),
            subscribers.make_router(),
            campaigns.make_router(),
        )

    async def show(self, received: Received) -> None:
        """Let a handler answer this command or button."""
        await self._dispatcher.feed_raw_update(self._bot, as_dict(received), record=received.update)


Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


async def explain_refusals(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
    """Show whoever asked what a service refused, or what only needs time: a person repeats it better."""
    try:
        return await handler(event, data)
    except OutcomeUnknown as error:
        log.warning("bot.answer_in_doubt", code=error.code)  # perhaps they can read it: nothing on top of it
    except GatecrierError as error:
        log.info("bot.refused", code=error.code, text=error.text)
        await _tell(event, error)
    return None


async def _tell(event: TelegramObject, error: GatecrierError) -> None:
    try:
        if isinstance(event, ShownMessage):
            await event.reply(refusals.refused(error))
        elif isinstance(event, CallbackQuery):
            await event.answer(refusals.toast(error), show_alert=True)
    except GatecrierError as failure:
        log.warning("bot.refusal_not_shown", code=failure.code)
