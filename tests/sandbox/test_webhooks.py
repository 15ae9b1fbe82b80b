"""Webhooks without a socket: setting, order, retries, replies. facts/botapi.md §7."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatecrier_sandbox import Limits
from gatecrier_sandbox.botapi.api import BotApi
from gatecrier_sandbox.botapi.lanes import lane_of
from gatecrier_sandbox.botapi.params import Params, Upload
from gatecrier_sandbox.botapi.webhook_network import Deliver, Post, Reply, Undelivered
from gatecrier_sandbox.botapi.webhook_target import Target, parse
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.world.clock import ManualClock
from gatecrier_sandbox.world.model import Webhook
from gatecrier_sandbox.world.updates import Update
from sandbox.town import Town

URL = "http://bot.test:8080/hook"
CERTIFICATE = Path(__file__).with_name("tls") / "certificate.pem"


class Street:
    """The network with one house in it: `answer` says what its server replies, `posts` is what came when."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.names = {"bot.test": "93.184.216.34", "other.test": "93.184.216.35"}
        self.posts: list[tuple[float, Post]] = []
        self.answer: Callable[[dict[str, Any]], Reply] = lambda update: Reply(200)
        self.gate: dict[str, asyncio.Event] = {}
        self.open_connections = 0

    async def resolve(self, host: str) -> str:
        """Only two names are known."""
        await asyncio.sleep(0)
        if host not in self.names:
            raise OSError("no such host")
        return self.names[host]

    @asynccontextmanager
    async def connect(self, target: Target, hook: Webhook) -> AsyncIterator[Deliver]:
        """Count who is connected."""
        self.open_connections += 1
        try:
            yield self.take
        finally:
            self.open_connections -= 1

    async def take(self, post: Post) -> Reply:
        """Note the post; a text whose gate is shut waits."""
        self.posts.append((self.clock.now(), post))
        update = msgspec.json.decode(post.body)
        gate = self.gate.get(update.get("message", {}).get("text", ""))
        if gate is not None:
            await gate.wait()
        return self.answer(update)

    @property
    def texts(self) -> list[str]:
        """The words that came, in order."""
        return [msgspec.json.decode(post.body)["message"]["text"] for _, post in self.posts]


