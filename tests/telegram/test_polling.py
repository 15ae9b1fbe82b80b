"""Long polling: nothing is confirmed before it is safe, nothing is handed on twice, nothing ends the loop."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, OutcomeUnknown, Refused, TryLater
from gatecrier.telegram import polling
from gatecrier.telegram.polling import Poller
from gatecrier.telegram.updates import Received

SECRET = "what somebody wrote"


def update(number: int, text: str = "hello") -> bytes:
    """A message."""
    message = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": text}
    return msgspec.json.encode({"update_id": number, "message": message})


Batch = Sequence[bytes] | GatecrierError


class Upstream:
    """Telegram's queue as a script of batches; afterwards it waits for ever."""

    bot_id = 1

    def __init__(self, *script: Batch) -> None:
        self.script = list(script)
        self.offsets: list[int] = []
        self.webhook_deleted = 0
        self.deleting: list[Exception] = []

    async def get_updates(self, *, offset: int, timeout: int, limit: int = 100) -> list[msgspec.Raw]:  # noqa: ASYNC109
        self.offsets.append(offset)
        if not self.script:
            await asyncio.Event().wait()
        batch = self.script.pop(0)
        if isinstance(batch, GatecrierError):
            raise batch
        return [msgspec.Raw(body) for body in batch]

    async def delete_webhook(self) -> None:
        self.webhook_deleted += 1
        if self.deleting:
            raise self.deleting.pop(0)


