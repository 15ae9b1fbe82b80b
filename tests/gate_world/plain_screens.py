"""Commands and buttons answered as `bot/groups.py` does, without aiogram, which takes 3 s to import."""

from typing import NamedTuple

from gatecrier.app import App
from gatecrier.gate.cards.texts import card_id_of
from gatecrier.kernel.errors import GatecrierError
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import ButtonPress, Message, Received
from gatecrier_sandbox import World


class Governed(NamedTuple):
    """A command that changed a gate, and whether the world says that its sender may."""

    chat_id: int
    actor: int
    was_allowed: bool


class PlainScreens:
    """
    What a stage has in place of `dispatcher.Screens`.

    Attributes:
        governed: Commands that changed something, for a witness to judge.
        refused: Codes of what was refused.
    """

    def __init__(self, app: App, world: World) -> None:
        self._app = app
        self._world = world
        self.governed: list[Governed] = []
        self.refused: list[str] = []

    async def show(self, received: Received) -> None:
        """Do what a command or button asks, and answer."""
        update = received.update
        try:
            if update.callback_query is not None:
                await self._press(update.callback_query)
            elif update.message is not None:
                await self._command(update.message)
        except GatecrierError as error:
            self.refused.append(error.code)

    async def _press(self, press: ButtonPress) -> None:
        card_id = card_id_of(press.data)
        if card_id is not None:
            verdict = await self._app.first.gate.verify(card_id, press.sender.id)
            await self._app.first.bot.answer_press(press.id, verdict.text, alert=verdict.alert)

    async def _command(self, message: Message) -> None:
        asked = (message.chat, message.sender, message.sender_chat, message.text)
        allowed = self._is_allowed(message)
        if message.command == "protect":
            await self._app.first.gate.protect(*asked)
        elif message.command == "unprotect":
            await self._app.first.gate.unprotect(*asked)
        else:
            return
        allowed = allowed or self._is_allowed(message)  # proven at some moment in between
        actor = message.sender.id if message.sender else 0
        self.governed.append(Governed(message.chat.id, actor, allowed))
        await self._app.first.bot.send_message(message.chat.id, "Done.", lane=Lane.ANSWER)

    def _is_allowed(self, message: Message) -> bool:
        """Whether who wrote this governs the group now, by the world's word."""
        if message.sender is None or message.sender_chat is not None:
            return False
        member = self._world.member(message.chat.id, message.sender.id)
        return member.status == "creator" or "can_restrict_members" in member.rights
