"""A basic group becomes a supergroup: it has another id, and everything we know goes with it."""

import structlog

from gatecrier.gate.gates import Gates
from gatecrier.gate.journal import note
from gatecrier.gate.store import GateStore
from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Message

log = structlog.get_logger(__name__)


class Moves:
    """
    Renames groups of one bot.

    Telegram says it twice, in the old group and in the new one, and sometimes only once; a call to the
    old one says it too. Each alone is enough, and all of them together do it once.
    """

    def __init__(self, database: Database, clock: Clock, bot_id: int, *, gates: Gates) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates

    def concerns(self, message: Message) -> bool:
        """Whether a message tells that a gated group has moved."""
        ids = _ids(message)
        return ids is not None and self._gates.get(ids[0]) is not None

    async def heard(self, message: Message) -> None:
        """Telegram said so in one of the two groups."""
        ids = _ids(message)
        if ids is not None:
            await self.move(*ids)

    async def move(self, old: int, new: int) -> None:
        """Everything known under the old id is known under the new one, in one transaction."""
        async with self._database.transaction() as connection:
            moved = await GateStore(connection, self._bot_id).move(old, new)
            if moved:
                await note(connection, "move", at=self._clock.now(), chat_id=new, detail=f"was chat:{old}")
        await self._gates.load()
        if moved:
            log.info("gate.moved", old=old, new=new)


def _ids(message: Message) -> tuple[int, int] | None:
    """Old and new id, when a message tells them."""
    if message.migrate_to_chat_id:
        return message.chat.id, message.migrate_to_chat_id
    if message.migrate_from_chat_id:
        return message.migrate_from_chat_id, message.chat.id
    return None
