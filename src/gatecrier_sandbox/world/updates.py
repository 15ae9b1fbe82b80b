"""What a bot has yet to hear: one queue per bot, offsets, subscriptions and lifetimes."""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
    "subscription",
    "stopped_message_generation",
)
DEFAULT = frozenset(KINDS) - {"chat_member", "message_reaction", "message_reaction_count"}
"""What a bot hears that never said what it wants."""

LIFETIMES = {
    "callback_query": 150,
    "shipping_query": 150,
    "pre_checkout_query": 150,
    "inline_query": 30,
    "chosen_inline_result": 600,
}
"""Seconds an update is kept; everything else `DAY`. Source: telegram-bot-api `add_update`."""
DAY = 86_400
CAPACITY = 100_000
"""Updates kept per bot; further ones are lost."""
RECENT = 100
"""Updates per bot that can still be looked at when they were delivered."""
LARGEST_ID = 2_000_000_000
"""No id reaches this: the queue is emptied and its numbers begin anew. Source: td TQueue."""
LARGEST_ANSWER = 1 << 22
"""Bytes of updates in one answer."""
OVERHEAD = 25
"""Bytes an update counts for beyond its JSON."""
FAR_AHEAD = 10
"""An offset this far beyond the next id is ignored."""


class Update(Struct, frozen=True, gc=False):
    """A stored update: its id, until when it is kept (Unix seconds), and its whole JSON."""

    update_id: int
    expires: float
    body: bytes


class UpdateQueue:
    """
    One bot's updates. At most one poll waits; whoever waits next ends it.

    `on_arrival` is told of every change while a webhook takes the updates. `first_id` is where the numbers
    begin, also after they ran out.
    """

    def __init__(self, first_id: int) -> None:
        self.first_id = self.next_id = first_id
        self.allowed = DEFAULT
        self.updates: deque[Update] = deque()
        self.recent: deque[Update] = deque(maxlen=RECENT)
        self.dropped = 0
        self.on_arrival: Callable[[], None] | None = None
        self.previous_offset: int | None = None
        self.previous_time = 0.0
        self.next_conflict = 0.0
        self._held: tuple[str, bytes, float] | None = None
        self._waiter: asyncio.Future[ApiError | None] | None = None

    def subscribe(self, names: list[str]) -> None:
        """Remember the wanted kinds; no known name means the default set."""
        wanted = {name.lower() for name in names} & set(KINDS)
        self.allowed = frozenset(wanted) or DEFAULT

    def add(self, kind: str, content: bytes, *, now: float, copies: int = 1) -> None:
        """Store an update unless the bot is not subscribed to its kind or the queue is full."""
        if kind not in self.allowed:
            return
        if self.is_full:
            self.dropped += 1
            return
        body = b'{"update_id":%d,"%b":%b}' % (self._take_id(), kind.encode(), content)
        update = Update(self.next_id - 1, now + LIFETIMES.get(kind, DAY), body)
        self.updates.extend([update] * copies)
        self.recent.append(update)
        if self._held is not None:
            self._release()
        if self.on_arrival is not None:
            self.on_arrival()
        self.wake(None)

    @property
    def is_full(self) -> bool:
        """Whether further updates are lost."""
        return len(self.updates) >= CAPACITY

    def _take_id(self) -> int:
        if self.next_id + 1 >= LARGEST_ID:
            self.updates.clear()
            self.next_id = self.first_id
        self.next_id += 1
        return self.next_id - 1

    def lose(self) -> None:
        """Use up an id for an update that never arrives (a fault)."""
        self._take_id()

    def hold(self, kind: str, content: bytes, *, now: float) -> Callable[[], None]:
        """
        Keep an update back until the next one went ahead of it (a fault).

        Returns: what stores it if no other has come yet. While one is held, the next is added as usual.
        """
        if self._held is not None or kind not in self.allowed:
            self.add(kind, content, now=now)
            return lambda: None
        self._held = held = (kind, content, now)
        return lambda: self._release() if self._held is held else None

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            kind, content, now = held
            self.add(kind, content, now=now)

    def seek(self, offset: int) -> None:
        """Forget what `offset` confirms: all below it, or for a negative one all but the newest."""
        if offset < 0:
            offset = self.next_id + offset
        if offset <= self.next_id + FAR_AHEAD:
            while self.updates and self.updates[0].update_id < offset:
                self.updates.popleft()

    def head(self, limit: int, *, now: float) -> list[bytes]:
        """The oldest updates, at most `limit` and 4 MiB (but one at least); dead ones are dropped."""
        self.bury(now)
        found: list[bytes] = []
        room = LARGEST_ANSWER
        alive = (update.body for update in self.updates if update.expires > now)
        for body in islice(alive, limit):
            room -= len(body) + OVERHEAD
            if room <= 0 and found:
                break
            found.append(body)
        return found

    def bury(self, now: float) -> None:
        """Drop the dead updates at the head."""
        while self.updates and self.updates[0].expires <= now:
            self.updates.popleft()

    def clear(self) -> None:
        """Forget everything (drop_pending_updates)."""
        self.updates.clear()
        self._held = None
        if self.on_arrival is not None:
            self.on_arrival()

    def wake(self, error: ApiError | None) -> None:
        """End the waiting poll: with what there is, or with an error."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(error)

    @property
    def is_awaited(self) -> bool:
        """Whether a poll waits."""
        return self._waiter is not None and not self._waiter.done()

    def wait(self) -> asyncio.Future[ApiError | None]:
        """Become the waiting poll. The future yields None to look again, or the error to answer."""
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter
