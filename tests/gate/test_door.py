"""The door: who belongs is let in, who does not is told once, and nobody is ever turned away."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gate.conftest import World
from gate.fake_telegram import ADA, ANN, BEN, BOT, CHANNEL, GROUP, OWNER, SECOND, place
from gatecrier.gate import options
from gatecrier.gate.cards import texts
from gatecrier.gate.cards.texts import Toast
from gatecrier.gate.governing.exemptions import exempt
from gatecrier.gate.knowledge.requests import RequestStore, Waiting
from gatecrier.gate.links import exempting
from gatecrier.gate.model import Exemptions, Mode, Reason, Subject
from gatecrier.gate.store import GateStore
from gatecrier.kernel.errors import Misconfigured, NotFound, OutcomeUnknown, PeerGone, Refused, TryLater
from gatecrier.registry.store import audit_log
from gatecrier.telegram.updates import ALLOWED_UPDATES, InviteLink, Marker, Person, decode

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLEO = Person(id=50, first_name="Cleo")
LINK = "https://t.me/+AbCdEfGhIjKlMnOp"
CUT = f"{LINK[:22]}..."
OUTAGE = TryLater("server error")


async def waiting(world: World, person: Person = CLEO) -> Waiting | None:
    async with world.database.read() as connection:
        return await RequestStore(connection, BOT.id).waiting_in(GROUP.id, person.id)


async def knock(world: World, person: Person = CLEO, **fields: Any) -> None:
    await world.keeper.handle_join_request(world.pen.request(person, **fields))


async def press(world: World, person: Person = CLEO) -> str:
    await world.clock.advance(3)
    (card,) = world.telegram.cards_of(person.id)
    door_id = texts.door_id_of(card.buttons[-1].data)
    assert door_id is not None
    return (await world.keeper.verify_at_door(door_id, person.id, "en")).text


async def let_pass(world: World, subject: Subject, *, until: timedelta | None = None) -> None:
    now = world.clock.now()
    async with world.database.transaction() as connection:
        end = now + until if until else None
        await exempt(connection, BOT.id, GROUP.id, subject, until=end, by="person:10", now=now)
    await world.keeper.gates.renew(GROUP.id)


async def choose(world: World, **chosen: Any) -> None:
    live = world.keeper.gates.get(GROUP.id)
    assert live is not None
    changed = live.gate.options
    for name, value in chosen.items():
        changed = options.changed(changed, name, value)
    async with world.database.transaction() as connection:
        await GateStore(connection, BOT.id).set_options(GROUP.id, changed)
    await world.keeper.gates.renew(GROUP.id)


async def noted(world: World) -> list[str]:
    async with world.database.read() as connection:
        rows = await connection.execute(audit_log.select().order_by(audit_log.c.id))
        return [row.action for row in rows if row.action in ("gate.admit", "gate.queue", "gate.ask")]


async def test_a_member_who_asks_is_let_in(gated: World) -> None:
    """Nothing is shown to anybody: they are in."""
    gated.telegram.put(CHANNEL, place(CLEO))
    await knock(gated)
    assert gated.telegram.at(GROUP, CLEO).belongs
    assert gated.telegram.count("send_message") == 0
    assert await noted(gated) == ["gate.admit"]
    assert gated.keeper.decisions() == {Reason.MEMBER: 1}


async def test_who_lacks_a_channel_is_told_once_in_private_and_waits(gated: World) -> None:
    """However often the request is heard, one message says what is missing; the group sees nothing."""
    request = gated.pen.request(CLEO)
    for _ in range(3):
        await gated.keeper.handle_join_request(request)
    (card,) = gated.telegram.cards_of(CLEO.id)
    assert "The group" in card.text
    assert card.buttons[0].url == "https://t.me/news"
    assert gated.telegram.count("send_message") == 1
    assert (GROUP.id, CLEO.id) in gated.telegram.asking
    assert await noted(gated) == ["gate.ask"]


async def test_joining_the_channel_is_enough_to_be_let_in(gated: World) -> None:
    """The request waits for the channel, not for another press; the private card goes."""
    await knock(gated)
    await gated.join(CLEO)
    assert gated.telegram.at(GROUP, CLEO).belongs
    assert gated.telegram.cards_of(CLEO.id) == []
    assert await waiting(gated) is None
    assert await noted(gated) == ["gate.ask", "gate.admit"]


async def test_verify_at_the_door(gated: World) -> None:
    """Too early it says what is missing; then it lets in, though no update told of the joining."""
    await knock(gated)
    assert "@news" in await press(gated)
    gated.telegram.put(CHANNEL, place(CLEO))
    assert await press(gated) == texts.toast("en", Toast.ADMITTED).text
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_a_button_of_the_door_is_only_its_owners(gated: World) -> None:
    """Attacks 1 and 2: somebody else's press, or a forged one, finds no request."""
    await knock(gated)
    row = await waiting(gated)
    assert row is not None
    gated.telegram.put(CHANNEL, place(BEN))
    assert await gated.keeper.verify_at_door(row.id, BEN.id, "en") == texts.toast("en", Toast.NOT_ASKED)
    assert await gated.keeper.verify_at_door("forged", CLEO.id, "en") == texts.toast("en", Toast.NOT_ASKED)


