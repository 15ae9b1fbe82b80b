"""The chat page: what it shows, what it lets nobody smuggle in, and how it stays true."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecrier_sandbox import World
from gatecrier_sandbox.page import keyboards, media, render, service, stream, view
from gatecrier_sandbox.page.faces import Calendar, initials
from gatecrier_sandbox.page.guard import is_ours
from gatecrier_sandbox.page.place import Memory, Place
from gatecrier_sandbox.page.rich import href_of, rich
from gatecrier_sandbox.page.routes import page
from gatecrier_sandbox.world import conversation, deletion
from gatecrier_sandbox.world.faults import FaultKind
from gatecrier_sandbox.world.model import Message, Wire
from sandbox.browser import Browser, Tags
from sandbox.town import Town

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</pre></div>"
GO = "/page/go?as=7&to="
TYPES = [
    *("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote"),
    *("expandable_blockquote", "text_link", "url", "email", "phone_number", "mention", "text_mention"),
    *("hashtag", "cashtag", "bot_command", "custom_emoji", "date_time", "unheard_of"),
]
TAGS = {"b", "i", "u", "s", "span", "code", "pre", "blockquote", "a", "time"}
ATTRIBUTES = {
    *("class", "href", "target", "rel", "title", "role", "tabindex"),
    *("data-copy", "data-command", "data-toggle", "hx-post", "hx-swap"),
}

entities = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(TYPES),
            "offset": st.integers(-2, 40),
            "length": st.integers(-2, 40),
            "url": st.sampled_from(["javascript:alert(1)", 'https://a.b/?x="><script>', "http://[", HOSTILE]),
            "language": st.sampled_from(["", "python", HOSTILE]),
        }
    ),
    max_size=6,
)
texts = st.text(alphabet=st.sampled_from("ab<>&\"'/ \n😀ж") | st.characters(codec="utf-8"), max_size=40)


# Texts


@pytest.mark.long
@given(texts, entities)
def test_no_text_becomes_anything_but_our_own_tags(text: str, given_entities: list[dict[str, Any]]) -> None:
    """Whatever text and entities say, only our tags and attributes come out, and links hold no scripts."""
    seen = Tags(str(rich(text, given_entities, go=GO)))
    assert {tag for tag, _ in seen.tags} <= TAGS
    for _, attributes in seen.tags:
        assert set(attributes) <= ATTRIBUTES
        href = attributes.get("href", "#")
        assert href.startswith(("#", "http://", "https://", "mailto:", "tel:"))


@given(texts)
def test_a_text_without_entities_is_itself(text: str) -> None:
    """Nothing of a text is lost or changed on its way to the screen."""
    normal = text.replace("\x00", "\ufffd")
    assert Tags(str(rich(text, []))).words.replace("\x00", "\ufffd") == normal


@pytest.mark.parametrize(
    ("text", "given_entities", "html"),
    [
        ("a b", [{"type": "bold", "offset": 2, "length": 1}], "a <b>b</b>"),
        ("😀b", [{"type": "italic", "offset": 2, "length": 1}], "😀<i>b</i>"),
        (
            "abc",
            [{"type": "bold", "offset": 0, "length": 2}, {"type": "italic", "offset": 1, "length": 2}],
            "<b>a<i>b</i></b><i>c</i>",
        ),
        (
            "x\ny",
            [{"type": "pre", "offset": 0, "length": 1, "language": "py"}],
            '<pre class="pre"><span class="pre-lang">py</span><code>x</code></pre>y',
        ),
    ],
)
def test_entities_count_utf16_units_and_nest(
    text: str, given_entities: list[dict[str, Any]], html: str
) -> None:
    """Offsets are UTF-16 units; overlapping entities are closed and opened again; a box ends its line."""
    assert str(rich(text, given_entities, go=GO)) == html


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("https://t.me/news?start=1", GO + "https%3A%2F%2Ft.me%2Fnews%3Fstart%3D1"),
        ("tg://user?id=5", GO + "tg%3A%2F%2Fuser%3Fid%3D5"),
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("mailto:a@b.c", "mailto:a@b.c"),
        ("javascript:alert(1)", ""),
        (" javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://[", ""),
        ("/page/acts/demo", ""),
    ],
)
def test_links_stay_inside_or_leave_by_http(address: str, href: str) -> None:
    """t.me stays in the sandbox; only http, https, mailto and tel leave; nothing else is a link."""
    assert href_of(address, GO) == href


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Olga Sommer", "OS"), ("rudi", "R"), ("«Ада» и Ко", "АК"), ("🙂 !", "?"), ("", "?")],
)
def test_initials_are_the_first_and_last_words_letters(name: str, letters: str) -> None:
    """An avatar always has something to show."""
    assert initials(name) == letters


# Messages


def drawn(town: Town, place: Place | None = None) -> str:
    """The page as the reader sees the group, or another place."""
    place = place or Place(person=town.reader.id, chat=town.group.id)
    shown = view.whole(town.world, place, Calendar(town.clock.now()), Memory(), base="http://x")
    return render.page(shown, nonce="N")


PHOTO = [{"file_id": HOSTILE, "file_unique_id": "u", "width": 90, "height": 0}]
FILE = {"file_id": HOSTILE, "file_unique_id": "u", "file_name": HOSTILE, "mime_type": HOSTILE, "file_size": 9}
POLL = {"question": HOSTILE, "options": [{"text": HOSTILE, "voter_count": 2}], "total_voter_count": 2}
CONTENTS: dict[str, object] = {
    "photo": PHOTO,
    "live_photo": {"photo": PHOTO, **FILE},
    "video": FILE | {"duration": 70},
    "animation": FILE,
    "audio": FILE | {"performer": HOSTILE, "title": HOSTILE},
    "document": FILE,
    "voice": FILE,
    "video_note": FILE | {"length": 20, "duration": 3},
    "sticker": FILE | {"emoji": HOSTILE},
    "location": {"latitude": 1.5, "longitude": "x"},
    "venue": {"location": {"latitude": 1, "longitude": 2}, "title": HOSTILE, "address": HOSTILE},
    "contact": {"phone_number": HOSTILE, "first_name": HOSTILE},
    "poll": POLL,
    "dice": {"emoji": "🎲", "value": 6},
    "game": {"title": HOSTILE, "description": HOSTILE},
    "invoice": {"title": HOSTILE, "description": HOSTILE, "currency": "EUR", "total_amount": 199},
    "checklist": {"title": HOSTILE, "tasks": [{"id": 1, "text": HOSTILE}]},
    "story": {"id": 1},
    "paid_media": {"star_count": 1, "paid_media": [{"type": "photo", "photo": PHOTO}, {"type": "preview"}]},
    "giveaway": {"winner_count": 1},
    "rich_message": {"blocks": [{"type": "paragraph", "text": HOSTILE}, {"type": "photo", "photo": PHOTO}]},
}


def test_every_kind_of_content_has_a_sample_here() -> None:
    """A kind that is added to the page is also proved to be drawn."""
    assert CONTENTS.keys() == set(media.KINDS)


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_kind_of_content_is_drawn_and_harmless(kind: str) -> None:
    """Hostile names and missing files are shown as words, in the chat and in the list."""
    town = Town()
    content: Wire = {kind: CONTENTS[kind]}
    message = Message(1, town.world.today, sender_id=town.owner.id, text=HOSTILE, content=content)
    town.group.messages[1] = message
    town.reader.first_name = town.group.title = HOSTILE
    check_harmless(drawn(town))


def check_harmless(html: str) -> None:
    """Nothing hostile became a tag; nothing breaks the page's own policy."""
    seen = Tags(html)
    scripts = [attributes for tag, attributes in seen.tags if tag == "script"]
    assert all(attributes.get("nonce") == "N" and attributes.get("src") for attributes in scripts)
    names = {name for _, attributes in seen.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"style", "hx-on"}]
    assert not [tag for tag, attributes in seen.tags if tag == "img" and attributes.get("src") == "x"]


