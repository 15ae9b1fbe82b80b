"""Calls in flight, and what came of those that landed and are not recorded yet."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from gatecrier.broadcast import rules
from gatecrier.broadcast.clicks import Links, counted, first_link
from gatecrier.broadcast.content.placeholders import personal
from gatecrier.broadcast.content.variants import Choice, choose
from gatecrier.broadcast.model import Campaign, Delivery, Message, Outcome, Recipient
from gatecrier.broadcast.sending import Arrived, Telegram, complete, is_complete, send
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, OutcomeUnknown
from gatecrier.telegram.lanes import Lane

log = structlog.get_logger(__name__)

T = TypeVar("T")

COMPLETED_WITHIN = 95.0
"""Seconds from the start of a call for all that follows it: the lease holds five more (`agenda.CALL`)."""
LINGER = 0.005
"""Seconds, at most, that a window waits for half of its calls to land: those share the next commit."""


async def first(work: Coroutine[Any, Any, T], *until: Coroutine[Any, Any, object]) -> T | None:
    """The result of `work`; None when one of `until` ended before it, and `work` was cancelled."""
    one, others = asyncio.ensure_future(work), [asyncio.ensure_future(other) for other in until]
    try:
        await asyncio.wait([one, *others], return_when=asyncio.FIRST_COMPLETED)
        return one.result() if one.done() else None
    finally:
        for future in (one, *others):
            future.cancel()


class Flight:
    """Starts calls and collects their outcomes; nothing is forgotten between `take` and `recorded`."""

    def __init__(self, telegram: Telegram, clock: Clock, links: Links | None = None) -> None:
        self._telegram = telegram
        self._links = links
        self._clock = clock
        self._calls: set[asyncio.Task[None]] = set()
        self.flying: Counter[int] = Counter()
        """Campaign -> calls that have not ended."""
        self._wanted: Mapping[int, int] = {}
        self._sparse = asyncio.Event()
        """Set when fewer calls of a campaign are in flight than `_wanted`."""
        self._outcomes: list[Outcome] = []
        self._rest_until = float("-inf")
        self.open: Counter[int] = Counter()
        """Campaign -> deliveries whose outcome is not recorded; no zeros."""
        self._recorded = asyncio.Event()
        self.landed = asyncio.Event()
        """Set while there are outcomes to take."""

    @property
    def in_flight(self) -> int:
        """Calls that have not ended."""
        return len(self._calls)

    @property
    def rest(self) -> float:
        """Seconds that the bot should not send, as calls that landed told; 0: it may."""
        return max(0.0, self._rest_until - self._clock.monotonic())

    @property
    def is_resting(self) -> bool:
        """A call that landed told that none would get through for a while."""
        return self.rest > 0

    def start(self, campaign: Campaign, delivery: Delivery) -> None:
        """Make the call for a delivery that is marked `sending`, with one permit of the budget."""
        self.open[campaign.id] += 1
        self.flying[campaign.id] += 1
        call = asyncio.create_task(self._call(campaign, delivery))
        self._calls.add(call)
        call.add_done_callback(partial(self._ended, campaign.id))

    def is_full(self, campaign: Campaign) -> bool:
        """As many of its calls are in flight as may be."""
        return self.flying[campaign.id] >= campaign.options.window

    async def room(self, campaigns: Iterable[Campaign]) -> None:
        """Wait until one of these is full no more."""
        await self._fewer_than({one.id: one.options.window for one in campaigns})

    async def half(self, campaign: Campaign) -> None:
        """
        Wait a moment for half of a campaign's window.

        A server that answers at once would else be sent one message for each commit.
        """
        half = campaign.options.window // 2
        if self.flying[campaign.id] > half:
            await first(self._fewer_than({campaign.id: half + 1}), self._clock.sleep(LINGER))

    async def _fewer_than(self, counts: Mapping[int, int]) -> None:
        """One waiter at a time: the sender's own loop."""
        while all(self.flying[id_] >= count for id_, count in counts.items()):
            self._wanted = counts
            self._sparse.clear()
            await self._sparse.wait()

    def _ended(self, campaign_id: int, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self.flying[campaign_id] -= 1
        if self.flying[campaign_id] < self._wanted.get(campaign_id, 0):
            self._sparse.set()
        if not self.flying[campaign_id]:
            del self.flying[campaign_id]

    async def landing(self, *, within: float) -> None:
        """Wait until there is an outcome to take, or others were recorded; `within` seconds at most."""
        self._recorded.clear()
        await first(self.landed.wait(), self._recorded.wait(), self._clock.sleep(within))

    async def drain(self) -> None:
        """Wait until no call is in flight."""
        while self._calls:
            await asyncio.wait(self._calls)

    def abandon(self) -> None:
        """Give up on calls in flight: their rows stay `sending`, and become unknown when the lease ends."""
        for call in self._calls:
            call.cancel()
        self.open.clear()

    def take(self) -> list[Outcome]:
        """The outcomes not recorded yet; hand them to `recorded` or `give_back`."""
        taken, self._outcomes = self._outcomes, []
        self.landed.clear()
        return taken

    def give_back(self, outcomes: Sequence[Outcome]) -> None:
        """They could not be recorded: keep them for the next time."""
        if outcomes:
            self._outcomes[:0] = outcomes
            self.landed.set()

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        """They are in the ledger, or given up."""
        self.open -= Counter(outcome.delivery.campaign_id for outcome in outcomes)
        self._recorded.set()

    def _message_for(self, campaign: Campaign, delivery: Delivery) -> Choice:
        """What this person gets: their variant, their name in it, buttons that count for them."""
        who = delivery.recipient or Recipient(delivery.person_id)
        message, number = choose(campaign.content, campaign.id, delivery.subscriber_id, who.language)
        message = personal(message, who)
        if campaign.options.track:
            first_ = first_link(campaign.content, number)
            message = counted(message, campaign.id, delivery.subscriber_id, self._links, first=first_)
        return Choice(message, number)

    async def _call(self, campaign: Campaign, delivery: Delivery) -> None:
        begun = self._clock.monotonic()
        arrived: Arrived | None = None
        error: GatecrierError | None = None
        number: int | None = None
        try:
            message, number = self._message_for(campaign, delivery)
            arrived = await send(
                self._telegram,
                message,
                delivery.person_id,
                lane=Lane.CAMPAIGN,
                paid=campaign.options.paid,
                permit=True,
            )
            if not is_complete(message):
                await self._complete(message, delivery, arrived, begun)
        except GatecrierError as caught:
            error = caught
        except Exception:  # the edge of a call: whatever failed, nobody knows whether the message left
            log.exception("broadcast.call_broke", campaign=campaign.id, subscriber=delivery.subscriber_id)
            error = OutcomeUnknown("The call broke.", code="call_broke")
        finally:  # also when the call is given up, once the message has arrived
            if arrived or error:
                self._land(campaign, delivery, None if arrived else error, arrived, number)

    async def _complete(self, message: Message, delivery: Delivery, arrived: Arrived, begun: float) -> None:
        """What follows the message itself, for as long as the row is surely ours."""
        left = max(0.0, begun + COMPLETED_WITHIN - self._clock.monotonic())
        work = complete(
            self._telegram, message, delivery.person_id, arrived, lane=Lane.CAMPAIGN, clock=self._clock
        )
        await first(work, self._clock.sleep(left))

    def _land(
        self,
        campaign: Campaign,
        delivery: Delivery,
        error: GatecrierError | None,
        arrived: Arrived | None,
        variant: int | None,
    ) -> None:
        now = self._clock.now()
        options = campaign.options
        verdict = rules.after_attempt(delivery, error, now=now, unknown=options.unknown, paid=options.paid)
        if verdict.rest:
            self._rest_until = max(self._rest_until, self._clock.monotonic() + verdict.rest)
        outcome = Outcome(delivery=delivery, verdict=verdict, variant=variant, at=now)
        if arrived:
            first_id, *more_ids = arrived.ids
            life = options.delete_after
            outcome = replace(
                outcome,
                verdict=replace(verdict, code=arrived.code),
                message_id=first_id,
                more_ids=tuple(more_ids),
                withdraw_at=now + timedelta(seconds=life) if life else None,
            )
        self._outcomes.append(outcome)
        self.landed.set()
