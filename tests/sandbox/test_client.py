"""The typed client: every method once, over a real socket, against a sandbox."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.client import Event, SandboxClient, SandboxRefused
from gatecrier_sandbox.client.connection import Connection
from gatecrier_sandbox.world.clock import ManualClock
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.things import Contact, Dice, Location, Question, Thing

pytestmark = pytest.mark.story

GIF = bytes.fromhex("474946383961010001008000008080800000002c00000000010001000002024401003b")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A sandbox without limits whose time stands still, with a world file."""
    async with Sandbox.start(limits=Limits.off(), clock=ManualClock()) as sandbox:
        sandbox.world.file = tmp_path / "world.json"
        yield sandbox


@pytest.fixture
async def sandbox(running: Sandbox) -> AsyncIterator[SandboxClient]:
    """A client of it."""
    async with SandboxClient(running.url) as client:
        yield client


async def ask(running: Sandbox, token: str, method: str, **params: object) -> object:
    """What a bot gets; the result of a call that goes well."""
    async with aiohttp.ClientSession() as session:
        url = f"{running.url}/bot{token}/{method}"
        async with session.post(url, json=params) as response:
            envelope = await response.json()
            assert envelope["ok"], envelope
            return envelope["result"]


async def test_people_and_bots(sandbox: SandboxClient) -> None:
    """They are made, listed, shown, changed, and lost."""
    bot = await sandbox.make_bot("my_bot", first_name="Mine")
    ann = await sandbox.make_person("Ann", username="ann", is_premium=True)
    assert [one.token for one in await sandbox.bots()] == [bot.token]
    changed = await sandbox.edit_bot(bot.id, supports_inline_queries=True, stars=2.5)
    assert (changed.supports_inline_queries, changed.stars) == (True, 2.5)
    assert (await sandbox.bot(bot.id)) == changed
    assert (await sandbox.edit_person(ann.id, last_name="Lee", username="lee")).last_name == "Lee"
    assert (await sandbox.person(ann.id)).username == "lee"
    assert (await sandbox.set_photo(ann.id, GIF)).photos == 1
    cohort = await sandbox.make_subscribers(bot.id, 5, blocked=0.2)
    page = await sandbox.people(after=ann.id, limit=3)
    assert [one.id for one in page.people] == [cohort.first_id + number for number in range(3)]
    assert page.total == 6
    assert (await sandbox.start(ann.id, bot.id, "ref")).text == "/start ref"
    await sandbox.block(ann.id, bot.id)
    with pytest.raises(SandboxRefused, match="blocked") as refused:
        await sandbox.say(bot.id, ann.id, "hello?")
    assert refused.value.status == 403
    await sandbox.unblock(ann.id, bot.id)
    await sandbox.deactivate(ann.id)
    assert (await sandbox.person(ann.id)).deactivated


async def test_chats(sandbox: SandboxClient) -> None:
    """They are made and changed; people come, go, ask, and are let in."""
    olga, ann = await sandbox.make_person("Olga"), await sandbox.make_person("Ann")
    bot = await sandbox.make_bot("my_bot")
    news = await sandbox.make_chat("channel", "News", username="news")
    talk = await sandbox.make_chat("supergroup", "Talk", linked_chat_id=news.id)
    await sandbox.set_member(talk.id, olga.id, "creator")
    edited = await sandbox.edit_chat(talk.id, title="Chatter", join_by_request=True, is_forum=True)
    assert (edited.title, edited.is_forum) == ("Chatter", True)
    assert [chat.id for chat in await sandbox.chats()] == [news.id, talk.id]
    assert (await sandbox.chat(talk.id)).linked_chat_id == news.id
    assert (await sandbox.request_join(talk.id, ann.id, bio="me")).bio == "me"
    assert [one.user_id for one in await sandbox.join_requests(talk.id)] == [ann.id]
    await sandbox.cancel_request(talk.id, ann.id)
    await sandbox.request_join(talk.id, ann.id)
    assert (await sandbox.decide_join(talk.id, ann.id, by=olga.id, let_in=True)).status == "member"
    assert (await sandbox.leave(talk.id, ann.id)).status == "left"
    link = await sandbox.create_link(talk.id, olga.id, name="door")
    assert (await sandbox.join(talk.id, ann.id, link=link.invite_link)).may["can_send_messages"]
    assert (
        await sandbox.add_bot(talk.id, bot.id, rights={"can_pin_messages": True})
    ).status == "administrator"
    assert (await sandbox.member(talk.id, bot.id)).may["can_pin_messages"]
    assert {one.user["id"] for one in await sandbox.members(talk.id)} == {olga.id, ann.id, bot.id}
    topic = await sandbox.create_topic(talk.id, olga.id, "Cats")
    assert (await sandbox.close_topic(talk.id, olga.id, topic.message_thread_id)).is_closed
    assert topic.message_thread_id in [one.message_thread_id for one in await sandbox.topics(talk.id)]
    await sandbox.delete_topic(talk.id, olga.id, topic.message_thread_id)
    group = await sandbox.make_chat("group", "Small")
    await sandbox.set_member(group.id, olga.id, "creator")
    assert (await sandbox.migrate(group.id)).type == "supergroup"


