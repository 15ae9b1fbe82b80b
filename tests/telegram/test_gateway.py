"""The gateway's steps over a scripted network, in simulated time."""

import asyncio
import logging
import random
import traceback

import msgspec
import pytest
from scripted_telegram import GROUP, HTML, Maker, Telegram, automatic

from fake_transport import BOT_ID, TOKEN, FakeTransport, ok, refusal, too_many
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import (
    Misconfigured,
    OutcomeUnknown,
    PeerGone,
    TryLater,
)
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import CallRecord, Gateway
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.transport import ConnectFailed, ConnectionLost, Reply


@pytest.fixture
def telegram() -> Maker:
    """`telegram(*script)`: a gateway whose clock jumps by itself."""
    return automatic


async def test_a_result_is_decoded_into_the_type_asked_for(telegram: Maker) -> None:
    """msgspec reads straight into what the caller wants."""
    world = telegram(ok([1, 2]))
    result = await world.gateway.call(TOKEN, "getThings", {}, lane=Lane.ANSWER, result=list[int])
    assert result == [1, 2]


async def test_params_go_out_as_one_json_object(telegram: Maker) -> None:
    """Nested values stay JSON: the server takes them as they are."""
    world = telegram()
    await world.gateway.call(
        TOKEN, "sendMessage", {"chat_id": 5, "reply_markup": {"a": [1]}}, lane=Lane.ANSWER, result=msgspec.Raw
    )
    assert world.transport.posted[0].params == {"chat_id": 5, "reply_markup": {"a": [1]}}


@pytest.mark.parametrize("method", ["sendMessage", "getMe", "deleteMessage", "createChatInviteLink"])
async def test_a_failed_connection_is_tried_three_times(telegram: Maker, method: str) -> None:
    """Nothing was sent, so even a send may be repeated; with growing, spread waits."""
    world = telegram(ConnectFailed("refused"), ConnectFailed("refused"), ok())
    assert await world.call(method) is True
    first, second, third = world.transport.moments
    assert 0.25 <= second - first <= 0.75
    assert 0.5 <= third - second <= 1.5


async def test_a_network_that_stays_away_is_reported_after_three_tries(telegram: Maker) -> None:
    """The caller hears that nothing was sent, and decides."""
    world = telegram(*[ConnectFailed("refused")] * 3)
    error = await world.fail("sendMessage")
    assert (type(error), error.code, len(world.transport.posted)) == (TryLater, "unreachable", 3)


@pytest.mark.parametrize(
    "answer",
    [
        ConnectionLost("reset"),
        Reply(500, HTML),
        refusal(502, "Bad Gateway"),
        Reply(200, HTML),
        Reply(200, b"{}"),
    ],
    ids=["reset", "500 html", "502", "200 html", "200 json"],
)
@pytest.mark.parametrize("method", ["sendMessage", "copyMessage", "forwardMessage", "createChatInviteLink"])
async def test_a_send_in_doubt_is_never_repeated(
    telegram: Maker, method: str, answer: Reply | Exception
) -> None:
    """After the body may have left, only the ledger can decide: one post, OutcomeUnknown."""
    world = telegram(answer)
    assert type(await world.fail(method)) is OutcomeUnknown
    assert len(world.transport.posted) == 1


@pytest.mark.parametrize(
    "answer",
    [ConnectionLost("reset"), Reply(500, HTML), refusal(502, "Bad Gateway"), Reply(200, HTML)],
    ids=["reset", "500 html", "502", "200 html"],
)
@pytest.mark.parametrize(
    "method",
    ["getChatMember", "deleteMessage", "restrictChatMember", "answerCallbackQuery", "leaveChat"],
)
async def test_what_does_no_harm_twice_is_repeated(
    telegram: Maker, method: str, answer: Reply | Exception
) -> None:
    """Reads and acts that lead to the same state survive two lost answers."""
    world = telegram(answer, answer, ok())
    assert await world.call(method, GROUP) is True


async def test_a_read_that_stays_in_doubt_is_to_be_tried_later(telegram: Maker) -> None:
    """Nothing is unknown about a read: it can be made again."""
    world = telegram(*[ConnectionLost("timed out")] * 3)
    error = await world.fail("getChatMember")
    assert (type(error), error.code, len(world.transport.posted)) == (TryLater, "no_answer", 3)


async def test_a_result_of_another_shape_is_in_doubt(telegram: Maker) -> None:
    """The message was sent, but its id is unknown: that is not a failure."""
    world = telegram(ok("surprise"))
    with pytest.raises(OutcomeUnknown):
        await world.gateway.call(TOKEN, "sendMessage", {"chat_id": 5}, lane=Lane.ANSWER, result=int)


async def test_a_refusal_is_translated_and_not_repeated(telegram: Maker) -> None:
    """Telegram's no is final."""
    world = telegram(refusal(403, "Forbidden: bot was blocked by the user"))
    error = await world.fail("sendMessage")
    assert (type(error), error.code, len(world.transport.posted)) == (PeerGone, "blocked", 1)


