"""What a bot's Stars allow its paid campaigns, asked before they begin and while they go on."""

from typing import Protocol

import structlog

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError

log = structlog.get_logger(__name__)

FRESH = 30.0
"""Seconds for which a balance is believed: other campaigns spend of it, too."""
TOP_UP = "Top up the bot's Stars, or send without."


class Holds(Protocol):
    """What we need of `telegram.bot.Bot`."""

    async def star_balance(self) -> int:
        """The Stars that the bot has."""


async def balance_of(purse: Holds) -> int | None:
    """The Stars that a bot has; None when Telegram does not tell: no reason to hold a campaign up."""
    try:
        return await purse.star_balance()
    except GatecrierError as error:
        log.warning("broadcast.stars_unknown", code=error.code, error=str(error))
        return None


class Balance:
    """One bot's Stars, asked for now and then."""

    def __init__(self, purse: Holds, clock: Clock) -> None:
        self._purse = purse
        self._clock = clock
        self._stars: int | None = None
        self._asked_at = float("-inf")

    async def stars(self) -> int | None:
        """As of half a minute ago, at most; None: nobody knows."""
        now = self._clock.monotonic()
        if now - self._asked_at >= FRESH:
            self._asked_at = now
            self._stars = await balance_of(self._purse)
        return self._stars
