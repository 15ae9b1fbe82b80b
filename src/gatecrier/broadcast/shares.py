"""
How a bot's campaigns share its rate: by messages, not by turns, and none above its own cap.

Who has sent least since they all were ready goes first. A campaign that had nothing to do for a while
comes back as the equal of the others: rest earns no credit.
"""

from collections.abc import Iterable

from gatecrier.broadcast.model import Campaign
from gatecrier.kernel.clock import Clock

SAVED = 0.25  # seconds of its cap that a campaign saves up while others send
SAVED_AT_LEAST = 2.0  # messages: with one alone, what falls due while another campaign has the turn is lost
NO_CAP = 1_000_000


class Cap:
    """A token bucket: `rate` messages a second of one campaign, and what it saved up."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._most = max(SAVED_AT_LEAST, rate * SAVED)
        self._tokens = 1.0
        self._at = now

    def room(self, now: float) -> int:
        """Messages that may leave now."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return int(self._tokens + 1e-9)

    def take(self, count: int) -> None:
        """So many leave."""
        self._tokens -= count

    def wait(self, now: float) -> float:
        """Seconds until the next may."""
        return 0.0 if self.room(now) else (1.0 - self._tokens) / self._rate


class Shares:
    """The shares of one sender's campaigns; several processes each keep to the cap by themselves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[int, int] = {}
        self._caps: dict[int, Cap] = {}

    def in_order(self, campaigns: Iterable[Campaign]) -> list[Campaign]:
        """Who has sent least comes first, after who has just come; the older of equals."""
        newcomer = self._least() - 1
        return sorted(campaigns, key=lambda one: (self._sent.get(one.id, newcomer), one.id))

    def room(self, campaign: Campaign) -> int:
        """Messages that the campaign's own cap lets leave now."""
        cap = self._cap(campaign)
        return NO_CAP if cap is None else cap.room(self._clock.monotonic())

    def took(self, campaign: Campaign, count: int) -> None:
        """So many of its messages leave."""
        self._sent[campaign.id] = self._sent.get(campaign.id, self._least()) + count
        cap = self._cap(campaign)
        if cap is not None:
            cap.take(count)

    def rests(self, campaign_id: int) -> None:
        """It has nothing to send for now."""
        self._sent.pop(campaign_id, None)

    def wait(self, campaigns: Iterable[Campaign]) -> float | None:
        """Seconds until the next of these may send by its cap; None: none waits for one."""
        now = self._clock.monotonic()
        caps = [cap for one in campaigns if (cap := self._cap(one)) is not None]
        return min((cap.wait(now) for cap in caps if not cap.room(now)), default=None)

    def forget(self, known: Iterable[int]) -> None:
        """Only these campaigns are left."""
        known = set(known)
        self._sent = {id_: sent for id_, sent in self._sent.items() if id_ in known}
        self._caps = {id_: cap for id_, cap in self._caps.items() if id_ in known}

    def _least(self) -> int:
        return min(self._sent.values(), default=0)

    def _cap(self, campaign: Campaign) -> Cap | None:
        if not campaign.options.rate:
            return None
        if campaign.id not in self._caps:
            self._caps[campaign.id] = Cap(campaign.options.rate, self._clock.monotonic())
        return self._caps[campaign.id]