class Queue(Upstream):
    """Telegram's queue as it is: what lies at or after the offset, a hundred at most, again and again."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self.waiting = list(numbers)

    async def get_updates(self, *, offset: int, timeout: int, limit: int = 100) -> list[msgspec.Raw]:  # noqa: ASYNC109
        self.offsets.append(offset)
        self.waiting = [number for number in self.waiting if number >= offset]
        if not self.waiting:
            await asyncio.Event().wait()
        return [msgspec.Raw(update(number)) for number in self.waiting[:limit]]


class Desk:
    """Takes updates; fails as often as told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[int] = []

    async def take(self, batch: list[Received]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken += [one.update.update_id for one in batch]


class Picky(Desk):
    """Breaks on some updates, however often they come; as much of a batch as comes before is taken."""

    def __init__(self, error: Exception, *bad: int) -> None:
        super().__init__()
        self.error = error
        self.bad = bad

    async def take(self, batch: list[Received]) -> None:
        for one in batch:
            if one.update.update_id in self.bad:
                raise self.error
        await super().take(batch)


def poller(upstream: Upstream, desk: Desk, clock: FakeClock) -> Poller:
    """A poller with a repeatable die."""
    return Poller(upstream, desk.take, clock=clock, rng=random.Random(1))


async def run_for(one: Poller, clock: FakeClock, seconds: float) -> list[Any]:
    """Let it run so long; answer what it logged."""
    with capture_logs() as logged:
        task = asyncio.create_task(one.run())
        for _ in range(5):
            await clock.advance(seconds / 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    return logged


async def test_updates_are_handed_on_in_order_with_their_bytes(clock: FakeClock) -> None:
    """The receiver gets our reading and the original."""
    seen: list[Received] = []

    async def take(batch: list[Received]) -> None:
        seen.extend(batch)

    bodies = [update(5), update(6)]
    assert await Poller(Upstream(bodies), take, clock=clock, rng=random.Random(1)).run_once() == 2
    assert [one.body for one in seen] == bodies
    assert [one.update.update_id for one in seen] == [5, 6]


async def test_the_offset_moves_only_when_the_updates_are_safe(clock: FakeClock) -> None:
    """A receiver that fails gets the same updates again; Telegram keeps them so long."""
    upstream, desk = Upstream([update(5)], [update(5)], []), Desk(TryLater("database gone"))
    one = poller(upstream, desk, clock)
    with pytest.raises(TryLater):
        await one.run_once()
    await one.run_once()
    await one.run_once()
    assert (upstream.offsets, desk.taken) == ([0, 0, 6], [5])


async def test_an_empty_poll_changes_nothing(clock: FakeClock) -> None:
    """Nothing came, nothing is handed on."""
    upstream, desk = Upstream([], []), Desk()
    one = poller(upstream, desk, clock)
    assert [await one.run_once(), await one.run_once()] == [0, 0]
    assert upstream.offsets == [0, 0]


async def test_an_update_that_comes_again_is_not_handed_on_again(clock: FakeClock) -> None:
    """Neither within a batch nor in a later one, though the offset goes on."""
    upstream, desk = Upstream([update(5), update(5)], [update(5), update(6)], []), Desk()
    one = poller(upstream, desk, clock)
    assert [await one.run_once() for _ in range(3)] == [1, 1, 0]
    assert (desk.taken, upstream.offsets) == ([5, 6], [0, 6, 7])


async def test_ids_may_start_again_lower(clock: FakeClock) -> None:
    """After a quiet week Telegram picks a new beginning: a high-water mark would drop everything."""
    upstream, desk = Upstream([update(900)], [update(10)], []), Desk()
    one = poller(upstream, desk, clock)
    for _ in range(3):
        await one.run_once()
    assert (desk.taken, upstream.offsets) == ([900, 10], [0, 901, 11])


async def test_what_was_seen_is_forgotten_after_a_day(clock: FakeClock) -> None:
    """Memory is bounded by time ..."""
    upstream, desk = Upstream([update(5)], [update(5)]), Desk()
    one = poller(upstream, desk, clock)
    await one.run_once()
    await clock.advance(24 * 3600 + 1)
    await one.run_once()
    assert desk.taken == [5, 5]


async def test_what_was_seen_is_bounded_in_number(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """... and by number."""
    monkeypatch.setattr(polling, "MOST_REMEMBERED", 10)
    one = poller(Upstream([update(number) for number in range(100)]), Desk(), clock)
    await one.run_once()
    assert sorted(one._seen) == list(range(90, 100))


@pytest.mark.parametrize(
    "bad",
    [b'{"update_id":6,"message":{"text":"%s"}}' % SECRET.encode(), b'{"message":"%s"}' % SECRET.encode()],
    ids=["wrong shape", "no id"],
)
async def test_a_body_that_cannot_be_read_stops_nothing(clock: FakeClock, bad: bytes) -> None:
    """It is skipped and named by its id, never by what somebody wrote."""
    upstream, desk = Upstream([update(5), bad, update(7)], []), Desk()
    one = poller(upstream, desk, clock)
    with capture_logs() as logged:
        await one.run_once()
    await one.run_once()
    assert (desk.taken, upstream.offsets) == ([5, 7], [0, 8])
    assert len(logged) == 1
    assert SECRET not in str(logged)


async def test_an_unreadable_last_update_is_passed_over(clock: FakeClock) -> None:
    """Otherwise it would come again for ever."""
    upstream = Upstream([b'{"update_id":6,"message":1}'], [])
    one = poller(upstream, Desk(), clock)
    await one.run_once()
    await one.run_once()
    assert upstream.offsets == [0, 7]


async def test_a_batch_without_any_id_is_an_outage(clock: FakeClock) -> None:
    """Nothing can be confirmed then, so asking again at once would be a storm."""
    with pytest.raises(TryLater), capture_logs():
        await poller(Upstream([b"{}"]), Desk(), clock).run_once()


async def test_an_outage_is_waited_out_with_growing_pauses_and_one_line(clock: FakeClock) -> None:
    """1, 2, 4 ... 30 seconds, spread; logged when it begins and when it ends."""
    down = TryLater("unreachable", code="unreachable", retry_after=0)
    upstream, desk = Upstream(*[down] * 8, [update(5)]), Desk()
    logged = await run_for(poller(upstream, desk, clock), clock, 200)
    assert desk.taken == [5]
    assert [line["event"] for line in logged] == ["no updates for now", "updates come again"]


async def test_the_pauses_of_an_outage_grow_to_half_a_minute() -> None:
    """Neither a hammer nor a sleeper."""
    clock = FakeClock(auto=True)
    one = poller(Upstream(), Desk(), clock)
    pauses = []
    for _ in range(8):
        before = clock.monotonic()
        await one._wait_out("unreachable", 0.0)
        pauses.append(clock.monotonic() - before)
    for pause, wanted in zip(pauses, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert 0.75 * wanted <= pause <= 1.25 * wanted


async def test_a_flood_wait_is_respected(clock: FakeClock) -> None:
    """Told to wait longer than our own pause, we do."""
    upstream = Upstream(TryLater("slow down", code="rate_limited", retry_after=60))
    one = poller(upstream, Desk(), clock)
    await run_for(one, clock, 55)
    assert (len(upstream.offsets), one.outage) == (1, "rate_limited")


async def test_a_receiver_that_breaks_does_not_end_the_intake(clock: FakeClock) -> None:
    """A defect is waited out like an outage; the updates come again."""
    upstream, desk = Upstream([update(5)], [update(5)]), Desk(ValueError("a defect"))
    await run_for(poller(upstream, desk, clock), clock, 10)
    assert (desk.taken, upstream.offsets) == ([5], [0, 0, 6])


async def test_a_revoked_token_ends_the_loop(clock: FakeClock) -> None:
    """Only an operator can help: the supervisor must hear of it."""
    upstream = Upstream(Misconfigured("Unauthorized", code="unauthorized"))
    with pytest.raises(Misconfigured):
        await poller(upstream, Desk(), clock).run()


async def test_another_poller_is_waited_out(clock: FakeClock) -> None:
    """During a deployment two run for a moment; the old one goes away."""
    upstream = Upstream(Misconfigured("terminated", code="other_poller"), [update(5)])
    desk = Desk()
    logged = await run_for(poller(upstream, desk, clock), clock, 5)
    assert desk.taken == [5]
    assert logged[0]["code"] == "other_poller"


async def test_a_webhook_in_the_way_is_deleted(clock: FakeClock) -> None:
    """Polling was asked for, so the webhook goes."""
    upstream = Upstream(Misconfigured("webhook", code="webhook_active"), [update(5)])
    desk = Desk()
    await run_for(poller(upstream, desk, clock), clock, 5)
    assert (upstream.webhook_deleted, desk.taken) == (1, [5])


async def test_two_programs_do_not_fight_over_a_bot(clock: FakeClock) -> None:
    """Another one that sets its webhook again and again is met with growing pauses, not with a storm."""
    upstream = Upstream(*[Misconfigured("webhook", code="webhook_active")] * 1000)
    await run_for(poller(upstream, Desk(), clock), clock, 60)
    assert 4 <= upstream.webhook_deleted <= 8


@pytest.mark.parametrize(
    "error",
    [Refused("no"), TryLater("later"), OutcomeUnknown("lost"), ValueError("a defect")],
    ids=lambda error: type(error).__name__,
)
async def test_a_webhook_that_cannot_be_deleted_does_not_end_the_loop(
    clock: FakeClock, error: Exception
) -> None:
    """Only what an operator must mend ends it."""
    upstream = Upstream(*[Misconfigured("webhook", code="webhook_active")] * 2, [update(5)])
    upstream.deleting = [error]
    desk = Desk()
    await run_for(poller(upstream, desk, clock), clock, 20)
    assert (upstream.webhook_deleted, desk.taken) == (2, [5])


async def test_every_outage_begins_with_a_short_pause(clock: FakeClock) -> None:
    """What was waited for in the last outage does not slow down the next one."""
    down = TryLater("unreachable", code="unreachable", retry_after=0)
    upstream, desk = Upstream(*[down] * 5, [update(5)], down, [update(6)]), Desk()
    one = poller(upstream, desk, clock)
    task = asyncio.create_task(one.run())
    while not desk.taken:
        await clock.advance(1)
    await clock.advance(2)
    task.cancel()
    assert desk.taken == [5, 6]


async def test_an_update_that_breaks_the_receiver_holds_up_nobody_else(clock: FakeClock) -> None:
    """The others are handed on one by one, each once; the broken one comes again, then it is given up."""
    upstream, desk = Queue(*range(1, 151)), Picky(ValueError("a defect"), 1)
    one = poller(upstream, desk, clock)
    with capture_logs() as logged:
        task = asyncio.create_task(one.run())
        await clock.advance(10)
        assert desk.taken == list(range(2, 101))
        await clock.advance(190)
        task.cancel()
    assert desk.taken == list(range(2, 151))
    given_up = [line["update_id"] for line in logged if line["event"] == "update given up"]
    assert (given_up, upstream.offsets[-1]) == ([1], 151)


@pytest.mark.parametrize("error", [TryLater("database gone"), OutcomeUnknown("who knows")])
async def test_an_update_is_never_given_up_for_want_of_a_database(
    clock: FakeClock, error: GatecrierError
) -> None:
    """At least once: who asks for time gets it, as long as Telegram keeps the update."""
    upstream, desk = Queue(1, 2, 3), Picky(error, 2)
    await run_for(poller(upstream, desk, clock), clock, 3000)
    assert set(upstream.offsets) == {0}
    desk.bad = ()
    await run_for(poller(upstream, desk, clock), clock, 60)
    assert desk.taken == [1, 2, 3]


async def test_a_receiver_that_takes_nothing_is_at_fault_itself(clock: FakeClock) -> None:
    """While no update gets through, none is given up: the receiver must be mended."""
    upstream, desk = Queue(1, 2), Picky(ValueError("a defect"), 1, 2)
    one = poller(upstream, desk, clock)
    task = asyncio.create_task(one.run())
    await clock.advance(3000)
    assert set(upstream.offsets) == {0}
    desk.bad = ()
    await clock.advance(60)
    task.cancel()
    assert desk.taken == [1, 2]


async def test_a_receiver_that_needs_an_operator_ends_the_loop(clock: FakeClock) -> None:
    """Misconfigured is heard wherever it comes from."""
    with pytest.raises(Misconfigured):
        await poller(Queue(1), Picky(Misconfigured("x", code="database_old"), 1), clock).run()
