"""What subscribers choose in their private chat, through the whole app on a scripted network."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fake_transport import BOT_ID, TOKEN, FakeTransport, Posted, ok
from gatecrier.app import App, build
from gatecrier.bot.choices import screens
from gatecrier.bot.choices.buttons import button
from gatecrier.bot.choices.reception import ZONES
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.settings import BroadcastSettings, load
from gatecrier.telegram.transport import Reply
from gatecrier.telegram.updates import Received, decode
from make import DATE, make_update

pytestmark = pytest.mark.database

ADA = 7
TERMS = "We send <news>.\nhttps://example.org/terms"


def answer(call: Posted) -> Reply | None:
    """Telegram, as far as these tests need it."""
    if call.method == "sendMessage":
        chat = {"id": int(call.params["chat_id"]), "type": "private"}
        return ok({"message_id": 1, "date": DATE, "chat": chat, "text": call.params["text"]})
    return ok()


class Chat:
    """Ada's private chat with the bot."""

    def __init__(self, app: App, network: FakeTransport, clock: FakeClock) -> None:
        self.app = app
        self.clock = clock
        self._network = network
        self._number = 0

    async def say(self, text: str) -> dict[str, Any]:
        """Write; the last message in return."""
        self._number += 1
        return await self._take(make_update(self._number, sender=ADA, text=text), "sendMessage")

    async def press(self, data: str, *, by: int = ADA, chat: int = ADA) -> dict[str, Any]:
        """Press a button; what is shown instead."""
        self._number += 1
        message = {
            "message_id": 1, "date": DATE, "chat": {"id": chat, "type": "private"}, "text": "x",
            "from": {"id": BOT_ID, "is_bot": True, "first_name": "Bot"},
        }  # fmt: skip
        query = {
            "id": str(self._number), "from": {"id": by, "is_bot": False, "first_name": "Ada"},
            "chat_instance": "1", "message": message, "data": data,
        }  # fmt: skip
        body = msgspec.json.encode({"update_id": self._number, "callback_query": query})
        return await self._take(Received(decode(body), body), "editMessageText")

    def toast(self) -> str:
        """The last answer to a button."""
        calls = [call for call in self._network.posted if call.method == "answerCallbackQuery"]
        return str(calls[-1].params.get("text", ""))

    def sent(self) -> list[str]:
        """Messages since the last press or line."""
        return [str(call.params["text"]) for call in self._network.posted if call.method == "sendMessage"]

    async def reasons(self) -> dict[str, int]:
        """Who must not be messaged."""
        return (await self.app.subscribers.audience(BOT_ID)).suppressed

    async def _work_on(self, received: Received) -> None:
        await self.app.first.inbox.take((received,))
        await self.app.first.inbox.drain()

    async def _take(self, received: Received, method: str) -> dict[str, Any]:
        self._network.posted.clear()
        body = received.body.replace(str(DATE).encode(), str(int(self.clock.now().timestamp())).encode())
        asked = asyncio.create_task(self._work_on(Received(decode(body), body)))
        async with asyncio.timeout(20):
            while not asked.done():  # the second message to a chat within a second waits for its turn
                await (self.clock.advance(0.5) if self.clock.sleepers else asyncio.sleep(0))
        await asked
        found = [call.params for call in self._network.posted if call.method == method]
        return found[-1] if found else {}


@asynccontextmanager
async def opened(tmp_path: Path, clock: FakeClock, **broadcast: Any) -> AsyncIterator[Chat]:
    network = FakeTransport(clock)
    network.rule = answer
    settings = load(bot_token=TOKEN, database_url=f"sqlite:///{tmp_path}/bot.db")
    settings = settings.model_copy(update={"broadcast": BroadcastSettings(**broadcast)})
    async with build(settings, clock=clock, transport=network, rng=random.Random(1)) as app:
        await app.start()
        yield Chat(app, network, clock)


@pytest.fixture
async def chat(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Chat]:
    async with opened(tmp_path, clock, categories=("news", "offers")) as chat:
        yield chat


def buttons(shown: dict[str, Any]) -> dict[str, str]:
    """Text → data of the buttons of a message."""
    markup = shown["reply_markup"]
    rows = (json.loads(markup) if isinstance(markup, str) else markup)["inline_keyboard"]
    return {one["text"]: one["callback_data"] for row in rows for one in row}


