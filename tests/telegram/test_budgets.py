"""Rates and lanes of the budgets, in simulated time."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from pacing import BOT, GROUP, call, campaign, most_in

from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import TryLater
from gatecrier.telegram.budgets import FREE, Budgets
from gatecrier.telegram.lanes import Lane


@pytest.fixture
def auto() -> FakeClock:
    """A clock that jumps to the next sleeper by itself."""
    return FakeClock(auto=True)


async def repeat(
    clock: FakeClock, seconds: float, call: Callable[[], Awaitable[object]], pause: float = 0.0
) -> list[float]:
    """Call again and again for `seconds`; answer when each ended."""
    end = clock.monotonic() + seconds
    moments = []
    while clock.monotonic() < end:
        await call()
        moments.append(clock.monotonic())
        if pause:
            await clock.sleep(pause)
    return moments


async def test_a_prompt_campaign_uses_the_whole_rate_evenly(auto: FakeClock) -> None:
    """Half a minute at 25/s is 750 messages and the burst, never more than 28 in a second."""
    left = await campaign(auto, Budgets(auto), 30, lambda: 0.0)
    assert 750 <= len(left) <= 754
    assert most_in(1.0, left) <= 28
    assert most_in(0.5, left[10:]) <= 13


@pytest.mark.parametrize("rate", [1.0, 7.5, 30.0, 1000.0])
async def test_any_rate_is_used_to_at_least_99_percent(auto: FakeClock, rate: float) -> None:
    """The rate that an operator sets is the rate that leaves, free or paid."""
    seconds = 0.5 if rate == 1000 else 600 / rate
    left = await campaign(auto, Budgets(auto, per_bot=rate), seconds, lambda: 0.0)
    assert 0.99 * rate * seconds <= len(left) <= rate * seconds + 4
    assert most_in(1.0, left) <= rate + 3


@pytest.mark.parametrize("busy", [0.1, 0.2, 0.3, 0.5, 0.7])
async def test_a_busy_campaign_is_given_what_built_up(auto: FakeClock, busy: float) -> None:
    """A caller that commits and waits between reservations loses under 1 % and floods no second."""
    left = await campaign(auto, Budgets(auto), 40, lambda: busy)
    assert len(left) >= 0.99 * 40 * 25 - 25
    assert most_in(1.0, left) <= FREE


async def test_an_irregular_campaign_never_floods_a_second(auto: FakeClock) -> None:
    """However long the caller dawdles, no second holds more than Telegram allows."""
    rng = random.Random(7)
    left = await campaign(auto, Budgets(auto), 120, lambda: rng.choice([0, 0.01, 0.3, 0.9, 4.0]))
    assert most_in(1.0, left) <= FREE


async def test_no_second_holds_more_however_the_network_bunches_what_left(auto: FakeClock) -> None:
    """Telegram counts what arrives: a call may arrive at any moment between leaving and its answer."""
    rng, budgets = random.Random(9), Budgets(auto)
    arrived: list[float] = []

    async def fly(person: int) -> None:
        await budgets.wait(BOT, person, "sendMessage", Lane.CAMPAIGN, permit=True)
        left, seconds = auto.monotonic(), rng.choice([0.05, 0.05, 0.05, 0.8, 1.5])
        arrived.append(left + rng.choice([0.0, seconds]))
        await auto.sleep(seconds)
        budgets.landed(BOT, "sendMessage")

    flights, person = [], 0
    while auto.monotonic() < 30:
        for _ in range(await budgets.reserve(BOT, upto=25)):
            person += 1
            flights.append(asyncio.create_task(fly(person)))
        await auto.sleep(0.1)
    await asyncio.gather(*flights)
    assert most_in(1.0, sorted(arrived)) <= FREE
    assert len(arrived) > 30 * 15


async def test_permits_that_build_up_are_bounded(auto: FakeClock) -> None:
    """After an hour of silence one second's worth is at hand, not an hour's."""
    budgets = Budgets(auto)
    assert await budgets.reserve(BOT, upto=100) == 3
    await auto.sleep(3600)
    assert await budgets.reserve(BOT, upto=100) == 25


async def test_no_more_permits_are_given_than_asked_for(auto: FakeClock) -> None:
    """What the caller cannot use stays for the next."""
    budgets = Budgets(auto)
    assert [await budgets.reserve(BOT, upto=2), await budgets.reserve(BOT, upto=2)] == [2, 1]
    assert auto.monotonic() == 0


async def test_bots_do_not_share_a_budget(auto: FakeClock) -> None:
    """One bot's campaign takes nothing from another's."""
    budgets = Budgets(auto)
    await budgets.reserve(BOT, upto=100)
    assert await budgets.reserve(2, upto=100) == 3
    assert auto.monotonic() == 0


async def test_a_private_chat_gets_three_at_once_then_one_a_second(auto: FakeClock) -> None:
    """Telegram's FAQ: avoid more than one message a second in a chat, short bursts are fine."""
    budgets = Budgets(auto)
    left = await repeat(auto, 60, lambda: budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False))
    assert left[:4] == [0, 0, 0, pytest.approx(1, abs=0.06)]
    assert 61 <= len(left) <= 64


