"""What one does on the chat page beyond talking: inline mode, topics, members and rights, invite links."""

from typing import Any

import msgspec
import pytest

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page import asking, governing, keyboards, sheets, view
from gatecrier_sandbox.page.faces import Calendar
from gatecrier_sandbox.page.place import Memory, Place
from gatecrier_sandbox.page.routes import page
from gatecrier_sandbox.world import rights
from gatecrier_sandbox.world.model import Message
from sandbox.browser import Browser
from sandbox.town import Town


@pytest.fixture
def town() -> Town:
    """A small world whose bot answers inline queries."""
    town = Town()
    town.bot.supports_inline = True
    return town


@pytest.fixture
def browser(town: Town) -> Browser:
    """A browser at its page."""
    return Browser(page(town.world))


def at(town: Town, path: str, **changes: Any) -> str:
    """The address of an act (or of another path of the page) of the reader in the group."""
    place = Place(person=town.reader.id, chat=town.group.id)
    return f"/page/{path}?{place.query(**changes)}"


def seen(town: Town, **changes: Any) -> view.View:
    """The page as the reader sees the group."""
    place = msgspec.structs.replace(Place(person=town.reader.id, chat=town.group.id), **changes)
    return view.whole(town.world, place, Calendar(town.clock.now()), Memory(), base="")


# Inline mode

ARTICLE = {"type": "article", "id": "a", "title": "Pier <3>", "description": "at six"}
RESULT = ARTICLE | {"input_message_content": {"message_text": "Pier 3 at six"}}


async def ask(town: Town, browser: Browser, text: str, **changes: Any) -> str:
    """Type something; what stands above where one writes."""
    answer = await browser.post(at(town, "inline", **changes), {"text": text})
    assert answer.status == 200
    return answer.text


async def answer(town: Town, results: list[dict[str, Any]], **given: Any) -> None:
    """Let the bot answer the newest query."""
    query_id = list(town.world.inline_queries)[-1]
    await town.result("answerInlineQuery", inline_query_id=query_id, results=results, **given)


async def test_what_is_typed_behind_a_bots_name_is_asked_and_the_choice_is_sent(
    town: Town, browser: Browser
) -> None:
    """The query waits, its results appear without being asked for, and the chosen one is a message."""
    assert "is thinking" in await ask(town, browser, "@gate_bot pier")
    await answer(town, [RESULT], button={"text": "Sign in", "start_parameter": "x"})
    shown = await ask(town, browser, "@gate_bot pier")
    query_id = list(town.world.inline_queries)[-1]
    panel = asking.panel(town.world, memory_with(town, query_id), Place(town.reader.id, town.group.id))
    assert panel is not None
    assert [(one.title, one.description) for one in panel.results] == [("Pier <3>", "at six")]
    assert "Sign in" in shown
    assert "Pier &lt;3&gt;" in shown
    sent = await browser.post(at(town, "acts/choose"), {"query": query_id, "result": "a"})
    assert sent.status == 204
    message = list(town.group.messages.values())[-1]
    assert (message.text, message.via_bot_id, message.sender_id) == (
        "Pier 3 at six",
        town.bot.id,
        town.reader.id,
    )


def memory_with(town: Town, query_id: str) -> Memory:
    """What the page keeps in mind while the reader asks."""
    memory = Memory()
    memory.asks(town.reader.id, town.group.id, query_id)
    return memory


@pytest.mark.parametrize(
    "text", ["", "hello", "@gate_bot", "@nobody_bot x", "@Olga hello", "x @gate_bot y", "@"]
)
async def test_what_asks_no_bot_shows_nothing(town: Town, browser: Browser, text: str) -> None:
    """Only a text that begins with an inline bot's name and a space is a query."""
    await ask(town, browser, "@gate_bot pier")
    assert "found-inline" not in await ask(town, browser, text)


async def test_a_bot_without_inline_mode_is_only_mentioned(town: Town, browser: Browser) -> None:
    """Who writes to a bot that has no inline mode writes a message and asks nothing."""
    town.bot.supports_inline = False
    assert "found-inline" not in await ask(town, browser, "@gate_bot pier")
    assert not town.world.inline_queries