@pytest.mark.parametrize("name", [*service.SENTENCES, "something_new"])
@pytest.mark.parametrize("value", [{}, [], True, 7, HOSTILE, {"name": HOSTILE, "text": HOSTILE}])
def test_every_service_message_has_words(name: str, value: object) -> None:
    """Whatever a service message holds, it is told in one harmless sentence."""
    words = service.sentence(HOSTILE, {name: value})
    assert words.striptags()
    assert {tag for tag, _ in Tags(str(words)).tags} <= {"b"}


def test_an_ephemeral_message_is_seen_by_its_receiver_alone() -> None:
    """What only one person may see, no other person's page shows."""
    town = Town()
    secret = Message(1, town.world.today, bot_id=town.bot.id, sender_id=town.bot.id, text="psst")
    secret.receiver_id = town.reader.id
    town.group.ephemeral[1] = secret
    assert "psst" in drawn(town)
    assert "psst" not in drawn(town, Place(person=town.owner.id, chat=town.group.id))


def test_deleted_messages_leave_a_mark_where_they_stood() -> None:
    """Where a message was deleted one still sees that there was one."""
    town = Town()
    first, second, third = (town.world.say(town.group.id, town.reader.id, word) for word in ("a", "b", "c"))
    deletion.take_back(town.world, town.group.id, town.reader.id, second.message_id)
    place = Place(person=town.reader.id, chat=town.group.id)
    shown = view.whole(town.world, place, Calendar(town.clock.now()), Memory(), base="")
    keys = [item.key for item in shown.items]
    middle = keys.index(f"g{second.message_id}")
    assert keys[middle - 1 : middle + 2] == [f"m{first.message_id}", keys[middle], f"m{third.message_id}"]


