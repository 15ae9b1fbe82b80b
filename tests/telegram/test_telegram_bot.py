"""What each method of Bot puts on the wire, and what it makes of the answer."""

import random
from datetime import timedelta
from typing import Any

import pytest

from fake_transport import BOT_ID, TOKEN, FakeTransport, ok, refusal, too_many
from gatecrier.gate.rules import SHORTEST_UNTIL
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import Misconfigured, NotFound, Refused, TryLater
from gatecrier.telegram.bot import SHORTEST_RESTRICTION, Bot
from gatecrier.telegram.budgets import Budgets, Scope
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button, Ephemeral, File
from gatecrier.telegram.transport import ConnectFailed, ConnectionLost
from gatecrier.telegram.updates import ALLOWED_UPDATES, Permissions

GROUP = -100500
ADA = {"id": 7, "is_bot": False, "first_name": "Ada"}
FLAGS = list(Permissions.__struct_fields__)


class World:
    """A bot over a scripted network."""

    def __init__(self) -> None:
        self.clock = FakeClock(auto=True)
        self.transport = FakeTransport(self.clock)
        self.budgets = Budgets(self.clock)
        gateway = Gateway(
            self.transport,
            self.budgets,
            clock=self.clock,
            rng=random.Random(1),
            api_url="http://telegram.test/",
        )
        self.bot = Bot(TOKEN, gateway)

    @property
    def sent(self) -> dict[str, Any]:
        """The parameters of the last call."""
        return self.transport.posted[-1].params


@pytest.fixture
def world() -> World:
    """A bot and its script."""
    return World()


def test_a_bot_knows_its_id_from_its_token(world: World) -> None:
    """No call is needed for it."""
    assert world.bot.bot_id == BOT_ID
    assert "secret" not in repr(world.bot)


@pytest.mark.parametrize(
    "token", ["", "secret", "secret:part", "012:secret", "12:sec/ret", "12:", "12:" + "s" * 90, " 12:secret"]
)
def test_what_is_no_token_is_refused_without_being_shown(world: World, token: str) -> None:
    """The error names the setting and the remedy, never the value."""
    with pytest.raises(Misconfigured) as error:
        Bot(token, world.bot._gateway)
    assert error.value.field == "GATECRIER_BOT_TOKEN"
    assert error.value.remedy
    assert not token.strip() or token not in f"{error.value}{error.value!r}"


async def test_get_me(world: World) -> None:
    """Who we are."""
    world.transport.default = ok({"id": BOT_ID, "is_bot": True, "first_name": "Gate", "username": "gate_bot"})
    assert (await world.bot.get_me()).username == "gate_bot"
    assert world.transport.methods == ["getMe"]


async def test_get_updates(world: World) -> None:
    """The kinds we use are named every time, and HTTP waits longer than Telegram."""
    world.transport.default = ok([{"update_id": 1}, {"update_id": 2}])
    bodies = await world.bot.get_updates(offset=3, timeout=25)
    assert [bytes(body) for body in bodies] == [b'{"update_id":1}', b'{"update_id":2}']
    assert world.sent == {"offset": 3, "timeout": 25, "limit": 100, "allowed_updates": list(ALLOWED_UPDATES)}
    assert world.transport.posted[0].timeout >= 30


async def test_send_message_plain(world: World) -> None:
    """What is not asked for is not sent."""
    world.transport.default = ok({"message_id": 99, "date": 1, "chat": {"id": 5, "type": "private"}})
    assert await world.bot.send_message(5, "hello", lane=Lane.ANSWER) == 99
    assert world.sent == {"chat_id": 5, "text": "hello"}


