"""Who a bot may message: people come by /start, leave by /stop or by blocking it, and may come back."""

from collections.abc import Iterable
from datetime import datetime

from gatecrier.kernel.errors import Refused
from gatecrier.registry.model import LIFTED_BY_START, Audience, Subscriber, SuppressionReason
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

MAX_SOURCE = 64  # characters of a /start payload (Bot API deep links)
MAX_TAG = 64  # characters


class Subscribers:
    """
    The subscribers of every bot of this deployment; each method is one transaction.

    `at` is always the moment by Telegram's date: what a person did last is what holds, in whichever
    order we hear of it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, bot_id: int, person: Person, *, source: str = "", at: datetime) -> None:
        """
        Note that a person started the bot: they may be messaged again, unless an operator banned them.

        Args:
            source: The payload of /start: where they came from; only the first one is kept.
            at: When they pressed Start; it may lie hours back.
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
            await store.lift(bot_id, person.id, LIFTED_BY_START, at=at)

    async def stop(self, bot_id: int, person_id: int, *, at: datetime) -> None:
        """Send nothing more to this person until they press Start again."""
        await self._suppress(bot_id, person_id, SuppressionReason.STOPPED, at)

    async def blocked(self, bot_id: int, person_id: int, *, at: datetime) -> None:
        """Telegram told us that this person blocked the bot."""
        await self._suppress(bot_id, person_id, SuppressionReason.BLOCKED, at)

    async def unblocked(self, bot_id: int, person_id: int, *, at: datetime) -> None:
        """They let the bot in again; a /stop of theirs still holds."""
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).lift(bot_id, person_id, [SuppressionReason.BLOCKED], at=at)

    async def tag(self, bot_id: int, people: Iterable[int], tag: str) -> None:
        """
        Give people a tag, by which segments find them; twice is once.

        Raises:
            Refused: a tag has 1 to 64 characters.
        """
        if not 0 < len(tag.strip()) <= MAX_TAG:
            raise Refused(f"A tag has 1 to {MAX_TAG} characters.", field="tag")
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).tag(bot_id, people, tag.strip())

    async def untag(self, bot_id: int, people: Iterable[int], tag: str) -> int:
        """Take a tag away; returns from how many."""
        async with self._database.transaction() as connection:
            return await SubscriberStore(connection).untag(bot_id, people, tag.strip())

    async def audience(self, bot_id: int) -> Audience:
        """How many there are, and how many must not be messaged, by reason."""
        async with self._database.read() as connection:
            return await SubscriberStore(connection).audience(bot_id)

    async def _suppress(self, bot_id: int, person_id: int, reason: SuppressionReason, at: datetime) -> None:
        """Unless they have started the bot since: updates may be worked on late, and out of order."""
        async with self._database.transaction() as connection:
            store = SubscriberStore(connection)
            found = await store.find(bot_id, person_id)
            if found is None or found.last_seen_at <= at:
                await store.suppress(bot_id, [person_id], reason, since=at)
