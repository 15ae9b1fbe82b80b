"""
Little scenes for the property test: each puts one law at stake, in the midst of whatever else happened.

Chance alone seldom brings together what a law is about; here it only chooses who, where and when.
"""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import rule

from gate_world.stage import Stage
from gate_world.town import PEOPLE, Town
from gate_world.witness import Key, Witness
from gatecrier_sandbox.world.faults import FaultKind

PARTLY = {"can_send_messages": True, "can_send_photos": True}
groups = st.integers(0, 1)
people = st.integers(0, PEOPLE - 1)
failures = st.sampled_from(
    (FaultKind.TOO_MANY, FaultKind.SERVER_ERROR, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER)
)


class Machine(Protocol):
    """What a scene needs of the machine that plays it."""

    stage: Stage
    town: Town
    witness: Witness
    done: list[bytes]

    def act(self, when: str) -> AbstractContextManager[tuple[Any, Town]]:
        """People act; it is told "now" or "later"."""

    def deliver(self, how: str) -> None:
        """What lies in the queue comes."""

    def lose(self) -> None:
        """What was to be told never will be."""

    def fail(self, method: str, kind: FaultKind, times: int) -> None:
        """The next calls of a method go wrong."""

    def recover(self) -> None:
        """All is well again."""

    def again(self, bodies: list[bytes]) -> None:
        """These updates come again, and have no effect (I4)."""

    def wait(self, seconds: int) -> None:
        """Time passes."""

    def look(self) -> None:
        """The witness has seen no wrong."""

    def run(self, work: Any) -> Any:
        """Let something happen."""

    def loop(self, run_once: Any) -> Any:
        """One round of a loop."""

    def calm(self) -> None:
        """As in `Scenes`."""

    def settle(self) -> None:
        """As in `Scenes`."""

    def say(self, group: int, person: int) -> None:
        """As in `Scenes`."""

    def stranger(self, *chats: int) -> int:
        """As in `Scenes`."""

    def everything_joined(self, group: int, person: int) -> None:
        """As in `Scenes`."""

    def is_judged(self, key: Key) -> bool:
        """As in `Scenes`."""