async def test_what_one_person_alone_sees(world: World) -> None:
    """It has a number of its own, and goes by it; what is gone is no error."""
    world.transport.default = ok({"message_id": 0, "ephemeral_message_id": 7})
    button = [[Button("Verify", data="v:1")]]
    sent = await world.bot.send_ephemeral(GROUP, 5, "psst", lane=Lane.ENFORCE, buttons=button, thread_id=4)
    assert sent == Ephemeral(7)
    assert world.sent == {
        "chat_id": GROUP,
        "text": "psst",
        "ephemeral_message_parameters": {"receiver_user_id": 5},
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [[{"text": "Verify", "callback_data": "v:1"}]]},
        "disable_notification": True,
        "message_thread_id": 4,
    }
    world.transport.default = ok(True)
    assert await world.bot.delete_ephemeral(GROUP, 5, 7)
    assert world.sent == {"chat_id": GROUP, "receiver_user_id": 5, "ephemeral_message_id": 7}
    world.transport.default = refusal(400, "Bad Request: MESSAGE_ID_INVALID")
    assert not await world.bot.delete_ephemeral(GROUP, 5, 7)


async def test_an_older_server_shows_it_to_everybody_and_that_is_noticed(world: World) -> None:
    """It ignores what it does not know; its answer has no number of an ephemeral message."""
    world.transport.default = ok({"message_id": 99})
    assert await world.bot.send_ephemeral(GROUP, 5, "psst", lane=Lane.ENFORCE) == Ephemeral(0, 99)


async def test_send_message_with_everything(world: World) -> None:
    """Each argument has its place."""
    world.transport.default = ok({"message_id": 99})
    await world.bot.send_message(
        GROUP,
        "<b>hi</b>",
        lane=Lane.ENFORCE,
        parse_mode="HTML",
        buttons=[
            [Button("Join", url="https://t.me/c"), Button("Verify", data="v:1")],
            [Button("Code", copy="42")],
        ],
        thread_id=4,
        reply_to=12,
        silent=True,
        protect=True,
        link_preview=False,
    )
    assert world.sent == {
        "chat_id": GROUP,
        "text": "<b>hi</b>",
        "parse_mode": "HTML",
        "reply_markup": {
            "inline_keyboard": [
                [{"text": "Join", "url": "https://t.me/c"}, {"text": "Verify", "callback_data": "v:1"}],
                [{"text": "Code", "copy_text": {"text": "42"}}],
            ]
        },
        "message_thread_id": 4,
        "reply_parameters": {"message_id": 12, "allow_sending_without_reply": True},
        "disable_notification": True,
        "protect_content": True,
        "link_preview_options": {"is_disabled": True},
    }


async def test_copy_message(world: World) -> None:
    """A copy keeps entities and media; only buttons are ours."""
    world.transport.default = ok({"message_id": 7})
    copied = await world.bot.copy_message(
        5,
        from_chat_id=-100,
        message_id=3,
        lane=Lane.CAMPAIGN,
        buttons=[[Button("x", data="y")]],
        protect=True,
    )
    assert copied == 7
    assert world.sent == {
        "chat_id": 5,
        "from_chat_id": -100,
        "message_id": 3,
        "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]},
        "protect_content": True,
    }


async def test_copy_messages(world: World) -> None:
    """An album is copied by one call; the ids tell what Telegram left out."""
    world.transport.default = ok([{"message_id": 7}, {"message_id": 9}])
    copied = await world.bot.copy_messages(
        5, from_chat_id=-100, message_ids=(3, 4, 6), lane=Lane.CAMPAIGN, silent=True
    )
    assert copied == [7, 9]
    assert world.transport.posted[-1].method == "copyMessages"
    assert world.sent == {
        "chat_id": 5,
        "from_chat_id": -100,
        "message_ids": [3, 4, 6],
        "disable_notification": True,
    }


@pytest.mark.parametrize("kind", ["photo", "video", "document", "animation", "audio", "voice"])
async def test_send_file(world: World, kind: Any) -> None:
    """Each kind has its method; what is not asked for is not sent."""
    world.transport.default = ok({"message_id": 7})
    assert await world.bot.send_file(5, File(kind=kind, file="AgAC"), lane=Lane.CAMPAIGN) == 7
    assert world.transport.posted[-1].method.lower() == f"send{kind}"
    assert world.sent == {"chat_id": 5, kind: "AgAC"}


