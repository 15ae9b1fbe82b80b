"""The gateway while Telegram does not answer, or says "slower": what still leaves, what is told to wait."""

import asyncio

import pytest
from scripted_telegram import GROUP, HTML, Maker, Telegram, automatic

from fake_transport import BOT_ID, TOKEN, ok, refusal, too_many
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, TryLater
from gatecrier.telegram.budgets import Scope
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.transport import ConnectionLost, Reply

DOWN = Reply(500, HTML)


@pytest.fixture
def telegram() -> Maker:
    """`telegram(*script)`: a gateway whose clock jumps by itself."""
    return automatic


async def broken(clock: FakeClock) -> Telegram:
    """One whose breaker for sends has just opened."""
    world = Telegram(clock, DOWN, DOWN, DOWN)
    for _ in range(3):
        await world.fail("sendMessage")
    return world


async def test_calls_that_queued_before_an_outage_do_not_leave_during_it(clock: FakeClock) -> None:
    """The breaker is asked again as a call leaves, not only as it joins the queue."""
    world = Telegram(clock)
    world.budgets.pause(Scope(BOT_ID, "chat", GROUP), 10)
    queued = [asyncio.create_task(world.fail("sendMessage", GROUP)) for _ in range(5)]
    await clock.advance(1)
    world.transport.script = [DOWN] * 3
    for _ in range(3):
        await world.fail("sendMessage")
    await clock.advance(40)
    errors = [await task for task in queued]
    assert {error.code for error in errors[:3]} == {"breaker_open"}
    assert [posted.at for posted in world.transport.posted if posted.params["chat_id"] == GROUP] == []


async def test_a_call_that_waits_for_its_chat_is_no_probe(clock: FakeClock) -> None:
    """Whoever could ask Telegram now is not held up by one that asks in a minute."""
    world = await broken(clock)
    await clock.advance(30)
    world.budgets.pause(Scope(BOT_ID, "chat", GROUP), 55)
    waiting = asyncio.create_task(world.call("sendMessage", GROUP))
    await clock.advance(1)
    assert await world.call("sendMessage") is True
    await clock.advance(60)
    assert await waiting is True


async def test_during_an_outage_nobody_waits_for_a_budget(clock: FakeClock) -> None:
    """What would not be sent afterwards need not queue before."""
    world = await broken(clock)
    world.budgets.pause(Scope(BOT_ID, "chat", GROUP), 55)
    assert (await world.fail("sendMessage", GROUP)).code == "breaker_open"


async def test_our_own_limits_are_no_failure_of_telegrams(telegram: Maker) -> None:
    """However many calls a budget refuses, the breaker stays closed."""
    world = telegram()
    world.budgets.pause(Scope(BOT_ID, "chat", GROUP), 3600)
    for _ in range(5):
        assert (await world.fail("sendMessage", GROUP)).code == "rate_limited"
    assert await world.call("sendMessage") is True


async def test_all_waits_of_a_call_come_out_of_one_patience(telegram: Maker) -> None:
    """Forty seconds for a 429 leave twenty for a pause that began meanwhile."""
    world = telegram(too_many(40))

    def pause(_: object) -> None:
        world.budgets.pause(Scope(BOT_ID, "chat", GROUP), 70)

    world.transport.rule = pause
    assert (await world.fail("sendMessage", GROUP)).code == "rate_limited"
    assert (len(world.transport.posted), 40 < world.clock.monotonic() < 41) == (1, True)


async def test_a_429_of_a_method_pauses_that_method_only(telegram: Maker) -> None:
    """A menu that was set too often leaves the bot free to moderate, to read and to answer presses."""
    world = telegram(too_many(3600))
    await world.fail("setMyCommands", None)
    assert isinstance(await world.fail("setMyCommands", None), TryLater)
    others = [
        ("setMyDescription", None),
        ("getMe", None),
        ("answerCallbackQuery", None),
        ("restrictChatMember", GROUP),
        ("deleteMessage", GROUP),
        ("getChatMember", GROUP),
    ]
    for method, chat in others:
        assert await world.call(method, chat) is True
    assert (len(world.transport.posted), world.clock.monotonic()) == (1 + len(others), 0)