class Hooked(Town):
    """A town whose bot can be reached through the street; Rudi and Olga are subscribers."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(limits)
        self.street = Street(self.clock)
        self.api = BotApi(self.world, self.street)
        for person in (self.reader, self.owner):
            self.world.start(person.id, self.bot.id)
        self.bot.queue.clear()

    async def hook(self, url: str = URL, **given: Any) -> dict[str, Any]:
        """Set the webhook; the envelope."""
        return await self.call("setWebhook", url=url, **given)

    def say(self, *texts: str, by: int = 0) -> None:
        """Messages of the reader to the bot."""
        for text in texts:
            self.world.say(self.bot.id, by or self.reader.id, text)

    async def info(self) -> dict[str, Any]:
        """getWebhookInfo."""
        found: dict[str, Any] = await self.result("getWebhookInfo")
        return found

    async def pass_time(self, seconds: float) -> None:
        """Let time pass and everybody react, second by second."""
        for _ in range(int(seconds)):
            self.clock.advance(1)
            await turn()


async def turn() -> None:
    """Let every task do what it can."""
    for _ in range(30):
        await asyncio.sleep(0)


@pytest.fixture
async def town() -> AsyncIterator[Hooked]:
    """Without limits; couriers are stopped at the end."""
    made = Hooked()
    yield made
    await made.api.webhooks.close()
    assert made.street.open_connections == 0


# Setting


async def test_a_webhook_is_set_and_deleted_with_a_remark(town: Hooked) -> None:
    """The description says what happened; the same settings again change nothing."""
    expected: list[tuple[str, dict[str, Any], str]] = [
        ("setWebhook", {"url": URL}, "Webhook was set"),
        ("setWebhook", {"url": URL}, "Webhook is already set"),
        ("setWebhook", {"url": URL, "max_connections": 7}, "Webhook was set"),
        ("setWebhook", {"url": URL, "max_connections": 7, "drop_pending_updates": True}, "Webhook was set"),
        ("setWebhook", {"url": ""}, "Webhook was deleted"),
        ("deleteWebhook", {}, "Webhook is already deleted"),
        ("setWebhook", {"url": URL}, "Webhook was set"),
        ("deleteWebhook", {}, "Webhook was deleted"),
    ]
    for method, given, description in expected:
        assert await town.call(method, **given) == {"ok": True, "result": True, "description": description}


REFUSED = [
    ({"url": "ftp://bot.test"}, "invalid webhook URL specified"),
    ({"url": "http://"}, "invalid webhook URL specified"),
    ({"url": "http://bot.test:99999"}, "invalid webhook URL specified"),
    ({"url": "http://bot.test:0"}, "invalid webhook URL specified"),
    ({"url": "http://bo t.test"}, "invalid webhook URL specified"),
    ({"url": "http://[::1"}, "invalid webhook URL specified"),
    ({"secret_token": "x" * 257}, "secret token is too long"),
    ({"secret_token": "a b"}, "secret token contains unallowed characters"),
    ({"secret_token": "ключ"}, "secret token contains unallowed characters"),
    (
        {"url": "https://nowhere.test"},
        "bad webhook: Failed to resolve host: Name or service not known",
    ),
    ({"ip_address": "1.2.3"}, "bad webhook: Invalid IP address specified"),
]
STRICTLY = [
    ({"url": "http://bot.test"}, "bad webhook: An HTTPS URL must be provided for webhook"),
    (
        {"url": "https://bot.test:8080"},
        "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
    ),
    ({"url": "https://127.0.0.1"}, "bad webhook: IP address 127.0.0.1 is reserved"),
    ({"url": "https://bot.test", "ip_address": "10.0.0.1"}, "bad webhook: IP address 10.0.0.1 is reserved"),
    ({"url": "https://[2606:4700::1]"}, "bad webhook: IPv6-only addresses are not allowed"),
]


@pytest.mark.parametrize(
    ("given", "text", "strict"),
    [(*line, False) for line in REFUSED] + [(*line, True) for line in (*REFUSED, *STRICTLY)],
)
async def test_what_is_no_webhook_is_refused(
    town: Hooked, given: dict[str, Any], text: str, strict: bool
) -> None:
    """Exact texts; afterwards there is no webhook. The strict rules hold only where they are switched on."""
    town.world.webhooks_strict = strict
    wish = {"url": "https://bot.test/hook"} | given
    assert await town.error("setWebhook", **wish) == (400, f"Bad Request: {text}")
    assert (await town.info())["url"] == ""


@pytest.mark.parametrize(("given", "text"), STRICTLY)
async def test_a_local_server_takes_any_place(town: Hooked, given: dict[str, Any], text: str) -> None:
    """HTTP, any port, any address: what --local allows is the default."""
    assert text.startswith("bad webhook")
    assert (await town.call("setWebhook", **given))["ok"]


async def test_a_refused_webhook_takes_the_old_one_along(town: Hooked) -> None:
    """Telegram closes the old webhook before it looks at the new one."""
    await town.hook()
    await town.error("setWebhook", url="https://nowhere.test")
    assert (await town.info())["url"] == ""
    assert town.street.open_connections == 0


URLS = [
    ("example.com", Target("https", "example.com", 443, "/")),
    ("HTTP://u:p%40@example.com:81?a=b c#d", Target("http", "example.com", 81, "/?a=b%20c", "u:p%40")),
    ("https://münchen.example/ü", Target("https", "xn--mnchen-3ya.example", 443, "/%C3%BC")),
    ("https://[::1]:8443/x", Target("https", "[::1]", 8443, "/x")),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_urls_are_read_as_telegram_does(url: str, expected: Target) -> None:
    """Without a scheme it is HTTPS; fragments go, odd bytes are escaped, names become ASCII."""
    assert parse(url) == expected


@pytest.mark.parametrize(
    "url", ["", "https://", "https://.", "a://b", "https://a@", "https://a:b", "https://[]"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """A host is needed, a scheme must be HTTP's, a port a number."""
    with pytest.raises(ApiError, match="invalid webhook URL specified"):
        parse(url)


async def test_webhook_info_tells_what_was_set(town: Hooked) -> None:
    """Limits, address and subscriptions; default subscriptions are left out."""
    town.say("one")
    await town.hook(max_connections=500, ip_address="1.2.3.4", secret_token="s")
    assert await town.info() == {
        "url": URL,
        "has_custom_certificate": False,
        "pending_update_count": 1,
        "ip_address": "1.2.3.4",
        "max_connections": 100,
    }
    await town.hook(allowed_updates=["poll", "message"])
    info = await town.info()
    assert (info["ip_address"], info["allowed_updates"]) == ("93.184.216.34", ["message", "poll"])


