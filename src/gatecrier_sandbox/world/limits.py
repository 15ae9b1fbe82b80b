"""How fast a bot may send: a leaky bucket (GCRA) per bot, private chat and group."""

import math
from typing import Annotated

from msgspec import Meta, Struct

Rate = Annotated[float, Meta(ge=0, le=1e6)]
LONGEST_WAIT = 86_400
"""Seconds a bot is asked to wait at most, however low a rate is."""
PRIVATE_BURST = 3
"""Messages one private chat takes at once before its rate holds."""
PAID = 1
"""Where the paid messages of a bot are counted; no chat has this number."""
SWEEP_EVERY = 10_000
"""After this many charges, buckets that are full again are forgotten."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """
    The rates. None or 0 switches one off.

    Telegram publishes none; its FAQ gives 30 messages per second overall, 1 per second in a chat,
    20 per minute in a group. Paid messages beyond the free rate cost 0.1 Stars each, for bots that have
    `paid_balance` Stars, up to `paid_per_bot` a second.
    """

    per_bot: Rate | None = 30
    per_private_chat: Rate | None = 1.0
    per_group_minute: Rate | None = 20
    paid_per_bot: Rate | None = 1000
    paid_balance: Annotated[float, Meta(ge=0, le=1e9)] = 100_000

    @classmethod
    def off(cls) -> "Limits":
        """No limit at all."""
        return cls(per_bot=None, per_private_chat=None, per_group_minute=None)


class Meter:
    """Counts what bots send and says how long they must wait."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._full_at: dict[tuple[int, int], float] = {}
        self._charges = 0

    def charge(self, bot_id: int, chat_id: int, *, now: float, paid: bool = False, count: int = 1) -> int:
        """
        Count messages; 0 if they may go, else whole seconds to wait (then nothing was counted).

        Args:
            count: an album goes where one more message would, and counts as many as it has.
            paid: counts against the paid rate of the bot instead of the free one.
        """
        scopes = self._scopes(bot_id, chat_id, paid=paid)
        wait = max((self._wait(key, rate, burst, now) for key, rate, burst in scopes), default=0.0)
        if wait > 0:
            return max(math.ceil(min(wait, LONGEST_WAIT)), 1)
        for key, rate, _ in scopes:
            self._full_at[key] = max(self._full_at.get(key, now), now) + count / rate
        self._sweep(now)
        return 0

    def _scopes(self, bot_id: int, chat_id: int, *, paid: bool) -> list[tuple[tuple[int, int], float, float]]:
        scopes = []
        overall = self.limits.paid_per_bot if paid else self.limits.per_bot
        if overall:
            scopes.append(((bot_id, PAID if paid else 0), float(overall), max(float(overall), 1.0)))
        if chat_id > 0 and self.limits.per_private_chat:
            scopes.append(((bot_id, chat_id), float(self.limits.per_private_chat), PRIVATE_BURST))
        if chat_id < 0 and self.limits.per_group_minute:
            minute = float(self.limits.per_group_minute)
            scopes.append(((bot_id, chat_id), minute / 60, max(minute, 1.0)))
        return scopes

    def _wait(self, key: tuple[int, int], rate: float, burst: float, now: float) -> float:
        """Seconds until one more message fits, given that `burst` may be outstanding at once."""
        return self._full_at.get(key, now) - now - (burst - 1) / rate - 1e-6

    def _sweep(self, now: float) -> None:
        self._charges += 1
        if self._charges % SWEEP_EVERY == 0:
            self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