async def test_a_flood_of_presses_asks_once(gated: World) -> None:
    """Attack 3: within three seconds a second press asks Telegram nothing."""
    await knock(gated)
    row = await waiting(gated)
    assert row is not None
    before = gated.telegram.count("get_member")
    verdicts = [await gated.keeper.verify_at_door(row.id, CLEO.id, "en") for _ in range(10)]
    assert gated.telegram.count("get_member") == before + 1
    assert verdicts[1:] == [texts.toast("en", Toast.WAIT)] * 9


async def test_doubt_turns_nobody_away(gated: World) -> None:
    """Attack 21: when Telegram does not say, nothing is decided, and the request is worked on again."""
    gated.telegram.faults["get_member", CHANNEL.id] = OUTAGE
    request = gated.pen.request(CLEO)
    with pytest.raises(TryLater):
        await gated.keeper.handle_join_request(request)
    assert await waiting(gated) is None
    gated.telegram.faults.clear()
    gated.telegram.put(CHANNEL, place(CLEO))
    await gated.keeper.handle_join_request(request)
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_a_guard_bot_lets_members_in(gated: World) -> None:
    """One call answers the query; nothing waits."""
    gated.telegram.put(CHANNEL, place(CLEO))
    await knock(gated, query_id="9")
    assert gated.telegram.counts()["answer_join_query:approve"] == 1
    assert gated.telegram.count("approve_join_request") == 0
    assert await noted(gated) == ["gate.admit"]


async def test_a_guard_bot_queues_who_lacks_a_channel_and_lets_them_in_later(gated: World) -> None:
    """Never declined: the admins have it, the person is told, and joining the channel is enough."""
    await knock(gated, query_id="9")
    assert gated.telegram.counts()["answer_join_query:queue"] == 1
    assert len(gated.telegram.cards_of(CLEO.id)) == 1
    await gated.join(CLEO)
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_a_guard_bots_query_is_answered_within_its_time(gated: World, monkeypatch: Any) -> None:
    """Attack 21: a channel that does not answer in six seconds leaves the request to the admins."""
    hanging = asyncio.Event()
    get_member = gated.telegram.get_member

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await hanging.wait()
        return await get_member(*args, **kwargs)

    monkeypatch.setattr(gated.telegram, "get_member", slow)
    gated.telegram.put(CHANNEL, place(CLEO))
    request = gated.pen.request(CLEO, query_id="9")
    task = asyncio.ensure_future(gated.keeper.handle_join_request(request))
    await gated.clock.advance(6)
    with pytest.raises(TryLater):
        await task
    assert gated.telegram.counts()["answer_join_query:queue"] == 1
    hanging.set()
    await gated.keeper.handle_join_request(request)
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_a_query_too_old_is_still_approved_by_the_other_way(gated: World) -> None:
    """Attack 21: after ten seconds the admins have the request, and we are one of them."""
    gated.telegram.put(CHANNEL, place(CLEO))
    request = gated.pen.request(CLEO, query_id="9")
    gated.telegram.queries.clear()
    await gated.keeper.handle_join_request(request)
    assert gated.telegram.count("approve_join_request") == 1
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_a_guarded_door_without_a_gate_is_its_admins(world: World) -> None:
    """We must answer within ten seconds whatever we think of it, and for a query only."""
    request = world.pen.request(CLEO, query_id="9")
    assert world.keeper.expects(request)
    await world.keeper.handle_join_request(request)
    assert world.telegram.counts()["answer_join_query:queue"] == 1
    assert not world.keeper.expects(world.pen.request(CLEO))


