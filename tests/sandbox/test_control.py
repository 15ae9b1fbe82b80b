"""The control API: one table that routes and describes itself, clear refusals, time on order, streams."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.control import openapi, streams
from gatecrier_sandbox.control.endpoint import TABLE
from gatecrier_sandbox.world import clock as clocks
from gatecrier_sandbox.world.calls import CallLog
from gatecrier_sandbox.world.clock import ManualClock, SteeredClock

pytestmark = pytest.mark.story


class Desk:
    """A sandbox, a client, one bot and one person."""

    def __init__(self, sandbox: Sandbox, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.client = client
        self.bot = sandbox.world.bot("my_bot")
        self.ann = sandbox.world.person("Ann")

    async def ask(self, verb: str, path: str, body: Any = None, **kwargs: Any) -> tuple[int, Any]:
        """Status and JSON of one request."""
        data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        url = f"{self.sandbox.url}/sandbox{path}"
        async with self.client.request(verb, url, data=None if body is None else data, **kwargs) as response:
            return response.status, await response.json()

    async def called(self, method: str, **params: object) -> None:
        """A call of the bot."""
        url = f"{self.sandbox.url}/bot{self.bot.token}/{method}"
        async with self.client.post(url, json=params) as response:
            assert response.status == 200, await response.text()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Without limits, its time frozen."""
    async with (
        Sandbox.start(limits=Limits.off(), clock=ManualClock()) as sandbox,
        aiohttp.ClientSession() as client,
    ):
        yield Desk(sandbox, client)


# The table


async def test_the_api_describes_itself(desk: Desk) -> None:
    """OpenAPI 3.1 with every path, and nothing in it points nowhere."""
    status, document = await desk.ask("GET", "/openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")
    operations = [(path, verb) for path, verbs in document["paths"].items() for verb in verbs]
    assert len(operations) == len(TABLE) == len({line.name for line in TABLE})
    text = json.dumps(document)
    for name in set(text.split('"#/components/')[1:]):
        kind, part = name.split('"')[0].split("/")
        assert part in document["components"][kind]


def test_every_endpoint_says_what_it_is() -> None:
    """Each has words of its own, an answer's type, and fields whose records refuse unknown ones."""
    for line in TABLE:
        assert line.words, line.name
        assert line.answers is not None, line.name
        for record in (line.query, line.body):
            if record is not None and issubclass(record, msgspec.Struct):
                assert record.__struct_config__.forbid_unknown_fields


REFUSED = [
    ("POST", "/joins", {"chat_id": "5", "user_id": 1}, 422, "chat_id"),
    ("POST", "/joins", {"chat_id": -5}, 422, "user_id"),
    ("POST", "/joins", {"chat_id": -5, "user_id": 2**64}, 422, "user_id"),
    ("POST", "/joins", {"chat_id": -5, "user_id": 1.5}, 422, "user_id"),
    ("POST", "/joins", {"chat_id": -5, "user_id": True}, 422, "user_id"),
    ("POST", "/joins", {"chat_id": -5, "user_id": None}, 422, "user_id"),
    ("POST", "/joins", {"chat_id": -5, "user_id": 1, "x": 1}, 422, "x"),
    ("POST", "/joins", [], 422, None),
    ("POST", "/joins", b"{", 400, None),
    ("POST", "/joins", b"\xff", 400, None),
    ("POST", "/joins", b"", 400, None),
    ("POST", "/joins", b'{"x":' * 100_000, 422, "x"),
    ("POST", "/joins", b" " * (1 << 20 | 1), 413, None),
    ("POST", "/votes", {"user_id": 1, "chat_id": 1, "message_id": -1, "option_ids": []}, 422, "message_id"),
    ("PUT", "/limits", {"per_bot": -1}, 422, "per_bot"),
    ("PUT", "/limits", {"per_bott": 1}, 422, "per_bott"),
    ("GET", "/calls?limit=many", None, 400, "limit"),
    ("GET", "/calls?nonsense=1", None, 400, "nonsense"),
    ("GET", "/bots?nonsense=1", None, 400, "nonsense"),
    ("GET", "/bots/x", None, 404, "bot_id"),
    ("GET", "/bots/5", None, 404, "bot_id"),
    ("GET", f"/people/{2**70}", None, 404, "user_id"),
    ("GET", "/clicks/5", None, 404, "click_id"),
    ("DELETE", "/faults/9", None, 404, "fault_id"),
    ("POST", "/save", None, 409, None),
    ("POST", "/bots", {"username": "my_bot"}, 409, "username"),
    ("PUT", "/clock", {"mode": "manual", "speed": -1}, 422, "speed"),
    ("POST", "/clock/advance", {"seconds": 316_000_001}, 422, "seconds"),
    ("GET", "/nothing", None, 404, None),
    ("PUT", "/bots", {}, 405, None),
    ("POST", "/files?kind=virus", b"x", 400, "kind"),
    ("POST", "/files?kind=photo", b"", 422, None),
    ("GET", "/calls/stream", None, 400, "Last-Event-ID"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]} {case[1][:40]}")