async def test_a_bot_that_does_not_answer_is_said_to_be_late(town: Town, browser: Browser) -> None:
    """After the time in which a query can be answered nobody waits any more."""
    await ask(town, browser, "@gate_bot pier")
    town.clock.advance(11)
    panel = asking.panel(
        town.world,
        memory_with(town, list(town.world.inline_queries)[-1]),
        Place(town.reader.id, town.group.id),
    )
    assert panel is not None
    assert panel.state == "late"


async def test_nobody_chooses_from_another_persons_query(town: Town, browser: Browser) -> None:
    """A result is sent by who asked, where they asked."""
    await ask(town, browser, "@gate_bot pier")
    await answer(town, [RESULT])
    form = {"query": list(town.world.inline_queries)[-1], "result": "a"}
    stranger = await browser.post(at(town, "acts/choose", person=town.owner.id), form)
    assert stranger.status == 404


async def test_a_chosen_result_goes_to_the_topic_one_looks_at(town: Town, browser: Browser) -> None:
    """In a forum a result is said in its topic, as words are."""
    town.world.set_forum(town.group.id)
    topic = town.world.create_topic(town.group.id, town.owner.id, "Piers")
    await ask(town, browser, "@gate_bot pier", topic=topic.id)
    await answer(town, [RESULT])
    form = {"query": list(town.world.inline_queries)[-1], "result": "a"}
    assert (await browser.post(at(town, "acts/choose", topic=topic.id), form)).status == 204
    message = list(town.group.messages.values())[-1]
    assert (message.thread_id, message.is_topic) == (topic.id, True)


def test_a_query_for_another_chat_is_told_from_one_for_this_chat() -> None:
    """switch_inline_query lets one choose a chat; the other one types here."""
    row = [
        {"text": "a", "switch_inline_query": "x"},
        {"text": "b", "switch_inline_query_current_chat": "y"},
    ]
    [[there, here]] = keyboards.inline({"inline_keyboard": [row]}, "")
    assert [(one.act, one.value, one.elsewhere) for one in (there, here)] == [
        ("inline", "x", True),
        ("inline", "y", False),
    ]


# Topics


async def test_a_topic_lives_on_the_page(town: Town, browser: Browser) -> None:
    """Made, written into, closed (others read a notice), opened again, deleted."""
    town.world.set_forum(town.group.id)
    owner = town.owner.id
    made = await browser.post(at(town, "acts/topic", person=owner), {"name": "Piers", "color": "7322096"})
    [topic] = [one for one in town.group.topics.values() if one.name == "Piers"]
    assert f"topic={topic.id}" in made.headers["hx-location"]
    await browser.post(at(town, "acts/say", topic=topic.id), {"text": "which one?"})
    assert [one.name for one in seen(town).topics] == ["All", "General", "Piers"]
    assert "which one?" in str(seen(town, topic=topic.id).items[-1].bubble)
    assert all("which one?" not in str(item.bubble) for item in seen(town, topic=1).items)
    together = seen(town).items[-1].bubble
    assert together is not None
    assert together.topic == (topic.id, "Piers")
    assert (await browser.post(at(town, "acts/close_topic", topic=topic.id))).status == 403
    assert (await browser.post(at(town, "acts/close_topic", person=owner, topic=topic.id))).status == 204
    assert mode(seen(town, topic=topic.id)) == ("none", "The topic “Piers” is closed")
    assert mode(seen(town, person=owner, topic=topic.id))[0] == "write"
    assert (await browser.post(at(town, "acts/reopen_topic", person=owner, topic=topic.id))).status == 204
    assert mode(seen(town, topic=topic.id))[0] == "write"
    assert (await browser.post(at(town, "acts/delete_topic", person=owner, topic=topic.id))).status == 204
    assert mode(seen(town, topic=topic.id)) == ("none", "This topic was deleted")


