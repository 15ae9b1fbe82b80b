"""Queues, offsets, subscriptions: facts/botapi.md §6."""

import asyncio

import pytest

from gatecrier_sandbox.botapi.long_poll import poll
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.world.clock import ManualClock
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.updates import DEFAULT, UpdateQueue
from sandbox.town import ALL_UPDATES, Town


def make_queue(count: int) -> tuple[UpdateQueue, ManualClock]:
    """A queue with updates 100, 101, ..."""
    queue, clock = UpdateQueue(100), ManualClock()
    for _ in range(count):
        queue.add("message", b"{}", now=clock.now())
    return queue, clock


def ids(queue: UpdateQueue) -> list[int]:
    """What the queue still holds."""
    return [update.update_id for update in queue.updates]


@pytest.mark.parametrize(
    ("offset", "kept"),
    [
        (0, [100, 101, 102, 103]),
        (102, [102, 103]),
        (104, []),
        (108, []),
        (1103, [100, 101, 102, 103]),
        (5, [100, 101, 102, 103]),
        (-2, [102, 103]),
        (-9, [100, 101, 102, 103]),
    ],
)
def test_an_offset_confirms_what_lies_below_it(offset: int, kept: list[int]) -> None:
    """Positive confirms, zero confirms nothing, negative keeps the newest, far ahead is ignored."""
    queue, _ = make_queue(4)
    queue.seek(offset)
    assert ids(queue) == kept


async def test_the_same_offset_in_haste_brings_one_update() -> None:
    """Two calls back to back without an offset: all, then only the first; later all again."""
    queue, clock = make_queue(3)
    assert len(await poll(queue, clock, offset=0, limit=100, timeout=0)) == 3
    assert len(await poll(queue, clock, offset=0, limit=100, timeout=0)) == 1
    clock.advance(0.7)
    assert len(await poll(queue, clock, offset=0, limit=100, timeout=0)) == 3


@pytest.mark.parametrize(("later", "waits"), [(2.9, True), (3.0, False)])
async def test_the_same_offset_within_three_seconds_waits_three(later: float, waits: bool) -> None:
    """A short poll that asks again too soon becomes a long one of three seconds."""
    queue, clock = make_queue(0)
    assert await poll(queue, clock, offset=0, limit=100, timeout=0) == []
    clock.advance(later)
    again = asyncio.create_task(poll(queue, clock, offset=0, limit=100, timeout=0))
    await asyncio.sleep(0)
    assert again.done() != waits
    clock.advance(3)
    assert await again == []


async def test_another_offset_is_no_haste() -> None:
    """Who confirms and asks again at once is answered at once."""
    queue, clock = make_queue(0)
    for offset in (0, 7):
        asked = asyncio.create_task(poll(queue, clock, offset=offset, limit=100, timeout=0))
        await asyncio.sleep(0)
        assert asked.done()


def test_a_full_queue_loses_what_is_new() -> None:
    """100,000 updates wait at most; further ones are counted as dropped and take no id."""
    queue, clock = make_queue(100_000)
    queue.add("message", b"{}", now=clock.now())
    assert (len(queue.updates), queue.dropped, queue.next_id) == (100_000, 1, 100_100)
    queue.seek(101)
    queue.add("message", b"{}", now=clock.now())
    assert (len(queue.updates), queue.dropped) == (100_000, 1)


async def test_a_waiting_poll_ends_with_the_first_update() -> None:
    """A long poll answers as soon as there is something to say."""
    queue, clock = make_queue(0)
    waiting = asyncio.create_task(poll(queue, clock, offset=0, limit=100, timeout=50))
    await asyncio.sleep(0)
    queue.add("message", b"{}", now=clock.now())
    assert len(await waiting) == 1


async def test_a_waiting_poll_ends_empty_after_its_timeout() -> None:
    """Nothing came: an empty list, not an error."""
    queue, clock = make_queue(0)
    waiting = asyncio.create_task(poll(queue, clock, offset=0, limit=100, timeout=50))
    await asyncio.sleep(0)
    clock.advance(50)
    assert await waiting == []


