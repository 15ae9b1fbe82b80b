"""The gates as this process holds them: what a message needs to be judged without waiting."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

from gatecrier.gate import policy, rules
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.model import Decision, Gate, History, Mode, Reason, Subject
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Message

TRIM_AT = 10_000  # verdicts kept of one group before those that hold no more are looked for


class LiveGate:
    """
    One gate with what changes from minute to minute.

    Args:
        admins: Who administers the group; empty until it has been asked for (`admins_at` is None).
        passing: Who passes whatever they write → until which moment of the monotonic clock: the
            verdict of the whole policy, so that a message costs one look-up however many channels
            there are. Whoever stands there has been seen in this group.
        members: How many messages of known members passed: counted apart, it is the hot path's.
        is_on: Whether the gate decides at all.
    """

    __slots__ = (
        "admins", "admins_at", "counts", "exemptions", "gate", "is_on", "linked_at", "members", "passing",
    )  # fmt: skip

    def __init__(self, gate: Gate) -> None:
        self.admins: set[int] = set()
        self.admins_at: float | None = None
        self.linked_at: float | None = None
        self.exemptions: dict[Subject, datetime | None] = {}
        self.counts: Counter[Reason] = Counter()
        self.members = 0
        self.passing: dict[int, float] = {}
        self.renew(gate)

    def renew(self, gate: Gate) -> None:
        """Take over what the gate is now; counts and admins stay."""
        self.gate = gate
        self.is_on = gate.mode is not Mode.OFF and gate.suspension is None
        self.passing.clear()

    @property
    def acts(self) -> bool:
        """Whether people are touched: not while it only observes, is off, or cannot decide."""
        return self.gate.mode is Mode.ENFORCE and self.gate.suspension is None

    def is_raided(self, now: datetime) -> bool:
        """Whether newcomers are held without a word."""
        return self.gate.raid is not None and now < self.gate.raid.until

    @property
    def channels(self) -> tuple[int, ...]:
        """Every channel the policy names."""
        return policy.channels(self.gate.policy)

    def judge(
        self,
        message: Message,
        standings: Mapping[int, Standing],
        now: datetime,
        *,
        history: History | None = None,
    ) -> Decision:
        """What the rules say, by what is known here."""
        return rules.decide(
            message,
            self.gate,
            standings,
            admins=self.admins,
            exemptions=self.exemptions,
            now=now,
            history=history,
        )

    def count(self, reason: Reason) -> None:
        """One more decision."""
        self.counts[reason] += 1

    def decisions(self) -> dict[Reason, int]:
        """All decisions since this process started, by reason."""
        counted = Counter(self.counts)
        if self.members:
            counted[Reason.MEMBER] += self.members
        return dict(counted)


class Gates:
    """Every gate of one bot, by group and by required channel."""

    def __init__(self, database: Database, bot_id: int, standings: Standings) -> None:
        self._database = database
        self._bot_id = bot_id
        self._standings = standings
        self._by_group: dict[int, LiveGate] = {}
        self._by_channel: dict[int, list[LiveGate]] = {}
        self._ended: Counter[Reason] = Counter()
        self._loading = asyncio.Lock()
        self.get = self._by_group.get
        standings.changed = self._standing_changed

    async def load(self) -> None:
        """Read all gates again: another process (the command line) may have changed them."""
        async with self._loading:  # else an older reading could overwrite a newer one
            async with self._database.read() as connection:
                store = GateStore(connection, self._bot_id)
                gates, exemptions = await store.gates(), await store.exemptions()
            self._take_over(gates, exemptions)

    async def renew(self, chat_id: int) -> None:
        """Read one gate again: this process has just changed it."""
        self._standings.news.set()
        async with self._loading:
            async with self._database.read() as connection:
                store = GateStore(connection, self._bot_id)
                found, exemptions = await store.gates(chat_id), await store.exemptions(chat_id)
            before = self._by_group.get(chat_id)
            required = before.channels if before else ()
            if not found:
                self._end(chat_id)
            for gate in found:
                self._take(gate, exemptions)
            now = self._by_group.get(chat_id)
            if required != (now.channels if now else ()):
                self._index()

    def _take_over(self, gates: list[Gate], exemptions: dict[int, dict[Subject, datetime | None]]) -> None:
        for chat_id in self._by_group.keys() - {gate.chat_id for gate in gates}:
            self._end(chat_id)
        for gate in gates:
            self._take(gate, exemptions)
        self._index()

    def _take(self, gate: Gate, exemptions: dict[int, dict[Subject, datetime | None]]) -> None:
        live = self._by_group.get(gate.chat_id)
        if live is None:
            live = self._by_group[gate.chat_id] = LiveGate(gate)
        elif live.gate != gate:
            live.renew(gate)
        fresh = exemptions.get(gate.chat_id, {})
        if fresh != live.exemptions:
            live.exemptions = fresh
            live.passing.clear()

    def _end(self, chat_id: int) -> None:
        live = self._by_group.pop(chat_id, None)
        if live is not None:
            self._ended.update(live.decisions())

    def all(self) -> list[LiveGate]:
        """Every gate."""
        return list(self._by_group.values())

    def decisions(self) -> dict[Reason, int]:
        """All decisions since this process started, by reason, those of gates that are gone included."""
        return dict(sum((Counter(live.decisions()) for live in self.all()), self._ended))

    def known(self, live: LiveGate, person_id: int) -> dict[int, Standing]:
        """What is known of a person, as far as this gate's policy asks."""
        counts = live.gate.options.pending_counts
        return self._standings.known(live.channels, person_id, pending_counts=counts)

    def let_pass(self, live: LiveGate, person_id: int) -> None:
        """Let the next messages of a person who belongs pass without thought, while what is known holds."""
        live.passing[person_id] = self._standings.hold_until(live.channels, person_id)

    def trim(self, now: float) -> None:
        """Forget verdicts that hold no more at `now` (the monotonic clock), where there are many."""
        for live in self.all():
            if len(live.passing) > TRIM_AT:
                live.passing = {id_: until for id_, until in live.passing.items() if until > now}

    def requiring(self, channel_id: int) -> list[LiveGate]:
        """The gates that require this channel."""
        return self._by_channel.get(channel_id, [])

    def channels(self) -> set[int]:
        """Every channel that some gate requires."""
        return set(self._by_channel)

    def _standing_changed(self, channel_id: int, person_id: int) -> None:
        """What was decided about this person by that standing holds no more."""
        for live in self.requiring(channel_id):
            live.passing.pop(person_id, None)

    def _index(self) -> None:
        by_channel: dict[int, list[LiveGate]] = defaultdict(list)
        for live in self._by_group.values():
            for channel_id in live.channels:
                by_channel[channel_id].append(live)
        for channel_id in self._by_channel.keys() - by_channel.keys():
            self._standings.forget(channel_id)
        self._by_channel = dict(by_channel)
