"""Who a bot may message: people come by /start, leave by /stop or by blocking it, and may come back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.kernel.errors import Refused
from gatecrier.kernel.names import CONTROL
from gatecrier.registry.importing import Imported, Line, importable
from gatecrier.registry.model import (
    LIFTED_BY_START,
    LIFTED_BY_WRITING,
    Audience,
    Subscriber,
    SuppressionReason,
)
from gatecrier.registry.store import SubscriberStore, record_audit
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

IMPORTED = "import"
"""Where imported people came from, as segments find them."""
MAX_SOURCE = 64  # characters of a /start payload (Bot API deep links)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What somebody chose: the categories they do not want, their time zone, the terms."""

    opted_out: frozenset[str]
    time_zone: str
    has_terms: bool
    #: They started the bot, and are not erased.
    is_subscriber: bool = True
    #: They sent /stop.
    has_stopped: bool = False


MAX_TAG = 64  # characters


class Subscribers:
    """
    The subscribers of every bot of this deployment; each method is one transaction.

    `at` is always the moment by Telegram's date: what a person did last is what holds, in whichever
    order we hear of it.

    Args:
        terms: Nobody may be messaged who has not accepted them.
    """

    def __init__(self, database: Database, *, terms: bool = False) -> None:
        self._database = database
        self._terms = terms

    async def start(self, bot_id: int, person: Person, *, source: str = "", at: datetime) -> None:
        """
        Note that a person started the bot: they may be messaged again, unless an operator banned them.

        An update that comes late subscribes nobody who had themselves erased since.

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
            erased = await store.since(bot_id, person.id, SuppressionReason.ERASED)
            if erased is not None and erased > at:
                return
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
        reasons = [SuppressionReason.BLOCKED, SuppressionReason.UNREACHABLE]
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).lift(bot_id, person_id, reasons, at=at)

    async def wrote(self, bot_id: int, person_id: int, *, at: datetime) -> None:
        """They wrote to the bot, so they can be reached; it undoes neither /stop nor an erasure."""
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).lift(bot_id, person_id, LIFTED_BY_WRITING, at=at)

    async def accept_terms(self, bot_id: int, person_id: int, *, at: datetime) -> None:
        """They agree to the terms; once is enough."""
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).accept_terms(bot_id, person_id, at=at)

    async def choose(self, bot_id: int, person_id: int, category: str, *, wanted: bool, at: datetime) -> None:
        """Whether they want what a category is about."""
        async with self._database.transaction() as connection:
            store = SubscriberStore(connection)
            if wanted:
                await store.opt_in(bot_id, person_id, category)
            else:
                await store.opt_out(bot_id, person_id, category, since=at)

    async def set_time_zone(self, bot_id: int, person_id: int, zone: str) -> None:
        """
        Where their clock is: quiet hours are meant by it.

        Raises:
            Refused: there is no such zone.
        """
        if zone not in available_timezones():
            raise Refused("There is no such time zone.", field="time_zone")
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).set_time_zone(bot_id, person_id, zone)

    async def choices(self, bot_id: int, person_id: int) -> Choices:
        """What they chose."""
        async with self._database.read() as connection:
            store = SubscriberStore(connection)
            found = await store.find(bot_id, person_id)
            reasons = await store.reasons(bot_id, person_id)
            return Choices(
                is_subscriber=found is not None,
                has_stopped=SuppressionReason.STOPPED in reasons,
                opted_out=await store.opted_out(bot_id, person_id),
                time_zone=found.time_zone if found else "",
                has_terms=found is not None and found.terms_at is not None,
            )

    async def ban(self, bot_id: int, person_id: int, *, actor: str, at: datetime) -> None:
        """An operator's word: nothing is sent to them until an operator lifts it."""
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).suppress(
                bot_id, [person_id], SuppressionReason.BANNED, since=at
            )
            await _audit(connection, actor, "subscriber.ban", bot_id=bot_id, person_id=person_id, at=at)

    async def unban(self, bot_id: int, person_id: int, *, actor: str, at: datetime) -> bool:
        """Lift a ban; whether there was one."""
        async with self._database.transaction() as connection:
            lifted = await SubscriberStore(connection).lift(
                bot_id, person_id, [SuppressionReason.BANNED], at=at
            )
            await _audit(connection, actor, "subscriber.unban", bot_id=bot_id, person_id=person_id, at=at)
        return lifted > 0

    async def import_(self, bot_id: int, lines: Iterable[str], *, actor: str, at: datetime) -> Imported:
        """
        Add people who started this bot before it was ours, from CSV: person_id, first_name, language.

        Killed half-way, do it again: who is here already counts as a duplicate. Nobody is messaged who has
        not accepted the terms, where there are any.
        """
        result = Imported()
        for batch in importable(lines, result):
            async with self._database.transaction() as connection:
                await _add(SubscriberStore(connection), bot_id, batch, result, at)
        async with self._database.transaction() as connection:
            await record_audit(
                connection,
                at=at,
                actor=actor,
                action="subscriber.import",
                subject=f"bot:{bot_id}",
                detail=f"{result.accepted} accepted, {result.duplicates} duplicates, {result.failed} failed",
            )
        return result

    async def tag(self, bot_id: int, people: Iterable[int], tag: str) -> None:
        """
        Give people a tag, by which segments find them; twice is once.

        Raises:
            Refused: a tag has 1 to 64 characters, none of them a control character.
        """
        async with self._database.transaction() as connection:
            await SubscriberStore(connection).tag(bot_id, people, _tag(tag))

    async def untag(self, bot_id: int, people: Iterable[int], tag: str) -> int:
        """
        Take a tag away; returns from how many.

        Raises:
            Refused: this cannot be a tag.
        """
        async with self._database.transaction() as connection:
            return await SubscriberStore(connection).untag(bot_id, people, _tag(tag))

    async def audience(self, bot_id: int) -> Audience:
        """How many there are, and how many must not be messaged, by reason."""
        async with self._database.read() as connection:
            return await SubscriberStore(connection).audience(bot_id, terms=self._terms)

    async def _suppress(self, bot_id: int, person_id: int, reason: SuppressionReason, at: datetime) -> None:
        """Unless they have started the bot since: updates may be worked on late, and out of order."""
        async with self._database.transaction() as connection:
            store = SubscriberStore(connection)
            found = await store.find(bot_id, person_id)
            if found is None or found.last_seen_at <= at:
                await store.suppress(bot_id, [person_id], reason, since=at)