def mode(shown: view.View) -> tuple[str, str]:
    """What stands where one writes."""
    assert shown.composer is not None
    return shown.composer.mode, shown.composer.why


# Who may come in


async def test_administrators_decide_who_comes_in_that_has_to_ask(town: Town, browser: Browser) -> None:
    """The button asks, the head tells administrators, and only they decide."""
    town.world.set_join_by_request(town.group.id)
    guests = [town.world.person(name) for name in ("Ada", "Bo")]
    for guest in guests:
        assert mode(seen(town, person=guest.id))[0] == "request"
        await browser.post(at(town, "acts/join", person=guest.id))
        assert mode(seen(town, person=guest.id))[0] == "asked"
    heads = [seen(town, person=one).head for one in (town.owner.id, town.reader.id)]
    assert [head.asking for head in heads if head] == [2, 0]
    for guest, what in zip(guests, ("approve", "decline"), strict=True):
        form = {"user": str(guest.id), "what": what}
        assert (await browser.post(at(town, "acts/member"), form)).status == 403
        assert (await browser.post(at(town, "acts/member", person=town.owner.id), form)).status == 200
    assert [town.world.member(town.group.id, one.id).present for one in guests] == [True, False]
    assert not town.group.join_requests


@pytest.mark.parametrize("asks", [True, False])
async def test_an_invite_link_opens_a_dialog_before_one_comes_in(
    town: Town, browser: Browser, asks: bool
) -> None:
    """Following a link joins nobody; its dialog does, or asks where the link says so."""
    link = town.world.create_link(town.group.id, town.owner.id, creates_join_request=asks)
    guest = town.world.person("Ada")
    place = Place(person=guest.id)
    for address in (link.url, "tg://join?invite=" + link.url.rpartition("+")[2]):
        offered = await browser.post(place.go + address.replace("+", "%2B").replace("&", "%26"))
        assert ("Request to join" if asks else "Join group") in offered.text
    assert not town.world.member(town.group.id, guest.id).present
    form = {"chat": str(town.group.id), "link": link.url}
    accepted = await browser.post(at(town, "acts/accept", person=guest.id), form)
    assert str(town.group.id) in accepted.headers["hx-location"]
    assert town.world.member(town.group.id, guest.id).present is not asks
    assert (guest.id in town.group.join_requests) is asks


async def test_an_invite_link_that_was_revoked_says_so(town: Town, browser: Browser) -> None:
    """A link that lets nobody in opens no dialog."""
    link = town.world.create_link(town.group.id, town.owner.id)
    link.is_revoked = True
    followed = await browser.post(Place(person=town.reader.id).go + link.url.replace("+", "%2B"))
    assert "not valid" in followed.text


# Rights


async def test_promotion_gives_the_rights_that_were_switched_on(town: Town, browser: Browser) -> None:
    """One right is one right; the title is kept; the same sheet takes rights away again."""
    form = {"user": str(town.reader.id), "right": "can_pin_messages", "title": "mate"}
    assert (await browser.post(at(town, "acts/promote", person=town.owner.id), form)).status == 200
    member = town.world.member(town.group.id, town.reader.id)
    assert (member.status, member.custom_title) == ("administrator", "mate")
    assert member.rights - {"can_manage_chat"} == {"can_pin_messages"}
    demoted = {"user": str(town.reader.id), "what": "demote"}
    assert (await browser.post(at(town, "acts/member", person=town.owner.id), demoted)).status == 200
    assert town.world.member(town.group.id, town.reader.id).status == "member"


async def test_nobody_gives_rights_they_lack_or_changes_others_administrators(
    town: Town, browser: Browser
) -> None:
    """An administrator hands on only their own rights, and rules only over whom they promoted."""
    granted = dict.fromkeys(("can_promote_members", "can_restrict_members", "can_pin_messages"), True)
    town.world.set_member(town.group.id, town.reader.id, "administrator", rights=granted, by=town.owner.id)
    friend = town.world.person("Ada")
    town.world.join(town.group.id, friend.id)
    promote, member = at(town, "acts/promote"), at(town, "acts/member")
    too_much = {"user": str(friend.id), "right": "can_delete_messages"}
    assert (await browser.post(promote, too_much)).status == 403
    assert (await browser.post(promote, {"user": str(friend.id), "right": "can_pin_messages"})).status == 200
    assert (await browser.post(member, {"user": str(friend.id), "what": "demote"})).status == 200
    for target in (town.bot.id, town.owner.id):
        assert (await browser.post(member, {"user": str(target), "what": "ban"})).status == 403
        assert (await browser.post(promote, {"user": str(target), "right": "can_pin_messages"})).status == 403