async def test_send_file_with_everything(world: World) -> None:
    """Caption, its place and markup, spoiler, effect, and a button that opens a web app."""
    world.transport.default = ok({"message_id": 7})
    file = File(kind="photo", file="AgAC", caption="<b>x</b>", parse_mode="HTML", above=True, spoiler=True)
    buttons = [[Button("Shop", web_app="https://a.bc")]]
    await world.bot.send_file(5, file, lane=Lane.CAMPAIGN, buttons=buttons, protect=True, effect="510")
    assert world.sent == {
        "chat_id": 5,
        "photo": "AgAC",
        "caption": "<b>x</b>",
        "parse_mode": "HTML",
        "show_caption_above_media": True,
        "has_spoiler": True,
        "protect_content": True,
        "message_effect_id": "510",
        "reply_markup": {"inline_keyboard": [[{"text": "Shop", "web_app": {"url": "https://a.bc"}}]]},
    }


async def test_preview_above_and_effect(world: World) -> None:
    """A text may show its link's preview first, and arrive with an effect."""
    world.transport.default = ok({"message_id": 7})
    await world.bot.send_message(5, "x", lane=Lane.ANSWER, preview_above=True, effect="510")
    assert world.sent["link_preview_options"] == {"show_above_text": True}
    assert world.sent["message_effect_id"] == "510"


async def test_pin(world: World) -> None:
    """Pinned without a sound."""
    await world.bot.pin(5, 9, lane=Lane.CAMPAIGN)
    assert world.sent == {"chat_id": 5, "message_id": 9, "disable_notification": True}


async def test_edit_text(world: World) -> None:
    """Text and buttons are replaced as a whole."""
    await world.bot.edit_text(5, 9, "new", lane=Lane.ANSWER, parse_mode="MarkdownV2")
    assert world.sent == {"chat_id": 5, "message_id": 9, "text": "new", "parse_mode": "MarkdownV2"}


async def test_an_edit_that_changes_nothing_succeeds(world: World) -> None:
    """The screen shows what it should."""
    world.transport.default = refusal(400, "Bad Request: message is not modified: specified new message ...")
    await world.bot.edit_text(5, 9, "same", lane=Lane.ANSWER)


async def test_an_edit_of_a_lost_message_fails(world: World) -> None:
    """The caller must send a new one."""
    world.transport.default = refusal(400, "Bad Request: message to edit not found")
    with pytest.raises(NotFound) as error:
        await world.bot.edit_text(5, 9, "new", lane=Lane.ANSWER)
    assert error.value.code == "message_gone"


async def test_delete_message(world: World) -> None:
    """True: deleted; False: somebody was faster; anything else is an error."""
    assert await world.bot.delete_message(GROUP, 9) is True
    assert world.sent == {"chat_id": GROUP, "message_id": 9}
    world.transport.default = refusal(400, "Bad Request: message to delete not found")
    assert await world.bot.delete_message(GROUP, 9) is False
    world.transport.default = refusal(400, "Bad Request: message can't be deleted")
    with pytest.raises(Refused):
        await world.bot.delete_message(GROUP, 9)


async def test_delete_messages_by_the_hundred(world: World) -> None:
    """Telegram takes 1 to 100 ids at once, and none for none."""
    await world.bot.delete_messages(GROUP, range(1, 251))
    assert [len(posted.params["message_ids"]) for posted in world.transport.posted] == [100, 100, 50]
    await world.bot.delete_messages(GROUP, [])
    assert len(world.transport.posted) == 3


async def test_the_door(world: World) -> None:
    """Somebody is let in by name, a guard's query is answered by its id; too late is no error."""
    await world.bot.approve_join_request(GROUP, 7)
    assert world.sent == {"chat_id": GROUP, "user_id": 7}
    assert await world.bot.answer_join_query("q1", "queue")
    assert world.sent == {"chat_join_request_query_id": "q1", "result": "queue"}
    world.transport.default = refusal(400, "Bad Request: QUERY_ID_INVALID")
    assert not await world.bot.answer_join_query("q1", "approve")


