"""
How fast a bot may send in bulk right now: additive increase, multiplicative decrease (AIMD).

Telegram publishes no limits; it answers 429, and before that it is slow: the Bot API server waits
up to 8 s in our place (facts/broadcasting.md §0.3). So both a 429 and a p95 that rises are signs.
Source: Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989.
"""

DECREASE = 0.7
INCREASE = 1.0  # messages a second, for every CALM seconds
CALM = 5.0  # seconds without a sign before it grows again
SETTLE = 3.0  # seconds after a decrease in which signs are about what left before it
FLOOR = 1.0  # messages a second: slower than the limit of one chat there is nothing to learn
SAMPLE = 50  # answers that make a percentile
SLOW = 1.0  # seconds: a p95 below it is the network's, not a limit's
SLOWER = 3.0  # times the calm median
DRIFT = 1.02  # by which what counts as calm rises with each sample, so that it can follow a slower server


class Pace:
    """
    One bot's rate in bulk.

    Args:
        ceiling: Messages a second that it never exceeds.
    """

    def __init__(self, ceiling: float) -> None:
        self.rate = ceiling
        """Messages a second, now."""
        self._ceiling = ceiling
        self._changed_at = float("-inf")
        self._calm_since = float("-inf")
        self._latencies: list[float] = []
        self._calm_median = float("inf")

    def limited(self, now: float) -> bool:
        """Telegram said 429 about the bot as a whole; whether the rate changed. Many at once are one sign."""
        self._calm_since = now
        if now - self._changed_at < SETTLE:
            return False
        return self._set(self.rate * DECREASE, now)

    def answered(self, now: float, seconds: float) -> bool:
        """A bulk call took so long; whether the rate changed."""
        self._latencies.append(seconds)
        if len(self._latencies) >= SAMPLE and self._is_slow():
            return self.limited(now)
        calm = now - max(self._calm_since, self._changed_at)
        if (
            self.rate < self._ceiling and calm >= CALM
        ):  # a rest counts, too: nothing was sent that was too much
            return self._set(self.rate + int(calm / CALM) * INCREASE, now)
        return False

    def _is_slow(self) -> bool:
        ranked = sorted(self._latencies)
        self._latencies.clear()
        median, high = ranked[len(ranked) // 2], ranked[int(0.95 * len(ranked))]
        self._calm_median = min(self._calm_median * DRIFT, median)
        return high > max(SLOW, SLOWER * self._calm_median)

    def _set(self, rate: float, now: float) -> bool:
        self._changed_at = now
        before, self.rate = self.rate, min(max(rate, min(FLOOR, self._ceiling)), self._ceiling)
        return self.rate != before
