"""Who a bot may message: people come by /start, leave by /stop or by blocking it, and may come back."""

from datetime import datetime

from gatecrier.kernel.clock import Clock
from gatecrier.registry.model import LIFTED_BY_START, Audience, Subscriber, SuppressionReason
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

MAX_SOURCE = 64  # characters of a /start payload (Bot API deep links)


class Subscribers:
    """The subscribers of every bot of this deployment; each method is one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, bot_id: int, person: Person, *, source: str = "", at: datetime) -> None:
        """
        Note that a person started the bot: they may be messaged again, unless an operator banned them.

        Args:
            source: The payload of /start: where they came from; only the first one is kept.
            at: When they pressed Start, by Telegram's date: it may lie hours back.
        """
        row = Subscriber(
            id=0,
            bot_id=bot_id,
            person_id=person.id,
            first_name=person.first_name,
            username=person.username,
            language_code=person.language_code,
            is_premium=person.is_premium,
            source=source[:MAX_SOURCE],
            started_at=at,
            last_seen_at=at,
        )
        async with self._database.transaction() as connection:
            store = SubscriberStore(connection)
            await store.put([row])
            await store.lift(bot_id, person.id, LIFTED_BY_START)

    async def stop(self, bot_id: int, person_id: int) -> None:
        """Send nothing more to this person until they press Start again."""
        await self._suppress(bot_id, person_id, SuppressionReason.STOPPED)

    async def blocked(self, bot_id: int, person_id: int) -> None:
        """Telegram told us that this person blocked the bot."""
        await self._suppress(bot_id, person_id, SuppressionReason.BLOCKED)

    async def unblocked(self, bot_id: int, person_id: int) -> None:
        """They let the bot in again; a /stop of theirs still holds."""
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).lift(bot_id, person_id, [SuppressionReason.BLOCKED])

    async def audience(self, bot_id: int) -> Audience:
        """How many there are, and how many must not be messaged, by reason."""
        async with self._database.read() as connection:
            return await SubscriberStore(connection).audience(bot_id)

    async def _suppress(self, bot_id: int, person_id: int, reason: SuppressionReason) -> None:
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).suppress(bot_id, [person_id], reason, since=self._clock.now())