async def test_terms_are_asked_before_anything_is_sent(tmp_path: Path, clock: FakeClock) -> None:
    """/start shows them, escaped; one press agrees, a second changes nothing, another /start asks no more."""
    async with opened(tmp_path, clock, terms=TERMS) as chat:
        shown = await chat.say("/start")
        assert "We send &lt;news&gt;.\nhttps://example.org/terms" in shown["text"]
        assert await chat.reasons() == {"no_terms": 1}
        agree = buttons(shown)[screens.AGREE]
        assert "you have agreed" in (await chat.press(agree))["text"]
        assert await chat.reasons() == {}
        before = await chat.app.personal.kept(BOT_ID, ADA)
        await clock.advance(60)
        await chat.press(agree)
        assert await chat.app.personal.kept(BOT_ID, ADA) == before
        assert "terms" not in (await chat.say("/start"))["text"]


async def test_nobody_agrees_for_another(tmp_path: Path, clock: FakeClock) -> None:
    """Nor does a button agree for somebody who never started the bot."""
    async with opened(tmp_path, clock, terms=TERMS) as chat:
        agree = buttons(await chat.say("/start"))[screens.AGREE]
        assert await chat.press(agree, by=8) == {}
        assert "another person" in chat.toast()
        assert await chat.press(agree, by=8, chat=8) == {}
        assert "do not get" in chat.toast()
        assert await chat.reasons() == {"no_terms": 1}


async def test_without_terms_nobody_is_asked(chat: Chat) -> None:
    """And an old button does nothing."""
    assert "reply_markup" not in await chat.say("/start")
    await chat.press("s:agree:")
    assert (await chat.app.personal.kept(BOT_ID, ADA))["subscribers"][0]["terms_at"] is None


async def test_settings_show_terms_that_are_not_accepted(tmp_path: Path, clock: FakeClock) -> None:
    """Whoever came before there were terms finds them there."""
    async with opened(tmp_path, clock, terms=TERMS) as chat:
        await chat.say("/start")
        shown = await chat.say("/settings")
        assert "&lt;news&gt;" in shown["text"]
        assert screens.AGREE in buttons(shown)


async def test_categories_are_chosen_by_buttons(chat: Chat) -> None:
    """Each button says what is wanted, so that the same press twice is the same."""
    await chat.say("/start")
    shown = buttons(await chat.say("/settings"))
    assert {"✓ news", "✓ offers"} <= shown.keys()
    for _ in range(2):
        again = buttons(await chat.press(shown["✓ news"]))
        assert {"✗ news", "✓ offers"} <= again.keys()
    assert (await chat.app.subscribers.choices(BOT_ID, ADA)).opted_out == {"news"}
    assert "✓ news" in buttons(await chat.press(again["✗ news"]))


async def test_unsubscribe_under_a_message_ends_its_category(chat: Chat) -> None:
    """With a toast that says how to have it back; what is no category of this bot is refused."""
    await chat.say("/start")
    await chat.press("out:news")
    assert "/settings" in chat.toast()
    assert (await chat.app.subscribers.choices(BOT_ID, ADA)).opted_out == {"news"}
    await chat.press("out:invented")
    assert "out of date" in chat.toast()
    await chat.press("out:offers", by=8, chat=8)  # never started the bot
    assert (await chat.app.subscribers.choices(BOT_ID, 8)).opted_out == set()


async def test_a_category_that_is_offered_no_more_can_be_had_back(tmp_path: Path, clock: FakeClock) -> None:
    """Its messages, with their buttons, lie in people's chats for years."""
    async with opened(tmp_path, clock, categories=("news",)) as chat:
        await chat.say("/start")
        await chat.press("out:news")
    async with opened(tmp_path, clock, categories=("offers",)) as later:
        later._number = 10
        assert {"✗ news", "✓ offers"} <= buttons(await later.say("/settings")).keys()


async def test_a_time_zone_is_chosen_by_what_the_clock_says(tmp_path: Path, clock: FakeClock) -> None:
    """It is 12:00 UTC; quiet hours are told with the person's own clock."""
    async with opened(tmp_path, clock, quiet_from="22:00", quiet_to="08:00") as chat:
        await chat.say("/start")
        shown = await chat.say("/settings")
        assert "12:00 (UTC). Nothing is sent to you between 22:00 and 08:00" in shown["text"]
        zones = buttons(await chat.press(buttons(shown)["🕑 My time zone"]))
        assert len(zones) == len(ZONES) + 1
        shown = await chat.press(zones["Delhi 17:30"])
        assert "17:30 (Delhi)" in shown["text"]
        await chat.press("s:zone:Mars/Phobos")
        assert "no such time zone" in chat.toast()
        assert (await chat.app.subscribers.choices(BOT_ID, ADA)).time_zone == "Asia/Kolkata"