async def test_a_second_poll_ends_the_first_with_409() -> None:
    """Only one poll waits; the one before it hears 409, and the next 409 is three seconds later."""
    queue, clock = make_queue(0)
    polls = []
    for _ in range(3):
        polls.append(asyncio.create_task(poll(queue, clock, offset=0, limit=100, timeout=50)))
        await asyncio.sleep(0)
    with pytest.raises(ApiError, match="terminated by other getUpdates request"):
        await polls[0]
    await asyncio.sleep(0)
    assert not polls[1].done()
    clock.advance(3)
    with pytest.raises(ApiError, match="Conflict"):
        await polls[1]
    clock.advance(50)
    assert await polls[2] == []


def test_subscriptions_hold_for_new_updates_only() -> None:
    """The filter is applied when an update is made; unwanted ones take no id; unknown names mean default."""
    queue, clock = make_queue(1)
    queue.subscribe(["CALLBACK_QUERY", "nonsense"])
    queue.add("message", b"{}", now=clock.now())
    queue.add("callback_query", b"{}", now=clock.now())
    assert ids(queue) == [100, 101]
    queue.subscribe(["nonsense"])
    assert queue.allowed == DEFAULT
    assert "chat_member" not in DEFAULT


@pytest.mark.parametrize("raw", ["[1]", '["message", 1]', '{"message": 1}', "null", "x", '"poll"'])
async def test_unreadable_subscriptions_change_nothing(raw: str) -> None:
    """Only an array of texts is heeded."""
    town = Town()
    await town.updates(allowed_updates='["poll"]')
    await town.updates(allowed_updates=raw)
    assert town.bot.queue.allowed == {"poll"}


AGES = [
    ("inline_query", 30),
    ("callback_query", 150),
    ("shipping_query", 150),
    ("pre_checkout_query", 150),
    ("chosen_inline_result", 600),
    ("message", 86_400),
    ("poll_answer", 86_400),
]


@pytest.mark.parametrize(("kind", "age"), AGES)
def test_updates_die_of_age(kind: str, age: int) -> None:
    """What needs a quick answer is kept for as long as that is possible, all else a day."""
    queue, clock = make_queue(0)
    queue.add(kind, b"{}", now=clock.now())
    clock.advance(age - 1)
    assert len(queue.head(100, now=clock.now())) == 1
    clock.advance(1)
    assert queue.head(100, now=clock.now()) == []


def test_a_dead_update_hides_none_that_lives() -> None:
    """The dead are dropped wherever they stand."""
    queue, clock = make_queue(1)
    queue.add("callback_query", b"{}", now=clock.now())
    queue.add("message", b"{}", now=clock.now())
    clock.advance(151)
    assert len(queue.head(100, now=clock.now())) == 2


def test_an_answer_has_four_megabytes_at_most() -> None:
    """The rest comes with the next one; a single update always fits."""
    queue, clock = make_queue(0)
    for size in (1 << 20, 1 << 20, 1 << 20, 1 << 20, 5 << 20):
        queue.add("message", b'"%b"' % (b"x" * size), now=clock.now())
    assert len(queue.head(100, now=clock.now())) == 3
    queue.seek(104)
    assert len(queue.head(100, now=clock.now())) == 1


def test_ids_begin_anew_when_they_run_out() -> None:
    """No id reaches 2,000,000,000: the queue is emptied and counts from its first id."""
    queue, clock = make_queue(1)
    queue.next_id = 1_999_999_998
    for _ in range(2):
        queue.add("message", b"{}", now=clock.now())
    assert ids(queue) == [100]
    queue.seek(1_999_999_999)
    assert ids(queue) == [100]


async def test_a_waiting_poll_with_a_later_offset_forgets_what_is_below() -> None:
    """An offset somewhat ahead confirms even what is yet to come."""
    queue, clock = make_queue(0)
    waiting = asyncio.create_task(poll(queue, clock, offset=103, limit=100, timeout=50))
    await asyncio.sleep(0)
    queue.add("message", b"{}", now=clock.now())
    assert await waiting == []
    assert ids(queue) == []


