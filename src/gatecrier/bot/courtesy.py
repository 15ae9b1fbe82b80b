"""
How often a group is answered: commands are open to everybody, and Telegram lets a bot write twenty
messages a minute into a group; answers to idle commands must not take the place of the gate's card.
"""

from collections import deque

from gatecrier.kernel.clock import Clock

WINDOW = 60.0  # seconds
PER_PERSON = 6  # answers a minute to one person in one group: enough to correct a command that was mistyped
PER_GROUP = 10  # answers a minute to all of them, which leaves as many messages to the gate
MOST_GROUPS = 10_000  # remembered; beyond it all is forgotten, which only answers a few too many


class Courtesy:
    """Answers given in the last minute, by group."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[int, deque[tuple[float, int]]] = {}

    def may_answer(self, chat_id: int, person_id: int) -> bool:
        """Whether this person is answered in this group now; a yes counts as an answer."""
        if len(self._given) >= MOST_GROUPS:
            self._given.clear()
        now = self._clock.monotonic()
        given = self._given.setdefault(chat_id, deque())
        while given and given[0][0] <= now - WINDOW:
            given.popleft()
        to_them = sum(1 for _, person in given if person == person_id)
        if len(given) >= PER_GROUP or to_them >= PER_PERSON:
            return False
        given.append((now, person_id))
        return True