@pytest.mark.parametrize("chat", [GROUP, -5, "@channel"])
async def test_a_group_never_gets_more_than_twenty_in_any_minute(auto: FakeClock, chat: int | str) -> None:
    """Sends and edits share one budget of 20/min; the burst is part of it, not on top."""
    budgets = Budgets(auto)
    methods = iter(["sendMessage", "editMessageText"] * 500)
    left = await repeat(
        auto, 1800, lambda: budgets.wait(BOT, chat, next(methods), Lane.ENFORCE, permit=False)
    )
    assert left[2] == 0
    assert most_in(60.0, left) == 20
    assert len(left) >= 30 * 18


async def test_deletes_restrictions_and_reads_spend_nothing_of_a_groups_budget(auto: FakeClock) -> None:
    """Defect N6: a raid is cleaned up at full speed: a gate must not stand in the queue of its own cards."""
    budgets = Budgets(auto)
    for method in ("deleteMessage", "restrictChatMember", "answerCallbackQuery", "getChatMember") * 5:
        await budgets.wait(BOT, GROUP, method, Lane.ENFORCE, permit=False)
    for _ in range(3):
        await budgets.wait(BOT, GROUP, "sendMessage", Lane.ENFORCE, permit=False)
    assert auto.monotonic() == 0


async def test_reads_have_a_budget_of_their_own(auto: FakeClock) -> None:
    """A sweep of standings runs at 100/s, whatever is sent."""
    budgets = Budgets(auto)
    left = await repeat(
        auto, 4, lambda: budgets.wait(BOT, GROUP, "getChatMember", Lane.CAMPAIGN, permit=False)
    )
    assert 400 <= len(left) <= 425


async def test_a_long_poll_spends_nothing(auto: FakeClock) -> None:
    """getUpdates waits by itself."""
    budgets = Budgets(auto)
    for _ in range(1000):
        await budgets.wait(BOT, None, "getUpdates", Lane.ANSWER, permit=False)
    assert auto.monotonic() == 0


async def test_an_answer_is_never_delayed_by_a_campaign(clock: FakeClock) -> None:
    """A person's command during a campaign at full rate leaves at once, every time."""
    budgets = Budgets(clock)
    running = asyncio.create_task(campaign(clock, budgets, 20, lambda: 0.001))
    for number in range(40):
        await clock.advance(0.37)
        await asyncio.wait_for(call(budgets, 10_000 + number, Lane.ANSWER), timeout=1)
    await clock.advance(10)
    assert len(await running) >= 400


