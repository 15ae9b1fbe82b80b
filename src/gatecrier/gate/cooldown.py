"""A pause between two presses of one button: a flood of them asks Telegram no more than a few would."""

from gatecrier.kernel.clock import Clock

COOLDOWN = 3.0  # seconds between two presses that ask Telegram, for one case
MOST_COOLDOWNS = 10_000  # cases remembered; then all are forgotten at once, which costs a call each


class Cooldown:
    """Remembers what was asked lately, by the id of a case or a request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked_at: dict[str, float] = {}

    def may_ask(self, id_: str) -> bool:
        """Whether the cool-down of this one is over; begins the next."""
        now = self._clock.monotonic()
        if now - self._asked_at.get(id_, -COOLDOWN) < COOLDOWN:
            return False
        if len(self._asked_at) >= MOST_COOLDOWNS:
            self._asked_at.clear()
        self._asked_at[id_] = now
        return True
