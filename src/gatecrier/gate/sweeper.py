"""
The sweep: what lost updates would have told is asked for, a fixed number of questions a second.

First about the people we hold (who has joined is freed), then about those whose time to come back is
over, then the oldest of what is known. What it finds goes the way of an update. It stops at the first
sign of an outage, and never holds anybody on one answer that contradicts what was known.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import structlog

from gatecrier.gate import policy
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.holding.changes import Changes
from gatecrier.gate.holding.enforcement import Enforcement
from gatecrier.gate.holding.suspension import Suspensions
from gatecrier.gate.knowledge.due import FIRST, Due, Pair, Place
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.gate.knowledge.verification import Verifier
from gatecrier.gate.rules import Hold
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import Person

log = structlog.get_logger(__name__)

EVERY = 10.0  # seconds between two runs
HELD_AGAIN = timedelta(minutes=5)  # a held person is asked about so often at most: an update tells sooner
PAGE = 2_000  # people of the rosters looked through in one run for somebody of whom nothing is known
AT_ONCE = 20  # questions in flight
MUTES_SHARE = 10  # of so many questions one is whether a mute of ours is still there
OLD_AFTER = timedelta(minutes=10)  # younger knowledge is not asked for again


class Sweeper:
    """
    Sweeps over what one bot's gates need to know.

    Args:
        save: Writes what was learnt.
        rate: Questions a second; 0: none.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot_id: int,
        *,
        gates: Gates,
        changes: Changes,
        enforcement: Enforcement,
        suspensions: Suspensions,
        verifier: Verifier,
        save: Callable[[], Awaitable[object]],
        rate: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._changes = changes
        self._enforcement = enforcement
        self._suspensions = suspensions
        self._verifier = verifier
        self._save = save
        self._budget = int(rate * EVERY)
        self._left = 0
        self._doubted: list[Pair] = []
        self._roster_at = FIRST
        self._mutes_at = FIRST
        self._standings_at = FIRST
        self._sweeping = asyncio.Lock()

    async def run_once(self) -> dict[str, int]:
        """
        Ask as many questions as ten seconds allow; what was asked is saved.

        Raises:
            TryLater: the database is gone; the next run goes on.
        """
        counts: Counter[str] = Counter()
        if not self._budget or self._sweeping.locked():
            return dict(counts)
        async with self._sweeping:
            self._left = self._budget
            try:
                counts["held"] = await self._look_at_held()
                counts["out_of_grace"] = await self._look_out_of_grace()
                counts["doubted"] = await self._ask(self._take_doubted())
                counts["mutes"] = await self._look_at_mutes()
                counts["unknown"] = await self._look_at_unknown()
                counts["oldest"] = await self._look_at_oldest()
            except _Outage:
                log.info("sweep.stopped", cause="Telegram does not answer")
            finally:
                await self._save()
            await self._forget()
        return dict(counts)

    async def oldest_verification_age(self) -> float | None:
        """How old the oldest knowledge is that a gate relies on, in seconds; None when there is none."""
        async with self._database.read() as connection:
            oldest = await Due(connection, self._bot_id).oldest_moment(self._groups())
        return (self._clock.now() - oldest).total_seconds() if oldest else None

    def _groups(self) -> list[int]:
        """Every group whose gate decides."""
        return [live.gate.chat_id for live in self._gates.all() if live.is_on]

    def _afford(self, places: list[Place]) -> list[tuple[LiveGate, Place]]:
        """As many of these places as what is left of the budget pays for: each costs its gate's channels."""
        work: list[tuple[LiveGate, Place]] = []
        for place in places:
            live = self._gates.get(place.chat_id)
            if live is None:
                continue
            if self._left < len(live.channels) and (work or self._left < self._budget):
                break  # a gate of more channels than the budget has questions still gets its turn
            self._left -= len(live.channels)
            work.append((live, place))
        return work

    async def _look_at_held(self) -> int:
        now = self._clock.now()
        async with self._database.read() as connection:
            due = Due(connection, self._bot_id)
            places = await due.held(self._groups(), before=now - HELD_AGAIN, limit=self._left)
        work = self._afford(places)
        async with self._database.transaction() as connection:
            await Due(connection, self._bot_id).asked([place for _, place in work], now=now)
        await _side_by_side([self._changes.look_at_held(live, place.person_id) for live, place in work])
        return len(work)

    async def _look_out_of_grace(self) -> int:
        done = 0
        for live in self._gates.all():
            patience = live.gate.options.rejoin_grace
            if not patience or not live.acts or self._left <= 0:
                continue
            before = self._clock.now() - timedelta(seconds=patience)
            async with self._database.read() as connection:
                due = Due(connection, self._bot_id)
                places = await due.out_of_grace(live.gate.chat_id, before=before, limit=self._left)
            work = self._afford(places)
            await _side_by_side([self._end_grace(live, place) for live, place in work])
            done += len(work)
        return done

    async def _end_grace(self, live: LiveGate, place: Place) -> None:
        await self._changes.look_at(live, Person(id=place.person_id))
        async with self._database.transaction() as connection:
            store = RosterStore(connection, self._bot_id)
            await store.end_grace(place.chat_id, place.person_id)

    def _take_doubted(self) -> list[Pair]:
        doubted, self._doubted = self._doubted, []
        return doubted

    async def _look_at_mutes(self) -> int:
        limit = min(self._left, self._budget // MUTES_SHARE)
        if limit <= 0:
            return 0
        async with self._database.read() as connection:
            due = Due(connection, self._bot_id)
            places = await due.muted(self._mutes_at, limit=limit)
        self._mutes_at = places[-1] if len(places) == limit else FIRST
        self._left -= len(places)
        lives = [(self._gates.get(place.chat_id), place.person_id) for place in places]
        work = [(live, person_id) for live, person_id in lives if live is not None]
        await _side_by_side(self._look_at_mute(live, person_id) for live, person_id in work)
        return len(work)

    async def _look_at_mute(self, live: LiveGate, person_id: int) -> None:
        if await self._enforcement.look(live.gate.chat_id, person_id) is Hold.ADMIN_FREED:
            live.exemptions[person_id] = None

    async def _look_at_unknown(self) -> int:
        if self._left <= 0:
            return 0
        async with self._database.read() as connection:
            due = Due(connection, self._bot_id)
            pairs, self._roster_at = await due.unknown(
                self._groups(), self._roster_at, rows=PAGE, limit=self._left
            )
        return await self._ask(pairs)

    async def _look_at_oldest(self) -> int:
        if self._left <= 0:
            return 0
        async with self._database.read() as connection:
            due = Due(connection, self._bot_id)
            before = self._clock.now() - OLD_AFTER
            pairs = await due.oldest(self._groups(), before=before, limit=self._left)
        return await self._ask(pairs)

    async def _forget(self) -> None:
        async with self._database.transaction() as connection:
            due = Due(connection, self._bot_id)
            before = self._clock.now() - OLD_AFTER
            self._standings_at = await due.forget_unneeded(self._standings_at, before=before, rows=PAGE)

    async def _ask(self, pairs: list[Pair]) -> int:
        """Ask about each, for the groups where it matters."""
        async with self._database.read() as connection:
            due = Due(connection, self._bot_id)
            groups = await due.groups([pair.person_id for pair in pairs])
        work = []
        for pair in pairs:
            lives = [
                live
                for live in self._gates.requiring(pair.channel_id)
                if live.is_on and live.gate.chat_id in groups.get(pair.person_id, ())
            ]
            if lives:  # else they are gone since
                work.append((pair, lives))
        self._left -= len(work)
        await _side_by_side([self._ask_one(pair, lives) for pair, lives in work])
        return len(work)

    async def _ask_one(self, pair: Pair, lives: list[LiveGate]) -> None:
        found = await self._verifier.verify([pair.channel_id], pair.person_id, lane=Lane.CAMPAIGN)
        standing = found[pair.channel_id]
        if standing is Standing.UNKNOWN:
            raise _Outage
        if standing is Standing.MISCONFIGURED:
            for live in lives:
                await self._suspensions.suspend_for_channel(live, pair.channel_id, pair.person_id)
        elif standing is pair.known is Standing.MEMBER and _is_wanted(pair.channel_id, lives):
            return  # as before: nobody is held for belonging, and who is held was looked at already
        elif standing is Standing.NOT_MEMBER and pair.known is Standing.MEMBER:
            self._doubted.append(pair._replace(known=Standing.NOT_MEMBER))  # asked again by the next run
        else:
            try:
                await self._changes.reconsider(Person(id=pair.person_id), lives, found)
            except TryLater:
                self._doubted.append(pair)  # it is known by now, and would not come up again for a while
                raise


async def _side_by_side(work: Iterable[Awaitable[None]]) -> None:
    """
    Do all of it, a few at a time; what fails for one does not keep the others.

    Raises:
        _Outage: Telegram or the database wants to be asked later.
    """
    room = asyncio.Semaphore(AT_ONCE)

    async def one(part: Awaitable[None]) -> None:
        async with room:
            try:
                await part
            except TryLater as error:
                raise _Outage from error
            except GatecrierError as error:
                log.warning("sweep.failed", code=error.code)

    outcomes = await asyncio.gather(*map(one, work), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


def _is_wanted(channel_id: int, lives: Iterable[LiveGate]) -> bool:
    """Whether none of these gates forbids the channel."""
    return all(channel_id not in policy.forbidden(live.gate.policy) for live in lives)


class _Outage(Exception):
    """Telegram does not answer: sweep on later."""
