"""Many subscribers at once: quick, small, and as real as if each had pressed Start."""

import asyncio
import tracemalloc

from gatecrier_sandbox.control import accounts, show
from gatecrier_sandbox.control.requests import NewSubscribers
from gatecrier_sandbox.world import updates
from sandbox.town import Town

MANY = 20_000
BYTES_EACH = 600
"""A million of them, and the sandbox itself, have a gigabyte."""


async def test_subscribers_are_small() -> None:
    """Each takes some hundred bytes until somebody looks."""
    town = Town()
    tracemalloc.start()
    town.world.subscribers(town.bot.id, MANY, announce=False)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / MANY < BYTES_EACH


async def test_others_get_their_turn_meanwhile() -> None:
    """The loop goes round at least once per thousand."""
    town, turns = Town(), 0
    making = asyncio.create_task(
        accounts.make_subscribers(town.world, NewSubscribers(town.bot.id, MANY, announce=False))
    )
    while not making.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= MANY // 1000
    assert (await making).count == MANY


async def test_a_subscriber_of_many_is_like_any_other() -> None:
    """What was written is there when one looks, the bot heard it, and it can write to them."""
    town = Town()
    made = town.world.subscribers(town.bot.id, 3, started_ago=60)
    alone = town.world.person("Alone")
    town.world.start(alone.id, town.bot.id)
    heard = [update["message"] for update in await town.updates()]
    assert [message["message_id"] for message in heard] == [1, 2, 3, 4]
    for number in range(3):
        dialog = town.bot.dialogs[made.first_id + number]
        (message,) = dialog.messages.values()
        assert show.message(town.world, dialog, message) == heard[number]
        await town.result("sendMessage", chat_id=dialog.person_id, text="hi")
        assert len(dialog.messages) == 2


async def test_what_a_full_queue_loses_is_counted() -> None:
    """The bot's queue takes its 100,000; the others are lost, and nobody pays for writing them."""
    town = Town()
    room = updates.CAPACITY - len(town.bot.queue.updates)
    town.bot.queue.updates.extend([updates.Update(1, 0.0, b"{}")] * (room - 2))
    town.world.subscribers(town.bot.id, 5)
    assert (len(town.bot.queue.updates), town.bot.queue.dropped) == (updates.CAPACITY, 3)
