"""
How much a bot may still send, and to whom: every limit of Telegram that we know, in one place.

    sends and edits   per private chat · per group or channel · per bot (in bulk)
    reads             per bot
    acts              per bot (delete, restrict, answer a press: outside Telegram's sending limits)

A 429 never pauses all reads or acts of a bot: what was limited is one chat or, where none is named, one
method. ANSWER waits for its chat only, and is counted for the bot. ENFORCE waits for the bot too, before
any campaign. CAMPAIGN comes last, and never sits out a pause: its ledger knows other recipients.
Telegram publishes no exact limits: the values are the FAQ's (1/s in a chat, 20/min in a group,
30/s in bulk) less some head-room.
"""

import itertools
from typing import NamedTuple

import structlog

from gatecrier.kernel.clock import Clock
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.limit import Bucket, BulkBucket, ChatBucket, Limit, Rate, Ticket, Window, paused
from gatecrier.telegram.methods import Kind, kind_of
from gatecrier.telegram.pace import Pace
from gatecrier.telegram.peers import ChatId, is_private

log = structlog.get_logger(__name__)

PATIENCE = 60.0
"""Seconds that an answer or a gate's act waits for its budget, before it is told to try later."""

FREE = 30
"""Messages a second of a bot that Telegram's FAQ allows, as they arrive."""

_FOREVER = float("inf")
_SWEEP_AT = 1024


class Scope(NamedTuple):
    """
    What a limit is about.

    Args:
        about: "bulk" (campaigns of a bot), "chat" (sends and edits in it), "read" or "act" (in a chat),
            or "method" (calls of it that name no chat).
        which: The chat, or the method in lower case; None: the bot as a whole.
    """

    bot_id: int
    about: str
    which: ChatId | None = None


class Purse(NamedTuple):
    """The limits of one bot as a whole."""

    bulk: BulkBucket
    paid: BulkBucket
    pace: Pace
    window: Window
    reads: Bucket
    acts: Bucket


class Route(NamedTuple):
    """The limits a call must wait for, narrowest first, and those that only count it."""

    waits: tuple[Limit, ...]
    counts: tuple[Limit, ...] = ()


