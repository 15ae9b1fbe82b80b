"""Long polling: nothing is confirmed before it is safe, nothing is handed on twice, nothing ends the loop."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, TryLater
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


class Desk:
    """Takes updates; fails as often as told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[int] = []

    async def take(self, batch: list[Received]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken += [one.update.update_id for one in batch]


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
        await one._face(TryLater("unreachable", code="unreachable", retry_after=0))
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