@pytest.mark.parametrize(
    "error",
    [
        NotFound("HIDE_REQUESTER_MISSING", code="no_join_request"),
        Refused("USER_ALREADY_PARTICIPANT", code="already_member"),
        Refused("USER_CHANNELS_TOO_MUCH", code="too_many_chats"),
        PeerGone("user is deactivated", code="deactivated"),
    ],
)
async def test_what_a_human_decided_meanwhile_stands(gated: World, error: Exception) -> None:
    """Attack 21: cancelled, let in or turned away by an admin: the row goes, and nothing else happens."""
    await knock(gated)
    gated.telegram.faults["approve_join_request"] = error  # type: ignore[assignment]
    await gated.join(CLEO)
    assert await waiting(gated) is None
    assert gated.telegram.cards_of(CLEO.id) == []
    assert await noted(gated) == ["gate.ask"]


async def test_without_the_right_to_invite_they_wait_for_an_admin(gated: World) -> None:
    """The gate works on without that right: the request stays, and the button says who decides."""
    await knock(gated)
    gated.telegram.faults["approve_join_request"] = Misconfigured("not enough rights", code="no_rights")
    gated.telegram.put(CHANNEL, place(CLEO))
    assert await press(gated) == texts.toast("en", Toast.ADMINS_DECIDE).text
    assert await waiting(gated) is not None
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.acts


async def test_an_observing_gate_lets_nobody_in_and_tells_nobody(world: World) -> None:
    """It only counts; its guard leaves every query to the admins."""
    await world.keeper.protect(GROUP, OWNER, None, "@news", mode=Mode.OBSERVE)
    world.telegram.put(CHANNEL, place(BEN))
    await knock(world)
    await knock(world, BEN, query_id="9")
    assert world.telegram.count("approve_join_request") == world.telegram.count("send_message") == 0
    assert world.telegram.counts()["answer_join_query:queue"] == 1
    assert world.keeper.decisions() == {Reason.NOT_MEMBER: 1, Reason.MEMBER: 1}


async def test_a_gate_that_cannot_ask_leaves_the_door_to_the_admins(gated: World) -> None:
    """I5: a channel that throws the bot out suspends the gate; nobody is refused for it."""
    gated.telegram.faults["get_member", CHANNEL.id] = Misconfigured("member list is inaccessible")
    await knock(gated, query_id="9")
    await knock(gated, BEN, query_id="10")
    assert gated.telegram.counts()["answer_join_query:queue"] == 2
    assert await waiting(gated) is None
    assert len(gated.telegram.notices()) == 1


async def test_exempt_people_are_let_in_at_once(gated: World) -> None:
    """Whom an admin exempted needs no channel."""
    await let_pass(gated, CLEO.id)
    await knock(gated)
    assert gated.telegram.at(GROUP, CLEO).belongs
    assert gated.telegram.count("get_member", CHANNEL) == 2  # the owner and the bot, when it was protected


@pytest.mark.parametrize("link", [LINK, CUT])
async def test_who_asks_by_an_exempt_link_is_exempt_as_long_as_it(gated: World, link: str) -> None:
    """Attack 18, invite link: of another admin's link a bot sees the beginning, which is enough."""
    await let_pass(gated, LINK, until=timedelta(days=1))
    await knock(gated, invite_link=InviteLink(link))
    assert gated.telegram.at(GROUP, CLEO).belongs
    assert await gated.write(CLEO)
    await gated.clock.advance(86_400)
    assert not await gated.write(CLEO)


async def test_another_link_exempts_nobody(gated: World) -> None:
    """A link that begins alike is none, nor one cut so short that it says nothing."""
    now = gated.clock.now()
    exemptions: Exemptions = {LINK: None, 7: None}
    for link in ("", "https://t.me/+AbCd...", "https://t.me/+AbCdEfGhxxxxxxxx", f"{LINK[:21]}x...", "..."):
        assert exempting(link, exemptions, now) is None
    assert exempting(CUT, {LINK: now}, now) is None