async def test_somebody_else_at_the_address_is_a_wrong_setting(telegram: Maker) -> None:
    """A proxy's 403 page must not suppress anybody."""
    error = await telegram(Reply(403, HTML)).fail("sendMessage")
    assert (type(error), error.code) == (Misconfigured, "not_telegram")


@pytest.mark.parametrize("lane", [Lane.ANSWER, Lane.ENFORCE])
async def test_an_answer_waits_out_a_429_and_is_repeated(telegram: Maker, lane: Lane) -> None:
    """A limited call was surely not delivered, so repeating it is safe once the pause is over."""
    world = telegram(too_many(7), ok())
    assert await world.call("sendMessage", lane=lane) is True
    assert 7 < world.transport.posted[1].at < 8


async def test_a_campaign_hears_of_a_429_at_once(telegram: Maker) -> None:
    """Its ledger postpones the delivery and goes on with other people."""
    world = telegram(too_many(7))
    error = await world.fail("sendMessage", lane=Lane.CAMPAIGN)
    assert isinstance(error, TryLater)
    assert (error.code, len(world.transport.posted)) == ("rate_limited", 1)
    assert 7 < error.retry_after < 8


async def test_nobody_waits_out_a_long_429(telegram: Maker) -> None:
    """Waits of hours have been seen; a handler gives up within a minute, and knows when to come again."""
    world = telegram(too_many(3600))
    error = await world.fail("sendMessage")
    assert isinstance(error, TryLater)
    assert error.retry_after >= 3600
    assert world.clock.monotonic() < 60


async def test_repeated_429s_end_within_a_minute(telegram: Maker) -> None:
    """The waits of one call add up; together they stay below 60 seconds."""
    world = telegram(*[too_many(20)] * 10)
    assert (await world.fail("getMe", None)).code == "rate_limited"
    assert (len(world.transport.posted), world.clock.monotonic() < 60) == (3, True)


async def test_a_429_of_a_used_chat_pauses_that_chat(telegram: Maker) -> None:
    """Other people are still answered at once."""
    world = telegram(ok(), too_many(30))
    await world.call("sendMessage", 5)
    await world.fail("sendMessage", 5, lane=Lane.CAMPAIGN)
    before = world.clock.monotonic()
    await world.call("sendMessage", 6)
    assert await world.budgets.reserve(BOT_ID, upto=1) == 1
    assert world.clock.monotonic() < before + 0.1
    await world.call("sendMessage", 5)
    assert world.clock.monotonic() > before + 30


async def test_a_429_of_a_fresh_person_pauses_the_bots_campaigns(telegram: Maker) -> None:
    """The bot as a whole was too fast: campaigns stop, answers do not."""
    world = telegram(too_many(30))
    await world.fail("sendMessage", 5, lane=Lane.CAMPAIGN)
    await world.call("sendMessage", 6)
    assert world.clock.monotonic() == 0
    await world.budgets.reserve(BOT_ID, upto=1)
    assert world.clock.monotonic() > 30


async def test_a_call_that_ends_does_not_shorten_a_pause(clock: FakeClock) -> None:
    """The fault of python-telegram-bot's limiter (#5338): a success in flight must not lift the halt."""
    world = Telegram(clock, too_many(30))
    world.transport.latency = 1.0
    limited = asyncio.create_task(world.fail("sendMessage", 5, lane=Lane.CAMPAIGN))
    await clock.advance(0.5)
    others = [asyncio.create_task(world.call("sendMessage", chat)) for chat in range(10, 15)]
    await clock.advance(5)
    assert all(task.done() for task in [limited, *others])
    reserving = asyncio.create_task(world.budgets.reserve(BOT_ID, upto=1))
    await clock.advance(24)
    assert not reserving.done()
    await clock.advance(5)
    assert reserving.done()


async def test_a_429_is_no_failure_for_the_breaker(telegram: Maker) -> None:
    """Whoever says "slower" is alive."""
    world = telegram(*[too_many(1)] * 5, ok())
    assert await world.call("getMe", None) is True


async def test_three_failures_open_the_breaker_of_that_class(telegram: Maker) -> None:
    """While sends fail, reads still go through; after half a minute a probe may."""
    world = telegram(*[Reply(500, HTML)] * 3)
    for _ in range(3):
        assert (await world.fail("sendMessage")).code == "server_error"
    error = await world.fail("editMessageText")
    assert (type(error), error.code, len(world.transport.posted)) == (TryLater, "breaker_open", 3)
    await world.call("getChatMember")
    await world.clock.sleep(30)
    await world.call("sendMessage")
    await world.call("sendMessage")


async def test_a_cancelled_probe_does_not_block_the_breaker(clock: FakeClock) -> None:
    """A person who goes away in the wrong moment must not silence the bot."""
    world = Telegram(clock, *[Reply(500, HTML)] * 3)
    for _ in range(3):
        await world.fail("sendMessage")
    await clock.advance(30)
    world.transport.latency = 10
    probe = asyncio.create_task(world.call("sendMessage"))
    await clock.advance(1)
    probe.cancel()
    await clock.advance(0)
    world.transport.latency = 0
    assert await world.call("sendMessage") is True


