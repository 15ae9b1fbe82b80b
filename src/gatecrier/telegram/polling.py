"""
Long polling: fetch updates, hand them on, and only then tell Telegram to forget them.

What was handed on is remembered by update id for a day, in a set and not as a high-water mark:
ids start anywhere after a quiet week.

A receiver that breaks on one update (a defect: TryLater is none) must not hold up the others: after
a few failures they are handed on one by one, and the broken one is held. It is given up only when
it failed several times and another got through since: then it is the update, not the receiver.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, OutcomeUnknown, TryLater
from gatecrier.telegram.glance import Knows, nobody, passed
from gatecrier.telegram.updates import Received, decode, number_of

log = structlog.get_logger(__name__)

POLL_SECONDS = 25
FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 30.0
REMEMBERED_SECONDS = 24 * 3600.0
MOST_REMEMBERED = 100_000
"""As many as Telegram queues for a bot."""
FAILURES_TOGETHER = 2
"""Batches that break the receiver before their updates are handed on one by one."""
FAILURES_ALONE = 5
"""Times that an update must break the receiver, handed on alone, before it may be given up."""
IN_THE_WAY = frozenset({"other_poller", "webhook_active"})
"""Codes of Misconfigured that another program causes, and that pass when it goes."""


Take = Callable[[list[Received]], Awaitable[None]]
"""Returns when the updates are safe: another process would find them after a crash."""


class Fetches(Protocol):
    """The part of `Bot` that polling needs."""

    bot_id: int

    async def get_updates(self, *, offset: int, timeout: int, limit: int = 100) -> list[msgspec.Raw]:  # noqa: ASYNC109
        """Updates from `offset` on."""

    async def delete_webhook(self) -> None:
        """Make polling possible."""


class Poller:
    """
    One bot's loop; there must be only one in the world.

    Start it with `run()`, stop it by cancelling: what was not handed on comes again.

    Args:
        knows: Asked about plain group messages first; those that it lets pass are not handed on.
    """

    def __init__(
        self, bot: Fetches, take: Take, *, clock: Clock, rng: random.Random, knows: Knows = nobody
    ) -> None:
        self._bot = bot
        self._take = take
        self._knows = knows
        self._clock = clock
        self._rng = rng
        self._offset = 0
        self._seen: dict[int, float] = {}
        self._failures = 0
        self._broken_batches = 0
        self._held: dict[int, int] = {}  # update id -> times it broke the receiver, handed on alone
        self._others_pass = False  # whether one got through while another was held
        self.outage = ""
        """The code of the error that keeps updates from coming; "" while all is well."""

    async def run(self) -> None:
        """
        Poll until cancelled; outages are waited out, and logged once each.

        Raises:
            Misconfigured: "unauthorized" and whatever else only an operator can mend.
        """
        while True:
            try:
                await self._run_unless_in_the_way()
            except Misconfigured:
                raise
            except GatecrierError as error:
                await self._wait_out(error.code, error.retry_after if isinstance(error, TryLater) else 0.0)
            except Exception as error:  # a defect in a receiver must not end the intake
                if self.outage != type(error).__name__:
                    log.exception("updates could not be handed on", bot_id=self._bot.bot_id)
                await self._wait_out(type(error).__name__, 0.0)

    async def run_once(self) -> int:
        """
        One long poll; answer how many new updates were handed on. The offset moves only when they are safe.

        Raises:
            Exception: whatever the receiver raised; what it took is not handed on again.
        """
        bodies = await self._bot.get_updates(offset=self._offset, timeout=POLL_SECONDS)
        self._forget_old()
        received, after = self._open(bodies)
        fresh = [one for one in received if one.update.update_id not in self._seen]
        if fresh:
            await self._hand_on(fresh)
        self._remember(received)
        self._broken_batches = 0
        self._held.clear()
        self._others_pass = False
        self._offset = after
        return len(fresh)

    async def _hand_on(self, fresh: list[Received]) -> None:
        if self._broken_batches >= FAILURES_TOGETHER:
            await self._hand_on_singly(fresh)
            return
        try:
            await self._take(fresh)
        except Exception as error:
            self._broken_batches += _is_defect(error)
            raise

    async def _hand_on_singly(self, fresh: list[Received]) -> None:
        broken: list[tuple[Received, Exception]] = []
        for one in fresh:
            try:
                await self._take([one])
            except Exception as error:
                if not _is_defect(error):
                    raise
                broken.append((one, error))
            else:
                self._remember([one])
                self._others_pass = True
        held = [error for one, error in broken if not self._is_given_up(one, error)]
        if held:
            raise held[0]

    def _is_given_up(self, one: Received, error: Exception) -> bool:
        number = one.update.update_id
        self._held[number] = self._held.get(number, 0) + 1
        if self._held[number] < FAILURES_ALONE or not self._others_pass:
            return False
        log.error("update given up", bot_id=self._bot.bot_id, update_id=number, exc_info=error)
        self._remember([one])
        return True

    def _open(self, bodies: Sequence[msgspec.Raw]) -> tuple[list[Received], int]:
        """Decode what can be decoded; answer also the offset after the last one."""
        received: dict[int, Received] = {}
        last: int | None = None
        for body in bodies:
            number, one = self._decode(body)
            last = last if number is None else number
            if one is not None:
                received.setdefault(one.update.update_id, one)
        if last is None and bodies:
            raise TryLater("Telegram sent updates without ids.", code="bad_answer")
        # After the last, not the highest: the order is Telegram's, and ids may start again lower.
        return list(received.values()), self._offset if last is None else last + 1

    def _decode(self, body: msgspec.Raw) -> tuple[int | None, Received | None]:
        """Its number, if it has one, and what we understood, if there is something to be done about it."""
        if (number := passed(body, self._knows)) is not None:
            return number, None
        try:
            update = decode(body)
        except msgspec.DecodeError:
            number = number_of(body)
            # The error's text may quote the body, which is somebody's message.
            log.warning("update skipped: not understood", bot_id=self._bot.bot_id, update_id=number)
            return number, None
        return update.update_id, Received(update, bytes(body))

    def _remember(self, received: Sequence[Received]) -> None:
        now = self._clock.monotonic()
        for one in received:
            self._seen.setdefault(one.update.update_id, now)
        while len(self._seen) > MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _forget_old(self) -> None:
        """The oldest come first: ids are added as they arrive."""
        horizon = self._clock.monotonic() - REMEMBERED_SECONDS
        while self._seen and self._seen[oldest := next(iter(self._seen))] <= horizon:
            del self._seen[oldest]

    async def _run_unless_in_the_way(self) -> None:
        """One long poll; another poller is waited out, and so is a webhook, lest two fight over the bot."""
        try:
            await self.run_once()
        except Misconfigured as error:
            if error.code not in IN_THE_WAY:
                raise
            if error.code == "webhook_active":
                log.warning("a webhook is set: deleting it, this bot is polled", bot_id=self._bot.bot_id)
                await self._bot.delete_webhook()
            await self._wait_out(error.code, 0.0)
        else:
            self._recovered()

    async def _wait_out(self, code: str, at_least: float) -> None:
        if code != self.outage:
            log.warning("no updates for now", bot_id=self._bot.bot_id, code=code)
        self.outage = code
        backoff = min(FIRST_BACKOFF * 2.0**self._failures, LONGEST_BACKOFF) * self._rng.uniform(0.75, 1.25)
        self._failures = min(self._failures + 1, 10)
        await self._clock.sleep(max(backoff, at_least))

    def _recovered(self) -> None:
        if self.outage:
            log.info("updates come again", bot_id=self._bot.bot_id, after=self.outage)
        self.outage = ""
        self._failures = 0


def _is_defect(error: Exception) -> bool:
    """Whether what a receiver raised may be the update's fault; the rest says when to come again, or stop."""
    return not isinstance(error, (TryLater, OutcomeUnknown, Misconfigured))
