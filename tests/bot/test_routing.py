"""From an update's bytes to the bot's answer, through the whole app on a scripted network."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fake_transport import BOT_ID, TOKEN, FakeTransport, Posted, ok, refusal
from gatecrier.app import App, build
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.settings import load
from gatecrier.telegram.transport import Reply
from gatecrier.telegram.updates import Received, Update, decode
from make import DATE, make_update

GROUP = -1001


def answer(call: Posted) -> Reply | None:
    """Telegram, as far as these tests need it."""
    if call.method == "sendMessage":
        chat = {"id": int(call.params["chat_id"]), "type": "private"}
        return ok({"message_id": 1, "date": DATE, "chat": chat, "text": call.params["text"]})
    if call.method == "getChatMember":
        return ok({"status": "creator", "user": {"id": call.params["user_id"], "first_name": "Ada"}})
    return ok()


@pytest.fixture
def network(clock: FakeClock) -> FakeTransport:
    transport = FakeTransport(clock)
    transport.rule = answer
    return transport


@pytest.fixture
async def app(tmp_path: Path, clock: FakeClock, network: FakeTransport) -> AsyncIterator[App]:
    settings = load(bot_token=TOKEN, database_url=f"sqlite:///{tmp_path}/bot.db")
    async with build(settings, clock=clock, transport=network, rng=random.Random(1)) as app:
        await app.start()
        network.posted.clear()
        yield app


async def take(app: App, *received: Received) -> None:
    await app.first.inbox.take(received)
    await app.first.inbox.drain()


def sent(network: FakeTransport) -> list[str]:
    return [str(call.params["text"]) for call in network.posted if call.method == "sendMessage"]


async def test_start_subscribes_and_is_answered(app: App, network: FakeTransport) -> None:
    """The commonest command: one subscriber, one greeting, in the lane of people who wait."""
    await take(app, make_update(1, text="/start ad7"))
    assert (await app.subscribers.audience(BOT_ID)).total == 1
    assert len(sent(network)) == 1
    assert "Welcome, Ada" in sent(network)[0]


async def test_a_name_full_of_markup_is_shown_as_it_is(app: App, network: FakeTransport) -> None:
    """What a stranger calls themselves never becomes markup of ours."""
    received = make_update(1, text="/start")
    body = received.body.replace(b'"Ada"', b'"<a href=x>&"')
    await take(app, Received(decode(body), body))
    assert "&lt;a href=x&gt;&amp;" in sent(network)[0]


async def test_a_late_command_has_its_effect_and_no_answer(
    app: App, network: FakeTransport, clock: FakeClock
) -> None:
    """What people asked while we were away is done; an answer hours later would only puzzle."""
    await clock.advance(3600)
    await take(app, make_update(1, text="/start"))
    assert (await app.subscribers.audience(BOT_ID)).total == 1
    assert sent(network) == []


async def test_an_answer_that_was_claimed_before_is_not_given_again(app: App, network: FakeTransport) -> None:
    """After a crash an effect may be had twice, an answer may not be seen twice."""

    async def taken() -> bool:
        return False

    await app.first.routing.handle(make_update(1, text="/start"), taken)
    assert (await app.subscribers.audience(BOT_ID)).total == 1
    assert sent(network) == []


async def test_a_command_that_meets_an_outage_is_answered(
    app: App, network: FakeTransport, clock: FakeClock
) -> None:
    """The admin learns that Telegram did not answer and may repeat it; silence would puzzle."""
    network.rule = lambda call: refusal(500) if call.method == "getChatMember" else answer(call)
    asked = asyncio.create_task(take(app, make_update(1, text="/protect @daily", chat_id=GROUP)))
    async with asyncio.timeout(20):
        while not asked.done():  # the database answers in its own time, only waiting is the clock's
            await clock.advance(1)
    await asked
    assert len(sent(network)) == 1
    assert "try again" in sent(network)[0]


async def test_an_answer_in_doubt_is_not_followed_by_a_second(app: App, network: FakeTransport) -> None:
    """A greeting whose outcome is unknown may well be there; an error on top of it would be."""
    network.rule = lambda call: refusal(502) if call.method == "sendMessage" else answer(call)
    await take(app, make_update(1, text="/start"))
    assert [call.method for call in network.posted] == ["sendMessage"]


async def test_a_refusal_is_shown_with_its_remedy(app: App, network: FakeTransport) -> None:
    """/protect without a channel: what is wrong, and how to write it."""
    await take(app, make_update(1, text="/protect", chat_id=GROUP))
    assert len(sent(network)) == 1
    assert "/protect @channel" in sent(network)[0]


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (make_update(1, text="hello", chat_id=GROUP), False),
        (make_update(1, text="/unknown", chat_id=GROUP), False),
        (make_update(1, text="/status", chat_id=GROUP), True),
        (make_update(1, text="hello"), True),
    ],
)
async def test_ordinary_group_traffic_has_no_effect(app: App, update: Received, expected: bool) -> None:
    """Where no gate stands, only our own commands cost more than their decoding."""
    assert app.first.routing.wants(update.update) is expected


async def test_an_update_of_a_kind_we_do_not_use_is_let_go(app: App) -> None:
    """Telegram invents new kinds every month; none may stop the stream."""
    assert not app.first.routing.wants(Update(update_id=1))


@pytest.mark.parametrize(
    "extra",
    [
        b'"forward_origin":{"type":"hidden_user"},',
        b'"via_bot":{"id":9,"is_bot":true,"first_name":"Other"},',
    ],
)
async def test_a_command_somebody_else_worded_is_none(app: App, network: FakeTransport, extra: bytes) -> None:
    """An admin who forwards a message, or sends one through another bot, has commanded nothing."""
    body = make_update(1, text="/protect @daily", chat_id=GROUP).body.replace(b'"text"', extra + b'"text"')
    await take(app, Received(decode(body), body))
    assert network.posted == []


async def test_an_edited_command_is_none(app: App, network: FakeTransport) -> None:
    """Old words changed into a command may be anybody's trick; it has to be sent anew."""
    body = make_update(1, text="/protect @daily", chat_id=GROUP).body
    body = body.replace(b'"message":', b'"edited_message":')
    await take(app, Received(decode(body), body))
    assert network.posted == []


async def test_a_channel_on_the_next_line_is_still_the_commands(app: App, network: FakeTransport) -> None:
    """Read as "/unprotect" alone, it would free everybody of every channel."""
    await take(app, make_update(1, text="/protect\n@daily", chat_id=GROUP))
    assert "Which channel" not in sent(network)[0]


ACTS = b'{"update_id":1,"%s":{"chat":{"id":-1001,"type":"supergroup"},"date":1,%s}}'
ADA = b'{"id":7,"first_name":"Ada"}'


@pytest.mark.parametrize(
    ("kind", "fields", "wanted"),
    [
        (b"message_reaction", b'"message_id":1,"new_reaction":[{"type":"emoji"}],"user":' + ADA, False),
        (b"chat_join_request", b'"user_chat_id":7,"from":' + ADA, False),
        (b"chat_join_request", b'"query_id":"9","user_chat_id":7,"from":' + ADA, True),
    ],
)
async def test_reactions_and_requests_where_no_gate_stands_leave_no_row(
    app: App, kind: bytes, fields: bytes, wanted: bool
) -> None:
    """A busy group's reactions must not reach the database; a guard's query is answered wherever it is."""
    assert app.first.routing.wants(decode(ACTS % (kind, fields))) is wanted
