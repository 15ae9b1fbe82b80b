"""
Where each update goes: the gate first, then bookkeeping, and only what asks for a screen to aiogram.

Most group messages end in `wants`: decided in memory, without waiting, without the database.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec
import structlog

from gatecrier.bot.campaigns.desk import Desk
from gatecrier.bot.commands import SETTINGS_LINK, is_known
from gatecrier.bot.courtesy import Courtesy
from gatecrier.broadcast.clicks import Clicks, started
from gatecrier.gate.model import Action, Decision
from gatecrier.gate.rules import TOUCHING
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.clock import Clock
from gatecrier.registry.inbox import ClaimAnswer
from gatecrier.registry.subscribers import Subscribers
from gatecrier.telegram.updates import GROUPS, ChatType, MemberChange, Message, Received, Update

log = structlog.get_logger(__name__)

LATE = timedelta(minutes=5)
"""A private message older than this came while we were away: its effect is due, an answer would puzzle."""


class Screens(Protocol):
    """The aiogram side (`dispatcher.Screens`)."""

    async def show(self, received: Received) -> None:
        """Let a handler answer this command or button."""


class Routing:
    """Decides for each update of one bot who has to do with it; see `registry/inbox.Work`."""

    def __init__(
        self,
        bot_id: int,
        *,
        gate: Gatekeeper,
        subscribers: Subscribers,
        desk: Desk,
        clicks: Clicks,
        clock: Clock,
    ) -> None:
        self._clicks = clicks
        self._desk = desk
        self._bot_id = bot_id
        self._gate = gate
        self._subscribers = subscribers
        self._clock = clock
        self._courtesy = Courtesy(clock)
        self._screens: Screens | None = None

    def open_screens(self, screens: Screens) -> None:
        """From now on commands and buttons are answered."""
        self._screens = screens

    def wants(self, update: Update) -> bool:
        """Whether this update has an effect. Synchronous: this is the path of a group's whole traffic."""
        message = update.message or update.edited_message
        if message is None:
            return self._wants_act(update)
        if message.chat.type not in GROUPS:
            return message.chat.type is ChatType.PRIVATE and update.message is not None
        return self._is_command(update) or not self._gate.passes(message)

    def _wants_act(self, update: Update) -> bool:
        if update.message_reaction:
            return self._gate.minds(update.message_reaction)
        if update.chat_join_request:
            return self._gate.expects(update.chat_join_request)
        return bool(update.callback_query or update.chat_member or update.my_chat_member)

    async def handle(self, received: Received, claim_answer: ClaimAnswer) -> None:
        """Have the effect, as often as need be; answer once."""
        update = received.update
        if message := update.message or update.edited_message:
            await self._message(received, message, claim_answer)
        elif change := update.my_chat_member or update.chat_member:
            await self._change(change, own=update.my_chat_member is not None)
        elif update.callback_query:
            await self._show(received, claim_answer)
        elif update.chat_join_request:
            await self._gate.handle_join_request(update.chat_join_request)
        elif update.message_reaction:
            await self._gate.handle_reaction(update.message_reaction)

    async def _message(self, received: Received, message: Message, claim_answer: ClaimAnswer) -> None:
        if message.chat.type is ChatType.PRIVATE:
            await self._private(message)
        else:
            decision = await self._gate.handle_message(message)
            if decision is not None and _is_removed(decision):
                return
        asks = self._is_command(received.update) or self._is_answer(received.update)
        if (asks or await self._is_awaited(message)) and self._deserves_answer(message):
            await self._show(received, claim_answer)

    async def _private(self, message: Message) -> None:
        if message.sender is None or message.sender.is_bot:
            return
        if message.command == "start":
            _, *payload = message.text.split(maxsplit=1)
            source = "".join(payload)
            if not source.startswith(
                SETTINGS_LINK
            ):  # an admin who opens a group's settings subscribes to nothing
                await self._subscribers.start(
                    self._bot_id, message.sender, source=source, at=_moment(message.date)
                )
                if (press := started(source)) is not None:
                    await self._clicks.press(self._bot_id, message.sender.id, press)
        elif message.command == "stop":
            await self._subscribers.stop(self._bot_id, message.sender.id, at=_moment(message.date))
        else:
            await self._subscribers.wrote(self._bot_id, message.sender.id, at=_moment(message.date))

    async def _change(self, change: MemberChange, *, own: bool) -> None:
        if change.chat.type is not ChatType.PRIVATE:
            await self._gate.handle_member_change(change)
        elif own and change.new.status == "kicked":
            await self._subscribers.blocked(self._bot_id, change.sender.id, at=_moment(change.date))
        elif own:
            await self._subscribers.unblocked(self._bot_id, change.sender.id, at=_moment(change.date))

    async def _show(self, received: Received, claim_answer: ClaimAnswer) -> None:
        if self._screens is not None and await claim_answer():
            await self._screens.show(received)

    @staticmethod
    def _is_command(update: Update) -> bool:
        """Only what its sender wrote here, now: no edit, no forward, nothing by way of another bot."""
        message = update.message
        return (
            message is not None
            and bool(message.command)
            and message.forward_origin is None
            and message.via_bot is None
            and is_known(message.command, message.chat.type)
        )

    @staticmethod
    def _is_answer(update: Update) -> bool:
        """In private, a reply: perhaps to a question of ours."""
        message = update.message
        return (
            message is not None
            and message.chat.type is ChatType.PRIVATE
            and message.reply_to_message is not None
        )

    async def _is_awaited(self, message: Message) -> bool:
        """In private, what an operator was asked for."""
        is_private = message.chat.type is ChatType.PRIVATE
        return is_private and message.sender is not None and await self._desk.awaits(message.sender.id)

    def _deserves_answer(self, message: Message) -> bool:
        """In private: in time. In a group: whenever it comes, but not without measure."""
        if message.chat.type is ChatType.PRIVATE:
            return self._clock.now() - _moment(message.date) <= LATE
        sender = message.sender_chat or message.sender
        return sender is not None and self._courtesy.may_answer(message.chat.id, sender.id)


def _moment(date: int) -> datetime:
    return datetime.fromtimestamp(date, UTC)


def _is_removed(decision: Decision) -> bool:
    """A message that was taken away is not answered."""
    return not decision.only_observed and decision.action in TOUCHING - {Action.WARN}


def as_dict(received: Received) -> dict[str, Any]:
    """The whole update, for aiogram, which wants every field."""
    decoded: dict[str, Any] = msgspec.json.decode(received.body)
    return decoded