async def test_the_private_card_is_given_up_when_it_cannot_be_shown(gated: World) -> None:
    """The five minutes are over, they do not let us, or perhaps it is there: they wait all the same."""
    await knock(gated, date=int(gated.clock.now().timestamp()) - 301)
    assert gated.telegram.count("send_message") == 0
    for person, error in ((BEN, PeerGone("blocked")), (ADA, OutcomeUnknown("server error"))):
        gated.telegram.faults["send_message"] = error
        request = gated.pen.request(person)
        await gated.keeper.handle_join_request(request)
        gated.telegram.faults.clear()
        await gated.keeper.handle_join_request(request)
        assert await waiting(gated, person) is not None
    assert gated.telegram.count("send_message") == 2


async def test_a_private_card_that_surely_was_not_sent_is_sent_again(gated: World) -> None:
    """A limit or an outage of Telegram costs nobody the explanation."""
    gated.telegram.faults["send_message"] = OUTAGE
    request = gated.pen.request(CLEO)
    with pytest.raises(TryLater):
        await gated.keeper.handle_join_request(request)
    gated.telegram.faults.clear()
    await gated.keeper.handle_join_request(request)
    assert len(gated.telegram.cards_of(CLEO.id)) == 1


async def test_joining_while_the_request_is_judged_is_not_lost(gated: World, monkeypatch: Any) -> None:
    """The update of the join finds nobody waiting yet, so memory is looked at once more."""
    get_member, joined = gated.telegram.get_member, gated.pen.change(CHANNEL, place(CLEO))
    gated.telegram.put(CHANNEL, place(CLEO, "left"))

    async def join_meanwhile(chat_id: int, person_id: int, **fields: Any) -> Any:
        answer = await get_member(chat_id, person_id, **fields)
        monkeypatch.undo()
        gated.telegram.put(CHANNEL, place(CLEO))
        await gated.clock.advance(2)
        change = msgspec.structs.replace(joined, date=int(gated.clock.now().timestamp()))
        await gated.keeper.handle_member_change(change)
        return answer

    monkeypatch.setattr(gated.telegram, "get_member", join_meanwhile)
    await knock(gated)
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_who_came_otherwise_waits_no_more(gated: World) -> None:
    """An admin let them in: the row and the private card go, and they are judged as a newcomer."""
    await knock(gated)
    await gated.keeper.handle_member_change(gated.pen.change(GROUP, place(CLEO), by=OWNER))
    assert await waiting(gated) is None
    assert gated.telegram.cards_of(CLEO.id) == []
    assert gated.telegram.silent(GROUP, CLEO)


async def test_requests_are_forgotten_after_a_month(gated: World) -> None:
    """Telegram tells of no refusal, so what is old is taken for answered."""
    await knock(gated)
    await gated.clock.advance(29 * 86_400)
    await gated.healer.run_once()
    assert await waiting(gated) is not None
    await gated.clock.advance(86_401)
    await gated.healer.run_once()
    assert await waiting(gated) is None


async def test_only_when_they_write_leaves_the_door_alone(gated: World) -> None:
    """Option door=message: newcomers are judged by what they write, requests by the admins."""
    await choose(gated, door="message")
    await knock(gated)
    assert await waiting(gated) is None
    assert gated.telegram.counts()["send_message"] == 0


async def test_after_a_restart_people_wait_still(gated: World) -> None:
    """What is known of the door is in the database."""
    await knock(gated)
    restarted = await gated.restarted()
    await restarted.join(CLEO)
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_a_request_in_the_channel_counts_where_the_group_says_so(gated: World) -> None:
    """Held, they ask to join the private channel, and are free; elsewhere they are not."""
    await gated.write()
    await gated.keeper.handle_join_request(gated.pen.request(ANN, CHANNEL))
    assert gated.telegram.silent(GROUP, ANN)
    await choose(gated, pending_counts=True)
    await gated.keeper.handle_join_request(gated.pen.request(ANN, CHANNEL))
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.write()


async def test_a_request_in_the_channel_opens_the_door_too(gated: World) -> None:
    """Who waits at both doors is let in at the one that the other was asked for."""
    await choose(gated, pending_counts=True)
    await knock(gated)
    await gated.keeper.handle_join_request(gated.pen.request(CLEO, CHANNEL))
    assert gated.telegram.at(GROUP, CLEO).belongs


async def test_a_request_in_the_channel_holds_nobody(gated: World) -> None:
    """To ask for one channel is no reason to look for what else somebody lacks."""
    await gated.protect("@more")
    await choose(gated, pending_counts=True)
    await gated.keeper.handle_join_request(gated.pen.request(ANN, CHANNEL))
    assert gated.telegram.count("restrict") == 0


