"""The senders of one process, one for each bot, as the job `sender` runs them."""

import asyncio
import itertools
from collections.abc import Mapping

import structlog

from gatecrier.broadcast.clicks import Links
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.sending import Telegram
from gatecrier.broadcast.worker import Budgets, Sender
from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database

log = structlog.get_logger(__name__)


class Senders:
    """
    Args:
        bots: Bot id -> its calls; read at each run, so a bot added later is found.
        worker: A new name for each process: whose leases these are.
        links: Addresses that count presses; None: we cannot be reached.
        consent: What the deployment promises its subscribers.
    """

    def __init__(
        self,
        bots: Mapping[int, Telegram],
        budgets: Budgets,
        database: Database,
        *,
        clock: Clock,
        worker: str,
        links: Links | None = None,
        consent: Consent | None = None,
    ) -> None:
        self._consent = consent
        self._links = links
        self._bots = bots
        self._budgets = budgets
        self._database = database
        self._clock = clock
        self._worker = worker
        self._running: set[Sender] = set()
        self._is_stopping = False
        self._numbers = itertools.count(1)

    async def run(self, key: str) -> None:
        """Send for the bot of this job key ("bot:<id>") until nothing is due."""
        bot_id = int(key.removeprefix("bot:"))
        telegram = self._bots.get(bot_id)
        if telegram is None:
            log.warning("broadcast.no_such_bot", bot=bot_id)
            return
        if self._is_stopping:
            return
        worker = f"{self._worker}.{next(self._numbers)}"
        sender = Sender(
            bot_id,
            telegram,
            self._budgets,
            self._database,
            clock=self._clock,
            worker=worker,
            links=self._links,
            consent=self._consent,
        )
        self._running.add(sender)
        try:
            await sender.run()
        finally:
            self._running.discard(sender)

    async def stop(self) -> None:
        """Begin nothing new; return when all senders have recorded and given back, within 10 s."""
        self._is_stopping = True
        await asyncio.gather(*(sender.stop() for sender in self._running))