async def test_a_long_poll_is_neither_repeated_nor_broken_nor_paused(telegram: Maker) -> None:
    """The poller has its own way with outages, and getUpdates spends nobody's budget."""
    world = telegram(*[ConnectFailed("refused")] * 4, too_many(30), ok([]))
    for _ in range(4):
        assert (await world.fail("getUpdates", None)).code == "unreachable"
    assert (await world.fail("getUpdates", None)).code == "rate_limited"
    assert await world.call("getUpdates", None) == []
    assert world.clock.monotonic() == 0


async def test_every_call_is_observed_once(clock: FakeClock) -> None:
    """One record for each call, however often it was repeated, with how it ended."""
    seen: list[CallRecord] = []
    world = Telegram(FakeClock(auto=True), too_many(7), ok(), refusal(400, "nonsense"), observe=seen.append)
    await world.call("sendMessage")
    await world.fail("getMe", None)
    slow = Telegram(clock, observe=seen.append)
    slow.transport.latency = 9
    task = asyncio.create_task(slow.call("getMe", None))
    await clock.advance(1)
    task.cancel()
    await clock.advance(0)
    assert [(one.method, one.code, one.attempts) for one in seen] == [
        ("sendMessage", "ok", 2),
        ("getMe", "unknown_400", 1),
        ("getMe", "cancelled", 1),
    ]
    assert seen[0].bot_id == BOT_ID
    assert 7 < seen[0].seconds < 8


async def test_waiting_for_a_budget_is_told_apart_from_waiting_for_telegram(clock: FakeClock) -> None:
    """Who is slow, they or we? The record says how long the call stood in our queue."""
    seen: list[CallRecord] = []
    world = Telegram(FakeClock(auto=True), observe=seen.append)
    for _ in range(4):
        await world.call("sendMessage", 5)
    assert [round(one.waited, 3) for one in seen] == [0, 0, 0, 1.05]


async def test_ids_written_as_text_are_the_same_chat(telegram: Maker) -> None:
    """aiogram sends ids as strings; the budget is the same one."""
    world = telegram()
    for chat in (5, "5", "5", 5):
        await world.gateway.call(TOKEN, "sendMessage", {"chat_id": chat}, lane=Lane.ANSWER, result=object)
    assert world.clock.monotonic() == pytest.approx(1, abs=0.06)


URL = f"http://telegram.test/bot{TOKEN}/sendMessage"


def talkative(error: Exception) -> Exception:
    """An error of a transport that is chained to one of its HTTP client, which shows the URL."""
    error.__cause__ = error.__context__ = OSError(f"cannot connect to {URL}")
    return error


@pytest.mark.parametrize(
    "answer",
    [
        talkative(ConnectFailed(f"refused: {URL}")),
        talkative(ConnectionLost(f"reset: {URL.replace(':', '%3A')}")),
        Reply(500, URL.encode()),
        Reply(200, URL.encode()),
        Reply(403, URL.encode()),
        refusal(401, f"Unauthorized: {URL}"),
        refusal(400, f"Bad Request: {URL}"),
        refusal(429, URL, retry_after=3600),
    ],
    ids=["connect", "lost", "500", "200", "403", "401", "400", "429"],
)
async def test_no_error_shows_the_token(
    telegram: Maker, answer: Reply | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in its text, its repr, what it is chained to, nor in any log line, whoever quotes the URL."""
    caplog.set_level(logging.DEBUG)
    world = telegram(*[answer] * 3)
    error = await world.fail("sendMessage")
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)) + caplog.text
    assert "the-secret-part" not in shown
    assert (error.__context__, error.__cause__) == (None, None)


@pytest.mark.parametrize("url", ["", "api.telegram.org", "ftp://api.telegram.org"])
async def test_an_address_that_is_none_is_refused_at_the_start(clock: FakeClock, url: str) -> None:
    """A wrong setting is named before the first call."""
    with pytest.raises(Misconfigured) as error:
        Gateway(FakeTransport(clock), Budgets(clock), clock=clock, rng=random.Random(1), api_url=url)
    assert error.value.field == "GATECRIER_TELEGRAM_API_URL"


async def test_a_permit_is_not_paid_twice(telegram: Maker) -> None:
    """What `reserve` gave leaves without waiting for the bot's rate again."""
    world = telegram()
    for person in range(await world.budgets.reserve(BOT_ID, upto=3)):
        await world.call("sendMessage", person + 1, lane=Lane.CAMPAIGN, permit=True)
    assert world.transport.moments == [0, 0, 0]


async def test_a_proxys_retry_after_counts(telegram: Maker) -> None:
    """A 429 without a Bot API body still says how long, in its header."""
    error = await telegram(Reply(429, HTML, retry_after=90)).fail("sendMessage")
    assert isinstance(error, TryLater)
    assert 90 < error.retry_after < 91


async def test_closing_the_gateway_closes_its_transport(telegram: Maker) -> None:
    """One owner, one call."""
    world = telegram()
    await world.gateway.close()
    assert world.transport.closed