def test_a_conversation_shows_the_newest_and_offers_the_rest() -> None:
    """A long chat is not drawn whole; what is drawn are its newest messages."""
    town = Town()
    for number in range(130):
        town.world.say(town.group.id, town.reader.id, f"word {number}.")
    html = drawn(town)
    assert "word 129." in html
    assert "word 29." not in html
    assert "Show older messages" in html
    assert "word 29." in drawn(town, Place(person=town.reader.id, chat=town.group.id, shown=200))


# Keyboards


def keyed(message_id: int, markup: Wire | None, sender_id: int = 1) -> Message:
    """A message that brings a keyboard."""
    return Message(message_id, 0, sender_id=sender_id, keyboard=markup)


BOARD: Wire = {"keyboard": [[{"text": "A"}]]}
ONCE: Wire = BOARD | {"one_time_keyboard": True}


@pytest.mark.parametrize(
    ("newest_first", "rows", "reply_to"),
    [
        ([keyed(2, None), keyed(1, BOARD)], 1, 0),
        ([keyed(2, {"remove_keyboard": True}), keyed(1, BOARD)], 0, 0),
        ([keyed(2, None, 7), keyed(1, ONCE)], 0, 0),
        ([keyed(2, None, 8), keyed(1, ONCE)], 1, 0),
        ([keyed(3, {"force_reply": True})], 0, 3),
        ([keyed(4, None, 7), keyed(3, {"force_reply": True})], 0, 0),
        ([keyed(5, BOARD | {"selective": True})], 0, 0),
        ([], 0, 0),
    ],
)
def test_the_newest_keyboard_stands(newest_first: list[Message], rows: int, reply_to: int) -> None:
    """The newest keyboard for this person stands until it is removed, or used if it is for one time."""
    found = keyboards.standing(newest_first, 7)
    assert (len(found.rows), found.reply_to) == (rows, reply_to)


# What changes


def applied(changes: str, name: str, old: list[str]) -> list[str]:
    """What a browser's list of lines is after the changes; a line is `<p id=key>...</p>`."""
    lines = list(old)
    for chunk in changes.split("</hx-partial>")[:-1]:
        head, _, html = chunk.partition(">")
        attributes = Tags(head + ">").tags[0][1]
        target, swap = attributes["hx-target"].removeprefix("#"), attributes["hx-swap"]
        made = [f"{line}</p>" for line in html.split("</p>")[:-1]]
        if target == name:
            lines = {"innerMorph": made, "beforeend": lines + made, "afterbegin": made + lines}[swap]
            continue
        place = next(number for number, line in enumerate(lines) if f"id={target}>" in line)
        lines[place : place + 1] = made if swap == "outerMorph" else []
    return lines


