"""Who administers a gated group, and which channel is linked to it: asked for rarely, then remembered."""

from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.outside import Reads
from gatecrier.gate.store import GateStore
from gatecrier.gate.turns import Turns
from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database

ADMINS_LIFE = 3600.0  # seconds; updates tell of changes, this bounds what a lost one costs
LINKED_LIFE = 600.0  # seconds: no update tells that another channel was linked


class Admins:
    """
    Keeps `LiveGate.admins` and the linked channel true.

    Raises (every method):
        TryLater: Telegram does not answer; decide nothing about admins now.
    """

    def __init__(self, database: Database, clock: Clock, telegram: Reads, gates: Gates, bot_id: int) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._gates = gates
        self._bot_id = bot_id
        self._turns = Turns()

    async def know(self, live: LiveGate) -> None:
        """Ask for the admins unless it is known; many messages at once ask once."""
        async with self._turns.take(live.gate.chat_id):
            if not self._is_old(live.admins_at, ADMINS_LIFE):
                return
            members = await self._telegram.get_admins(live.gate.chat_id)
            live.admins = {member.person.id for member in members}
            live.admins_at = self._clock.monotonic()

    def doubt(self, live: LiveGate, person_id: int) -> None:
        """Somebody was promoted or demoted: no longer trust what is remembered of them."""
        live.admins.discard(person_id)
        live.admins_at = None

    async def know_linked(self, live: LiveGate) -> None:
        """Ask for the linked channel unless it was asked for in the last ten minutes."""
        chat_id = live.gate.chat_id
        async with self._turns.take(chat_id):
            if not self._is_old(live.linked_at, LINKED_LIFE):
                return
            linked = (await self._telegram.get_chat(chat_id)).linked_chat_id
            live.linked_at = self._clock.monotonic()
            if linked == live.gate.linked_chat_id:
                return
            async with self._database.transaction() as connection:
                await GateStore(connection, self._bot_id).set_linked(chat_id, linked)
            await self._gates.renew(chat_id)

    def _is_old(self, since: float | None, life: float) -> bool:
        return since is None or self._clock.monotonic() - since >= life