async def test_answers_count_against_the_bots_rate(clock: FakeClock) -> None:
    """Answers and campaign together stay at the bot's rate: Telegram counts both."""
    budgets = Budgets(clock)
    running = asyncio.create_task(campaign(clock, budgets, 20, lambda: 0.001))
    for number in range(200):
        await call(budgets, 10_000 + number, Lane.ANSWER)
        await clock.advance(0.1)
    await clock.advance(1)
    assert len(await running) + 200 == pytest.approx(500, abs=10)


async def test_a_storm_of_answers_owes_campaigns_at_most_a_second(auto: FakeClock) -> None:
    """Answers beyond the rate hold a campaign back while they last, not for minutes afterwards."""
    budgets = Budgets(auto)
    for number in range(1000):
        await call(budgets, 10_000 + number, Lane.ANSWER)
    await budgets.reserve(BOT, upto=1)
    assert auto.monotonic() <= 1.0


async def test_a_gates_cards_keep_to_the_bots_rate(auto: FakeClock) -> None:
    """A raid in a hundred groups at once is no reason to break the limit of the bot as a whole."""
    budgets = Budgets(auto)
    left = []
    for group in range(100):
        await call(budgets, -1 - group, Lane.ENFORCE)
        left.append(auto.monotonic())
    assert most_in(1.0, left) <= 28
    assert left[-1] == pytest.approx(97 / 25, abs=0.2)


async def test_lanes_go_in_order_whoever_came_first(clock: FakeClock) -> None:
    """A gate's card overtakes campaigns that queue for the bot; equals keep their order."""
    budgets = Budgets(clock)
    order: list[str] = []

    async def send(name: str, chat: int, lane: Lane) -> None:
        await budgets.wait(BOT, chat, "sendMessage", lane, permit=False)
        order.append(name)

    await budgets.reserve(BOT, upto=3)
    tasks = [asyncio.create_task(send(f"campaign {n}", n + 1, Lane.CAMPAIGN)) for n in range(3)]
    await clock.advance(0.01)
    tasks += [asyncio.create_task(send(f"card {n}", -n - 1, Lane.ENFORCE)) for n in range(2)]
    await clock.advance(1)
    await asyncio.gather(*tasks)
    assert order == ["card 0", "card 1", "campaign 0", "campaign 1", "campaign 2"]


async def test_an_answer_in_a_chat_overtakes_the_campaign_there(clock: FakeClock) -> None:
    """Within one chat too, the person who waits goes first."""
    budgets = Budgets(clock)
    order: list[str] = []

    async def send(name: str, lane: Lane) -> None:
        await budgets.wait(BOT, 5, "sendMessage", lane, permit=False)
        order.append(name)

    for _ in range(3):
        await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    campaigns = [asyncio.create_task(send("campaign", Lane.CAMPAIGN)) for _ in range(2)]
    await clock.advance(0.5)
    answer = asyncio.create_task(send("answer", Lane.ANSWER))
    await clock.advance(5)
    await asyncio.gather(answer, *campaigns)
    assert order == ["answer", "campaign", "campaign"]


async def test_paid_campaigns_have_a_faster_rate_and_share_every_pause(auto: FakeClock) -> None:
    """The free rate does not hold them, a 429 does, and slows both down."""
    budgets = Budgets(auto, per_bot=25, per_bot_paid=500)
    sent = 0
    while auto.monotonic() < 2:
        permits = await budgets.reserve(BOT, upto=50, paid=True)
        for person in range(permits):
            await budgets.wait(BOT, sent + person + 1, "sendMessage", Lane.CAMPAIGN, permit=True, paid=True)
        sent += permits
    assert 990 <= sent <= 1060
    budgets.pause(budgets.blame(BOT, 1_000_000, "sendMessage"), 5)
    with pytest.raises(TryLater):
        await budgets.wait(BOT, 1_000_001, "sendMessage", Lane.CAMPAIGN, permit=True, paid=True)
    assert budgets.rate(BOT) == 25 * 0.7