async def test_a_429_of_a_poll_pauses_nothing(telegram: Maker) -> None:
    """The poller waits by itself; everything else goes on."""
    world = telegram(too_many(3600))
    await world.fail("getUpdates", None)
    for method in ("getMe", "getUpdates", "deleteWebhook"):
        assert await world.call(method, None) is True
    assert world.clock.monotonic() == 0


@pytest.mark.parametrize(
    "answer", [ConnectionLost("reset"), DOWN, Reply(200, HTML)], ids=["lost", "500", "200"]
)
@pytest.mark.parametrize("method", ["editMessageText", "editMessageReplyMarkup", "stopPoll"])
async def test_an_edit_in_doubt_is_left_to_whoever_made_it(
    telegram: Maker, method: str, answer: Reply | Exception
) -> None:
    """Repeated later it could overwrite a newer one; its author draws it anew."""
    world = telegram(answer)
    assert type(await world.fail(method)) is TryLater
    assert len(world.transport.posted) == 1


LOST = ConnectionLost("reset")
REPEATED = [
    ("leaveChat", refusal(403, "Forbidden: bot is not a member of the supergroup chat")),
    ("approveChatJoinRequest", refusal(400, "Bad Request: USER_ALREADY_PARTICIPANT")),
    ("approveChatJoinRequest", refusal(400, "Bad Request: HIDE_REQUESTER_MISSING")),
    ("declineChatJoinRequest", refusal(400, "Bad Request: HIDE_REQUESTER_MISSING")),
    ("deleteMessage", refusal(400, "Bad Request: message to delete not found")),
    ("closeForumTopic", refusal(400, "Bad Request: TOPIC_NOT_MODIFIED")),
    ("deleteForumTopic", refusal(400, "Bad Request: TOPIC_DELETED")),
    ("setChatTitle", refusal(400, "Bad Request: chat title is not modified")),
    ("answerCallbackQuery", refusal(400, "Bad Request: QUERY_ID_INVALID")),
]


@pytest.mark.parametrize(("method", "answer"), REPEATED)
async def test_a_repetition_that_is_refused_because_the_first_one_worked_is_a_success(
    telegram: Maker, method: str, answer: Reply
) -> None:
    """Whoever is told "not a member" after leaving in doubt has left."""
    assert await telegram(LOST, answer).call(method, GROUP) is True
    assert isinstance(await telegram(answer).fail(method, GROUP), GatecrierError)


async def test_a_repetition_that_is_refused_for_another_reason_is_an_error(telegram: Maker) -> None:
    """Doubt excuses only what proves that the first call worked."""
    refused = refusal(400, "Bad Request: not enough rights to manage chat join requests")
    error = await telegram(LOST, refused).fail("approveChatJoinRequest", GROUP)
    assert (type(error), error.code) == (Misconfigured, "no_rights")


async def test_a_source_that_is_lost_is_not_the_recipients_fault(telegram: Maker) -> None:
    """A copy names two chats: what cannot be said of a person is said of the other one."""
    kicked = refusal(403, "Forbidden: bot was kicked from the channel chat")
    params = {"chat_id": "5", "from_chat_id": GROUP, "message_id": 1}
    gateway = telegram(kicked).gateway
    with pytest.raises(Misconfigured) as error:
        await gateway.call(TOKEN, "copyMessage", params, lane=Lane.CAMPAIGN, result=object)
    assert error.value.code == "source_lost"
    missing = await telegram(refusal(400, "Bad Request: chat not found")).fail("copyMessage")
    assert (type(missing), missing.code) == (NotFound, "some_chat_not_found")


async def test_a_refused_call_may_work_the_next_time(telegram: Maker) -> None:
    """A call's doubt ends with it."""
    gone = refusal(400, "Bad Request: message to delete not found")
    world = telegram(LOST, ok(), gone)
    await world.call("deleteMessage", GROUP)
    assert (await world.fail("deleteMessage", GROUP)).code == "message_gone"