async def test_stopping_and_coming_back_by_buttons(chat: Chat) -> None:
    """The same as /stop and /start."""
    await chat.say("/start")
    shown = buttons(await chat.say("/settings"))
    stopped = await chat.press(shown["⏹ Get no messages"])
    assert screens.STOPPED in stopped["text"]
    assert await chat.reasons() == {"stopped": 1}
    await chat.press(buttons(stopped)["▶️ Get messages again"])
    assert await chat.reasons() == {}


async def test_of_somebody_who_is_no_subscriber_settings_show_their_groups(chat: Chat) -> None:
    """Admins need not subscribe to anything."""
    assert "/protect" in (await chat.say("/settings"))["text"]
    assert (await chat.app.subscribers.audience(BOT_ID)).total == 0


async def test_privacy_shows_what_is_kept(chat: Chat) -> None:
    """In our own words where the deployment has none; the data itself as JSON that can be read."""
    await chat.say("/start ad7")
    shown = await chat.say("/privacy")
    assert "erased, at any time" in shown["text"]
    await chat.press(buttons(shown)["📄 My data"])
    (page,) = chat.sent()
    kept = json.loads(unescape(page.removeprefix("<pre>").removesuffix("</pre>")))
    assert kept["subscribers"][0]["source"] == "ad7"
    assert "groups" in kept["left_out"]


async def test_the_deployments_own_words_are_escaped(tmp_path: Path, clock: FakeClock) -> None:
    """They are text, not markup."""
    async with opened(tmp_path, clock, privacy="Ask <me>") as chat:
        assert "Ask &lt;me&gt;" in (await chat.say("/privacy"))["text"]


async def test_erasing_is_asked_about_once_and_done(chat: Chat) -> None:
    """Nothing is kept but that; /start begins anew."""
    await chat.say("/start ad7")
    asked = await chat.press(buttons(await chat.say("/privacy"))["🗑 Erase me"])
    assert (await chat.app.subscribers.audience(BOT_ID)).total == 1
    assert "You are erased" in (await chat.press(buttons(asked)["Yes, erase me"]))["text"]
    assert (await chat.app.subscribers.audience(BOT_ID)).total == 0
    await chat.press("s:on:news")
    assert "do not get" in chat.toast()
    await chat.say("/start friend")
    (row,) = (await chat.app.personal.kept(BOT_ID, ADA))["subscribers"]
    assert row["source"] == "friend"


async def test_a_button_of_an_older_version_says_so(chat: Chat) -> None:
    """Instead of nothing."""
    await chat.press("s:nonsense:1")
    assert "out of date" in chat.toast()


async def test_any_message_shows_that_somebody_can_be_reached(chat: Chat) -> None:
    """Who blocked the bot and writes again is messaged again; it is no way back from /stop."""
    await chat.say("/start")
    await chat.app.subscribers.blocked(BOT_ID, ADA, at=chat.app.clock.now())
    await chat.say("/stop")
    await chat.say("hello")
    assert await chat.reasons() == {"stopped": 1}


def test_much_data_is_three_messages_and_a_remark() -> None:
    """One press must not cause fifty messages; each fits, whatever escaping adds."""
    shown = screens.data({"deliveries": [{"code": "<&>" * 40} for _ in range(400)]})
    assert len(shown) == screens.MOST_PAGES + 1
    assert all(len(unescape(screen.text)) <= 4096 for screen in shown)
    assert "more than fits" in shown[-1].text


@pytest.mark.parametrize("category", ["x" * 32, "я" * 24])
def test_every_category_and_zone_fits_into_a_button(category: str) -> None:
    """64 bytes; the settings refuse what would not fit."""
    BroadcastSettings(categories=(category,))
    for made in (button("x", "off", category), *(button("x", "zone", zone) for zone in ZONES)):
        assert len((made.callback_data or "").encode()) <= 64


@pytest.mark.parametrize("category", ["я" * 25, "a:b", "", " news", "x" * 33])
def test_a_category_that_fits_into_no_button_is_refused(category: str) -> None:
    """At start, not at the first press."""
    with pytest.raises(ValueError, match="categories"):
        BroadcastSettings(categories=(category,))
