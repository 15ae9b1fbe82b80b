"""Tables say what is open: take back what the dead held, wake who has work. A lost job changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from gatecrier.broadcast.ledger import EVER, Ledger
from gatecrier.broadcast.service import SENDER, Waker, sender_key
from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What a run did."""

    #: Rows taken back from workers whose lease ended.
    expired: int
    #: Bots whose sender was woken.
    woken: int


class Reconciler:
    """Run it every second or two; it is quick when there is nothing to do, and safe to run twice at once."""

    def __init__(self, database: Database, *, clock: Clock, jobs: Waker) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs

    async def run_once(self) -> Reconciled:
        """Expire leases and wake senders."""
        return await self._reconcile(None, expired_by=self._clock.now())

    async def take_over(self, bot_id: int) -> Reconciled:
        """
        The same for one bot whose home has just begun: whoever held a lease before is dead, or frozen and
        fenced, so none needs to be waited for.
        """
        return await self._reconcile(bot_id, expired_by=EVER)

    async def _reconcile(self, only: int | None, *, expired_by: datetime) -> Reconciled:
        async with self._database.transaction() as connection:
            ledger = Ledger(connection)
            expired = await ledger.expire(now=expired_by, bot_id=only)
            bots = [id_ for id_ in await ledger.bots_with_work(now=self._clock.now()) if only in (None, id_)]
            for bot_id in bots:
                await self._jobs.wake(connection, SENDER, sender_key(bot_id))
        return Reconciled(expired=expired, woken=len(bots))
