"""A world survives its file: what bots and people see is the same after loading."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatecrier_sandbox import Limits, World
from gatecrier_sandbox.botapi.api import BotApi
from gatecrier_sandbox.botapi.params import Params
from gatecrier_sandbox.control import show
from gatecrier_sandbox.world import demo, wire, worldfile
from gatecrier_sandbox.world.clock import ManualClock
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.model import Room
from gatecrier_sandbox.world.worldfile import BrokenWorldFile
from sandbox.fuzzer import HEALING, Fuzzer
from sandbox.town import Town

NOT_KEPT = {"meter", "calls", "deliveries", "feed", "file", "base_url", "rng", "uncounted", "seed"}
"""Parts of a world that a file leaves out on purpose; chance goes on from another seed."""


def seen(world: World) -> dict[str, Any]:
    """All that can be seen of a world, by bots and people."""
    rooms: list[Room] = [
        *world.chats.values(),
        *(room for bot in world.bots.values() for room in bot.dialogs.values()),
    ]
    return {
        "people": [wire.user(person) for person in world.people.values()],
        "bots": {bot.token: _bot(world, bot.id) for bot in world.bots.values()},
        "chats": [show.chat(world, chat) for chat in world.chats.values()],
        "members": {
            (chat.id, user_id): show.member(world, chat.id, user_id)
            for chat in world.chats.values()
            for user_id in chat.members
        },
        "messages": [
            [show.message(world, room, message) for message in room.messages.values()] for room in rooms
        ],
        "pinned": [room.pinned for room in rooms],
        "files": {file.file_id: file.data for file in world.files.by_id.values()},
        "faults": world.faults.rules,
        "limits": world.meter.limits,
        "now": world.clock.now(),
    }


def _bot(world: World, bot_id: int) -> dict[str, Any]:
    bot = world.bots[bot_id]
    return wire.myself(bot, world.people[bot_id]) | {
        "commands": bot.commands,
        "updates": [json.loads(update.body) for update in bot.queue.updates],
        "next": bot.queue.next_id,
        "allowed": bot.queue.allowed,
        "webhook": bot.webhook,
        "next_message_id": bot.next_message_id,
    }


def reloaded(world: World) -> World:
    """The world as its file says."""
    return worldfile.parse(worldfile.dump(world), "test", ManualClock())


async def lived_in() -> Town:
    """A town in which much has happened."""
    town = Town(Limits())
    world, group, reader = town.world, town.group, town.reader
    world.start(reader.id, town.bot.id, "ref")
    first = world.say(group.id, reader.id, "hello @olga")
    world.say(group.id, town.owner.id, "yes?", reply_to_message_id=first.message_id)
    world.say(group.id, reader.id, "look", media_group_id="7")
    world.say(town.channel.id, town.owner.id, "news")
    world.set_member(group.id, reader.id, "restricted", permissions={"can_send_messages": True})
    keyboard = {"inline_keyboard": [[{"text": "Press", "callback_data": "x"}]]}
    sent = await town.result("sendMessage", chat_id=reader.id, text="<b>hi</b>", parse_mode="HTML")
    await town.result("sendMessage", chat_id=reader.id, text="press", reply_markup=keyboard)
    await town.result("sendPoll", chat_id=reader.id, question="?", options='["a","b"]', is_anonymous=False)
    await town.result("setMyCommands", commands='[{"command":"go","description":"Go"}]')
    await town.result("createChatInviteLink", chat_id=group.id, name="door")
    world.click(reader.id, town.bot.id, sent["message_id"] + 1, data="x")
    world.subscribers(town.bot.id, 3)
    world.faults.add(Fault(FaultKind.TOO_MANY, method="sendMessage", times=2))
    return town


async def test_a_saved_world_is_seen_as_it_was() -> None:
    """Whatever bots and people see is the same after saving and loading."""
    town = await lived_in()
    world = reloaded(town.world)
    assert seen(world) == seen(town.world)
    assert seen(reloaded(world)) == seen(town.world)


async def test_a_loaded_world_goes_on() -> None:
    """Tokens work, waiting updates come, new ids are new, and an edit shows in what answers it."""
    town = await lived_in()
    world = reloaded(town.world)
    answer = await BotApi(world).answer(town.bot.token, "getUpdates", Params({}))
    assert answer.status == 200
    assert len(msgspec.json.decode(answer.body)["result"]) == len(town.bot.queue.updates)
    hello = next(
        message for message in world.chats[town.group.id].messages.values() if message.text == "hello @olga"
    )
    world.edit(town.group.id, town.reader.id, hello.message_id, "changed")
    reply = next(one for one in world.chats[town.group.id].messages.values() if one.text == "yes?")
    assert reply.reply_to is not None
    assert reply.reply_to.text == "changed"
    assert world.person("New").id not in town.world.people
    assert world.bot("another_bot").id not in town.world.bots


@pytest.mark.long
def test_a_long_chain_of_replies_is_no_deep_file() -> None:
    """Each message names what it answers; five thousand in a row are no recursion."""
    town = Town()
    last = town.world.say(town.group.id, town.reader.id, "0")
    for number in range(5_000):
        last = town.world.say(town.group.id, town.reader.id, f"{number}", reply_to_message_id=last.message_id)
    world = reloaded(town.world)
    assert seen(world)["messages"] == seen(town.world)["messages"]


def test_every_part_of_a_world_is_saved_or_left_out_on_purpose() -> None:
    """Who gives the world a new collection is told here to think of its file."""
    parts = {name for name in vars(World(ManualClock())) if not name.startswith("_")}
    derived = {"tokens", "usernames"}
    saved = {field.name for field in msgspec.structs.fields(worldfile.WorldFile)}
    assert parts - NOT_KEPT - derived - saved == set()


def test_the_same_random_world_comes_back() -> None:
    """Random acts of random people, in any order, are all in the file."""
    rng = random.Random(5)
    town = Town()
    for number in range(300):
        person = town.world.person(f"P{number}")
        town.world.join(town.group.id, person.id)
        if rng.random() < 0.5:
            town.world.say(town.group.id, person.id, f"words {rng.random()}")
        if rng.random() < 0.3:
            town.world.start(person.id, town.bot.id)
        if rng.random() < 0.2:
            town.world.leave(town.group.id, person.id)
    assert seen(reloaded(town.world)) == seen(town.world)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_bots_did_is_in_the_file(seed: int) -> None:
    """After hundreds of requests from chance the world is seen as before."""
    fuzzer = Fuzzer(random.Random(seed))
    for number in range(400):
        if number % HEALING == 0:
            fuzzer.heal()
        await fuzzer.shoot()
    world = fuzzer.town.world
    again = reloaded(world)
    expected, found = seen(world), seen(again)
    for part, value in expected.items():
        assert found[part] == value, part
    assert again.chats.keys() == world.chats.keys()
    await fuzzer.move()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """Saving twice leaves one file; a folder that is gone leaves the old one alone."""
    path = tmp_path / "world.json"
    town = Town()
    assert worldfile.save(town.world, path) == path.stat().st_size
    worldfile.save(town.world, path)
    assert [found.name for found in tmp_path.iterdir()] == ["world.json"]
    assert seen(worldfile.load(path, ManualClock())) == seen(town.world)
    with pytest.raises(OSError, match="No such file"):
        worldfile.save(town.world, tmp_path / "gone" / "world.json")


def test_a_manual_clock_goes_on_where_it_was() -> None:
    """The time of a frozen world is part of it."""
    town = Town()
    town.clock.advance(500)
    clock = ManualClock(1.0)
    worldfile.parse(worldfile.dump(town.world), "test", clock)
    assert clock.now() == town.clock.now()


BROKEN = [
    (b"", "truncated"),
    (b"no json", "malformed"),
    (b"[]", "object"),
    (b"{}", "version"),
    (b'{"version": 2}', "version 2 is not one this program knows"),
    (b'{"version": 1, "seed": 1, "next_person": 1, "people": [{"id": "x"}]}', r"\$\.people\[0\]\.id"),
    (b'{"version": 1, "seed": 1, "next_person": 1, "bots": [{"id": 5, "token": "5:x"}]}', "queue"),
    (b'{"version": 1, "seed": 1, "next_person": 1, "people": ' + b"[" * 9_000, "world.json"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN)
def test_a_broken_file_is_refused_with_the_place(content: bytes, message: str) -> None:
    """What is no world, or one of a newer program, says where it is wrong."""
    with pytest.raises(BrokenWorldFile, match=message):
        worldfile.parse(content, "world.json", ManualClock())


def test_a_record_that_points_to_nobody_is_refused_with_the_place() -> None:
    """A message of somebody who does not exist is found when the file is read, not when a bot asks."""
    town = Town()
    town.world.say(town.group.id, town.reader.id, "hello")
    content = json.loads(worldfile.dump(town.world))
    content["people"] = [person for person in content["people"] if person["id"] != town.reader.id]
    with pytest.raises(BrokenWorldFile, match=r"chats\[1\]"):
        worldfile.parse(json.dumps(content).encode(), "world.json", ManualClock())


def test_the_demo_is_always_the_same() -> None:
    """Its token is fixed, and it comes back from a file."""
    world = World(ManualClock())
    bot = demo.populate(world)
    assert bot.token == demo.TOKEN
    assert seen(reloaded(world)) == seen(world)