async def test_what_does_not_fit_is_refused_with_the_field(desk: Desk, case: tuple[Any, ...]) -> None:
    """A 4xx, a sentence, and the part of the request that is wrong; never a 500."""
    verb, path, body, status, field = case
    got, answer = await desk.ask(verb, path, body, headers={"Last-Event-ID": "soon"})
    assert (got, answer.get("field")) == (status, field), answer
    assert answer["error"]


async def test_nothing_is_half_done(desk: Desk) -> None:
    """A chat that is refused for its last field does not exist, and its name is free."""
    wish = {"type": "supergroup", "title": "T", "username": "talk", "linked_chat_id": -5}
    assert (await desk.ask("POST", "/chats", wish))[0] == 404
    wish = {"type": "supergroup", "title": "T", "username": "talk", "permissions": {"can_fly": True}}
    assert (await desk.ask("POST", "/chats", wish))[0] == 400
    assert not desk.world.chats
    assert (await desk.ask("POST", "/chats", wish | {"permissions": {}}))[0] == 201
    chat_id = next(iter(desk.world.chats))
    edit = {"title": "New", "username": "my_bot"}
    assert (await desk.ask("PATCH", f"/chats/{chat_id}", edit))[0] == 409
    assert desk.world.chats[chat_id].title == "T"


async def test_lists_are_read_page_by_page(desk: Desk) -> None:
    """Going on behind the last one brings everything once."""
    for number in range(7):
        desk.world.person(f"P{number}")
    found: list[int] = []
    while True:
        after = found[-1] if found else 0
        _, page = await desk.ask("GET", f"/people?limit=3&after={after}")
        if not page["people"]:
            break
        found += [person["id"] for person in page["people"]]
    assert found == sorted(set(found))
    assert len(found) == page["total"] == 8


async def test_the_world_begins_anew(desk: Desk) -> None:
    """Everybody is gone, a poll that waits ends, and what is made next is what the seed makes first."""
    poll = asyncio.create_task(desk.called("getUpdates", timeout=50))
    while not desk.bot.queue.is_awaited:  # noqa: ASYNC110 - the queue has no reason to announce its listeners
        await asyncio.sleep(0)
    assert (await desk.ask("DELETE", ""))[0] == 200
    with pytest.raises(AssertionError, match="restart"):
        await poll
    _, made = await desk.ask("POST", "/bots", {"username": "my_bot"})
    assert made["token"] == desk.bot.token
    assert (await desk.ask("GET", "/people"))[1]["total"] == 0


# Time


async def test_time_moves_on_order(desk: Desk) -> None:
    """Frozen it stands; an hour later what fell due has happened."""
    _, frozen = await desk.ask("GET", "/clock")
    asked = asyncio.create_task(desk.called("getUpdates", timeout=50))
    while not desk.bot.queue.is_awaited:  # noqa: ASYNC110 - the queue has no reason to announce its listeners
        await asyncio.sleep(0)
    _, moved = await desk.ask("POST", "/clock/advance", {"seconds": 3600})
    assert moved["now"] == frozen["now"] + 3600
    await asked
    _, real = await desk.ask("PUT", "/clock", {"mode": "real"})
    assert abs(real["now"] - time.time()) < 60
    assert (await desk.ask("PUT", "/clock", {"mode": "manual", "now": 1_800_000_000}))[1][
        "now"
    ] == 1_800_000_000


async def test_a_timer_survives_a_change_of_clocks() -> None:
    """From real to frozen, moved, faster, and real again: it runs once, when its seconds are over."""
    clock, fired = SteeredClock(), asyncio.Event()
    clock.call_later(1000, fired.set)
    clock.set_manual(now=5.0)
    clock.advance(400)
    assert clock.read() == clocks.Reading("manual", 405.0, 0.0, 1)
    clock.set_real()
    clock.set_manual(speed=100_000)
    await asyncio.wait_for(fired.wait(), 1)
    assert clock.read().timers == 0


async def test_timers_of_a_frozen_clock_run_in_order_and_only_once() -> None:
    """Also those that are made by others, and not those that were cancelled."""
    clock, seen = ManualClock(), list[str]()
    clock.call_later(2, lambda: seen.append("two"))

    def make_another() -> None:
        clock.call_later(0.5, lambda: seen.append("one and a half"))

    clock.call_later(1, make_another)
    for timer in [clock.call_later(1, lambda: seen.append("never")) for _ in range(300)]:
        timer.cancel()
        timer.cancel()
    assert clock.read().timers == 2
    clock.advance(10)
    clock.advance(10)
    assert seen == ["one and a half", "two"]


# Streams


async def lines(response: aiohttp.ClientResponse, count: int) -> list[bytes]:
    """The next lines that say something, within a second."""
    found: list[bytes] = []
    async with asyncio.timeout(1):
        while len(found) < count:
            line = await response.content.readline()
            if line.strip() and not line.startswith(b":"):
                found.append(line.strip())
    return found