async def test_talking(running: Sandbox, sandbox: SandboxClient) -> None:
    """Words, edits, buttons, votes, reactions, pins, inline results."""
    bot, ann = await sandbox.make_bot("my_bot"), await sandbox.make_person("Ann")
    await sandbox.start(ann.id, bot.id)
    said = await sandbox.say(bot.id, ann.id, "hello")
    assert (await sandbox.edit(bot.id, ann.id, said.message_id, "bye")).text == "bye"
    keyboard = {"inline_keyboard": [[{"text": "Press", "callback_data": "x"}]]}
    await ask(running, bot.token, "sendMessage", chat_id=ann.id, text="?", reply_markup=keyboard)
    sent = (await sandbox.messages(ann.id))[-1]
    click = await sandbox.click(ann.id, bot.id, sent.message_id, text="Press")
    await ask(running, bot.token, "answerCallbackQuery", callback_query_id=click, text="yes")
    assert (await sandbox.clicked(click)).text == "yes"
    assert (await sandbox.react(ann.id, bot.id, sent.message_id, ["👍"])).reacted[0].user_ids == [ann.id]
    await sandbox.pin(ann.id, bot.id, sent.message_id)
    await sandbox.pin(ann.id, bot.id, sent.message_id, pinned=False)
    await sandbox.take_back(bot.id, ann.id, said.message_id)
    assert said.message_id not in [one.message_id for one in await sandbox.messages(ann.id)]
    options = [{"text": "a"}, {"text": "b"}]
    poll = {"question": "Which?", "options": options, "allow_adding_options": True, "is_anonymous": False}
    await ask(running, bot.token, "sendPoll", chat_id=ann.id, **poll)
    asked = (await sandbox.messages(ann.id))[-1]
    voted = await sandbox.vote(ann.id, bot.id, asked.message_id, [1])
    assert voted.poll is not None
    assert voted.poll["total_voter_count"] == 1


async def test_poll_options_can_be_refused(running: Sandbox, sandbox: SandboxClient) -> None:
    """A poll that takes no further answers says so."""
    bot, ann = await sandbox.make_bot("my_bot"), await sandbox.make_person("Ann")
    await sandbox.start(ann.id, bot.id)
    await ask(
        running, bot.token, "sendPoll", chat_id=ann.id, question="?", options=[{"text": "a"}, {"text": "b"}]
    )
    asked = (await sandbox.messages(ann.id))[-1]
    with pytest.raises(SandboxRefused, match="add options"):
        await sandbox.add_poll_option(ann.id, bot.id, asked.message_id, "c")


async def test_media_and_things(sandbox: SandboxClient) -> None:
    """Files by upload or in place, albums, places, contacts, dice and polls are heard by the bot."""
    bot, ann = await sandbox.make_bot("my_bot"), await sandbox.make_person("Ann")
    await sandbox.start(ann.id, bot.id)
    stored = await sandbox.upload("photo", GIF, name="a.gif")
    sent = await sandbox.say_media(bot.id, ann.id, "photo", file_id=stored.file_id, caption="look")
    assert (sent.caption, sent.photo[0]["file_id"]) == ("look", stored.file_id)
    for name in ("a.txt", "b.txt"):
        await sandbox.say_media(bot.id, ann.id, "document", data=b"words", name=name, media_group_id="7")
    assert [one.media_group_id for one in await sandbox.messages(ann.id)][-2:] == ["7", "7"]
    things: list[Thing] = [
        Location(51.5, -0.1),
        Contact("+1555", "Bob"),
        Dice("🎯"),
        Question("Which?", ["a", "b"]),
    ]
    for thing in things:
        await sandbox.say_thing(bot.id, ann.id, thing)
    kinds = [list(update.update["message"])[-1] for update in await sandbox.updates(bot.id)]
    assert kinds[-4:] == ["location", "contact", "dice", "poll"]
    with pytest.raises(SandboxRefused, match="option"):
        await sandbox.say_thing(bot.id, ann.id, Question("Which?", ["a"], correct=5))


