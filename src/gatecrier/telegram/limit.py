"""
One limit and the people queueing at it.

A limit says how long until the next call may leave, and is told when one leaves. Whoever must
wait joins its queue; the first in the queue sleeps, the others wait to be first. So there is no
task per limit, and a pause or an overtaking call needs no rearrangement: a sleeper who wakes too
early, or is no longer first, waits again. Tokens are taken on leaving, never on queueing: after
a pause calls leave one by one, not as a herd. A pause wakes those behind the first, so that whoever
does not sit it out hears of it at once.
"""

import asyncio
import heapq
from collections import deque
from typing import NamedTuple

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import TryLater
from gatecrier.telegram.lanes import Lane

EPSILON = 1e-6
"""Seconds within which a moment counts as reached: floats do not add up exactly."""

LOOK_AGAIN = 0.02
"""Seconds until a look at a limit that only the end of a call opens."""

IDLE_AFTER = 10.0
"""Seconds without use after which a limit at rest is forgotten."""


class Ticket(NamedTuple):
    """
    A place in queues; the smaller goes first, and it is kept from queue to queue.

    Args:
        order: Number of arrival among equals; infinite for somebody who just looks in.
        deadline: Monotonic seconds; a wait that would end later is refused instead.
        parks: A pause ends the wait at once: a campaign sets the recipient aside and goes on.
    """

    lane: Lane
    order: float
    deadline: float
    parks: bool


class Waiter:
    """Somebody in a queue."""

    __slots__ = ("called", "gone")

    def __init__(self) -> None:
        self.called: asyncio.Future[None] | None = None
        self.gone = False

    def call(self) -> None:
        """Let them look again."""
        if self.called is not None and not self.called.done():
            self.called.set_result(None)


class Limit:
    """
    The queue and the pause; children say what room there is.

    `paused_until` (monotonic seconds) only ever moves forward: no other call's end shortens a pause.
    """

    __slots__ = ("_queue", "paused_until")

    margin = 0.0
    """Seconds that whoever had to wait lets pass besides; the long-run rate does not suffer."""

    def __init__(self) -> None:
        self._queue: list[tuple[Ticket, Waiter]] = []
        self.paused_until = float("-inf")

    def ready_in(self, now: float, lane: Lane) -> float:
        """Seconds until a call of `lane` may leave; 0 or less: now."""
        raise NotImplementedError

    def take(self, now: float, count: int = 1) -> None:
        """`count` calls leave now, allowed or not."""
        raise NotImplementedError

    def is_idle(self, now: float) -> bool:
        """Whether forgetting it changes nothing."""
        return not self._queue and self.paused_until <= now

    def pause(self, until: float) -> None:
        """Let nothing leave before `until`; who queues and cannot wait so long is told now."""
        if until > self.paused_until:
            self.paused_until = until
            for _, waiter in self._queue:
                waiter.call()

    def is_open_to(self, ticket: Ticket, now: float) -> bool:
        """Whether the holder may leave now: nobody is before them and there is room."""
        if self._queue and self._queue[0][0] < ticket:
            return False
        return self.ready_in(now, ticket.lane) <= EPSILON

    async def turn(self, ticket: Ticket, clock: Clock) -> None:
        """
        Wait until the holder is first and there is room; takes nothing. Safe to cancel.

        The caller must look again and take without awaiting in between.

        Raises:
            TryLater: the wait would pass the deadline, or met a pause the holder does not sit out.
        """
        waiter = Waiter()
        heapq.heappush(self._queue, (ticket, waiter))
        try:
            while (delay := await self._until_first(ticket, waiter, clock)) > EPSILON:
                await clock.sleep(delay + self.margin)
        finally:
            waiter.gone = True
            self._call_next()

    async def _until_first(self, ticket: Ticket, waiter: Waiter, clock: Clock) -> float:
        """Wait to be first, as long as that is worth it; answer the seconds until there is room."""
        while True:
            now = clock.monotonic()
            delay = self.ready_in(now, ticket.lane)  # nobody, first or not, leaves earlier
            self._refuse_if_too_long(ticket, now, delay)
            if self._queue[0][1] is waiter:
                return delay
            waiter.called = asyncio.get_running_loop().create_future()
            await waiter.called

    def _refuse_if_too_long(self, ticket: Ticket, now: float, delay: float) -> None:
        meets_a_pause = ticket.parks and self.paused_until > now
        if delay > EPSILON and (meets_a_pause or now + delay > ticket.deadline):
            raise paused(delay)

    def _call_next(self) -> None:
        while self._queue and self._queue[0][1].gone:
            heapq.heappop(self._queue)
        if self._queue:
            self._queue[0][1].call()


class Rate(NamedTuple):
    """
    How often.

    Args:
        interval: Seconds between calls in the long run.
        capacity: How many calls may leave at once after a rest.
        at_start: How many of those a new limit has.
    """

    interval: float
    capacity: float
    at_start: float

    @classmethod
    def per_second(cls, rate: float, *, burst: float) -> "Rate":
        """`rate` calls a second, `burst` at once."""
        return cls(1 / rate, burst, burst)


