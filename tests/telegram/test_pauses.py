"""What a 429 pauses, for whom, and for how long; and that nothing is remembered without need."""

import asyncio

import pytest
from pacing import BOT, GROUP, campaign, most_in

from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import TryLater
from gatecrier.telegram.budgets import Budgets, Scope
from gatecrier.telegram.lanes import Lane


@pytest.fixture
def auto() -> FakeClock:
    """A clock that jumps to the next sleeper by itself."""
    return FakeClock(auto=True)


async def test_a_pause_of_a_chat_holds_that_chat_only(clock: FakeClock) -> None:
    """A flooded chat is set aside; its neighbours and the bot go on."""
    budgets = Budgets(clock)
    budgets.pause(Scope(BOT, "chat", 5), 30)
    await budgets.wait(BOT, 6, "sendMessage", Lane.ANSWER, permit=False)
    assert await budgets.reserve(BOT, upto=1) == 1
    held = asyncio.create_task(budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False))
    await clock.advance(29.9)
    assert not held.done()
    await clock.advance(0.2)
    assert held.done()


async def test_a_pause_of_the_bot_holds_campaigns_only(clock: FakeClock) -> None:
    """Bulk is what Telegram limits: a person's answer and a gate's card still leave."""
    budgets = Budgets(clock)
    budgets.pause(Scope(BOT, "bulk"), 30)
    await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    await budgets.wait(BOT, GROUP, "sendMessage", Lane.ENFORCE, permit=False)
    reserving = asyncio.create_task(budgets.reserve(BOT, upto=100))
    await clock.advance(29.9)
    assert not reserving.done()
    await clock.advance(0.2)
    assert reserving.result() == 1


async def test_no_herd_leaves_after_a_pause(clock: FakeClock) -> None:
    """Calls that queued through a pause leave at the bot's rate: tokens are taken on leaving."""
    budgets = Budgets(clock)
    left: list[float] = []

    async def send() -> None:
        await budgets.wait(BOT, GROUP, "getChatMember", Lane.ENFORCE, permit=False)
        left.append(clock.monotonic())

    budgets.pause(Scope(BOT, "read", GROUP), 10)
    tasks = [asyncio.create_task(send()) for _ in range(300)]
    await clock.advance(14)
    await asyncio.gather(*tasks)
    assert left[0] == pytest.approx(10)
    assert most_in(0.1, left) <= 11


async def test_a_pause_is_never_shortened(clock: FakeClock) -> None:
    """A shorter pause that comes later, or another call that ends, changes nothing."""
    budgets = Budgets(clock)
    budgets.pause(Scope(BOT, "bulk"), 60)
    budgets.pause(Scope(BOT, "bulk"), 2)
    budgets.pause(Scope(BOT, "chat", 5), 50)
    budgets.pause(Scope(BOT, "chat", 5), 2)
    await budgets.wait(BOT, 6, "sendMessage", Lane.ANSWER, permit=False)
    with pytest.raises(TryLater) as bulk:
        await budgets.wait(BOT, 6, "sendMessage", Lane.CAMPAIGN, permit=True)
    with pytest.raises(TryLater) as chat:
        await budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=False)
    assert (bulk.value.retry_after, chat.value.retry_after) == (60, 50)


async def test_a_campaign_does_not_sit_out_a_pause(clock: FakeClock) -> None:
    """The ledger hears at once how long, and sends to somebody else meanwhile."""
    budgets = Budgets(clock)
    budgets.pause(Scope(BOT, "chat", 5), 3600)
    with pytest.raises(TryLater) as error:
        await budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=False)
    assert (error.value.code, error.value.retry_after) == ("rate_limited", 3600)


async def test_a_permit_does_not_outlive_a_pause_of_the_bot(clock: FakeClock) -> None:
    """Permits taken just before a 429 are not spent into it."""
    budgets = Budgets(clock)
    assert await budgets.reserve(BOT, upto=3) == 3
    budgets.pause(Scope(BOT, "bulk"), 5)
    with pytest.raises(TryLater):
        await budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=True)


async def test_nobody_waits_longer_than_their_patience(clock: FakeClock) -> None:
    """An answer to a chat paused for an hour fails now, not in an hour."""
    budgets = Budgets(clock)
    budgets.pause(Scope(BOT, "chat", 5), 3600)
    with pytest.raises(TryLater) as error:
        await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    assert error.value.retry_after == 3600