async def test_calls_are_streamed_as_events(desk: Desk) -> None:
    """Server-Sent Events: a number, a name, the call; a reader that comes back misses nothing."""
    await desk.called("getMe")
    url = f"{desk.sandbox.url}/sandbox/calls/stream"
    async with desk.client.get(url) as response:
        assert response.content_type == "text/event-stream"
        await desk.called("getMyCommands")
        number, name, data = await lines(response, 3)
    assert (number, name) == (b"id: 2", b"event: call")
    assert json.loads(data.removeprefix(b"data: "))["method"] == "getMyCommands"
    async with desk.client.get(url, headers={"Last-Event-ID": "1"}) as response:
        assert (await lines(response, 1)) == [b"id: 2"]


async def test_a_stream_is_filtered_like_the_log(desk: Desk) -> None:
    """Only the calls asked for, as lines of JSON if that is accepted."""
    headers = {"Accept": "application/x-ndjson"}
    url = f"{desk.sandbox.url}/sandbox/calls/stream?method=getMyCommands"
    async with desk.client.get(url, headers=headers) as response:
        for method in ("getMe", "getMyCommands", "getMe", "getMyCommands"):
            await desk.called(method)
        found = [json.loads(line) for line in await lines(response, 2)]
    assert [one["id"] for one in found] == [2, 4]


async def test_a_reader_too_slow_is_told_what_it_missed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no longer in the log is counted in an event `dropped`, and the rest comes."""
    desk.world.calls = CallLog(capacity=3)
    for _ in range(10):
        await desk.called("getMe")
    headers = {"Accept": "application/x-ndjson", "Last-Event-ID": "1"}
    async with desk.client.get(f"{desk.sandbox.url}/sandbox/calls/stream", headers=headers) as response:
        found = [json.loads(line) for line in await lines(response, 4)]
    assert [one["event"] for one in found] == ["dropped", "call", "call", "call"]
    assert found[0]["data"] == {"dropped": 6}
    monkeypatch.setattr(streams, "MOST_AT_ONCE", 1)
    async with desk.client.get(f"{desk.sandbox.url}/sandbox/calls/stream", headers=headers) as response:
        assert json.loads((await lines(response, 1))[0])["data"] == {"dropped": 8}


async def test_a_silent_stream_shows_that_it_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing happens a comment comes now and then."""
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    async with desk.client.get(f"{desk.sandbox.url}/sandbox/calls/stream") as response, asyncio.timeout(1):
        assert [(await response.content.readline()) for _ in range(3)] == [
            b": still here\n",
            b"\n",
            b": still here\n",
        ]


async def test_updates_are_streamed_and_listed(desk: Desk) -> None:
    """Raw, as the bot gets them, and whether they will come again."""
    url = f"{desk.sandbox.url}/sandbox/updates/stream?bot_id={desk.bot.id}"
    async with desk.client.get(url, headers={"Accept": "application/x-ndjson"}) as response:
        desk.world.start(desk.ann.id, desk.bot.id)
        (line,) = await lines(response, 1)
    event = json.loads(line)
    assert (event["event"], event["data"]["message"]["text"]) == ("update", "/start")
    desk.bot.queue.seek(event["id"] + 1)
    _, listed = await desk.ask("GET", f"/updates?bot_id={desk.bot.id}")
    assert [(one["update_id"], one["confirmed"]) for one in listed] == [(event["id"], True)]


async def test_streams_do_not_hold_the_sandbox_up() -> None:
    """A stop ends them cleanly and at once."""
    async with aiohttp.ClientSession() as client:
        async with Sandbox.start() as sandbox:
            response = await client.get(f"{sandbox.url}/sandbox/calls/stream")
            await response.content.readline()
            began = time.perf_counter()
        assert time.perf_counter() - began < 0.5
        assert b"data" not in await response.content.read()


async def test_who_goes_away_is_forgotten(desk: Desk) -> None:
    """A reader that closes leaves no watch behind."""
    response = await desk.client.get(f"{desk.sandbox.url}/sandbox/calls/stream")
    await response.content.readline()
    assert len(desk.world.feed.watches) == 1
    response.close()
    async with asyncio.timeout(1):
        while desk.world.feed.watches:  # noqa: ASYNC110 - a closed socket is noticed a little later
            await asyncio.sleep(0)


def test_the_document_is_made_once_from_the_table() -> None:
    """The same table gives the same document."""
    assert openapi.document(TABLE) == openapi.document(TABLE)


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_another_sites_page_changes_nothing(desk: Desk, headers: dict[str, str]) -> None:
    """A web page in the same browser may not act here; who is no browser may."""
    async with aiohttp.ClientSession(headers=headers) as stranger:
        url = f"{desk.sandbox.url}/sandbox/people"
        async with stranger.post(url, json={"first_name": "Eve"}) as answer:
            assert answer.status == 403
    assert not any(person.first_name == "Eve" for person in desk.sandbox.world.people.values())