class Budgets:
    """
    All limits of this process.

    Args:
        per_bot: Messages a second in bulk, at most; Telegram's free limit is about 30, answers come on
            top. It falls when Telegram says 429 or grows slow, and comes back.
        per_bot_paid: The same where Stars are paid for what is above the free limit; Telegram's most is 1000.
        burst: Messages that may leave a bot or a private chat at once. Three: enough to make good for a
            timer that woke late, small enough to stay under Telegram's limit in any second.
        per_private_chat: Messages and edits a second.
        per_group_minute: Messages and edits in any minute, in a group or channel. The burst is inside
            it (the rest is spread over the minute): 20 and a burst of 3 give 18/min in the long run.
        reads: getChatMember and its like, a second and bot; unpublished, so a guess that held.
        acts: Deletions, restrictions, answered presses, a second and bot; unpublished too.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        per_bot: float = 25.0,
        per_bot_paid: float = 1000.0,
        per_private_chat: float = 1.0,
        per_group_minute: float = 20.0,
        burst: int = 3,
        reads: float = 100.0,
        acts: float = 100.0,
    ) -> None:
        self._clock = clock
        self._per_bot = per_bot
        self._per_bot_paid = per_bot_paid
        self._burst = burst
        self._private = Rate.per_second(per_private_chat, burst=burst)
        self._group = _within_a_minute(per_group_minute, burst)
        self._reads = Rate.per_second(reads, burst=max(burst, reads / 5))
        self._acts = Rate.per_second(acts, burst=max(burst, acts / 5))
        self._purses: dict[int, Purse] = {}
        self._scoped: dict[Scope, Bucket] = {}
        self._sweep_at = _SWEEP_AT
        self._order = itertools.count()

    async def reserve(self, bot_id: int, *, upto: int, paid: bool = False) -> int:
        """
        Wait until the bot may send for a campaign; take 1 to `upto` permits at once.

        Args:
            paid: For calls that may cost Stars: they have a faster rate of their own.

        Permits build up while the caller is busy, to one second of rate. A call with `permit=True`
        spends one; it still waits for its chat, and for the second in which it leaves.
        """
        purse = self._purse(bot_id)
        bulk = purse.paid if paid else purse.bulk
        ticket = Ticket(Lane.CAMPAIGN, next(self._order), _FOREVER, parks=False)
        while not bulk.is_open_to(ticket, self._clock.monotonic()):
            await bulk.turn(ticket, self._clock)
        return bulk.take_up_to(self._clock.monotonic(), upto)

    def has_permits(self, bot_id: int, *, paid: bool = False) -> bool:
        """Whether `reserve` would not wait."""
        purse = self._purse(bot_id)
        bulk = purse.paid if paid else purse.bulk
        return bulk.is_open_to(_LOOKING_IN[Lane.CAMPAIGN], self._clock.monotonic())

    async def wait(
        self,
        bot_id: int,
        chat_id: ChatId | None,
        method: str,
        lane: Lane,
        *,
        permit: bool,
        paid: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        """
        Wait until this call may leave, and count it; `landed` when it has ended. Safe to cancel: nothing is
        taken before the end.

        Args:
            permit: One that `reserve` gave is spent: the bot's own rate is counted already.
            paid: It may cost Stars: the free rate does not hold it.
            patience: Seconds; of no meaning for campaigns, which wait for rates but for no pause.
        Raises:
            TryLater: it would take longer than that, or a campaign met a pause; nothing was sent.
        """
        route = self._route(bot_id, chat_id, method, lane, permit=permit, paid=paid)
        ticket = _LOOKING_IN[lane]
        now = self._clock.monotonic()
        if (closed := _closed(route.waits, ticket, now)) is not None:
            deadline = _FOREVER if lane is Lane.CAMPAIGN else now + patience
            ticket = Ticket(lane, next(self._order), deadline, lane is Lane.CAMPAIGN)
            while closed is not None:
                await closed.turn(ticket, self._clock)
                now = self._clock.monotonic()
                route = self._route(
                    bot_id, chat_id, method, lane, permit=permit, paid=paid
                )  # a pause may have begun
                closed = _closed(route.waits, ticket, now)
        for limit in route.waits:
            limit.take(now)
        for limit in route.counts:
            limit.take(now)

    def landed(self, bot_id: int, method: str, *, paid: bool = False) -> None:
        """A call that `wait` let go has ended, however."""
        if not paid and kind_of(method) in (Kind.SEND, Kind.EDIT):
            self._purse(bot_id).window.landed(self._clock.monotonic())

    def pause(self, scope: Scope, seconds: float) -> None:
        """Let nothing of `scope` leave for `seconds`; a longer pause already running stays as it is."""
        now = self._clock.monotonic()
        if scope.about != "bulk":
            self._bucket(scope).pause(now + seconds)
            return
        purse = self._purse(scope.bot_id)
        purse.bulk.pause(now + seconds)
        purse.paid.pause(now + seconds)
        if purse.pace.limited(now):
            self._follow(scope.bot_id, purse)

    def answered(self, bot_id: int, seconds: float) -> None:
        """A campaign's call took so long: the rate follows (see `pace`)."""
        purse = self._purse(bot_id)
        if purse.pace.answered(self._clock.monotonic(), seconds):
            self._follow(bot_id, purse)

    def rate(self, bot_id: int) -> float:
        """Messages a second that the bot may send in bulk now."""
        return self._purse(bot_id).pace.rate

    def blame(self, bot_id: int, chat_id: ChatId | None, method: str) -> Scope:
        """
        The scope that a 429 on this call is about. Telegram does not tell, so this is a heuristic.

        No chat: the method. Reads and acts: that kind of call in that chat. Sends and edits: the chat
        when its own budget had just been used by another call; else, for a private chat, the bot's
        campaigns. A group is blamed too when little left the bot in the last second: slow mode and
        other bots' noise reach us as a plain 429.
        """
        if chat_id is None:
            return _method_scope(bot_id, method)
        kind = kind_of(method)
        if kind is Kind.READ or kind is Kind.ACT:
            return Scope(bot_id, kind.value, chat_id)
        chat = Scope(bot_id, "chat", chat_id)
        bucket = self._scoped.get(chat)
        if bucket is not None and bucket.crowded:
            return chat
        quiet = self._purse(bot_id).window.count(self._clock.monotonic()) < self._per_bot / 2
        return chat if quiet and not is_private(chat_id) else Scope(bot_id, "bulk")

    def _follow(self, bot_id: int, purse: Purse) -> None:
        log.info("telegram.rate", bot=bot_id, rate=round(purse.pace.rate, 1), most=self._per_bot)
        purse.bulk.set_rate(purse.pace.rate)
        purse.paid.set_rate(self._per_bot_paid * purse.pace.rate / self._per_bot)

    @property
    def size(self) -> int:
        """How many chats, methods and moments are remembered."""
        return len(self._scoped) + sum(purse.window.size for purse in self._purses.values())

    def _route(
        self,
        bot_id: int,
        chat_id: ChatId | None,
        method: str,
        lane: Lane,
        *,
        permit: bool,
        paid: bool,
    ) -> Route:
        kind = kind_of(method)
        if kind is Kind.POLL:
            return Route(())
        purse = self._purse(bot_id)
        sends = kind is Kind.SEND or kind is Kind.EDIT
        if sends and chat_id is not None:
            here: Bucket | None = self._bucket(Scope(bot_id, "chat", chat_id))
        else:  # only a pause makes one
            about = _method_scope(bot_id, method) if chat_id is None else Scope(bot_id, kind.value, chat_id)
            here = self._scoped.get(about)
        narrow = () if here is None else (here,)
        if sends:
            if paid and lane is Lane.CAMPAIGN:
                return _paid_route(purse, narrow, permit, self._clock.monotonic())
            return _sending_route(purse, narrow, lane, permit, self._clock.monotonic())
        return Route((*narrow, purse.reads if kind is Kind.READ else purse.acts))

    def _purse(self, bot_id: int) -> Purse:
        purse = self._purses.get(bot_id)
        if purse is None:
            now = self._clock.monotonic()
            purse = self._purses[bot_id] = Purse(
                BulkBucket(self._per_bot, self._burst, now),
                BulkBucket(self._per_bot_paid, self._burst, now),
                Pace(self._per_bot),
                Window(max(FREE, int(self._per_bot + self._burst))),
                Bucket(self._reads, now),
                Bucket(self._acts, now),
            )
        return purse

    def _bucket(self, scope: Scope) -> Bucket:
        bucket = self._scoped.get(scope)
        if bucket is None:
            now = self._clock.monotonic()
            if len(self._scoped) >= self._sweep_at:
                self._sweep(now)
            kind = ChatBucket if scope.about == "chat" else Bucket
            bucket = self._scoped[scope] = kind(self._rate_of(scope), now)
        return bucket

    def _rate_of(self, scope: Scope) -> Rate:
        if scope.about != "chat":
            return self._reads if scope.about == "read" else self._acts
        return self._private if is_private(scope.which) else self._group

    def _sweep(self, now: float) -> None:
        """Forget chats at rest; waiting for as many newcomers as stay makes it free in the long run."""
        self._scoped = {scope: bucket for scope, bucket in self._scoped.items() if not bucket.is_idle(now)}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._scoped))