async def test_a_certificate_comes_as_a_file(town: Hooked) -> None:
    """By its own name or by attach://; one that is too large or no certificate is refused."""
    pem = CERTIFICATE.read_bytes()
    for name, values in (("certificate", {}), ("file0", {"certificate": "attach://file0"})):
        params = Params({"url": "https://bot.test"} | values, {name: Upload("c.pem", "", pem)})
        assert (await town.send("setWebhook", params))["description"] == "Webhook was set"
        assert (await town.info())["has_custom_certificate"]
    for data, text in (
        (b"no certificate", "bad webhook: Failed to set custom certificate file"),
        (b"x" * (3 << 20 | 1), f"certificate size is too big ({3 << 20 | 1} bytes)"),
    ):
        params = Params({"url": "https://bot.test"}, {"certificate": Upload("c.pem", "", data)})
        assert (await town.send("setWebhook", params))["description"] == f"Bad Request: {text}"


async def test_a_webhook_may_be_set_once_a_second() -> None:
    """Where there are limits; deleting is free."""
    town = Hooked(Limits())
    await town.hook()
    assert (await town.hook("http://other.test"))["parameters"] == {"retry_after": 1}
    assert (await town.call("deleteWebhook"))["ok"]
    town.clock.advance(1)
    assert (await town.hook())["description"] == "Webhook was set"
    await town.api.webhooks.close()


async def test_the_later_of_two_webhooks_wins(town: Hooked) -> None:
    """A setWebhook that is overtaken while it looks up its host hears 409."""
    first = asyncio.create_task(town.hook())
    await asyncio.sleep(0)
    second = await town.hook("http://other.test")
    assert second["ok"]
    assert (await first)["description"] == "Conflict: terminated by other setWebhook"
    assert (await town.info())["url"] == "http://other.test"


# Beside getUpdates


async def test_updates_go_where_the_bot_listens(town: Hooked) -> None:
    """What waits for getUpdates goes to a new webhook, and what it did not take comes by getUpdates."""
    town.say("one", "two")
    town.street.gate["two"] = asyncio.Event()
    await town.hook()
    await turn()
    assert town.street.texts == ["one", "two"]
    assert (await town.info())["pending_update_count"] == 1
    await town.call("deleteWebhook")
    assert [update["message"]["text"] for update in await town.updates()] == ["two"]


async def test_pending_updates_can_be_dropped(town: Hooked) -> None:
    """By setWebhook and by deleteWebhook, whether there was one or not."""
    town.say("one")
    await town.hook(drop_pending_updates=True)
    await turn()
    assert not town.street.posts
    town.street.answer = lambda update: Reply(500)
    town.say("two")
    await town.call("deleteWebhook", drop_pending_updates=True)
    town.say("three")
    await town.call("deleteWebhook", drop_pending_updates=True)
    assert await town.updates() == []


async def test_a_webhook_ends_the_poll_that_waits_and_refuses_others(town: Hooked) -> None:
    """409 to both; the second 409 within three seconds is held back three seconds."""
    waiting = asyncio.create_task(town.call("getUpdates", timeout=50))
    await turn()
    await town.hook()
    assert (await waiting)["description"] == "Conflict: terminated by setWebhook request"
    refused = asyncio.create_task(town.error("getUpdates"))
    await turn()
    assert not refused.done()
    town.clock.advance(3)
    code, text = await refused
    assert code == 409
    assert text.startswith("Conflict: can't use getUpdates method while webhook is active; use deleteWebhook")


# Delivery


async def test_a_post_carries_what_telegram_sends(town: Hooked) -> None:
    """The update as JSON, the secret, Basic auth from the URL, the bare host."""
    await town.hook("http://me:pass@bot.test:8080/hook", secret_token="s-1")
    town.say("hello")
    await turn()
    ((_, post),) = town.street.posts
    assert msgspec.json.decode(post.body)["message"]["text"] == "hello"
    assert post.headers == {
        "Host": "bot.test",
        "Content-Type": "application/json",
        "Connection": "keep-alive",
        "Accept-Encoding": "gzip, deflate",
        "Authorization": "Basic bWU6cGFzcw==",
        "X-Telegram-Bot-Api-Secret-Token": "s-1",
    }
    assert (await town.info())["pending_update_count"] == 0


async def test_a_chat_is_served_in_order_and_holds_no_other_up(town: Hooked) -> None:
    """One in flight per chat; another chat's messages overtake a slow one."""
    await town.hook()
    slow = town.street.gate["slow"] = asyncio.Event()
    town.say("slow", "after")
    town.say("other", by=town.owner.id)
    await turn()
    assert town.street.texts == ["slow", "other"]
    slow.set()
    await turn()
    assert town.street.texts == ["slow", "other", "after"]


async def test_no_more_lanes_at_a_time_than_connections(town: Hooked) -> None:
    """With one connection everything comes one by one."""
    slow = town.street.gate["slow"] = asyncio.Event()
    await town.hook(max_connections=1)
    town.say("slow")
    town.say("other", by=town.owner.id)
    await turn()
    assert town.street.texts == ["slow"]
    slow.set()
    await turn()
    assert town.street.texts == ["slow", "other"]


