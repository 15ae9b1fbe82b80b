"""Freeing many people at once: announced in the transaction that decides it, done afterwards."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.holding.enforcement import IN_TIME, Enforcement, Lifted
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.model import Outcome
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError

log = structlog.get_logger(__name__)

AT_ONCE = 10  # liftings side by side: each is two calls
TIME = IN_TIME + timedelta(minutes=1)  # for us to do it; then it is the healer's


class Freeing:
    """Frees people of one bot's groups."""

    def __init__(self, clock: Clock, bot_id: int, enforcement: Enforcement) -> None:
        self._clock = clock
        self._bot_id = bot_id
        self._enforcement = enforcement

    async def announce(
        self, connection: AsyncConnection, chat_id: int, people: Sequence[int], outcome: Outcome
    ) -> None:
        """Write down that these people are to be freed; a crash leaves the healer the rest."""
        due_at = self._clock.now() + TIME
        await Ledger(connection, self._bot_id).begin_lifting(chat_id, people, outcome, due_at=due_at)

    async def free(self, chat_id: int, people: Sequence[int], outcome: Outcome) -> int:
        """Lift what was announced; what fails waits for the healer. Returns how many are free."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(person_id: int) -> bool:
            async with room:
                try:
                    return await self._enforcement.lift(chat_id, person_id, outcome) is not Lifted.BY_ADMIN
                except GatecrierError as error:
                    log.warning("gate.not_freed_yet", chat=chat_id, code=error.code)
                    return False

        freed = sum(await asyncio.gather(*map(one, people)))
        self._enforcement.ring()
        return freed
