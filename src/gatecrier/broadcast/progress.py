"""How fast a campaign goes, as seen by whoever asks again and again."""

from collections import deque

from gatecrier.broadcast import rules
from gatecrier.broadcast.model import ATTEMPTED, Campaign, Progress, Tally
from gatecrier.kernel.clock import Clock

RECENT = 30.0
"""Seconds over which the rate is taken."""
ENOUGH = 5.0
"""Seconds of watching before a recent rate means more than the mean since the start."""


class Pace:
    """
    Rates of campaigns that somebody watches: from what the watcher was told before.

    Nothing of it is stored, so that sending need not write for it; a new process begins with the mean.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[int, deque[tuple[float, int]]] = {}

    def progress(self, campaign: Campaign, tally: Tally) -> Progress:
        """Rate and time left, from this tally and the earlier ones."""
        elapsed = campaign.elapsed(self._clock.now())
        attempts = tally.of(*ATTEMPTED)
        rate = attempts / elapsed if elapsed > 0 else 0.0
        if campaign.is_active:
            recent = self._recent(campaign.id, attempts)
            rate = rate if recent is None else recent
        else:
            self._seen.pop(campaign.id, None)
        eta = rules.eta(tally.open, rate) if campaign.is_active else None
        return Progress(campaign=campaign, tally=tally, rate=rate, eta_seconds=eta, elapsed=elapsed)

    def _recent(self, campaign_id: int, attempts: int) -> float | None:
        now = self._clock.monotonic()
        seen = self._seen.setdefault(campaign_id, deque())
        seen.append((now, attempts))
        while seen[0][0] < now - RECENT:
            seen.popleft()
        since, before = seen[0]
        return (attempts - before) / (now - since) if now - since >= ENOUGH else None
