"""
A breaker: after three failures in a row, stop asking for half a minute.

    closed ──3 failures──> open ──30 s──> half open (one probe at a time) ──2 successes──> closed
                            ^                  │
                            └────1 failure─────┘

A failure is no answer or a 5xx: the far side is in trouble. A refusal, a 429 too, proves it is alive.
"""

from enum import Enum

from gatecrier.kernel.errors import TryLater

FAILURES_TO_OPEN = 3
SECONDS_OPEN = 30.0
SUCCESSES_TO_CLOSE = 2
_WHILE_PROBING = 1.0


class State(Enum):
    """What a breaker lets through: everything, nothing, one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """One for each bot and class of methods; times are monotonic seconds."""

    __slots__ = ("_counted", "_epoch", "_probing", "_reopens_at", "state")

    def __init__(self) -> None:
        self.state = State.CLOSED
        self._counted = 0
        self._epoch = 0
        self._reopens_at = 0.0
        self._probing = False

    def check(self, now: float) -> None:
        """
        Ask whether a call would be let through now, before it waits for anything else; takes nothing.

        Raises:
            TryLater: open, or the one probe is on its way.
        """
        if self.state is State.OPEN and now < self._reopens_at:
            raise _open(self._reopens_at - now)
        if self._probing:
            raise _open(_WHILE_PROBING)

    def enter(self, now: float) -> int:
        """
        Ask to make a call at this moment; end it with `succeeded`, `failed` or `left`, naming the answer.

        Raises:
            TryLater: open; nothing may be sent now.
        """
        self.check(now)
        if self.state is State.OPEN:
            self._become(State.HALF_OPEN)
        self._probing = self.state is State.HALF_OPEN
        return self._epoch

    def succeeded(self, epoch: int) -> None:
        """The far side answered."""
        if epoch != self._epoch:
            return  # a call that began before the state changed says nothing about it
        self._probing = False
        if self.state is State.CLOSED:
            self._counted = 0
            return
        self._counted += 1
        if self._counted >= SUCCESSES_TO_CLOSE:
            self._become(State.CLOSED)

    def failed(self, epoch: int, now: float) -> None:
        """No answer, or a 5xx."""
        if epoch != self._epoch:
            return
        self._counted += 1
        if self.state is State.HALF_OPEN or self._counted >= FAILURES_TO_OPEN:
            self._reopens_at = now + SECONDS_OPEN
            self._become(State.OPEN)

    def left(self, epoch: int) -> None:
        """The call was given up before anything could be learnt."""
        if epoch == self._epoch:
            self._probing = False

    def _become(self, state: State) -> None:
        self.state = state
        self._epoch += 1
        self._counted = 0
        self._probing = False


def _open(seconds: float) -> TryLater:
    return TryLater(
        "Telegram did not answer several times in a row; waiting before asking again.",
        retry_after=seconds,
        code="breaker_open",
    )
