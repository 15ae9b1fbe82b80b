"""The gates as this process holds them: what a message needs to be judged without waiting."""

import asyncio
from collections import Counter, defaultdict
from datetime import datetime

from gatecrier.gate import rules
from gatecrier.gate.knowledge.standings import Entries, Standings
from gatecrier.gate.model import Decision, Gate, Mode, Reason, Standing
from gatecrier.gate.store import GateStore
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Message


class LiveGate:
    """
    One gate with what changes from minute to minute.

    Args:
        admins: Who administers the group; empty until it has been asked for (`admins_at` is None).
        entries: The standings of each required channel, as the hot path reads them.
        members: How many messages of known members passed: counted apart, it is the hot path's.
        short: Whether a known member's plain message passes without further thought.
    """

    __slots__ = (
        "admins", "admins_at", "counts", "entries", "exemptions", "gate", "linked_at", "members", "short",
    )  # fmt: skip

    def __init__(self, gate: Gate, standings: Standings) -> None:
        self.admins: set[int] = set()
        self.admins_at: float | None = None
        self.linked_at: float | None = None
        self.exemptions: dict[int, datetime | None] = {}
        self.counts: Counter[Reason] = Counter()
        self.members = 0
        self.renew(gate, standings)

    def renew(self, gate: Gate, standings: Standings) -> None:
        """Take over what the gate is now; counts and admins stay."""
        self.gate = gate
        self.entries: tuple[Entries, ...] = tuple(standings.of(id_) for id_ in gate.policy.channels)
        self.short = gate.mode is not Mode.OFF and gate.suspension is None

    @property
    def acts(self) -> bool:
        """Whether people are touched: not while it only observes, is off, or cannot decide."""
        return self.gate.mode is Mode.ENFORCE and self.gate.suspension is None

    def judge(self, message: Message, standings: dict[int, Standing], now: datetime) -> Decision:
        """What the rules say, by what is known here."""
        return rules.decide(
            message, self.gate, standings, admins=self.admins, exemptions=self.exemptions, now=now
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

    async def load(self) -> None:
        """Read all gates again: another process (the command line) may have changed them."""
        async with self._loading:  # else an older reading could overwrite a newer one
            async with self._database.read() as connection:
                store = GateStore(connection, self._bot_id)
                gates, exemptions = await store.gates(), await store.exemptions()
            self._take_over(gates, exemptions)

    async def renew(self, chat_id: int) -> None:
        """Read one gate again: this process has just changed it."""
        async with self._loading:
            async with self._database.read() as connection:
                store = GateStore(connection, self._bot_id)
                found, exemptions = await store.gates(chat_id), await store.exemptions(chat_id)
            before = self._by_group.get(chat_id)
            required = before.gate.policy.channels if before else ()
            if not found:
                self._end(chat_id)
            for gate in found:
                self._take(gate, exemptions)
            if required != (found[0].policy.channels if found else ()):
                self._index()

    def _take_over(self, gates: list[Gate], exemptions: dict[int, dict[int, datetime | None]]) -> None:
        for chat_id in self._by_group.keys() - {gate.chat_id for gate in gates}:
            self._end(chat_id)
        for gate in gates:
            self._take(gate, exemptions)
        self._index()

    def _take(self, gate: Gate, exemptions: dict[int, dict[int, datetime | None]]) -> None:
        live = self._by_group.get(gate.chat_id)
        if live is None:
            live = self._by_group[gate.chat_id] = LiveGate(gate, self._standings)
        live.renew(gate, self._standings)
        live.exemptions = exemptions.get(gate.chat_id, {})

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

    def requiring(self, channel_id: int) -> list[LiveGate]:
        """The gates that require this channel."""
        return self._by_channel.get(channel_id, [])

    def channels(self) -> set[int]:
        """Every channel that some gate requires."""
        return set(self._by_channel)

    def _index(self) -> None:
        by_channel: dict[int, list[LiveGate]] = defaultdict(list)
        for live in self._by_group.values():
            for channel_id in live.gate.policy.channels:
                by_channel[channel_id].append(live)
        for channel_id in self._by_channel.keys() - by_channel.keys():
            self._standings.forget(channel_id)
        self._by_channel = dict(by_channel)