async def test_delete_reactions(world: World) -> None:
    """Of a person, or of a chat as which somebody reacted."""
    await world.bot.delete_reactions(GROUP, 7)
    assert world.sent == {"chat_id": GROUP, "user_id": 7}
    await world.bot.delete_reactions(GROUP, -9)
    assert world.sent == {"chat_id": GROUP, "actor_chat_id": -9}


async def test_answer_press(world: World) -> None:
    """A press is answered with what is given; one that is too old is nobody's fault."""
    await world.bot.answer_press("q1")
    assert world.sent == {"callback_query_id": "q1"}
    world.transport.default = refusal(
        400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
    await world.bot.answer_press("q1", "Not yours", alert=True, url="https://t.me/x")
    assert world.sent == {
        "callback_query_id": "q1",
        "text": "Not yours",
        "show_alert": True,
        "url": "https://t.me/x",
    }


@pytest.mark.parametrize(
    ("held", "stars"),
    [
        ({"amount": 12, "nanostar_amount": 900_000_000}, 12),
        ({"amount": 0}, 0),
        ({"amount": -3, "nanostar_amount": -1}, -3),
    ],
)
async def test_star_balance(world: World, held: dict[str, int], stars: int) -> None:
    """Whole Stars, as campaigns need them."""
    world.transport.default = ok(held)
    assert await world.bot.star_balance() == stars
    assert world.transport.methods == ["getMyStarBalance"]


async def test_star_balance_is_not_waited_for_long(world: World) -> None:
    """A campaign waits meanwhile: five seconds, whatever Telegram does."""
    world.transport.default = too_many(30)
    with pytest.raises(TryLater):
        await world.bot.star_balance()
    assert world.clock.monotonic() < 6


async def test_get_member(world: World) -> None:
    """The six kinds of ChatMember come as one record."""
    world.transport.default = ok(
        {"status": "restricted", "user": ADA, "is_member": True, "can_send_polls": True}
    )
    member = await world.bot.get_member(GROUP, 7)
    assert (member.belongs, member.permissions.can_send_polls, member.person.id) == (True, True, 7)
    assert world.sent == {"chat_id": GROUP, "user_id": 7}


@pytest.mark.parametrize(
    "text",
    [
        "Bad Request: member not found",
        "PARTICIPANT_ID_INVALID",
        "Bad Request: USER_ID_INVALID",
        "Bad Request: user not found",
    ],
)
async def test_get_member_of_a_stranger(world: World, text: str) -> None:
    """Telegram's ways of not knowing somebody are one error."""
    world.transport.default = refusal(400, text)
    with pytest.raises(NotFound) as error:
        await world.bot.get_member(GROUP, 7)
    assert error.value.code == "unknown_person"


async def test_get_admins(world: World) -> None:
    """All of them, typed."""
    world.transport.default = ok(
        [{"status": "creator", "user": ADA}, {"status": "administrator", "user": ADA}]
    )
    assert [admin.is_admin for admin in await world.bot.get_admins(GROUP)] == [True, True]
    assert world.sent == {"chat_id": GROUP, "return_bots": True}


async def test_get_chat(world: World) -> None:
    """By name or id; a name that leads nowhere is not found, not "gone"."""
    world.transport.default = ok({"id": GROUP, "type": "channel", "title": "News", "linked_chat_id": -5})
    assert (await world.bot.get_chat("@news")).linked_chat_id == -5
    assert world.sent == {"chat_id": "@news"}
    world.transport.default = refusal(400, "Bad Request: chat not found")
    with pytest.raises(NotFound) as error:
        await world.bot.get_chat("@nowhere")
    assert error.value.code == "chat_not_found"


async def test_restrict_sends_all_sixteen_flags(world: World) -> None:
    """Telegram takes an omitted flag for false or derives it from others: nothing is left to it."""
    await world.bot.restrict(GROUP, 7, Permissions(can_send_polls=True))
    assert world.sent == {
        "chat_id": GROUP,
        "user_id": 7,
        "permissions": {flag: flag == "can_send_polls" for flag in FLAGS},
        "use_independent_chat_permissions": True,
    }
    assert len(FLAGS) == 16


async def test_lifting_sends_sixteen_times_true(world: World) -> None:
    """The only value that leaves no trace in the group's exceptions."""
    await world.bot.restrict(GROUP, 7, Permissions.all())
    assert world.sent["permissions"] == dict.fromkeys(FLAGS, True)


async def test_a_restriction_ends_when_told(world: World) -> None:
    """Unix seconds on the wire."""
    until = world.clock.now() + timedelta(hours=1)
    await world.bot.restrict(GROUP, 7, Permissions(), until=until)
    assert world.sent["until_date"] == int(until.timestamp())


@pytest.mark.parametrize("ahead", [timedelta(seconds=74), timedelta(days=367), timedelta(days=-1)])
async def test_a_restriction_that_telegram_would_make_permanent_is_refused(
    world: World, ahead: timedelta
) -> None:
    """Outside 30 seconds to 366 days Telegram silently means for ever; a call needs time to arrive, too."""
    with pytest.raises(Refused) as error:
        await world.bot.restrict(GROUP, 7, Permissions(), until=world.clock.now() + ahead)
    assert error.value.code == "bad_until"
    assert world.transport.posted == []


async def test_set_commands(world: World) -> None:
    """Commands go with their scope and language."""
    await world.bot.set_commands([("start", "Begin")], scope="all_private_chats", language="de")
    assert world.sent == {
        "commands": [{"command": "start", "description": "Begin"}],
        "scope": {"type": "all_private_chats"},
        "language_code": "de",
    }


async def test_delete_webhook_keeps_what_is_pending(world: World) -> None:
    """Defect N11: updates that wait are not dropped: people left channels while we were away."""
    await world.bot.delete_webhook()
    assert (world.transport.methods, world.sent) == (["deleteWebhook"], {})


async def test_a_timed_restriction_never_arrives_too_late_to_be_timed(world: World) -> None:
    """Every attempt is over while Telegram still takes the date for one, however long the others took."""
    until = world.clock.now() + timedelta(seconds=80)
    world.transport.latency = 10
    world.transport.default = ConnectionLost("timed out")
    world.budgets.pause(Scope(BOT_ID, "act", GROUP), 12)
    with pytest.raises(TryLater) as error:
        await world.bot.restrict(GROUP, 7, Permissions(), until=until)
    assert error.value.code == "no_answer"
    assert len(world.transport.posted) == 3
    assert all(posted.at + posted.timeout <= 80 - 45 for posted in world.transport.posted)


@pytest.mark.parametrize("pause", [36, 59])
async def test_a_timed_restriction_does_not_sit_out_a_pause_that_is_too_long(
    world: World, pause: float
) -> None:
    """Thirty-five seconds of leeway are no sixty: its caller hears at once, and chooses another date."""
    world.budgets.pause(Scope(BOT_ID, "act", GROUP), pause)
    with pytest.raises(TryLater):
        await world.bot.restrict(GROUP, 7, Permissions(), until=world.clock.now() + timedelta(seconds=80))
    assert (world.transport.posted, world.clock.monotonic()) == ([], 0)


async def test_a_timed_restriction_is_not_repeated_when_it_is_too_late(world: World) -> None:
    """What failed for want of a network at the last moment goes back to the caller."""
    world.transport.latency = 34.9
    world.transport.default = ConnectFailed("refused")
    with pytest.raises(TryLater) as error:
        await world.bot.restrict(GROUP, 7, Permissions(), until=world.clock.now() + timedelta(seconds=80))
    assert (error.value.code, len(world.transport.posted)) == ("too_late", 1)


def test_the_gate_asks_for_no_restriction_that_is_refused() -> None:
    """What it takes for the shortest lies above what a call needs to arrive in."""
    assert SHORTEST_UNTIL > SHORTEST_RESTRICTION
