"""Queues, offsets, subscriptions: facts/botapi.md §6."""

import asyncio

import pytest

from gatecrier_sandbox.clock import ManualClock
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.polls import poll
from gatecrier_sandbox.updates import DEFAULT, UpdateQueue
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


def test_updates_die_of_age() -> None:
    """A callback query is kept 150 seconds, a message a day."""
    queue, clock = make_queue(1)
    queue.add("callback_query", b"{}", now=clock.now())
    clock.advance(151)
    assert len(queue.head(100, now=clock.now())) == 1
    clock.advance(86_400)
    assert queue.head(100, now=clock.now()) == []


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
