"""What holds of a person right now: from memory where that is sure, from Telegram where it is not."""

from typing import NamedTuple

from gatecrier.gate.gates import Gates, LiveGate
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.knowledge.verification import Verifier
from gatecrier.gate.policy import Judgement, judge
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import Clock
from gatecrier.telegram.lanes import Lane

CONFIRM_AFTER = 3.0  # seconds between two answers that together make somebody known as a member none
MOST_DOUBTS = 10_000  # remembered; then all are forgotten at once, which costs a second look each


class Finding(NamedTuple):
    """
    What an inquiry found.

    Args:
        doubted: It rests on one answer that says the opposite of what was known, and no update told of:
            such answers were seen to flap (facts/gate.md §2.11), so ask again before anybody is held.
    """

    standings: dict[int, Standing]
    judgement: Judgement
    doubted: bool = False


class Inquiry:
    """Asks about people as a gate's policy needs it."""

    def __init__(self, clock: Clock, *, gates: Gates, standings: Standings, verifier: Verifier) -> None:
        self._clock = clock
        self._gates = gates
        self._standings = standings
        self._verifier = verifier
        self._doubts: dict[tuple[int, int], float] = {}

    def from_memory(self, live: LiveGate, person_id: int) -> Judgement:
        """What can be said without asking."""
        return judge(live.gate.policy, self._gates.known(live, person_id))

    async def about(
        self, live: LiveGate, person_id: int, *, lane: Lane = Lane.ENFORCE, anew: bool = False
    ) -> Finding:
        """
        Ask about every channel in which the person is not known to belong.

        Args:
            anew: Ask about the others as well: they say that they have done what was missing.
        """
        known = self._gates.known(live, person_id)
        before = {id_: self._standings.last(id_, person_id)[0] for id_ in known}
        unsure = [id_ for id_, standing in known.items() if anew or standing is not Standing.MEMBER]
        found = known | await self._verifier.verify(unsure, person_id, lane=lane)
        if anew:  # a request that waits is no membership, and may count as one all the same
            now = self._gates.known(live, person_id)
            found |= {id_: each for id_, each in now.items() if each is Standing.MEMBER}
        doubted = [id_ for id_ in unsure if self._is_doubtful(id_, person_id, before[id_], found[id_])]
        judgement = judge(live.gate.policy, found)
        return Finding(found, judgement, bool(doubted) and judgement.standing is Standing.NOT_MEMBER)

    def _is_doubtful(self, channel_id: int, person_id: int, before: Standing, found: Standing) -> bool:
        key, now = (channel_id, person_id), self._clock.monotonic()
        if found is not Standing.NOT_MEMBER:
            self._doubts.pop(key, None)
            return False
        if before is Standing.MEMBER:
            if len(self._doubts) >= MOST_DOUBTS:
                self._doubts.clear()
            self._doubts[key] = now
            return True
        if now - self._doubts.get(key, now - CONFIRM_AFTER) < CONFIRM_AFTER:
            return True
        self._doubts.pop(key, None)
        return False
