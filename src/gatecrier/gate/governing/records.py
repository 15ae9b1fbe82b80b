"""What the gate can tell of itself: its log, and why one person may or may not write just now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate import rules
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.gate.model import Case, Channel, Gate, History, Known, Reason, Restriction
from gatecrier.gate.policy import Judgement, judge
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import StandingStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import NotFound
from gatecrier.registry.model import AuditEntry
from gatecrier.registry.store import read_audit
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

LAST = 10  # rows of the log that an explanation shows


@dataclass(frozen=True, kw_only=True)
class Place:
    """What is known of a person in one channel; `known` None: nothing, neither in memory nor in a table."""

    channel: Channel
    standing: Standing
    known: Known | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """
    The present state of one person in one group.

    Args:
        exempt: Why the channels do not matter; None: they do.
        judgement: What the policy says of what is known now.
        in_grace: Whether they need not belong yet.
        log: The last rows about them, newest first.
    """

    gate: Gate
    person_id: int
    exempt: Reason | None
    places: tuple[Place, ...]
    judgement: Judgement
    history: History
    in_grace: bool
    restriction: Restriction | None
    case: Case | None
    log: tuple[AuditEntry, ...]
    at: datetime


class Records:
    """Reads; changes nothing."""

    def __init__(
        self, database: Database, clock: Clock, bot_id: int, *, gates: Gates, admins: Admins
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._admins = admins

    async def log(
        self, chat_id: int, *, person_id: int | None = None, before_id: int | None = None, limit: int = 50
    ) -> list[AuditEntry]:
        """
        What was decided and changed in a group, newest first.

        Args:
            before_id: Only rows older than this one, for the next page.
        Raises:
            NotFound: this bot has no such gate, and never had.
        """
        about = f"person:{person_id}" if person_id else ""
        async with self._database.read() as connection:
            found = await read_audit(
                connection, subject=f"chat:{chat_id}", about=about, before_id=before_id, limit=limit
            )
        if not found:
            self._live(chat_id)
        return found

    async def held(self, chat_id: int) -> list[Case]:
        """
        Whom the gate holds in a group, the newest first.

        Raises:
            NotFound: this bot has no such gate.
        """
        self._live(chat_id)
        async with self._database.read() as connection:
            cases = await Ledger(connection, self._bot_id).cases_in(chat_id)
        return sorted(cases, key=lambda case: case.opened_at, reverse=True)

    async def why(self, chat_id: int, person_id: int) -> Explanation:
        """
        Why this person may or may not write in this group now.

        Raises:
            NotFound: this bot has no such gate. TryLater: Telegram does not tell who the admins are.
        """
        live = self._live(chat_id)
        await self._admins.know(live)
        now = self._clock.now()
        async with self._database.read() as connection:
            places = await self._places(connection, live, person_id)
            ledger = Ledger(connection, self._bot_id)
            restriction, case = (
                await ledger.restriction(chat_id, person_id),
                await ledger.case(chat_id, person_id),
            )
            history = await RosterStore(connection, self._bot_id).history(chat_id, person_id)
            log = await read_audit(
                connection, subject=f"chat:{chat_id}", about=f"person:{person_id}", limit=LAST
            )
        return Explanation(
            gate=live.gate,
            person_id=person_id,
            exempt=rules.exempt(Person(id=person_id), live.admins, live.exemptions, now),
            places=places,
            judgement=judge(live.gate.policy, {place.channel.id: place.standing for place in places}),
            history=history,
            in_grace=rules.in_grace(live.gate, history, now),
            restriction=restriction,
            case=case,
            log=tuple(log),
            at=now,
        )

    async def _places(self, connection: AsyncConnection, live: LiveGate, person_id: int) -> tuple[Place, ...]:
        in_memory = self._gates.known(live, person_id)
        store = StandingStore(connection)
        places = []
        for channel in live.gate.channels:
            known = await store.find(channel.id, person_id)
            standing = in_memory.get(channel.id, Standing.UNKNOWN)
            if standing is Standing.UNKNOWN and known is not None:
                standing = known.standing
            places.append(Place(channel=channel, standing=standing, known=known))
        return tuple(places)

    def _live(self, chat_id: int) -> LiveGate:
        live = self._gates.get(chat_id)
        if live is None:
            raise NotFound(
                "This group is not protected.", remedy="See which are: gatecrier gate list", code="no_gate"
            )
        return live