async def test_a_woken_poll_waits_a_moment_for_more() -> None:
    """What comes within about a millisecond is answered together."""
    queue, clock = make_queue(0)
    waiting = asyncio.create_task(poll(queue, clock, offset=0, limit=100, timeout=50))
    await asyncio.sleep(0)
    queue.add("message", b"{}", now=clock.now())
    await asyncio.sleep(0)
    queue.add("message", b"{}", now=clock.now())
    assert len(await waiting) == 2


async def said(fault: Fault, *texts: str, pause: float = 0) -> list[tuple[int, str]]:
    """What a bot hears, counted from its first id, when these are said under a fault."""
    town = Town()
    first = town.bot.queue.next_id
    town.world.faults.add(fault)
    for text in texts:
        town.world.say(town.group.id, town.reader.id, text)
        town.clock.advance(pause)
    found = await town.updates()
    return [(update["update_id"] - first, update["message"]["text"]) for update in found]


async def test_a_lost_update_uses_up_its_id() -> None:
    """The bot sees the gap."""
    assert await said(Fault(FaultKind.LOSE_UPDATE, times=1), "a", "b") == [(1, "b")]


async def test_a_reordered_update_swaps_place_with_the_next() -> None:
    """Ids rise all the same; every other one under a lasting fault."""
    assert await said(Fault(FaultKind.REORDER_UPDATE, times=1), "a", "b", "c") == [
        (0, "b"),
        (1, "a"),
        (2, "c"),
    ]
    swapped = await said(Fault(FaultKind.REORDER_UPDATE, seconds=9), "a", "b", "c", "d")
    assert swapped == [(0, "b"), (1, "a"), (2, "d"), (3, "c")]


async def test_a_reordered_update_comes_even_if_no_other_does() -> None:
    """After its seconds it is stored as the last."""
    assert await said(Fault(FaultKind.REORDER_UPDATE, seconds=2, times=1), "a", "b", pause=3) == [
        (0, "a"),
        (1, "b"),
    ]


async def test_a_duplicated_update_comes_twice_with_one_id() -> None:
    """As Telegram's own duplicates do."""
    assert await said(Fault(FaultKind.DUPLICATE_UPDATE, times=1), "a", "b") == [(0, "a"), (0, "a"), (1, "b")]


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Fault(FaultKind.LOSE_UPDATE, update="message"), 0),
        (Fault(FaultKind.LOSE_UPDATE, update="callback_query"), 1),
        (Fault(FaultKind.LOSE_UPDATE, bot_id=5), 1),
        (Fault(FaultKind.LOSE_UPDATE, probability=0.0), 1),
        (Fault(FaultKind.SERVER_ERROR, method="sendMessage"), 1),
    ],
)
async def test_a_fault_of_updates_strikes_what_it_names(fault: Fault, heard: int) -> None:
    """By kind of update, by bot, by chance; faults of calls leave updates alone."""
    assert len(await said(fault, "a")) == heard


async def test_member_updates_go_to_subscribed_administrators() -> None:
    """chat_member needs the subscription; the service message comes anyway, and an edit as its own kind."""
    town = Town()
    stranger = town.world.person("Sven")
    town.world.join(town.group.id, stranger.id)
    assert [list(update)[1] for update in await town.updates(allowed_updates=ALL_UPDATES)] == ["message"]
    town.world.leave(town.group.id, stranger.id)
    left, change = await town.updates()
    assert left["message"]["left_chat_member"]["id"] == stranger.id
    assert change["chat_member"]["new_chat_member"]["status"] == "left"
    assert change["chat_member"]["from"]["id"] == stranger.id


async def test_member_updates_are_for_administrators() -> None:
    """A subscribed bot that is a mere member hears who comes, but no chat_member."""
    town = Town()
    town.world.set_member(town.group.id, town.bot.id, "member")
    await town.updates(allowed_updates=ALL_UPDATES)
    town.world.join(town.group.id, town.world.person("Sven").id)
    assert [list(update)[1] for update in await town.updates()] == ["message"]


HEARD = [
    ("hello", False),
    ("/help", True),
    ("/help@gate_bot", True),
    ("/help@other_bot", False),
    ("so @Gate_Bot says", True),
]


