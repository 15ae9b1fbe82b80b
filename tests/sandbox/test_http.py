"""The doors over a real socket: parameters, envelopes, faults, the control API. facts/botapi.md §1."""

import asyncio
import gzip
import io
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.botapi.params import read
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.world.clock import ManualClock
from gatecrier_sandbox.world.updates import UpdateQueue

pytestmark = pytest.mark.story

FORM = "application/x-www-form-urlencoded"


class Desk:
    """A sandbox, a client, and one bot with one subscriber."""

    def __init__(self, sandbox: Sandbox, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.client = client
        self.bot = sandbox.world.bot("gate_bot")
        self.reader = sandbox.world.person("Rudi")
        sandbox.world.start(self.reader.id, self.bot.id)

    async def ask(self, verb: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and JSON of one request."""
        async with self.client.request(verb, self.sandbox.url + path, **kwargs) as response:
            return response.status, await response.json() if await response.read() else None

    async def bot_api(self, method: str, verb: str = "POST", **kwargs: Any) -> tuple[int, Any]:
        """A call with the bot's token."""
        return await self.ask(verb, f"/bot{self.bot.token}/{method}", **kwargs)

    async def sent_text(self, **kwargs: Any) -> str:
        """The text a sendMessage request ended up sending."""
        status, envelope = await self.bot_api("sendMessage", **kwargs)
        assert status == 200, envelope
        return str(envelope["result"]["text"])


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Without limits."""
    async with Sandbox.start(limits=Limits.off()) as sandbox, aiohttp.ClientSession() as client:
        yield Desk(sandbox, client)


async def test_parameters_come_any_way_and_the_first_wins(desk: Desk) -> None:
    """Query, form, JSON, multipart, compressed, and mixed: the query string is read first."""
    chat_id = str(desk.reader.id)
    multipart = aiohttp.FormData({"chat_id": chat_id}, default_to_multipart=True)
    multipart.add_field("text", "multi 😀")
    packed = gzip.compress(f'{{"chat_id":{chat_id},"text":"zip"}}'.encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert await desk.sent_text(params={"chat_id": chat_id, "text": "query"}) == "query"
    assert await desk.sent_text(data={"chat_id": chat_id, "text": "a+b &ü"}) == "a+b &ü"
    assert await desk.sent_text(json={"chat_id": desk.reader.id, "text": "json \n"}) == "json"
    assert await desk.sent_text(data=multipart) == "multi 😀"
    assert await desk.sent_text(data=packed, headers=headers) == "zip"
    mixed = {"chat_id": chat_id, "text": "second"}
    assert await desk.sent_text(params={"text": "first"}, data=mixed) == "first"
    assert await desk.sent_text(verb="GET", params={"chat_id": chat_id, "text": "get"}) == "get"


READ = [
    (b'{"text":"first","text":"second"}', {"text": "first"}),
    (b'{"te\\u0078t":"first","text":"second"}', {"text": "first"}),
    (b' { "text" : "a" , "n" : {"a": 1} , "l":[1, 2] }', {"text": "a", "n": '{"a": 1}', "l": "[1, 2]"}),
    (b'{"n":%b,"text":"a"}' % (b"9" * 5_000), {"n": "9" * 5_000, "text": "a"}),
    (b'{"chat_id":-5,"text":"a", oops', {"chat_id": "-5", "text": "a"}),
    (b'{"chat_id":5,"text":"a"', {"chat_id": "5", "text": "a"}),
    (b'{"chat_id":5,"text":"a', {"chat_id": "5"}),
    (b'{"chat_id" 5}', {}),
    (b"[1]", {}),
]


@pytest.mark.parametrize(("body", "expected"), READ)
def test_a_broken_json_body_counts_up_to_its_mistake(body: bytes, expected: dict[str, str]) -> None:
    """The first of a name wins, the query string before it; what was read before a mistake stays."""
    params = read(b"offset=7", b"application/json", b"", body)
    assert params.values == {"offset": "7"} | expected


def test_a_json_text_that_is_no_utf8_is_refused_where_it_is_used() -> None:
    """The others are read; only this one cannot be."""
    params = read(b"", b"application/json", b"", b'{"text":"\xff","half":"\\ud800","chat_id":5}')
    assert params.text("chat_id") == "5"
    for name in ("text", "half"):
        with pytest.raises(ApiError, match="strings must be encoded in UTF-8"):
            params.text(name)


async def test_a_browser_is_shown_the_world(desk: Desk) -> None:
    """The front page is HTML and holds no token."""
    async with desk.client.get(desk.sandbox.url + "/") as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
    assert desk.bot.token not in page


async def test_paths_and_tokens_are_told_apart(desk: Desk) -> None:
    """404 for paths and methods, 401 for tokens, 501 for verbs; method names in any case."""
    assert (await desk.ask("GET", "/hello"))[1]["description"] == "Not Found"
    assert (await desk.ask("GET", f"/bot{desk.bot.token}"))[1]["description"] == "Not Found"
    assert (await desk.bot_api("getMe/"))[1]["description"] == "Not Found: method not found"
    for token in ("nothing", "0:abc", "x:abc", "1:" + "a" * 90, f"{1 << 54}:abc", "1%2F2:abc"):
        status, envelope = await desk.ask("GET", f"/bot{token}/getMe")
        assert (status, envelope["description"]) == (401, "Unauthorized: invalid token specified")
    assert await desk.ask("GET", "/bot123:abc/getMe") == (
        401,
        {"ok": False, "error_code": 401, "description": "Unauthorized"},
    )
    assert (await desk.ask("GET", f"/bot{desk.bot.token}/test/getMe"))[0] == 401
    assert (await desk.ask("GET", f"/bot{desk.bot.token}/test"))[1]["description"] == "Not Found"
    assert await desk.bot_api("getMe", verb="PUT") == (501, None)
    assert (await desk.bot_api("GETME"))[1]["ok"]
    assert (await desk.bot_api("", data={"method": "getMe"}))[1]["ok"]


ODD = [
    (b"{broken", "application/json"),
    (b'{"text":"\xff"}', "application/json"),
    (b'{"text":"\\ud800","chat_id":{}}', "application/json"),
    (b"[1,2]", "application/json"),
    (b"text=%ff%fe&chat_id=1", FORM),
    (b"%%%=&&&==", FORM),
    (b"--x\r\nno name\r\n\r\nvalue", "multipart/form-data; boundary=x"),
    (b"whatever", "multipart/form-data"),
    (b"text=1", "text/plain"),
]


@pytest.mark.parametrize(("body", "kind"), ODD)
async def test_odd_bodies_are_answered_with_400(desk: Desk, body: bytes, kind: str) -> None:
    """What cannot be read counts as not sent; nothing ends in a 500."""
    status, envelope = await desk.bot_api("sendMessage", data=body, headers={"Content-Type": kind})
    assert status == envelope["error_code"] == 400


async def test_too_much_is_413_and_strange_encodings_415(desk: Desk) -> None:
    """Parameters end at 1 MiB, content encodings at gzip and deflate."""
    large = io.BytesIO(b"text=" + b"x" * (1 << 20))
    status, envelope = await desk.bot_api("sendMessage", data=large, headers={"Content-Type": FORM})
    assert (status, envelope["description"][:24]) == (413, "Request Entity Too Large")
    headers = {"Content-Type": FORM, "Content-Encoding": "br"}
    assert (await desk.bot_api("sendMessage", data=b"text=1", headers=headers))[0] == 415


async def test_429_has_the_header_retry_after(desk: Desk) -> None:
    """An injected 429 looks like a real one."""
    fault = {"kind": "429", "method": "sendMessage", "retry_after": 7, "times": 1}
    assert (await desk.ask("POST", "/sandbox/faults", json=fault))[0] == 201
    url = f"{desk.sandbox.url}/bot{desk.bot.token}/sendMessage"
    async with desk.client.post(url, json={"chat_id": desk.reader.id, "text": "x"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(("kind", "arrived"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_dropped_connection_has_no_answer(desk: Desk, kind: str, arrived: int) -> None:
    """The client sees the connection end; the world knows whether the message arrived."""
    await desk.ask("POST", "/sandbox/faults", json={"kind": kind, "times": 1})
    with pytest.raises(aiohttp.ClientConnectionError):
        await desk.bot_api("sendMessage", json={"chat_id": desk.reader.id, "text": "x"})
    _, counts = await desk.ask("GET", f"/sandbox/deliveries?bot_id={desk.bot.id}")
    assert sum(counts.values()) == arrived


async def test_the_control_api_makes_a_world(desk: Desk) -> None:
    """Everything a test needs can be done over HTTP, and is answered with what was made."""
    _, bot = await desk.ask("POST", "/sandbox/bots", json={"username": "second_bot"})
    _, ann = await desk.ask("POST", "/sandbox/people", json={"first_name": "Ann"})
    _, channel = await desk.ask("POST", "/sandbox/chats", json={"type": "channel", "title": "News"})
    wish = {"type": "supergroup", "title": "Talk", "linked_chat_id": channel["id"]}
    _, group = await desk.ask("POST", "/sandbox/chats", json=wish)
    members = f"/sandbox/chats/{group['id']}/members"
    status, member = await desk.ask("PUT", f"{members}/{bot['id']}", json={"status": "administrator"})
    assert (status, member["status"], member["may"]["can_restrict_members"]) == (200, "administrator", True)
    both = {"chat_id": group["id"], "user_id": ann["id"]}
    assert (await desk.ask("POST", "/sandbox/joins", json=both))[1]["status"] == "member"
    said = {"chat_id": group["id"], "from_id": ann["id"], "text": "hello"}
    assert (await desk.ask("POST", "/sandbox/messages", json=said))[1]["text"] == "hello"
    await desk.ask("PUT", f"{members}/{ann['id']}", json={"status": "restricted"})
    assert await desk.ask("POST", "/sandbox/messages", json=said) == (403, {"error": "restricted"})
    _, messages = await desk.ask("GET", f"/sandbox/chats/{group['id']}/messages")
    assert messages[-1]["text"] == "hello"
    start = {"user_id": ann["id"], "bot_id": bot["id"], "payload": "ref"}
    assert (await desk.ask("POST", "/sandbox/starts", json=start))[1]["text"] == "/start ref"
    wish = {"bot_id": bot["id"], "count": 10, "blocked": 0.1}
    _, made = await desk.ask("POST", "/sandbox/subscribers", json=wish)
    assert (made["count"], made["blocked"]) == (10, 1)
    _, summary = await desk.ask("GET", "/sandbox")
    assert {entry["username"] for entry in summary["bots"]} == {"gate_bot", "second_bot"}
    assert (await desk.ask("PUT", "/sandbox/limits", json={"per_bot": None}))[1]["per_bot"] is None


WRONG = [
    ("POST", "/sandbox/joins", {"chat_id": "x"}, (422, "chat_id")),
    ("POST", "/sandbox/joins", {"user_id": 1}, (422, "chat_id")),
    ("POST", "/sandbox/joins", {"chat_id": -5, "user_id": 1}, (404, "chat_id")),
    ("POST", "/sandbox/chats", {"type": "forum", "title": "x"}, (422, "type")),
    ("POST", "/sandbox/people", {"first_name": "x", "nonsense": 1}, (422, "nonsense")),
    ("POST", "/sandbox/faults", {"kind": "meteor"}, (422, "kind")),
    ("GET", "/sandbox/calls?after=x", None, (400, "after")),
]


@pytest.mark.parametrize(("verb", "path", "body", "expected"), WRONG)
async def test_bad_input_is_answered_with_the_field(
    desk: Desk, verb: str, path: str, body: object, expected: tuple[int, str]
) -> None:
    """Clear 4xx: what is wrong, and where."""
    got, answer = await desk.ask(verb, path, json=body)
    assert (got, answer["field"]) == expected
    assert answer["error"]


async def test_the_log_knows_every_call(desk: Desk) -> None:
    """Method as documented, outcome, and a count that can be filtered."""
    await desk.bot_api("GETME")
    await desk.bot_api("sendMessage", json={"chat_id": 5, "text": "x"})
    _, log = await desk.ask("GET", f"/sandbox/calls?bot_id={desk.bot.id}")
    assert [(call["method"], call["ok"]) for call in log["calls"]] == [
        ("getMe", True),
        ("sendMessage", False),
    ]
    assert log["calls"][1]["description"] == "Bad Request: chat not found"
    assert await desk.ask("GET", "/sandbox/calls/count?chat_id=5") == (200, {"count": 1})


async def until_awaited(queue: UpdateQueue) -> None:
    """Let the loop turn until a poll waits."""
    while not queue.is_awaited:  # noqa: ASYNC110 - the queue has no reason to announce its listeners
        await asyncio.sleep(0)


async def test_stopping_is_quick_and_ends_polls() -> None:
    """A poll that waits does not hold the sandbox up; it is told that the server restarts."""
    async with aiohttp.ClientSession() as client:
        async with Sandbox.start() as sandbox:
            bot = sandbox.world.bot("gate_bot")
            url = f"{sandbox.url}/bot{bot.token}/getUpdates?timeout=50"
            poll = asyncio.create_task(client.get(url))
            await until_awaited(bot.queue)
            began = time.perf_counter()
        assert time.perf_counter() - began < 0.1
        async with await poll as response:
            assert response.status == 500


async def test_a_call_that_outlasts_the_stop_is_told_so() -> None:
    """A 409 that is held back becomes a 500: the client hears of the restart, not of a broken line."""
    async with aiohttp.ClientSession() as client:
        async with Sandbox.start(clock=ManualClock()) as sandbox:
            bot = sandbox.world.bot("gate_bot")
            bot.queue.next_conflict = sandbox.world.clock.now() + 3
            url = f"{sandbox.url}/bot{bot.token}/getUpdates?timeout=50"
            polls = [asyncio.create_task(client.get(url))]
            await until_awaited(bot.queue)
            polls.append(asyncio.create_task(client.get(f"{url}&offset=1")))
            while bot.queue.previous_offset != 1:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)
        for poll in polls:
            async with await poll as response:
                assert response.status == 500


def test_integers_are_leading_digits() -> None:
    """Garbage is no error, ranges are clamped, empty is the default."""
    query = "a=12abc&b=-5&c=x&d=&e=99999999999999&g=٣"
    params = read(query.encode(), b"", b"", b"")
    assert [params.integer(name, 7, low=0, high=100) for name in "abcdefg"] == [12, 0, 0, 7, 100, 7, 0]
