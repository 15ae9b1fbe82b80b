"""Where subscribers' wishes are received. Free of aiogram: see `app`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, NamedTuple

from gatecrier.broadcast.personal import Personal
from gatecrier.broadcast.service import Broadcast
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Refused
from gatecrier.registry.subscribers import Choices, Subscribers
from gatecrier.telegram.updates import Person

SELF = "subscriber"
"""Who erased a person, in the audit log: they themselves, who are named no more."""

ZONES: Mapping[str, str] = {
    "America/Los_Angeles": "Los Angeles",
    "America/Mexico_City": "Mexico City",
    "America/New_York": "New York",
    "America/Sao_Paulo": "São Paulo",
    "Europe/London": "London",
    "Europe/Berlin": "Berlin",
    "Europe/Kyiv": "Kyiv",
    "Europe/Istanbul": "Istanbul",
    "Europe/Moscow": "Moscow",
    "Asia/Tehran": "Tehran",
    "Asia/Dubai": "Dubai",
    "Asia/Tashkent": "Tashkent",
    "Asia/Kolkata": "Delhi",
    "Asia/Jakarta": "Jakarta",
    "Asia/Shanghai": "Shanghai",
    "Asia/Tokyo": "Tokyo",
    "Australia/Sydney": "Sydney",
    "Pacific/Auckland": "Auckland",
}
"""Zones on offer, by the city whose clock people look at; Telegram tells nobody's."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """
    What a deployment lets its subscribers choose.

    Args:
        terms: Who has not agreed gets nothing; "": there are none.
        privacy: What /privacy says; "": our own words.
        quiet: Between these times of their clock nobody gets anything; None: at any time.
        time_zone: The zone of whoever has chosen none.
    """

    terms: str = ""
    categories: tuple[str, ...] = ()
    privacy: str = ""
    quiet: tuple[time | None, time | None] | None = None
    time_zone: str = "UTC"


class Settings(NamedTuple):
    """What somebody may choose, and has chosen."""

    offer: Offer
    chosen: Choices

    @property
    def lacks_terms(self) -> bool:
        """There are terms, and they have not agreed."""
        return bool(self.offer.terms) and not self.chosen.has_terms

    @property
    def categories(self) -> dict[str, bool]:
        """Category → whether it is wanted; one that is offered no more can still be had back."""
        others = sorted(self.chosen.opted_out - set(self.offer.categories))
        return {name: name not in self.chosen.opted_out for name in (*self.offer.categories, *others)}


class Reception:
    """The wishes of one bot's subscribers; whatever it is asked concerns the person who asks."""

    def __init__(
        self,
        bot_id: int,
        subscribers: Subscribers,
        personal: Personal,
        broadcast: Broadcast,
        *,
        offer: Offer,
        clock: Clock,
    ) -> None:
        self._bot_id = bot_id
        self._subscribers = subscribers
        self._personal = personal
        self._broadcast = broadcast
        self.offer = offer
        self.clock = clock

    async def settings(self, person_id: int) -> Settings:
        """What they may choose, and have chosen."""
        return Settings(self.offer, await self._subscribers.choices(self._bot_id, person_id))

    async def agree(self, person_id: int) -> None:
        """
        They accept the terms; once is enough.

        Raises:
            Refused: they are no subscriber (any more).
        """
        await self._known(person_id)
        if self.offer.terms:
            await self._subscribers.accept_terms(self._bot_id, person_id, at=self.clock.now())

    async def choose(self, person_id: int, category: str, *, wanted: bool) -> None:
        """
        Whether they want what a category is about.

        Raises:
            Refused: they are no subscriber (any more), or there never was such a category.
        """
        await self._known(person_id)
        if category not in self.offer.categories and not await self._broadcast.has_category(
            self._bot_id, category
        ):
            raise Refused("This button is out of date.", remedy="See /settings.", code="stale")
        await self._subscribers.choose(self._bot_id, person_id, category, wanted=wanted, at=self.clock.now())

    async def set_time_zone(self, person_id: int, zone: str) -> None:
        """
        By which clock their quiet hours are meant.

        Raises:
            Refused: they are no subscriber (any more), or the zone is not on offer.
        """
        await self._known(person_id)
        if zone not in ZONES:
            raise Refused("There is no such time zone.", remedy="See /settings.", code="stale")
        await self._subscribers.set_time_zone(self._bot_id, person_id, zone)

    async def stop(self, person_id: int) -> None:
        """Nothing more, until they start again."""
        await self._known(person_id)
        await self._subscribers.stop(self._bot_id, person_id, at=self.clock.now())

    async def resume(self, person: Person) -> None:
        """They want messages again."""
        await self._known(person.id)
        await self._subscribers.start(self._bot_id, person, at=self.clock.now())

    async def kept(self, person_id: int) -> dict[str, Any]:
        """
        All that is kept of them.

        Raises:
            NotFound: nothing is.
        """
        return await self._personal.kept(self._bot_id, person_id)

    async def erase(self, person_id: int) -> None:
        """
        Forget them.

        Raises:
            NotFound: nothing is kept. TryLater: a message to them is going out at this moment.
        """
        await self._personal.erase(self._bot_id, person_id, actor=SELF)

    async def _known(self, person_id: int) -> None:
        chosen = await self._subscribers.choices(self._bot_id, person_id)
        if not chosen.is_subscriber:
            raise Refused("You do not get this bot's messages.", remedy="/start first.", code="no_subscriber")