@pytest.mark.parametrize(("text", "heard"), HEARD)
async def test_privacy_mode_hides_what_is_not_for_the_bot(text: str, heard: bool) -> None:
    """A member without the right to read all hears commands, mentions and service messages only."""
    town = Town()
    town.bot.reads_all = False
    town.world.say(town.group.id, town.reader.id, "as an administrator it hears all")
    town.world.set_member(town.group.id, town.bot.id, "member")
    assert "message" in (await town.updates())[0]
    town.world.say(town.group.id, town.reader.id, text)
    assert bool(await town.updates()) == heard
    town.world.join(town.group.id, town.world.person("Sven").id)
    assert "new_chat_members" in (await town.updates())[-1]["message"]


async def test_privacy_mode_lets_replies_through() -> None:
    """Who answers the bot is heard by it; who answers somebody else is not."""
    town = Town()
    town.bot.reads_all = False
    town.world.set_member(town.group.id, town.bot.id, "member")
    question = await town.result("sendMessage", chat_id=town.group.id, text="?")
    await town.updates()
    other = town.world.say(town.group.id, town.reader.id, "no")
    town.world.say(town.group.id, town.reader.id, "no", reply_to_message_id=other.message_id)
    town.world.say(town.group.id, town.reader.id, "yes", reply_to_message_id=question["message_id"])
    assert [update["message"]["text"] for update in await town.updates()] == ["yes"]


async def test_bots_do_not_hear_bots_in_groups() -> None:
    """Neither another bot's words nor its own; in a channel the others hear a post."""
    town = Town()
    other = town.world.bot("other_bot")
    for chat in (town.group, town.channel):
        town.world.set_member(chat.id, other.id, "administrator")
    other.queue.clear()
    await town.updates()
    await town.result("sendMessage", chat_id=town.group.id, text="x")
    assert not other.queue.updates
    await town.result("sendMessage", chat_id=town.channel.id, text="post")
    assert b'"channel_post"' in other.queue.updates[0].body
    assert not any("channel_post" in update for update in await town.updates())


async def test_a_bot_thrown_out_hears_it_and_then_nothing() -> None:
    """After being removed the bot gets the service message and my_chat_member, no more."""
    town = Town()
    town.world.set_member(town.group.id, town.bot.id, "kicked", by=town.owner.id)
    town.world.say(town.group.id, town.reader.id, "anyone?")
    service, change = await town.updates()
    assert service["message"]["left_chat_member"]["id"] == town.bot.id
    assert change["my_chat_member"]["new_chat_member"] == {
        "user": {"id": town.bot.id, "is_bot": True, "first_name": "gate_bot", "username": "gate_bot"},
        "status": "kicked",
        "until_date": 0,
    }
    code, text = await town.error("sendMessage", chat_id=town.group.id, text="x")
    assert (code, text) == (403, "Forbidden: bot was kicked from the supergroup chat")


async def test_a_post_of_the_linked_channel_appears_in_the_group() -> None:
    """The channel's post is a channel_post; its forward comes from 777000 and says it is automatic."""
    town = Town()
    town.world.say(town.channel.id, town.owner.id, "news")
    post, forward = await town.updates()
    assert post["channel_post"]["sender_chat"]["id"] == town.channel.id
    assert "from" not in post["channel_post"]
    message = forward["message"]
    assert message["from"]["id"] == 777000
    assert message["is_automatic_forward"]
    assert message["sender_chat"]["id"] == town.channel.id
    assert message["forward_origin"]["message_id"] == post["channel_post"]["message_id"]


async def test_anonymous_and_channel_speakers_hide_the_person() -> None:
    """An anonymous administrator speaks as the group, a channel's owner as the channel."""
    town = Town()
    town.world.say(town.group.id, town.owner.id, "as group", anonymous=True)
    town.world.say(town.group.id, town.owner.id, "as channel", sender_chat_id=town.channel.id)
    group, channel = (update["message"] for update in await town.updates())
    assert (group["from"]["id"], group["sender_chat"]["id"]) == (1087968824, town.group.id)
    assert (channel["from"]["id"], channel["sender_chat"]["id"]) == (136817688, town.channel.id)