async def test_a_queue_in_a_raid_is_bounded_by_patience(clock: FakeClock) -> None:
    """A hundred cards for one group do not pile up for minutes: late ones are told to try later."""
    budgets = Budgets(clock)
    cards = [
        asyncio.create_task(budgets.wait(BOT, GROUP, "sendMessage", Lane.ENFORCE, permit=False))
        for _ in range(100)
    ]
    for _ in range(64):
        await clock.advance(1)
    assert all(card.done() for card in cards)
    assert sum(card.exception() is None for card in cards) == 20


async def test_a_pause_that_begins_while_others_queue_holds_them_too(clock: FakeClock) -> None:
    """A 429 reaches whoever was already waiting for that chat: answers sit it out, campaigns hear at once."""
    budgets = Budgets(clock)
    for _ in range(3):
        await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    answer = asyncio.create_task(budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False))
    before = asyncio.create_task(budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=True))
    await clock.advance(0.5)
    budgets.pause(Scope(BOT, "chat", 5), 20)
    after = asyncio.create_task(budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=False))
    await clock.advance(0)
    assert isinstance(before.exception(), TryLater)
    assert isinstance(after.exception(), TryLater)
    await clock.advance(19)
    assert not answer.done()
    await clock.advance(3)
    assert answer.done()


async def test_a_pause_tells_at_once_whoever_cannot_wait_so_long(clock: FakeClock) -> None:
    """Behind others or not: patience is looked at when the pause begins, not when it ends."""
    budgets = Budgets(clock)
    for _ in range(3):
        await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    first, second = (
        asyncio.create_task(budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False, patience=patience))
        for patience in (60, 10)
    )
    await clock.advance(0.5)
    budgets.pause(Scope(BOT, "chat", 5), 30)
    await clock.advance(0)
    assert (first.done(), isinstance(second.exception(), TryLater)) == (False, True)
    await clock.advance(31)
    assert first.done()


async def test_a_pause_of_the_bot_tells_campaigns_that_queue_for_it(clock: FakeClock) -> None:
    """A campaign's call behind a gate's card does not sit the pause out; the card is not held."""
    budgets = Budgets(clock)
    await budgets.reserve(BOT, upto=3)
    card = asyncio.create_task(budgets.wait(BOT, GROUP, "sendMessage", Lane.ENFORCE, permit=False))
    sending = asyncio.create_task(budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=False))
    await clock.advance(0.01)
    budgets.pause(Scope(BOT, "bulk"), 30)
    await clock.advance(0.05)
    assert isinstance(sending.exception(), TryLater)
    assert card.done()


@pytest.mark.parametrize("method", ["getChatMember", "deleteMessage"])
async def test_a_pause_that_begins_while_calls_queue_for_the_bot_holds_them(
    clock: FakeClock, method: str
) -> None:
    """A 429 on one read or act of a raid stops the hundreds that wait behind it, not only the next ones."""
    budgets = Budgets(clock)
    left: list[float] = []

    async def send(chat: int) -> None:
        await budgets.wait(BOT, chat, method, Lane.ENFORCE, permit=False)
        left.append(clock.monotonic())

    tasks = [asyncio.create_task(send(GROUP)) for _ in range(300)]
    others = [asyncio.create_task(send(-7)) for _ in range(20)]
    await clock.advance(0.1)
    begun = len(left)
    budgets.pause(Scope(BOT, "read" if method.startswith("get") else "act", GROUP), 30)
    for _ in range(29):
        await clock.advance(1)
    assert all(task.done() for task in others)
    assert len(left) <= begun + len(others)
    await clock.advance(5)
    await asyncio.gather(*tasks)
    assert min(left[begun + len(others) :]) >= 30


async def test_whoever_gives_up_waiting_takes_nothing_along(clock: FakeClock) -> None:
    """A cancelled call frees its place and its token, even at the head of the queue."""
    budgets = Budgets(clock)
    for _ in range(3):
        await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    tasks = [
        asyncio.create_task(budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)) for _ in range(4)
    ]
    await clock.advance(0.1)
    tasks[0].cancel()
    tasks[2].cancel()
    await clock.advance(1)
    assert [task.done() for task in tasks] == [True, True, True, False]
    await clock.advance(1)
    assert tasks[3].done()


async def test_memory_is_bounded_by_the_chats_at_work(auto: FakeClock) -> None:
    """A million chats written to once leave no million budgets behind, nor a million moments."""
    budgets = Budgets(auto)
    for person in range(1, 8_000):
        await budgets.wait(BOT, person, "sendMessage", Lane.ANSWER, permit=False)
        if person % 100 == 0:
            await auto.sleep(1)
    assert budgets.size < 3000