keys = st.lists(st.integers(0, 12), unique=True, max_size=8)


@given(keys, keys, st.integers(0, 3), st.sampled_from(render.LISTS))
def test_changes_make_the_old_list_the_new_one(old: list[int], new: list[int], turn: int, name: str) -> None:
    """However a list changed, what is sent turns what a browser shows into what is."""
    before = {f"k{key}": f"<p id=k{key}>0</p>" for key in old}
    after = {f"k{key}": f"<p id=k{key}>{key * turn % 2}</p>" for key in new}
    changes = stream.list_changes(name, before, after)
    assert applied(changes, name, list(before.values())) == list(after.values())


def test_a_frame_holds_any_text_in_one_message() -> None:
    """Line breaks of every kind stay inside the message they are in."""
    assert stream.message("a\r\nb\rc\u2028d\n") == "data: a\ndata: b\ndata: c\u2028d\ndata: \n\n".encode()


async def test_a_change_in_the_world_reaches_the_page() -> None:
    """A message, its deletion and the end of the server arrive without being asked for."""
    town = Town()
    memory = Memory()
    place = Place(person=town.reader.id, chat=town.group.id)

    def made() -> render.Parts:
        return render.parts(view.whole(town.world, place, Calendar(town.clock.now()), memory, base=""))

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    with town.world.feed.listen() as watch:
        frames = stream.frames(watch, made, str, pause=at_once)
        assert await anext(frames) == stream.RETRY
        assert b'hx-target="#messages"' in await anext(frames)
        message = town.world.say(town.group.id, town.owner.id, "fresh news")
        assert b"fresh news" in await anext(frames)
        deletion.take_back(town.world, town.group.id, town.owner.id, message.message_id)
        assert b"message deleted" in await anext(frames)
        town.world.feed.close()
        assert [frame async for frame in frames] == []


# The door


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        *(
            (host, True)
            for host in ("127.0.0.1:8081", "localhost", "[::1]:80", "a.localhost:1", "sandbox:8081")
        ),
        *(
            (host, False)
            for host in ("evil.example", "127.0.0.1.evil.example:8081", "", "[", "a b", "localhost.com")
        ),
    ],
)
def test_only_local_names_lead_here(host: str, ours: bool) -> None:
    """A name with a dot may be somebody's who points it at this machine."""
    assert is_ours(host) is ours


@pytest.fixture
def town() -> Town:
    """A small world."""
    return Town()


@pytest.fixture
def browser(town: Town) -> Browser:
    """A browser at its page."""
    return Browser(page(town.world))


def at(town: Town, act: str, **changes: object) -> str:
    """The address of an act of the reader in the group."""
    place = Place(person=town.reader.id, chat=town.group.id)
    return f"/page/acts/{act}?{place.query(**changes)}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"sec_fetch_site": "none"}, 204),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "", "origin": "http://evil.example"}, 403),
        ({"sec_fetch_site": "", "origin": "http://127.0.0.1:8081"}, 204),
        ({"sec_fetch_site": "", "origin": "http://["}, 403),
        ({"host": "evil.example"}, 421),
    ],
)
async def test_other_sites_cannot_act_here(
    town: Town, browser: Browser, headers: dict[str, str], status: int
) -> None:
    """An act needs the page's own origin, and a host name that is this machine's."""
    answer = await browser.post(at(town, "say"), {"text": "hello"}, **headers)
    assert answer.status == status
    said = [message for message in town.group.messages.values() if message.text == "hello"]
    assert len(said) == (status == 204)