def _tag(text: str) -> str:
    tag = text.strip()
    if not 0 < len(tag) <= MAX_TAG or CONTROL.search(tag):
        raise Refused(f"A tag has 1 to {MAX_TAG} characters, none of them a control character.", field="tag")
    return tag


async def _audit(
    connection: AsyncConnection,
    actor: str,
    action: str,
    *,
    bot_id: int,
    person_id: int,
    at: datetime,
) -> None:
    await record_audit(
        connection,
        at=at,
        actor=actor,
        action=action,
        subject=f"bot:{bot_id}",
        about=f"person:{person_id}",
    )


async def _add(
    store: SubscriberStore, bot_id: int, batch: Sequence[Line], result: Imported, at: datetime
) -> None:
    erased = await store.erased_among(bot_id, [line.person_id for line in batch])
    for line in batch:
        if line.person_id in erased:
            result.fail(line.number, "had themselves erased: only their own /start brings them back")
    rows = [_imported(bot_id, line, at) for line in batch if line.person_id not in erased]
    if rows:
        added = await store.add(rows)
        result.accepted += len(added)
        result.duplicates += len(rows) - len(added)


def _imported(bot_id: int, line: Line, at: datetime) -> Subscriber:
    return Subscriber(
        id=0,
        bot_id=bot_id,
        person_id=line.person_id,
        first_name=line.first_name,
        username="",
        language_code=line.language,
        is_premium=False,
        source=IMPORTED,
        started_at=at,
        last_seen_at=at,
    )