async def test_a_failure_is_repeated_at_once_then_ever_later(town: Hooked) -> None:
    """After 0, 2, 4, 8, … seconds, in the end every 60 to 120."""
    town.street.answer = lambda update: Reply(500, "Internal Server Error")
    await town.hook()
    town.say("x", "y")
    await turn()
    await town.pass_time(600)
    times = [when for when, _ in town.street.posts]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[:6] == [0, 2, 4, 8, 16, 32]
    assert all(60 <= wait <= 120 for wait in waits[6:])
    assert set(town.street.texts) == {"x"}
    info = await town.info()
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert info["last_error_date"] == int(times[-1])
    town.street.answer = lambda update: Reply(204)
    await town.pass_time(120)
    assert town.street.texts[-2:] == ["x", "y"]


@pytest.mark.parametrize(("asked", "waited"), [(7, 7), (99_999, 3600)])
async def test_the_server_may_say_when_to_come_again(town: Hooked, asked: int, waited: int) -> None:
    """Retry-After overrides the back-off, up to an hour."""
    town.street.answer = lambda update: Reply(429, "Too Many Requests", asked)
    await town.hook()
    town.say("x")
    await turn()
    town.clock.advance(waited - 1)
    await turn()
    assert len(town.street.posts) == 1
    await town.pass_time(1)
    assert len(town.street.posts) == 2


async def test_an_update_is_not_repeated_beyond_its_life(town: Hooked) -> None:
    """A press of a button is given up when its next attempt would come too late."""
    town.street.answer = lambda update: Reply(500)
    await town.hook()
    town.bot.queue.add("callback_query", b'{"id":"1","from":{"id":5}}', now=town.clock.now())
    await turn()
    await town.pass_time(200)
    assert (await town.info())["pending_update_count"] == 0
    assert town.street.posts[-1][0] - town.street.posts[0][0] <= 150


@pytest.mark.parametrize(("status", "reason"), [(301, "Moved Permanently"), (404, "Not Found"), (199, "")])
async def test_only_2xx_is_a_success(town: Hooked, status: int, reason: str) -> None:
    """A redirect is a failure and is not followed."""
    town.street.answer = lambda update: Reply(status, reason)
    await town.hook()
    town.say("x")
    await turn()
    assert (await town.info())["last_error_message"] == f"Wrong response from the webhook: {status} {reason}"
    assert len(town.street.posts) == 2


async def test_no_answer_at_all_is_a_failure(town: Hooked) -> None:
    """What the network says is shown, and the update comes again."""

    def refuse(update: dict[str, Any]) -> Reply:
        raise Undelivered("Connection refused")

    town.street.answer = refuse
    await town.hook()
    town.say("x")
    await turn()
    assert (await town.info())["last_error_message"] == "Connection refused"
    town.street.answer = lambda update: Reply(200)
    await town.pass_time(2)
    assert (await town.info())["pending_update_count"] == 0


async def test_a_bot_that_is_gone_for_a_day_loses_its_webhook(town: Hooked) -> None:
    """Nothing but 410 for 23 hours closes it; what is pending waits for getUpdates."""
    town.street.answer = lambda update: Reply(410, "Gone", 3600)
    await town.hook()
    town.say("x")
    await turn()
    for _ in range(22):
        town.clock.advance(3600)
        await turn()
    assert (await town.info())["url"] == URL
    for _ in range(2):
        town.say("y")
        town.clock.advance(3600)
        await turn()
    assert (await town.info())["url"] == ""
    assert town.street.open_connections == 0
    assert len(await town.updates()) >= 2


async def test_many_pending_updates_are_taken_in_little_by_little(town: Hooked) -> None:
    """At most two per connection are under way; all arrive, in order."""
    texts = [str(number) for number in range(300)]
    town.say(*texts)
    await town.hook(max_connections=2)
    for _ in range(100):
        await turn()
    assert town.street.texts == texts


async def test_a_loaded_world_goes_on_delivering(town: Hooked) -> None:
    """A bot that has a webhook record is served when the server starts."""
    town.bot.webhook = Webhook(URL, ip_address="93.184.216.34")
    town.say("x")
    town.api.webhooks.resume()
    await turn()
    assert town.street.texts == ["x"]


async def test_a_reset_world_delivers_nothing_more(town: Hooked) -> None:
    """The courier of a bot that is no more ends, also in the midst of its back-off."""
    town.street.answer = lambda update: Reply(500)
    await town.hook()
    town.say("x")
    await turn()
    town.world.reset()
    await turn()
    assert town.street.open_connections == 0