async def test_the_page_forbids_what_it_does_not_need(town: Town, browser: Browser) -> None:
    """Scripts need the nonce of this very answer; nothing inline, nothing foreign."""
    first, second = [await browser.get(f"/?as={town.reader.id}&chat={town.group.id}") for _ in range(2)]
    assert first.status == 200
    policy = first.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert policy != second.headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    check_harmless(first.text.replace(f'nonce="{nonce}"', 'nonce="N"'))


async def test_an_empty_world_says_what_to_do_next() -> None:
    """Who comes first finds a button and the lines that point a bot here."""
    shown = await Browser(page(World())).get("/")
    assert "Make a demo world" in shown.text
    assert "curl http://127.0.0.1:8081/bot&lt;token&gt;/getMe" in shown.text


async def test_the_demo_can_be_made_again_and_again() -> None:
    """Each time there are new people and chats, and the page goes there."""
    world = World()
    browser = Browser(page(world))
    for count in (1, 2, 3):
        answer = await browser.post("/page/acts/demo")
        assert answer.status == 204
        there = msgspec.json.decode(answer.headers["hx-location"])["path"]
        assert (await browser.get(there)).status == 200
        assert len(world.bots) == count


async def test_what_the_world_refuses_is_told_as_a_toast(town: Town, browser: Browser) -> None:
    """A refusal has its status and its reason, escaped."""
    town.world.set_member(town.group.id, town.reader.id, "restricted", permissions={})
    answer = await browser.post(at(town, "say"), {"text": "hello"})
    assert answer.status == 403
    assert "Restricted" in answer.text
    assert "#toasts" in answer.text
    lost = await browser.post(at(town, "no_such_act"))
    assert lost.status == 404


@pytest.mark.parametrize(
    "name", ["say", "edit", "click", "vote", "member", "fault", "advance", "delete", "react"]
)
@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 40, "1e999", "nan", "\x00", HOSTILE])
async def test_nonsense_is_refused_and_nothing_breaks(
    town: Town, browser: Browser, name: str, value: str
) -> None:
    """Any field may hold anything; the answer is never a server error."""
    fields = (
        "text",
        "edit",
        "message",
        "data",
        "option",
        "user",
        "what",
        "hours",
        "kind",
        "seconds",
        "times",
    )
    answer = await browser.post(at(town, name), dict.fromkeys(fields, value))
    assert answer.status < 500
    assert (await browser.get(f"/?as={value}&chat={town.group.id}&shown=x")).status in {200, 303}


async def test_administrators_act_and_others_do_not(town: Town, browser: Browser) -> None:
    """Whoever acts needs the right that the act needs, and nobody touches the owner."""
    victim = town.world.person("Vic")
    town.world.join(town.group.id, victim.id)
    ban = {"user": str(victim.id), "what": "ban"}
    assert (await browser.post(at(town, "member"), ban)).status == 403
    done = await browser.post(at(town, "member", person=town.owner.id), ban)
    assert (done.status, town.world.member(town.group.id, victim.id).status) == (200, "kicked")
    against_owner = {"user": str(town.owner.id), "what": "ban"}
    assert (await browser.post(at(town, "member", person=town.owner.id), against_owner)).status == 403


async def test_a_pressed_button_is_answered_on_the_page(town: Town, browser: Browser) -> None:
    """The bot hears the press; what it answers is a notice for who pressed, once."""
    from gatecrier_sandbox.page.notices import Notices

    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    sent = await town.result("sendMessage", chat_id=town.group.id, text="?", reply_markup=markup)
    notices = Notices(town.world, Place(person=town.reader.id, chat=town.group.id))
    form = {"message": str(sent["message_id"]), "data": "go"}
    assert (await browser.post(at(town, "click"), form)).status == 204
    [update] = await town.updates()
    query_id = update["callback_query"]["id"]
    await town.result("answerCallbackQuery", callback_query_id=query_id, text=HOSTILE, show_alert=True)
    told = notices.fresh()
    assert "data-alert" in told
    assert "<script>" not in told
    assert notices.fresh() == ""