async def test_inline_queries(running: Sandbox, sandbox: SandboxClient) -> None:
    """What somebody types is answered by the bot, and a result is sent."""
    bot, ann = await sandbox.make_bot("my_bot"), await sandbox.make_person("Ann")
    await sandbox.edit_bot(bot.id, supports_inline_queries=True)
    await sandbox.start(ann.id, bot.id)
    typed = await sandbox.type_inline(ann.id, bot.id, "cats")
    assert not typed.answered
    article = {
        "type": "article",
        "id": "1",
        "title": "Cat",
        "input_message_content": {"message_text": "meow"},
    }
    query = typed.inline_query_id
    await ask(running, bot.token, "answerInlineQuery", inline_query_id=query, results=[article])
    assert (await sandbox.inline_query(query)).results[0]["title"] == "Cat"
    assert (await sandbox.choose_inline(query, "1")).text == "meow"


async def test_files_and_laws(sandbox: SandboxClient) -> None:
    """Files, time, limits, faults, webhooks, saving, beginning anew."""
    stored = await sandbox.upload("photo", b"pixels", name="a.jpg", width=3, height=4)
    assert await sandbox.download(stored.file_id) == b"pixels"
    frozen = await sandbox.freeze(now=1_800_000_000)
    assert (await sandbox.advance(60)).now == frozen.now + 60
    assert (await sandbox.clock()).mode == "manual"
    assert (await sandbox.set_limits(Limits(per_bot=5))) == await sandbox.limits()
    fault = await sandbox.add_fault(Fault(FaultKind.TOO_MANY, method="sendMessage", retry_after=7))
    assert [one.id for one in await sandbox.faults()] == [fault.id]
    await sandbox.delete_fault(fault.id)
    assert await sandbox.clear_faults() == 0
    await sandbox.set_webhooks_strict(True)
    assert await sandbox.webhooks_strict()
    assert (await sandbox.save()).size > 100
    await sandbox.make_bot("my_bot")
    await sandbox.reset()
    assert (await sandbox.summary()).bots == []
    assert (await sandbox.unfreeze()).mode == "real"


async def test_the_log(running: Sandbox, sandbox: SandboxClient) -> None:
    """Calls, updates and deliveries are counted and shown."""
    bot, ann = await sandbox.make_bot("my_bot"), await sandbox.make_person("Ann")
    await sandbox.start(ann.id, bot.id)
    await ask(running, bot.token, "sendMessage", chat_id=ann.id, text="hi")
    assert [call.method for call in await sandbox.calls(bot_id=bot.id, ok=True)] == ["sendMessage"]
    assert await sandbox.count_calls(method="sendMessage", chat_id=ann.id) == 1
    assert await sandbox.deliveries(bot.id, text="hi") == {ann.id: 1}
    (update,) = await sandbox.updates(bot.id)
    assert not update.confirmed
    await ask(running, bot.token, "getUpdates", offset=update.update_id + 1)
    assert [one.confirmed for one in await sandbox.updates(bot.id)] == [True]
    coverage = await sandbox.coverage()
    assert "sendMessage" in {*coverage.supported, *coverage.partial}


async def next_event(stream: AsyncIterator[Event]) -> Event:
    """The next event, within a second."""
    return await asyncio.wait_for(anext(stream), 1)


async def test_streams_end_with_the_sandbox(running: Sandbox, sandbox: SandboxClient) -> None:
    """Calls and updates come as they happen, behind a number if one is given; a stop ends them."""
    bot, ann = await sandbox.make_bot("my_bot"), await sandbox.make_person("Ann")
    await ask(running, bot.token, "getMe")
    await ask(running, bot.token, "getMyCommands")
    calls, updates = sandbox.watch_calls(after=1), sandbox.watch_updates(bot.id, after=1)
    assert (await next_event(calls)).data["method"] == "getMyCommands"
    await sandbox.start(ann.id, bot.id)
    assert (await next_event(updates)).data["message"]["text"] == "/start"
    await ask(running, bot.token, "getMe")
    assert (await next_event(calls)).data["method"] == "getMe"
    running.world.feed.close()
    with pytest.raises(StopAsyncIteration):
        await next_event(calls)


async def test_who_watches_nobody_is_refused(sandbox: SandboxClient) -> None:
    """A stream of a bot that is not there is refused like any request; so is a client that is not open."""
    with pytest.raises(SandboxRefused, match="no bot"):
        await anext(sandbox.watch_updates(5))
    with pytest.raises(RuntimeError, match="context manager"):
        await SandboxClient("http://127.0.0.1:1").bots()


def test_every_method_of_the_client_is_used_here() -> None:
    """Who adds one writes its line above."""
    public = {name for name, _ in inspect.getmembers(SandboxClient, callable) if not name.startswith("_")}
    used = set(re.findall(r"sandbox\.(\w+)\(", Path(__file__).read_text()))
    assert public - {name for name in vars(Connection) if not name.startswith("_")} - used == set()
