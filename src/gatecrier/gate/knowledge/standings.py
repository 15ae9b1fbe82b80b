"""
The process's memory of standings: about 110 bytes each, one dictionary look-up to use.

An entry is one integer, so that a million of them are neither objects nor work for the collector:

    expires (seconds of this process's clock) | date (seconds since 2020, 31 bits) | standing (2 bits)

An entry with a later expiry is a greater number, so `entry > now` tells whether it still holds.
"""

import asyncio
import random
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import UTC, datetime

from gatecrier.gate.model import Known, Source
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock

MEMBER_TTL = 600.0  # seconds; an update tells of leaving, this only bounds what a lost one costs
NOT_MEMBER_TTL = 60.0  # seconds: such a person is about to join
JITTER = 0.15  # share of a TTL: people verified together must not all expire together
MOST = 2_000_000  # entries in one process, about 220 MB; the oldest give way
TRIM_AT = 100_000  # entries; below, expired ones may stay

_DAWN = 1_577_836_800  # 2020-01-01: keeps an entry below 2^60, where an integer takes 32 bytes
_DATE_BITS = 31
_EXPIRES_SHIFT = _DATE_BITS + 2
_DATE_MASK = (1 << _DATE_BITS) - 1

Entries = dict[int, int]


class Standings:
    """
    What this process knows of (channel, person) right now.

    Args:
        member_ttl, not_member_ttl: Seconds before Telegram is asked again, give or take 15 %.
        most: Entries kept; beyond, those learnt first are forgotten.
    """

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        *,
        member_ttl: float = MEMBER_TTL,
        not_member_ttl: float = NOT_MEMBER_TTL,
        most: int = MOST,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._ttl = {Standing.MEMBER: member_ttl, Standing.NOT_MEMBER: not_member_ttl}
        self._most = most
        self._trim_at = min(TRIM_AT, most)
        self._monotonic = clock.monotonic
        self._started = clock.monotonic()
        #: Told of a (channel, person) whose standing is another one now, or none.
        self.changed: Callable[[int, int], None] = lambda _channel, _person: None
        #: Set when somebody is known as a member no more: other processes must hear of it soon.
        self.news = asyncio.Event()
        self._channels: dict[int, Entries] = {}
        self._unsaved: dict[tuple[int, int], Known] = {}
        self._pending: dict[tuple[int, int], int] = {}

    def of(self, channel_id: int) -> Entries:
        """The entries of one channel, by person: the same dictionary for ever, so it may be kept."""
        return self._channels.setdefault(channel_id, {})

    def present(self) -> int:
        """This moment as the number that entries are compared with."""
        return self._second() << _EXPIRES_SHIFT

    def known(
        self, channels: Iterable[int], person_id: int, *, pending_counts: bool = False
    ) -> dict[int, Standing]:
        """
        What is known of a person in these channels; UNKNOWN where nothing holds.

        Args:
            pending_counts: Whether somebody whose join request waits there counts as a member.
        """
        known = {id_: self.standing(id_, person_id) for id_ in channels}
        if pending_counts and self._pending:
            known |= {id_: Standing.MEMBER for id_ in known if self.is_pending(id_, person_id)}
        return known

    def pend(self, channel_id: int, person_id: int, seconds: float) -> None:
        """A join request of this person waits in this channel; 0 seconds: it waits no more."""
        self._pending.pop((channel_id, person_id), None)
        if seconds > 0:
            self._pending[channel_id, person_id] = self._second() + int(seconds)
        self.changed(channel_id, person_id)

    def is_pending(self, channel_id: int, person_id: int) -> bool:
        """Whether a join request of this person waits in this channel."""
        return self._pending.get((channel_id, person_id), 0) > self._second()

    def hold_until(self, channels: Iterable[int], person_id: int) -> float:
        """The moment of the monotonic clock until which all that is known of a person there holds."""
        present = self.present()
        entries = (self.of(id_).get(person_id, 0) for id_ in channels)
        return self._started + (
            min((each for each in entries if each > present), default=0) >> _EXPIRES_SHIFT
        )

    def standing(self, channel_id: int, person_id: int) -> Standing:
        """What is known and still holds; UNKNOWN otherwise."""
        entry = self.of(channel_id).get(person_id, 0)
        return Standing(entry & 3) if entry > self.present() else Standing.UNKNOWN

    def last(self, channel_id: int, person_id: int) -> tuple[Standing, int]:
        """What was known last, expired or not, and the Unix second at which it was true; for ordering."""
        entry = self.of(channel_id).get(person_id, 0)
        return Standing(entry & 3), ((entry >> 2) & _DATE_MASK) + _DAWN

    def put(
        self,
        channel_id: int,
        person_id: int,
        standing: Standing,
        *,
        date: int,
        source: Source,
        is_newest: bool = False,
    ) -> Standing:
        """
        Remember MEMBER or NOT_MEMBER as it was at `date` (Unix seconds); newer wins.

        Args:
            is_newest: It is known to be newer than what is remembered, whatever the dates say: they
                count whole seconds, on two clocks.
        Returns:
            What holds now: of two that contradict each other in the same second neither is remembered,
            and the one just heard is answered.
        """
        known, known_date = self.last(channel_id, person_id)
        if known is not Standing.UNKNOWN and known is not standing and not is_newest:
            if date < known_date:
                return known
            if date == known_date:
                del self.of(channel_id)[person_id]
                self._unsaved.pop((channel_id, person_id), None)
                self.news.set()
                self.changed(channel_id, person_id)
                return standing
        self._remember(channel_id, person_id, standing, max(date, known_date), self._ttl[standing])
        self._unsaved[channel_id, person_id] = Known(
            chat_id=channel_id,
            person_id=person_id,
            standing=standing,
            date=max(date, known_date),
            source=source,
            checked_at=self._clock.now(),
        )
        if known is not standing:
            self.changed(channel_id, person_id)
        if known is Standing.MEMBER and standing is not known:
            self.news.set()
        return standing

    def warm(self, known: Known) -> None:
        """Take over what the database remembers, for what is left of its life."""
        age = (self._clock.now() - known.checked_at).total_seconds()
        left = self._ttl.get(known.standing, 0.0) - age
        if left > 0:
            self._remember(known.chat_id, known.person_id, known.standing, known.date, left)

    def warm_all(self, rows: Iterable[Sequence[int]], channels: Container[int]) -> None:
        """
        Take over many rows of (channel, person, standing, date, learnt), in these channels.

        The same as `warm`, a million times: without a record or a call for each.
        """
        now = self._clock.now().timestamp()
        started = self._clock.monotonic() - self._started
        lives = {standing.value: seconds for standing, seconds in self._ttl.items()}
        spread, least = 2 * JITTER, 1 - JITTER
        random_ = self._rng.random
        for channel_id, person_id, standing, date, learnt in rows:
            left = lives.get(standing, 0.0) - (now - learnt)
            if left <= 0 or channel_id not in channels:
                continue
            expires = int(started + left * (least + spread * random_())) + 1
            since_dawn = min(max(date - _DAWN, 0), _DATE_MASK)
            self.of(channel_id)[person_id] = (expires << _EXPIRES_SHIFT) | (since_dawn << 2) | standing

    def learn_all(self, rows: Iterable[Sequence[int]], channels: Container[int]) -> int:
        """As `warm_all`, for what another process learnt meanwhile: newer wins; returns how many changed."""
        fresh = 0
        for row in rows:
            channel_id, person_id, standing, date, _ = row
            known, known_date = self.last(channel_id, person_id)
            if known is not Standing.UNKNOWN and date < known_date:
                continue
            if standing != known.value:
                self.of(channel_id).pop(person_id, None)  # also where the new one holds no more
            self.warm_all((row,), channels)
            if standing != known.value:
                self.changed(channel_id, person_id)
                fresh += 1
        return fresh

    def oldest_useful(self) -> datetime:
        """Before this moment nothing that was learnt still holds."""
        return datetime.fromtimestamp(self._clock.now().timestamp() - max(self._ttl.values()), UTC)

    def forget(self, channel_id: int) -> None:
        """Forget a channel that no gate requires any more."""
        self.of(channel_id).clear()

    def unsaved(self) -> list[Known]:
        """What the database has not been told."""
        return list(self._unsaved.values())

    def saved(self, knowledge: list[Known]) -> None:
        """The database has these now; what was learnt since stays unsaved."""
        for known in knowledge:
            key = known.chat_id, known.person_id
            if self._unsaved.get(key) is known:
                del self._unsaved[key]

    def trim(self) -> int:
        """Forget what expired, and the oldest of what is too much; returns how many."""
        before, second = len(self), self._second()
        self._pending = {key: until for key, until in self._pending.items() if until > second}
        if before < self._trim_at:
            return 0
        present = self.present()
        for entries in self._channels.values():
            for person_id in [id_ for id_, entry in entries.items() if entry <= present]:
                del entries[person_id]
        for entries in self._channels.values():
            self._shorten(entries)
        self._trim_at = min(self._most, max(TRIM_AT, 2 * len(self)))  # so that it is free in the long run
        return before - len(self)

    def __len__(self) -> int:
        return sum(map(len, self._channels.values()))

    def _second(self) -> int:
        """This moment in whole seconds of this process."""
        return int(self._monotonic() - self._started)

    def _shorten(self, entries: Entries) -> None:
        too_many = min(len(self) - self._most, len(entries))
        for person_id in list(entries)[: max(0, too_many)]:
            del entries[person_id]

    def _remember(
        self, channel_id: int, person_id: int, standing: Standing, date: int, seconds: float
    ) -> None:
        life = seconds * self._rng.uniform(1 - JITTER, 1 + JITTER)
        expires = int(self._clock.monotonic() - self._started + life) + 1
        since_dawn = min(max(date - _DAWN, 0), _DATE_MASK)
        self.of(channel_id)[person_id] = (expires << _EXPIRES_SHIFT) | (since_dawn << 2) | standing.value