@pytest.mark.parametrize(("seconds", "ends"), [("3600", True), ("86400", True), ("0", False), ("x", False)])
async def test_a_restriction_leaves_what_is_switched_on_for_as_long_as_chosen(
    town: Town, browser: Browser, seconds: str, ends: bool
) -> None:
    """A duration ends it by itself; none means for ever."""
    form = {"user": str(town.reader.id), "permission": "can_send_messages", "for": seconds}
    address = at(town, "acts/restrict", person=town.owner.id)
    assert (await browser.post(address, form)).status == 200
    member = town.world.member(town.group.id, town.reader.id)
    assert member.status == "restricted"
    assert member.permissions == {"can_send_messages"}
    assert (member.until == town.world.today + int(seconds)) if ends else member.until == 0
    town.clock.advance(86_401)
    status = town.world.member(town.group.id, town.reader.id).status
    assert status == ("member" if ends else "restricted")


async def test_a_ban_can_end_by_itself(town: Town, browser: Browser) -> None:
    """Banned for an hour, one may come back after it."""
    form = {"user": str(town.reader.id), "what": "ban", "for": "3600"}
    assert (await browser.post(at(town, "acts/member", person=town.owner.id), form)).status == 200
    assert town.world.member(town.group.id, town.reader.id).status == "kicked"
    town.clock.advance(3601)
    assert town.world.member(town.group.id, town.reader.id).status == "left"


def test_the_sheet_offers_only_what_the_person_may_do(town: Town) -> None:
    """A switch is free where the acting person has the right; a member is offered nothing."""
    town.world.set_member(
        town.group.id,
        town.reader.id,
        "administrator",
        rights={"can_promote_members": True, "can_pin_messages": True},
        by=town.owner.id,
    )
    place, query = Place(town.reader.id, town.group.id), {"user": str(town.bot.id)}
    shown: Any = sheets.rights_(town.world, place, query, Calendar(0))["switches"]
    assert {one.name for one in shown if one.free} == {"can_promote_members", "can_pin_messages"}
    assert {one.name for one in shown} | {"can_manage_chat"} == set(rights.OF_TYPE[town.group.type])
    lines: Any = sheets.members(town.world, place, {}, Calendar(0))["lines"]
    assert {line.face.name: line.acts for line in lines}["gate_bot"] == ()


async def test_settings_change_the_chat_for_who_may(town: Town, browser: Browser) -> None:
    """Title, topics, requests, slow mode and permissions are set at once, or not at all."""
    form = {"title": "Piers", "is_forum": "1", "join_by_request": "1", "slow_mode": "60"}
    assert (await browser.post(at(town, "acts/settings"), form)).status == 403
    done = await browser.post(
        at(town, "acts/settings", person=town.owner.id), form | {"permission": "can_send_messages"}
    )
    assert done.headers["hx-trigger"] == "sheet-done"
    group = town.group
    assert (group.title, group.is_forum, group.join_by_request, group.slow_mode_delay) == (
        "Piers",
        True,
        True,
        60,
    )
    assert group.permissions == {"can_send_messages"}


async def test_links_are_made_by_who_may(town: Town, browser: Browser) -> None:
    """An administrator's link stands in the sheet; others see none."""
    town.group.permissions -= {"can_invite_users"}
    assert (await browser.post(at(town, "acts/link"), {"name": "crew"})).status == 403
    made = await browser.post(at(town, "acts/link", person=town.owner.id), {"name": "crew", "asks": "1"})
    [link] = town.group.links
    assert (link.name, link.creates_join_request) == ("crew", True)
    assert link.url in made.text