LANES = [
    ("message", {"chat": {"id": 1}, "from": {"id": 2}}, ("chat", 1)),
    ("edited_message", {"chat": {"id": 1}, "from": {"id": 2}}, ("chat", 1)),
    ("channel_post", {"chat": {"id": -1}}, ("chat", -1)),
    ("callback_query", {"id": "9", "from": {"id": 2}}, ("callback_query", 2)),
    ("inline_query", {"id": "9", "from": {"id": 2}}, ("inline_query", 2)),
    ("pre_checkout_query", {"id": "9", "from": {"id": 2}}, ("payment", 2)),
    ("my_chat_member", {"chat": {"id": 1}, "from": {"id": 2}}, ("my_chat_member", 1)),
    ("chat_member", {"chat": {"id": 1}, "from": {"id": 2}}, ("member", 2)),
    ("chat_join_request", {"chat": {"id": 1}, "from": {"id": 2}}, ("member", 2)),
    ("poll", {"id": "77"}, ("poll", "77")),
    ("poll_answer", {"poll_id": "77", "user": {"id": 2}}, ("poll", "77")),
    ("message_reaction", {"chat": {"id": 1}, "user": {"id": 2}}, ("reaction", 1)),
    ("business_connection", {"id": "9", "user": {"id": 2}}, ("business_connection", 2)),
    ("subscription", {}, ("subscription", -5)),
]


@pytest.mark.parametrize(("kind", "content", "expected"), LANES)
def test_the_lane_follows_from_the_kind(kind: str, content: dict[str, Any], expected: object) -> None:
    """Messages by chat, presses and queries by person, polls by poll, reactions by chat on their own."""
    body = msgspec.json.encode({"update_id": 5, kind: content})
    assert lane_of(Update(5, 0.0, body)) == expected


# Replies


def replying(method: str, kind: str, **given: Any) -> Reply:
    """A reply that calls a method, as JSON, form or multipart."""
    values = {"method": method} | given
    if kind == "application/json":
        body = msgspec.json.encode(values)
    elif kind == "application/x-www-form-urlencoded":
        body = "&".join(f"{name}={value}" for name, value in values.items()).encode()
    else:
        part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        body = "".join(part.format(*item) for item in values.items()).encode() + b"--b--"
    return Reply(200, "OK", 0, kind.encode(), body)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
async def test_a_reply_may_call_a_method(town: Hooked, kind: str) -> None:
    """It is done as that bot's call and stands in the log; the result is discarded."""
    town.street.answer = lambda update: replying("SendMessage", kind, chat_id=town.reader.id, text="hi")
    await town.hook()
    town.say("hello")
    await turn()
    assert [message.text for message in town.bot.dialogs[town.reader.id].messages.values()][-1] == "hi"
    assert next(town.world.calls.latest()).method == "sendMessage"
    assert len(town.street.posts) == 1


@pytest.mark.parametrize("method", ["getMe", "setWebhook", "deleteWebhook", "close", "LOGOUT", ""])
async def test_a_reply_may_not_call_everything(town: Hooked, method: str) -> None:
    """Nothing that reads, and nothing that ends the webhook."""
    town.street.answer = lambda update: replying(method, "application/json")
    await town.hook()
    before = town.world.calls.total
    town.say("hello")
    await turn()
    assert town.world.calls.total == before
    assert (await town.info())["pending_update_count"] == 0


# Leaving


async def test_a_bot_that_logged_out_is_told_so(town: Hooked) -> None:
    """Every call is answered 400, a waiting poll too, until it is undone."""
    waiting = asyncio.create_task(town.error("getUpdates", timeout=50))
    await turn()
    assert await town.result("logOut") is True
    assert await waiting == (400, "Logged out")
    for method in ("getMe", "logOut", "nonsense"):
        assert await town.error(method) == (400, "Logged out")
    town.bot.logged_out = False
    assert (await town.result("getMe"))["id"] == town.bot.id


async def test_a_bot_may_be_closed_ten_minutes_after_its_launch(town: Hooked) -> None:
    """Before that 429; then a waiting poll hears of the restart and the next call begins anew."""
    assert (await town.call("close"))["parameters"] == {"retry_after": 601}
    town.clock.advance(600)
    waiting = asyncio.create_task(town.error("getUpdates", timeout=50))
    await turn()
    assert await town.result("close") is True
    assert await waiting == (500, "Internal Server Error: restart")
    assert (await town.error("close"))[0] == 429
    assert (await town.result("getMe"))["id"] == town.bot.id