async def test_a_request_that_ended_counts_no_more(gated: World) -> None:
    """Let in and gone again, or banned instead: they lack the channel."""
    await choose(gated, pending_counts=True)
    await gated.keeper.handle_join_request(gated.pen.request(ANN, CHANNEL))
    assert await gated.write()
    await gated.keeper.handle_member_change(gated.pen.change(CHANNEL, place(ANN, "kicked"), by=OWNER))
    assert gated.telegram.silent(GROUP, ANN)


async def test_requests_in_channels_survive_a_restart_and_end_after_a_week(gated: World) -> None:
    """Nobody tells that a channel refused somebody, so it counts for seven days."""
    await choose(gated, pending_counts=True)
    await gated.keeper.handle_join_request(gated.pen.request(ANN, CHANNEL))
    restarted = await gated.restarted()
    assert await restarted.write()
    await gated.clock.advance(7 * 86_400 + 1)
    assert not await restarted.write()
    assert not await (await gated.restarted()).write(BEN)


WAYS = [
    pytest.param({"via_chat_folder_invite_link": True, "invite_link": {"invite_link": LINK}}, id="folder"),
    pytest.param({}, id="community"),
    pytest.param({"from": {"id": OWNER.id, "first_name": "Olga"}}, id="added by an admin"),
    pytest.param({"invite_link": {"invite_link": LINK}}, id="invite link"),
    pytest.param({"via_join_request": True}, id="approved by an admin"),
]


@pytest.mark.parametrize("way", WAYS)
async def test_attack_18_however_they_come_newcomers_are_judged(gated: World, way: dict[str, Any]) -> None:
    """By a folder's link, from a community, added by an admin, by a link: held if they lack the channel."""
    gated.telegram.put(GROUP, place(CLEO))
    person = {"id": CLEO.id, "first_name": "Cleo"}
    change = {
        "chat": {"id": GROUP.id, "type": "supergroup"},
        "from": person,
        "date": int(gated.clock.now().timestamp()),
        "old_chat_member": {"user": person, "status": "left"},
        "new_chat_member": {"user": person, "status": "member"},
        **way,
    }
    update = decode(msgspec.json.encode({"update_id": 1, "chat_member": change}))
    assert update.chat_member is not None
    await gated.keeper.handle_member_change(update.chat_member)
    assert gated.telegram.silent(GROUP, CLEO)
    case = await gated.case(CLEO)
    assert case is not None
    assert case.reason is Reason.CAME


async def test_attack_18_who_comes_by_an_exempt_link_is_let_be(gated: World) -> None:
    """The one way in that an admin chose to trust."""
    await let_pass(gated, LINK)
    change = gated.pen.change(GROUP, place(CLEO), link=CUT)
    await gated.keeper.handle_member_change(change)
    assert not gated.telegram.silent(GROUP, CLEO)
    assert await gated.write(CLEO)


async def test_attack_18_the_word_of_a_community_join_is_no_message(gated: World) -> None:
    """Telegram's own word that somebody came is a service message, like any other of them."""
    assert await gated.write(CLEO, text="", community_chat_joined=Marker())


async def test_updates_of_the_door_are_asked_for_and_read() -> None:
    """Neither is in Telegram's default set for us, and each has the fields that decide."""
    assert {"chat_join_request", "message_reaction"} <= set(ALLOWED_UPDATES)
    asked = {
        "chat": {"id": GROUP.id, "type": "supergroup"},
        "from": {"id": 50, "first_name": "Cleo"},
        "user_chat_id": 51,
        "date": 5,
        "invite_link": {"invite_link": LINK, "creator": {"id": 1}},
        "query_id": "9",
    }
    request = decode(msgspec.json.encode({"update_id": 1, "chat_join_request": asked})).chat_join_request
    assert request is not None
    assert (request.person.id, request.private_chat_id, request.link, request.query_id) == (50, 51, LINK, "9")


async def test_two_channels_are_both_waited_for(gated: World) -> None:
    """Joining the first of two lets nobody in yet."""
    await gated.protect("@more")
    await knock(gated)
    await gated.join(CLEO)
    assert not gated.telegram.at(GROUP, CLEO).belongs
    await gated.join(CLEO, SECOND)
    assert gated.telegram.at(GROUP, CLEO).belongs