@pytest.mark.parametrize("name", [*governing.ACTS, "accept", "choose"])
@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 40, "\x00", "<script>", "٣"])
async def test_nonsense_is_refused_here_too(town: Town, browser: Browser, name: str, value: str) -> None:
    """Whatever the fields hold, the answer is no server error and nobody loses the owner."""
    fields = ("user", "what", "for", "right", "permission", "title", "name", "color", "limit", "slow_mode")
    form = dict.fromkeys((*fields, "chat", "link", "query", "result"), value)
    done = await browser.post(at(town, f"acts/{name}", person=town.owner.id), form)
    assert done.status < 500
    assert town.world.member(town.group.id, town.owner.id).status == "creator"


@pytest.mark.parametrize("name", ["rights", "restrict", "ban", "topic", "settings", "links", "invitation"])
async def test_every_dialog_opens_or_says_why_not(town: Town, browser: Browser, name: str) -> None:
    """With the right query it renders; with nonsense it refuses."""
    link = town.world.create_link(town.group.id, town.owner.id)
    query = f"&user={town.reader.id}&id={town.group.id}&link={link.url.replace('+', '%2B')}"
    opened = await browser.get(at(town, f"sheets/{name}", person=town.owner.id) + query)
    assert opened.status == 200
    for nonsense in ("&user=x&id=x&link=x", f"&user=1&id={'9' * 30}"):
        assert (await browser.get(at(town, f"sheets/{name}") + nonsense)).status < 500


# What the page is told


async def test_whoever_acts_the_watchers_hear_of_it(town: Town) -> None:
    """People, bots, chats, members, requests, presses, reactions, deletions and laws are all events."""
    world = town.world
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    sent = await town.result("sendMessage", chat_id=town.group.id, text="?", reply_markup=markup)
    world.set_join_by_request(town.group.id)

    def kinds(act: Any) -> set[str]:
        with world.feed.listen() as watch:
            act()
            return {event.kind for event in watch.take()}

    guest = world.person("Ada")
    assert "person" in kinds(lambda: world.person("Bo"))
    assert "person" in kinds(lambda: world.deactivate(world.person("Cy").id))
    assert "bot" in kinds(lambda: world.bot("other_bot"))
    assert "bot" in kinds(lambda: world.subscribers(town.bot.id, 3))
    assert "chat" in kinds(lambda: world.chat("group", "Crew"))
    assert "chat" in kinds(lambda: world.create_link(town.group.id, town.owner.id))
    assert "member" in kinds(lambda: world.request_join(town.group.id, guest.id))
    assert "member" in kinds(lambda: world.approve_join(town.group.id, guest.id, by=town.owner.id))
    assert "member" in kinds(lambda: world.leave(town.group.id, guest.id))
    assert "chat" in kinds(lambda: world.block(town.reader.id, town.bot.id))
    assert "click" in kinds(lambda: world.click(town.reader.id, town.group.id, sent["message_id"], text="Go"))
    assert "reaction" in kinds(lambda: world.react(town.reader.id, town.group.id, sent["message_id"], "👍"))
    assert "law" in kinds(lambda: world.set_limits(world.meter.limits))


def test_a_button_inside_an_article_is_pressed_like_one_below(town: Town) -> None:
    """The bot hears the data of a button of a rich message, however deep it stands, and of no other."""
    keys = {"type": "buttons", "buttons": [{"text": "A", "callback_data": "a"}]}
    blocks = [{"type": "details", "summary": "more", "blocks": [keys]}]
    article = Message(1, town.world.today, sender_id=town.bot.id, bot_id=town.bot.id)
    article.content = {"rich_message": {"blocks": blocks}}
    town.group.messages[1] = article
    assert town.world.click(town.reader.id, town.group.id, 1, data="a").bot_id == town.bot.id
    with pytest.raises(Refused):
        town.world.click(town.reader.id, town.group.id, 1, data="b")