async def test_files_are_shown_but_never_run(town: Town, browser: Browser) -> None:
    """A picture is a picture; a page or a drawing with scripts is a download."""
    script = b"<svg onload=alert(1)>"
    for name, kind, data in (
        ("a.gif", "image/gif", conversation.PIXEL),
        ("a.svg", "image/svg+xml", script),
        ("a.html", "text/html", script),
    ):
        sent = await browser.upload(at(town, "say"), name, kind, data)
        assert sent.status == 204
        file = list(town.world.files.by_id.values())[-1]
        got = await browser.get(f"/page/files/{file.file_id}")
        assert got.body == data
        is_shown = kind == "image/gif"
        assert (got.headers["content-disposition"] == "inline") is is_shown
        assert (got.headers["content-type"] == "image/gif") is is_shown
        assert "sandbox" in got.headers["content-security-policy"]


async def test_links_lead_to_chats_of_this_world(town: Town, browser: Browser) -> None:
    """t.me addresses open what is here; unknown ones say so; hostile ones break nothing."""
    there = Place(person=town.reader.id).go
    found = await browser.post(there + "https%3A%2F%2Ft.me%2Fnews")
    assert str(town.channel.id) in found.headers["hx-location"]
    started = await browser.post(there + "https%3A%2F%2Ft.me%2Fgate_bot%3Fstart%3Dabc")
    assert started.status == 204
    assert [message.text for message in town.bot.dialogs[town.reader.id].messages.values()] == ["/start abc"]
    for hostile in ("x", "https%3A%2F%2F%5B", "tg%3A%2F%2F", "%00", "https%3A%2F%2Ft.me%2F%2Bnope"):
        assert (await browser.post(there + hostile)).status < 500


@pytest.mark.parametrize("name", ["person", "chat", "new_bot", "members", "bot"])
async def test_every_sheet_can_be_opened(town: Town, browser: Browser, name: str) -> None:
    """Every dialog renders, whatever the names in it are."""
    town.reader.first_name = town.group.title = HOSTILE
    query = Place(person=town.owner.id, chat=town.group.id).query()
    shown = await browser.get(f"/page/sheets/{name}?{query}&id={town.bot.id}")
    assert shown.status == 200
    check_harmless(shown.text)


async def test_searches_find_chats_bots_and_people(town: Town, browser: Browser) -> None:
    """A search looks through what one is in, what one is not in, and whom one may be."""
    query = Place(person=town.reader.id).query()
    assert "Talk" in (await browser.get(f"/page/search?{query}&q=tal")).text
    assert "gate_bot" in (await browser.get(f"/page/search?{query}&q=@gate")).text
    assert "Olga" in (await browser.get(f"/page/people?{query}&q=OLG")).text
    assert (await browser.get(f"/page/search?{query}&q=")).text == ""


async def test_the_log_tells_calls_and_updates_in_full(town: Town, browser: Browser) -> None:
    """A line opens to the whole call or update as JSON."""
    town.world.say(town.group.id, town.reader.id, "hear me")
    await town.error("sendMessage", chat_id=1, text="nobody")
    shown = view.whole(town.world, Place(), Calendar(town.clock.now()), Memory(), base="")
    sorts = {line.sort for line in shown.lines}
    assert sorts == {"call", "update"}
    for line in shown.lines:
        assert msgspec.json.decode((await browser.get(f"/page/lines/{line.key}")).body)
    only_errors = view.whole(town.world, Place(errors=True), Calendar(0), Memory(), base="").lines
    assert [line.outcome for line in only_errors] == ["400"]


@pytest.mark.parametrize("kind", list(FaultKind))
async def test_every_fault_can_be_ordered_and_called_off(
    town: Town, browser: Browser, kind: FaultKind
) -> None:
    """Each kind of fault has its way from the page into force, and out again."""
    order = {"kind": kind.value, "seconds": "3", "times": "2"}
    assert (await browser.post(at(town, "fault"), order)).status == 204
    [rule] = town.world.faults.rules
    assert (rule.kind, rule.times) == (kind, 2)
    assert kind.value.replace("_", " ") in drawn(town)
    assert (await browser.post(at(town, "unfault"), {"number": str(rule.id)})).status == 204
    assert not town.world.faults.rules
