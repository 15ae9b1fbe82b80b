"""
Raids: many come at once. While one lasts people are held without a word, and one digest follows.

What a raid is and until when stands in the gate's row, and whom it silenced in the ledger: a restart
loses nothing but the counting of the last seconds.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gatecrier.gate.cards import texts
from gatecrier.gate.cards.deletions import NOTICE_LIFE, Deletions
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.journal import note
from gatecrier.gate.knowledge.requests import RequestStore
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.gate.model import Raid
from gatecrier.gate.outside import Sends
from gatecrier.gate.store import GateStore
from gatecrier.gate.turns import Turns
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane

log = structlog.get_logger(__name__)

MOST_COUNTED = 1000  # people remembered of one group where no number of them is a raid
RENEWED_BELOW = 0.9  # share of `raid_lasts`: a raid is written anew ten times in that time at most
LATE = 60.0  # seconds: how far our clock and Telegram's may be apart
QUIET = 60.0  # seconds without a public message of ours before those held without a word are named


@dataclass
class Arrival:
    """When somebody came last (this process's seconds; `date`: Telegram's), and how often in the window."""

    at: float
    date: int
    times: int = 1


class Raids:
    """
    Counts who comes into the groups of one bot, and knows when that is a raid.

    Args:
        bell: Rung when cards must change.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        telegram: Sends,
        bot_id: int,
        *,
        gates: Gates,
        bell: asyncio.Event,
    ) -> None:
        self._database = database
        self._clock = clock
        self._telegram = telegram
        self._bot_id = bot_id
        self._gates = gates
        self._bell = bell
        self._turns = Turns()
        self._came: dict[int, OrderedDict[int, Arrival]] = {}
        self._silenced: set[int] | None = None
        self._loud_until: dict[int, float] = {}
        self._unsent: dict[int, str] = {}

    async def arrive(self, live: LiveGate, person_id: int, date: int) -> None:
        """
        Somebody comes, or asks to: with enough others within the window a raid begins, or goes on.

        One person who comes a hundred times is one, and so is an update that is repeated.

        Args:
            date: When it was, in Unix seconds: what was kept for us while we were away is no raid.
        """
        options = live.gate.options
        if self._clock.now().timestamp() - date > options.raid_window + LATE:
            return
        came = self._count(live, person_id, date)
        if not live.acts or not options.raid_joins or len(came) < options.raid_joins:
            return
        async with self._turns.take(live.gate.chat_id):
            if self._is_to_be_written(live):
                await self._begin(live, came)

    def is_restless(self, chat_id: int, person_id: int) -> bool:
        """Whether this person has come more than once within the window."""
        came = self._came.get(chat_id)
        return came is not None and person_id in came and came[person_id].times > 1

    def silenced(self, chat_id: int) -> None:
        """Somebody is held without a word in this group, who is to be named when it is quiet."""
        if self._silenced is not None:
            self._silenced.add(chat_id)

    async def run_once(self) -> int:
        """
        End the raids that are over, and name whom we held without a word; returns how many raids ended.

        Raises:
            TryLater: the database is gone.
        """
        await self._send_unsent()
        self._forget_arrivals()
        now, ended = self._clock.now(), 0
        for live in self._gates.all():
            if live.gate.raid is not None and not live.is_raided(now):
                ended += await self._end(live)
        await self._break_silence()
        return ended

    def _count(self, live: LiveGate, person_id: int, date: int) -> OrderedDict[int, Arrival]:
        options, now = live.gate.options, self._clock.monotonic()
        came = self._came.setdefault(live.gate.chat_id, OrderedDict())
        before = came.pop(person_id, None)
        if before is not None and (before.date == date or now - before.at < options.raid_window):
            came[person_id] = Arrival(now, date, before.times + (before.date != date))
        else:
            came[person_id] = Arrival(now, date)
        most = options.raid_joins or MOST_COUNTED
        while len(came) > most or now - next(iter(came.values())).at >= options.raid_window:
            came.popitem(last=False)
        return came

    def _is_to_be_written(self, live: LiveGate) -> bool:
        raid, lasts = live.gate.raid, timedelta(seconds=live.gate.options.raid_lasts)
        return raid is None or raid.until - self._clock.now() < lasts * RENEWED_BELOW

    async def _begin(self, live: LiveGate, came: OrderedDict[int, Arrival]) -> None:
        """Begin a raid with the first of those who came, or let the one that lasts go on."""
        chat_id, now, before = live.gate.chat_id, self._clock.now(), live.gate.raid
        age = timedelta(seconds=self._clock.monotonic() - next(iter(came.values())).at)
        first = (now - age).replace(microsecond=0)  # Telegram dates people by whole seconds
        until = now + timedelta(seconds=live.gate.options.raid_lasts)
        raid = Raid(since=before.since if before else first, until=until)
        async with self._database.transaction() as connection:
            await GateStore(connection, self._bot_id).set_raid(chat_id, raid)
            if before is None:
                await Ledger(connection, self._bot_id).hush_newcomers(chat_id, first)
                await note(connection, "raid", at=now, chat_id=chat_id, detail=f"{len(came)} came")
        await self._gates.renew(chat_id)
        self.silenced(chat_id)
        if before is None:
            self._bell.set()
            log.warning("gate.raid", chat=chat_id, came=len(came))

    async def _end(self, live: LiveGate) -> bool:
        """The raid is over: write it down, then tell. What follows once may be lost, but never doubled."""
        chat_id, now = live.gate.chat_id, self._clock.now()
        async with self._database.transaction() as connection:
            store = GateStore(connection, self._bot_id)
            gate = await store.locked(chat_id)
            if gate is None or gate.raid is None or now < gate.raid.until:
                return False
            since = gate.raid.since
            came = await RosterStore(connection, self._bot_id).came_since(chat_id, since)
            came += await RequestStore(connection, self._bot_id).asked_since(chat_id, since)
            held, freed = await Ledger(connection, self._bot_id).opened_since(chat_id, since)
            await store.set_raid(chat_id, None)
            detail = f"{came} came, {held} held, {freed} freed"
            await note(connection, "calm", at=now, chat_id=chat_id, detail=detail)
        await self._gates.renew(chat_id)
        self._loud_until[chat_id] = self._clock.monotonic() + QUIET
        last = gate.raid.until - timedelta(seconds=gate.options.raid_lasts)
        minutes = round((last - since).total_seconds() / 60)
        language = gate.options.language
        text = texts.raid_over(language, came=came, minutes=minutes, held=held, freed=freed)
        await self._tell(chat_id, text)
        return True

    async def _tell(self, chat_id: int, text: str) -> None:
        try:
            message_id = await self._telegram.send_message(chat_id, text, lane=Lane.ENFORCE, silent=True)
            async with self._database.transaction() as connection:
                due_at = self._clock.now() + NOTICE_LIFE
                await Deletions(connection, self._bot_id).add(chat_id, message_id, due_at)
        except TryLater:
            self._unsent[chat_id] = text
        except GatecrierError as error:  # no right to write, or perhaps it is there
            log.warning("gate.no_digest", chat=chat_id, code=error.code)

    async def _send_unsent(self) -> None:
        unsent, self._unsent = self._unsent, {}
        for chat_id, text in unsent.items():
            await self._tell(chat_id, text)

    async def _break_silence(self) -> None:
        """Name those held without a word, group by group, where it has been quiet."""
        if self._silenced is None:
            async with self._database.read() as connection:
                self._silenced = await Ledger(connection, self._bot_id).hushed()
        for chat_id in list(self._silenced):
            live = self._gates.get(chat_id)
            if live is not None and self._is_stirred(live):
                continue
            if live is not None:
                await self._name(chat_id)
            self._silenced.discard(chat_id)

    def _is_stirred(self, live: LiveGate) -> bool:
        """Whether a raid lasts, somebody comes and goes, or our last word is not a minute old."""
        chat_id, now = live.gate.chat_id, self._clock.monotonic()
        if live.gate.raid is not None or now < self._loud_until.get(chat_id, now):
            return True
        self._loud_until.pop(chat_id, None)
        came = self._came.get(chat_id, OrderedDict[int, Arrival]())
        window = live.gate.options.raid_window
        return any(arrival.times > 1 and now - arrival.at < window for arrival in came.values())

    async def _name(self, chat_id: int) -> None:
        async with self._database.transaction() as connection:
            named = await Ledger(connection, self._bot_id).speak_of(chat_id)
        if named:
            self._bell.set()

    def _forget_arrivals(self) -> None:
        """Where nobody came within the window nothing is remembered."""
        now = self._clock.monotonic()
        for chat_id, came in list(self._came.items()):
            live = self._gates.get(chat_id)
            newest = next(reversed(came.values())).at if came else now
            if live is None or now - newest >= live.gate.options.raid_window:
                del self._came[chat_id]
