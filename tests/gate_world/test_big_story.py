"""
300 groups of three channels each, and 20,000 people: the gate at the size of a busy deployment.

Half of them are strangers to the bot, the other half it knows from before.

Numbers follow from a seed, so the story is the same each time; the sandbox's world is the judge.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from gate_world.stage import Stage
from gatecrier.gate.model import Known, Source
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import StandingStore
from gatecrier_sandbox.botapi.api import Answer

pytestmark = [pytest.mark.long, pytest.mark.database, pytest.mark.timeout(300)]

GROUPS = 300
CHANNELS_EACH = 3
PEOPLE = 20_000
INTRUDERS = 20
"""One in so many lacks a channel in each of their groups."""
LEAVERS = 300
AT_ONCE = 400
"""Updates that arrive together: at 100 questions a second they are worked on in some ten seconds."""
MOST_QUESTIONS = 3
"""About one person in one channel, in all of the story: writing, joining, leaving, and one to spare."""


class Questions:
    """Counts what the bot asks about people in channels."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[int, int]] = Counter()

    def before(self, method: str, params: Mapping[str, str]) -> None:
        """Nothing to keep."""

    def after(self, method: str, params: Mapping[str, str], seen: object, answer: Answer) -> None:
        """One question more, perhaps."""
        if method == "getChatMember":
            self.asked[int(params["chat_id"]), int(params["user_id"])] += 1


class City:
    """The world of the story; nothing has been told to the bot yet."""

    def __init__(self, stage: Stage, *, groups: int, people: int, seed: int = 4) -> None:
        self.stage = stage
        self._rng = random.Random(seed)
        world, wanted = stage.world, stage.bot.queue.allowed
        stage.bot.queue.allowed = frozenset()  # how all this came to be is told to nobody
        self.owner = world.person("Olga").id
        self.channels = dict(map(self._group, range(groups)))
        self.groups_of = {
            world.person(f"P{number}").id: self._rng.sample(list(self.channels), self._rng.randint(1, 3))
            for number in range(people)
        }
        self.intruders = set(list(self.groups_of)[::INTRUDERS])
        for person, homes in self.groups_of.items():
            for group in homes:
                self._settle(person, group)
        stage.bot.queue.allowed = wanted

    def _group(self, number: int) -> tuple[int, list[int]]:
        world, name = self.stage.world, f"group {number}"
        channels = [
            world.chat("channel", f"{name} channel {which}", username=f"c{number}_{which}").id
            for which in range(CHANNELS_EACH)
        ]
        group = world.chat("supergroup", name).id
        for chat in (*channels, group):
            world.set_member(chat, self.owner, "creator")
            world.set_member(chat, self.stage.bot.id, "administrator")
        return group, channels

    def _settle(self, person: int, group: int) -> None:
        lacking = self._rng.randrange(CHANNELS_EACH) if person in self.intruders else -1
        self.stage.world.join(group, person)
        for number, channel in enumerate(self.channels[group]):
            if number != lacking:
                self.stage.world.join(channel, person)

    async def protect(self) -> None:
        """The owner puts every gate up."""
        for group, channels in self.channels.items():
            names = " ".join(f"@{self.stage.world.chats[id_].username}" for id_ in channels)
            await self.stage.protect(group, self.owner, names)

    async def remember(self, people: Iterable[int]) -> None:
        """What a process before ours learnt of these people, and left in the table of standings."""
        now = self.stage.clock.now()
        known = [
            Known(
                chat_id=channel,
                person_id=person,
                standing=Standing.MEMBER,
                date=int(now.timestamp()),
                source=Source.VERIFICATION,
                checked_at=now,
            )
            for person in people
            for group in self.groups_of[person]
            for channel in self.channels[group]
            if self.stage.world.chats[channel].members[person].present
        ]
        async with self.stage.app.database.transaction() as connection:
            await StandingStore(connection).put(known)
        await self.stage.restart()

    def join_all(self, person: int) -> None:
        """Somebody joins whatever their groups ask for."""
        for group in self.groups_of[person]:
            for channel in self.channels[group]:
                self.stage.world.join(channel, person)

    def leave_one(self, person: int) -> None:
        """Somebody leaves a channel of the first of their groups."""
        self.stage.world.leave(self.channels[self.groups_of[person][0]][0], person)

    def may_write(self, person: int) -> set[int]:
        """Those of somebody's groups in which they may write."""
        return {group for group in self.groups_of[person] if self.stage.may_write(group, person)}

    async def tell(self) -> None:
        """What has happened is told, so many updates at a time, and worked on."""
        self.stage.collect()
        mail, self.stage.mail = self.stage.mail, []
        for start in range(0, len(mail), AT_ONCE):
            await self.stage.deliver(mail[start : start + AT_ONCE])
            await self.stage.drain()

    def write(self, people: Iterable[int]) -> None:
        """Each writes once, in the first of their groups."""
        for person in people:
            self.stage.world.say(self.groups_of[person][0], person, "hello")


async def restart_in_the_middle(city: City) -> None:
    """The process dies with work in its hands; the next one finishes it."""
    stage = city.stage
    stage.collect()
    some, stage.mail = stage.mail[:AT_ONCE], stage.mail[AT_ONCE:]
    await stage.deliver(some)
    await stage.restart()
    again = 1
    while again:
        await stage.drain()
        again = (await stage.finish(stage.app.first.inbox.run_once()))["again"]
    await stage.clock.advance(60)
    await stage.finish(stage.app.first.healer.run_once())


async def tell_story(stage: Stage, *, groups: int, people: int) -> Counter[tuple[int, int]]:
    """All of it; answers how often the bot asked about whom."""
    city, questions = City(stage, groups=groups, people=people), Questions()
    await city.protect()
    stage.network.watcher = questions
    everybody = list(city.groups_of)
    await city.remember(id_ for id_ in everybody[people // 2 :] if id_ not in city.intruders)
    city.write(everybody[: people // 2])
    await city.tell()
    city.write(everybody[people // 2 :])
    await restart_in_the_middle(city)
    await city.tell()
    judge(city, free=set(), left=set())

    late = sorted(city.intruders)[::2]
    for person in late:
        city.join_all(person)
    await city.tell()
    leavers = [id_ for id_ in everybody if id_ not in city.intruders][:: people // LEAVERS][:LEAVERS]
    for person in leavers:
        city.leave_one(person)
    await city.tell()
    judge(city, free=set(late), left=set(leavers))

    gone = next(iter(city.channels))
    await stage.unprotect(gone, city.owner)
    assert all(stage.may_write(gone, id_) for id_, homes in city.groups_of.items() if gone in homes)
    return questions.asked


def judge(city: City, *, free: set[int], left: set[int]) -> None:
    """Held is who lacks a channel where they wrote, or left one there; there alone, and nobody else."""
    wronged = []
    for person, homes in city.groups_of.items():
        expected = set(homes)
        if person in left or (person in city.intruders and person not in free):
            expected.discard(homes[0])
        if (found := city.may_write(person)) != expected:
            wronged.append((person, person in city.intruders, homes, found ^ expected))
    assert not wronged, wronged[:4]


async def test_300_groups_and_20_000_people(tmp_path: Path, stage: Stage) -> None:
    """Everybody writes, intruders are held, joining frees, leaving holds; few questions, nobody wronged."""
    asked = await tell_story(stage, groups=GROUPS, people=PEOPLE)
    channels = {key: count for key, count in asked.items() if stage.world.chats[key[0]].type == "channel"}
    assert max(channels.values()) <= MOST_QUESTIONS
