"""Who would be held, before anybody is: a policy laid over the people a group's roster knows."""

from collections import Counter
from dataclasses import dataclass

from gatecrier.gate import policy, rules
from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.governing.demands import parse
from gatecrier.gate.governing.proofs import Proofs
from gatecrier.gate.knowledge.admins import Admins
from gatecrier.gate.knowledge.roster import RosterStore
from gatecrier.gate.knowledge.verification import Verifier
from gatecrier.gate.model import History
from gatecrier.gate.policy import Policy, judge
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import StandingStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import NotFound
from gatecrier.storage.database import Database
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.updates import Person

EXAMPLES = 20
PAGE = 1_000  # people looked at together


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """
    What a policy would do to the people seen in a group.

    Args:
        seen: All of them.
        passing, held, exempt, in_grace, unknown: What would become of them; unknown: nobody has asked yet.
        examples: Some of those who would be held.
    """

    seen: int
    passing: int
    held: int
    exempt: int
    in_grace: int
    unknown: int
    examples: tuple[int, ...]


class Simulator:
    """Lays policies over rosters; touches nobody."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot_id: int,
        *,
        gates: Gates,
        proofs: Proofs,
        admins: Admins,
        verifier: Verifier,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id
        self._gates = gates
        self._proofs = proofs
        self._admins = admins
        self._verifier = verifier

    async def run(self, chat_id: int, text: str = "", *, ask: bool = False) -> Simulation:
        """
        Say who would be held.

        Args:
            text: A demand as `/protect` takes it; "": what the gate demands now.
            ask: Ask Telegram where nothing is known, in the lane of campaigns: it may take a while.
        Raises:
            NotFound: this bot has no such gate. Refused, Misconfigured: the demand is wrong, or a
                channel cannot be asked. TryLater: Telegram does not answer.
        """
        live = self._gates.get(chat_id)
        if live is None:
            raise NotFound(
                "This group is not protected.", remedy="Protect it in observe mode.", code="no_gate"
            )
        demanded = await self._demanded(live, text)
        await self._admins.know(live)
        async with self._database.read() as connection:
            people = await RosterStore(connection, self._bot_id).everybody(chat_id)
        counts: Counter[str] = Counter()
        examples: list[int] = []
        for start in range(0, len(people), PAGE):
            page = people[start : start + PAGE]
            known = await self._known(demanded, [person_id for person_id, _ in page], ask=ask)
            for person_id, history in page:
                fate = self._fate(live, demanded, person_id, history, known.get(person_id, {}))
                counts[fate] += 1
                if fate == "held" and len(examples) < EXAMPLES:
                    examples.append(person_id)
        fates = ("passing", "held", "exempt", "in_grace", "unknown")
        return Simulation(
            seen=len(people), examples=tuple(examples), **{fate: counts[fate] for fate in fates}
        )

    async def _demanded(self, live: LiveGate, text: str) -> Policy:
        demand = parse(text)
        if not demand.references:
            return live.gate.policy
        channels = [await self._proofs.channel(reference, None) for reference in demand.references]
        return policy.renumbered(demand.policy, {n: channel.id for n, channel in enumerate(channels)})

    async def _known(
        self, demanded: Policy, people: list[int], *, ask: bool
    ) -> dict[int, dict[int, Standing]]:
        channels = policy.channels(demanded)
        async with self._database.read() as connection:
            known = await StandingStore(connection).of(channels, people)
        if ask:
            for person_id in people:
                unsure = [id_ for id_ in channels if id_ not in known.get(person_id, {})]
                found = await self._verifier.verify(unsure, person_id, lane=Lane.CAMPAIGN)
                known.setdefault(person_id, {}).update(found)
        return known

    def _fate(
        self,
        live: LiveGate,
        demanded: Policy,
        person_id: int,
        history: History,
        known: dict[int, Standing],
    ) -> str:
        now = self._clock.now()
        if rules.exempt(Person(id=person_id), live.admins, live.exemptions, now) is not None:
            return "exempt"
        standing = judge(demanded, known).standing
        if standing is Standing.MEMBER:
            return "passing"
        if standing is not Standing.NOT_MEMBER:
            return "unknown"
        return "in_grace" if rules.in_grace(live.gate, history, now) else "held"