async def test_a_storm_of_answers_is_remembered_for_a_second_only(auto: FakeClock) -> None:
    """What only counts for the bot's rate is kept no longer, and never more of it, than the rate needs."""
    budgets = Budgets(auto)
    for person in range(5_000):
        await budgets.wait(BOT, person % 100 + 1, "sendMessage", Lane.ANSWER, permit=False)
    assert budgets.size <= 100 + 28


async def test_a_chat_is_remembered_until_its_answer_came(clock: FakeClock) -> None:
    """A 429 that takes seconds to arrive still finds the chat that was used too fast."""
    budgets = Budgets(clock)
    for _ in range(2):
        await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    await clock.advance(8)
    for person in range(1000, 4000):
        await budgets.wait(BOT, person, "sendMessage", Lane.ANSWER, permit=False)
    assert budgets.blame(BOT, 5, "sendMessage") == Scope(BOT, "chat", 5)


async def test_a_paused_chat_is_not_forgotten(auto: FakeClock) -> None:
    """Clearing up idle budgets loses no pause."""
    budgets = Budgets(auto, per_bot=1e6)
    budgets.pause(Scope(BOT, "chat", 5), 3600)
    for person in range(1000, 4000):
        await budgets.wait(BOT, person, "sendMessage", Lane.ANSWER, permit=False)
        if person % 100 == 0:
            await auto.sleep(5)
    with pytest.raises(TryLater):
        await budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=False)


async def test_a_429_is_blamed_on_the_scope_that_explains_it(clock: FakeClock) -> None:
    """A chat just used is to blame; a fresh private chat is not, the bot's bulk is; groups by default are."""
    budgets = Budgets(clock)
    await budgets.wait(BOT, 5, "sendMessage", Lane.CAMPAIGN, permit=False)
    fresh = budgets.blame(BOT, 5, "sendMessage")
    await budgets.wait(BOT, 5, "sendMessage", Lane.ANSWER, permit=False)
    assert fresh == Scope(BOT, "bulk")
    assert budgets.blame(BOT, 5, "sendMessage") == Scope(BOT, "chat", 5)
    assert budgets.blame(BOT, GROUP, "sendMessage") == Scope(BOT, "chat", GROUP)
    assert budgets.blame(BOT, GROUP, "getChatMember") == Scope(BOT, "read", GROUP)
    assert budgets.blame(BOT, GROUP, "deleteMessage") == Scope(BOT, "act", GROUP)
    for method in ("getMe", "setMyCommands", "answerCallbackQuery", "sendGift", "editMessageText"):
        assert budgets.blame(BOT, None, method) == Scope(BOT, "method", method.lower())


@pytest.mark.parametrize("method", ["getMe", "setMyCommands", "sendGift"])
async def test_a_pause_of_a_method_holds_its_calls_only(clock: FakeClock, method: str) -> None:
    """Without a chat a 429 says nothing of the bot's other calls, nor of the same method in a chat."""
    budgets = Budgets(clock)
    budgets.pause(Scope(BOT, "method", method.lower()), 30)
    for other, chat in (("getMyName", None), ("setMyName", None), ("banChatMember", GROUP), (method, GROUP)):
        await budgets.wait(BOT, chat, other, Lane.ENFORCE, permit=False)
    assert await budgets.reserve(BOT, upto=1) == 1
    held = asyncio.create_task(budgets.wait(BOT, None, method.upper(), Lane.ENFORCE, permit=False))
    await clock.advance(29)
    assert not held.done()
    await clock.advance(2)
    assert held.done()


async def test_a_429_in_a_group_during_a_busy_campaign_is_the_bots(auto: FakeClock) -> None:
    """With the bot at its rate and the group untouched, the rate explains the 429."""
    budgets = Budgets(auto)
    await campaign(auto, budgets, 2, lambda: 0.0)
    assert budgets.blame(BOT, GROUP, "sendMessage") == Scope(BOT, "bulk")


async def test_a_pause_of_reads_in_one_chat_spares_the_others(clock: FakeClock) -> None:
    """getChatMember flooded in one channel still answers for the next."""
    budgets = Budgets(clock)
    budgets.pause(Scope(BOT, "read", GROUP), 30)
    await budgets.wait(BOT, -7, "getChatMember", Lane.ENFORCE, permit=False)
    with pytest.raises(TryLater):
        await budgets.wait(BOT, GROUP, "getChatMember", Lane.CAMPAIGN, permit=False)
