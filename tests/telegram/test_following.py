"""The rate of campaigns follows a Telegram whose limit nobody knows: the gateway, in simulated time."""

import contextlib

from scripted_telegram import Telegram, automatic

from fake_transport import BOT_ID, Posted, too_many
from gatecrier.kernel.errors import TryLater
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.pace import DECREASE, SAMPLE
from gatecrier.telegram.transport import Reply

FREE = 25.0


async def campaign(world: Telegram, *, until: float) -> tuple[int, int]:
    """Send one message after the other to new people; answer how many arrived, and met a 429."""
    arrived = refused = 0
    while world.clock.monotonic() < until:
        permits = await world.budgets.reserve(BOT_ID, upto=25)
        for _ in range(permits):
            try:
                await world.call("sendMessage", 1000 + arrived + refused, lane=Lane.CAMPAIGN, permit=True)
                arrived += 1
            except TryLater:
                refused += 1
    return arrived, refused


async def test_the_rate_settles_below_a_limit_that_nobody_tells() -> None:
    """A bot that may send 15 a second finds out, uses most of it, and is hardly ever told to wait."""
    world = automatic()
    left: list[float] = []

    def fifteen(posted: Posted) -> Reply | None:
        if len([moment for moment in left if moment > posted.at - 1]) >= 15:
            return too_many(1)
        left.append(posted.at)
        return None

    world.transport.rule = fifteen
    await campaign(world, until=60)
    arrived, refused = await campaign(world, until=360)
    assert 11 * 300 <= arrived <= 15 * 300
    assert refused <= 0.02 * arrived
    assert world.budgets.rate(BOT_ID) < 18


async def test_a_server_that_hides_its_waits_is_found_out_by_its_latency() -> None:
    """Calls of 80 ms that take three seconds are a limit, before any 429; afterwards the rate comes back."""
    world = automatic()
    world.transport.latency = 0.08
    for person in range(SAMPLE):
        await world.call("sendMessage", 1000 + person, lane=Lane.CAMPAIGN)
    assert world.budgets.rate(BOT_ID) == FREE
    world.transport.latency = 3.0
    for person in range(SAMPLE):
        await world.call("sendMessage", 2000 + person, lane=Lane.CAMPAIGN)
    assert world.budgets.rate(BOT_ID) == FREE * DECREASE
    world.transport.latency = 0.08
    await campaign(world, until=world.clock.monotonic() + 60)
    assert world.budgets.rate(BOT_ID) == FREE


async def test_answers_say_nothing_of_the_rate_of_campaigns() -> None:
    """A slow answer, or a 429 in one chat that was used too fast, is not the bot's limit."""
    world = automatic()
    for latency in (0.08, 3.0):
        world.transport.latency = latency
        for person in range(2 * SAMPLE):
            await world.call("sendMessage", 1000 + person)
    world.transport.latency = 0
    world.transport.script = [*[Reply(200, b'{"ok":true,"result":true}')] * 3, too_many(1)]
    with contextlib.suppress(TryLater):
        for _ in range(4):
            await world.call("sendMessage", 5, lane=Lane.CAMPAIGN)
    assert world.budgets.rate(BOT_ID) == FREE