_LOOKING_IN = {lane: Ticket(lane, _FOREVER, 0.0, parks=False) for lane in Lane}


def _closed(limits: tuple[Limit, ...], ticket: Ticket, now: float) -> Limit | None:
    """The first limit the holder must wait for."""
    for limit in limits:
        if not limit.is_open_to(ticket, now):
            return limit
    return None


def _sending_route(purse: Purse, chat: tuple[Limit, ...], lane: Lane, permit: bool, now: float) -> Route:
    if lane is Lane.ANSWER:
        return Route(chat, (purse.bulk, purse.window))
    if lane is Lane.ENFORCE:
        return Route((*chat, purse.bulk), (purse.window,))
    if not permit:
        return Route((*chat, purse.bulk, purse.window))
    if (rest := purse.bulk.paused_until - now) > 0:
        raise paused(rest)
    return Route((*chat, purse.window))


def _paid_route(purse: Purse, chat: tuple[Limit, ...], permit: bool, now: float) -> Route:
    if not permit:
        return Route((*chat, purse.paid))
    if (rest := purse.paid.paused_until - now) > 0:
        raise paused(rest)
    return Route(chat)


def _method_scope(bot_id: int, method: str) -> Scope:
    return Scope(bot_id, "method", method.lower())


def _within_a_minute(most: float, burst: int) -> Rate:
    """The rate by which any 60 seconds hold `most` calls or fewer, the burst among them."""
    burst = max(1, min(burst, int(most)))
    return Rate(60.0 / max(most - burst + 1, 1.0), burst, burst)