class Scenes:
    """Rules for a machine."""

    @rule(group=groups, person=people, channel=groups)
    def leave_and_return(self: Machine, group: int, person: int, channel: int) -> None:
        """Where nothing is wrong, who leaves a channel is held at once, and free the moment they return."""
        key = self.town.groups[group], self.town.people[person]
        self.calm()
        with self.act("now"):
            self.everything_joined(group, key[1])
        self.say(group, key[1])
        if not self.is_judged(key):
            return
        required = self.stage.app.first.gate.gates.get(key[0]).channels  # type: ignore[union-attr]
        with self.act("now") as (world, _):
            world.leave(required[channel % len(required)], key[1])
        self.settle()
        assert key in self.witness.ours, f"{key} left, which was told at once, and is not held"
        with self.act("now") as (world, _):
            world.join(required[channel % len(required)], key[1])
        self.settle()
        assert key not in self.witness.ours, f"{key} is back, which was told at once, and is held"

    @rule(group=groups, person=people, channel=groups)
    def hear_of_joining_late(self: Machine, group: int, person: int, channel: int) -> None:
        """Somebody joins and leaves; the leave is told at once, the joining later: still held."""
        key = self.town.groups[group], self.town.people[person]
        self.calm()
        with self.act("now"):
            self.everything_joined(group, key[1])
        self.say(group, key[1])
        if not self.is_judged(key):
            return
        required = self.stage.app.first.gate.gates.get(key[0]).channels  # type: ignore[union-attr]
        chosen = required[channel % len(required)]
        with self.act("now") as (world, _):
            world.leave(chosen, key[1])
        with self.act("later") as (world, _):
            world.join(chosen, key[1])
        self.stage.collect()
        late, self.stage.mail = list(self.stage.mail), []
        self.wait(70)
        with self.act("now") as (world, _):
            world.leave(chosen, key[1])
        self.settle()
        self.stage.mail = late
        self.deliver("in order")
        self.settle()
        assert key in self.witness.ours, f"{key} is gone, and an old word of their joining set them free"

    @rule(group=groups, kind=failures, times=st.integers(1, 3))
    def meet_in_bad_weather(self: Machine, group: int, kind: FaultKind, times: int) -> None:
        """Somebody who belongs, and of whom nothing is known, writes while Telegram does not answer (I5)."""
        self.calm()
        stranger = self.stranger(self.town.groups[group], *self.town.channels)
        self.fail("getChatMember", kind, times)
        self.say(group, stranger)
        self.recover()

    @rule(group=groups)
    def hear_twice(self: Machine, group: int) -> None:
        """What somebody wrote stands, also when they left since, and it is told once more (I4)."""
        self.calm()
        chat = self.town.groups[group]
        stranger = self.stranger(chat, *self.town.channels)
        if not self.is_judged((chat, stranger)):
            return
        before = len(self.done)
        self.say(group, stranger)
        told = self.done[before:]
        with self.act("now") as (world, town):
            for channel in town.channels:
                world.leave(channel, stranger)
        self.settle()
        self.again(told)

    @rule()
    def join_the_rest_unheard(self: Machine) -> None:
        """Held in Talk, they join what Club requires too, and only half of it is told: free in Club (I5)."""
        news, daily, extra = self.town.channels
        talk, club = self.town.groups
        self.calm()
        stranger = self.stranger(talk, club, news)
        self.say(0, stranger)
        with self.act("later") as (world, _):
            world.join(daily, stranger)
        self.lose()
        is_judged = self.is_judged((club, stranger))
        with self.act("now") as (world, _):
            world.join(extra, stranger)
        self.settle()
        wronged = is_judged and (club, stranger) in self.witness.ours
        assert not wronged or self.town.lacks(club, stranger), f"{stranger} was held in Club on memory alone"

    @rule(
        group=groups,
        what=st.sampled_from(["partly", "awhile", "ban"]),
        first=st.booleans(),
        is_heard=st.booleans(),
    )
    def be_limited(self: Machine, group: int, what: str, *, first: bool, is_heard: bool) -> None:
        """An admin limits somebody before they are held, or while: joining gives back what we took (I2)."""
        self.calm()
        chat, adam = self.town.groups[group], self.town.adam
        stranger = self.stranger(chat)
        if not first:
            self.say(group, stranger)
        with self.act("now" if is_heard else "later") as (world, _):
            match what:
                case "partly":
                    world.set_member(chat, stranger, "restricted", permissions=PARTLY, by=adam)
                case "awhile":
                    world.set_member(chat, stranger, "restricted", until_date=world.today + 900, by=adam)
                case "ban":
                    world.set_member(chat, stranger, "kicked", by=adam)
        self.lose()
        if first:
            self.say(group, stranger)
        with self.act("now") as (world, town):
            for channel in town.channels:
                world.join(channel, stranger)
        self.settle()

    @rule(group=groups, is_whole=st.booleans())
    def take_off(self: Machine, group: int, is_whole: bool) -> None:
        """Somebody is held; the owner demands less, or nothing: free at once of what is demanded no more."""
        chat, channels = self.town.groups[group], self.town.channels
        self.calm()
        stranger = self.stranger(chat, *(() if is_whole else (channels[0], channels[2])))
        self.say(group, stranger)
        with self.act("now") as (world, town):
            world.say(chat, town.olga, "/unprotect" if is_whole else "/unprotect @daily")
        self.settle()
        live = self.stage.app.first.gate.gates.get(chat)
        if live is None:
            held = [key for key in self.witness.ours if key[0] == chat]
            assert not held or not self.stage.world.member(chat, self.stage.bot.id).is_admin, held
        elif live.acts and not self.town.lacks(chat, stranger):
            assert (chat, stranger) not in self.witness.ours, f"{stranger} lacks nothing any more"
        with self.act("now") as (world, town):
            world.say(chat, town.olga, f"/protect {'@daily @extra' if group else '@news @daily'}")
        self.settle()
        self.again([body for body in self.done[-9:] if b'"/unprotect' in body])

    # What they have in common

    def calm(self: Machine) -> None:
        """All is well, and nothing is under way."""
        self.recover()
        self.stage.network.slow.clear()
        self.deliver("in order")
        self.settle()

    def settle(self: Machine) -> None:
        """What was begun ends, and what was seen is saved."""
        self.run(self.stage.drain())
        self.run(self.loop(self.stage.app.first.healer.run_once))
        self.look()

    def say(self: Machine, group: int, person: int) -> None:
        """Somebody writes, if they may, and that is worked on to its end."""
        with self.act("now") as (world, town):
            world.say(town.groups[group], person, "here I am")
        self.settle()

    def stranger(self: Machine, *chats: int) -> int:
        """Somebody new, who came into these chats before anybody told the bot."""
        with self.act("later") as (world, _):
            someone: int = world.person("Stranger").id
            self.witness.meet(someone)
            for chat in chats:
                world.join(chat, someone)
        self.lose()
        return someone

    def everything_joined(self: Machine, group: int, person: int) -> None:
        """Somebody joins the group, and whatever it requires that they lack."""
        for chat in (self.town.groups[group], *self.town.lacks(self.town.groups[group], person)):
            self.stage.world.join(chat, person)

    def is_judged(self: Machine, key: Key) -> bool:
        """Whether somebody in a group is free now, and their gate's to hold."""
        world, live = self.stage.world, self.stage.app.first.gate.gates.get(key[0])
        if live is None or not live.acts or key in self.witness.touched or key in self.witness.ours:
            return False
        sees = all(world.member(chat, self.stage.bot.id).is_admin for chat in (key[0], *live.channels))
        return sees and world.member(*key).present and not world.member(*key).is_admin
