"""What a bot has yet to hear: one queue per bot, offsets, subscriptions and lifetimes."""

import asyncio
from collections import deque
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

LIFETIMES = {"callback_query": 150, "shipping_query": 150, "pre_checkout_query": 150}
"""Seconds an update is kept; everything else `DAY`."""
DAY = 86_400
CAPACITY = 100_000
"""Updates kept per bot; further ones are lost."""
LARGEST_ID = 2_000_000_000
FAR_AHEAD = 10
"""An offset this far beyond the next id is ignored."""


class Update(Struct, frozen=True, gc=False):
    """A stored update: its id, until when it is kept (Unix seconds), and its whole JSON."""

    update_id: int
    expires: float
    body: bytes


class UpdateQueue:
    """One bot's updates. At most one poll waits; whoever waits next ends it."""

    def __init__(self, first_id: int) -> None:
        self.next_id = first_id
        self.allowed = DEFAULT
        self.updates: deque[Update] = deque()
        self.dropped = 0
        self.previous_offset: int | None = None
        self.previous_time = 0.0
        self.next_conflict = 0.0
        self._waiter: asyncio.Future[ApiError | None] | None = None

    def subscribe(self, names: list[str]) -> None:
        """Remember the wanted kinds; no known name means the default set."""
        wanted = {name.lower() for name in names} & set(KINDS)
        self.allowed = frozenset(wanted) or DEFAULT

    def add(self, kind: str, content: bytes, *, now: float, copies: int = 1) -> None:
        """Store an update unless the bot is not subscribed to its kind or the queue is full."""
        if kind not in self.allowed:
            return
        if len(self.updates) >= CAPACITY:
            self.dropped += 1
            return
        body = b'{"update_id":%d,"%b":%b}' % (self.next_id, kind.encode(), content)
        update = Update(self.next_id, now + LIFETIMES.get(kind, DAY), body)
        self.updates.extend([update] * copies)
        self.next_id = self.next_id + 1 if self.next_id < LARGEST_ID else 1
        self.wake(None)

    def seek(self, offset: int) -> None:
        """Forget what `offset` confirms: all below it, or for a negative one all but the newest."""
        if offset < 0:
            self._forget(max(len(self.updates) + offset, 0))
        elif offset <= self.next_id + FAR_AHEAD:
            while self.updates and self.updates[0].update_id < offset:
                self.updates.popleft()

    def head(self, limit: int, *, now: float) -> list[bytes]:
        """The oldest updates, at most `limit`; dead ones are dropped on the way."""
        while self.updates and self.updates[0].expires <= now:
            self.updates.popleft()
        alive = (update.body for update in self.updates if update.expires > now)
        return list(islice(alive, limit))

    def clear(self) -> None:
        """Forget everything (drop_pending_updates)."""
        self.updates.clear()

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

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self.updates.popleft()