class Bucket(Limit):
    """
    GCRA: one number tells everything, the moment at which all that left would have been due.

    Source: ATM Forum TM 4.0, generic cell rate algorithm, virtual scheduling form.
    """

    __slots__ = ("_due", "_rate", "crowded")

    def __init__(self, rate: Rate, now: float) -> None:
        super().__init__()
        self._rate = rate
        self._due = now + (rate.capacity - rate.at_start) * rate.interval
        self.crowded = False
        """Whether the last call followed another closer than the interval."""

    def ready_in(self, now: float, lane: Lane) -> float:  # noqa: ARG002 - all lanes alike
        return max(self.paused_until - now, self._due - self._slack - now)

    def take(self, now: float, count: int = 1) -> None:
        self.crowded = self._due > now
        due = max(self._due, now) + count * self._rate.interval
        self._due = min(due, now + self._slack + self._most_debt)

    def pause(self, until: float) -> None:
        """Nothing builds up during a pause: afterwards calls leave one by one."""
        super().pause(until)
        self._due = max(self._due, self.paused_until + self._slack)

    def is_idle(self, now: float) -> bool:
        return super().is_idle(now) and self._due + IDLE_AFTER <= now

    @property
    def _slack(self) -> float:
        return (self._rate.capacity - 1) * self._rate.interval

    @property
    def _most_debt(self) -> float:
        """Seconds that calls which never wait may push the others back: one second, or one call."""
        return max(1.0, self._rate.interval)


class ChatBucket(Bucket):
    """
    The rate of one chat, where Telegram's limit is ours exactly.

    The margin makes good for calls that travel faster than those before them: without it the fourth
    message of a burst, sent a second after the first, can arrive within that second.
    """

    __slots__ = ()
    margin = 0.05


class BulkBucket(Bucket):
    """
    A bot's own rate of sending, from which campaigns take several permits at once.

    It saves up to one second of rate for a caller that was busy (or `burst`, when that is more), but
    starts with `burst`. Its pause holds campaigns only: a person's answer or a gate's card is no bulk.
    """

    __slots__ = ()

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        super().__init__(Rate(1 / per_second, max(burst, per_second), burst), now)

    def set_rate(self, per_second: float) -> None:
        """Another rate from now on; what has left already counts by the old one."""
        burst = self._rate.at_start
        self._rate = Rate(1 / per_second, max(burst, per_second), burst)

    def ready_in(self, now: float, lane: Lane) -> float:
        return self._due_for(lane) - self._slack - now

    def pause(self, until: float) -> None:
        Limit.pause(self, until)

    def take_up_to(self, now: float, most: int) -> int:
        """Take as many permits as there are, `most` at most, 1 at least."""
        ahead = max(self._due_for(Lane.CAMPAIGN) - now, 0.0)
        count = int((self._slack - ahead) / self._rate.interval + EPSILON) + 1
        count = max(1, min(count, most))
        self.take(now, count)
        return count

    def _due_for(self, lane: Lane) -> float:
        """Campaigns find after a pause what one call needs, not what could have built up."""
        return max(self._due, self.paused_until + self._slack) if lane is Lane.CAMPAIGN else self._due


class Window(Limit):
    """
    At most `most` calls in any `span` seconds as Telegram sees them; campaigns wait, others only count.

    Telegram counts what arrives, and when that is, somewhere between leaving and the answer, we do not know:
    so a call counts from the moment it leaves until `span` after its answer. However a network bunches what
    was sent apart, no second holds more. It remembers the last `most` answers, no more.
    """

    __slots__ = ("_flying", "_landed", "_most", "_span")

    def __init__(self, most: int, span: float = 1.0) -> None:
        super().__init__()
        self._most = most
        self._span = span
        self._flying = 0
        self._landed: deque[float] = deque(maxlen=most)

    def ready_in(self, now: float, lane: Lane) -> float:  # noqa: ARG002
        if self.count(now) < self._most:
            return 0.0
        return self._landed[0] + self._span - now if self._landed else LOOK_AGAIN

    def take(self, now: float, count: int = 1) -> None:  # noqa: ARG002
        """Calls leave; each must be `landed`, however it ends."""
        self._flying += count

    def landed(self, now: float) -> None:
        """One was answered, or given up."""
        self._flying -= 1
        self._landed.append(now)

    def count(self, now: float) -> int:
        """How many may arrive within `span` seconds of now, either way; `most` answers stand for any more."""
        while self._landed and self._landed[0] + self._span <= now + EPSILON:
            self._landed.popleft()
        return self._flying + len(self._landed)

    def is_idle(self, now: float) -> bool:
        return super().is_idle(now) and self.count(now) == 0

    @property
    def size(self) -> int:
        """How many moments are remembered."""
        return len(self._landed)


def paused(seconds: float) -> TryLater:
    """The error for a call that does not wait `seconds` for its budget; nothing was sent."""
    return TryLater(
        f"Telegram's limit leaves no room for {seconds:.0f} s.", retry_after=seconds, code="rate_limited"
    )
