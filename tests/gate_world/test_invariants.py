"""
The five invariants of facts/gate.md §5 against whatever may happen, with the sandbox's world as the judge.

    GATE_WORLD_EXAMPLES=2000 python -m pytest tests/gate_world/test_invariants.py

looks for new failures (add `--timeout 0`); without it the same few examples run each time.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gate_world.reckoning import Reckoning
from gate_world.scenes import PARTLY, Scenes
from gate_world.stage import Stage
from gate_world.town import PEOPLE, Town
from gate_world.witness import Witness
from gatecrier.kernel.errors import TryLater
from gatecrier.telegram.updates import decode
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.permissions import ALL

pytestmark = [pytest.mark.long, pytest.mark.database]

EXAMPLES = int(os.environ.get("GATE_WORLD_EXAMPLES", "0"))
METHODS = ("getChatMember", "restrictChatMember", "deleteMessage", "sendMessage", "editMessageText")
FAILURES = (FaultKind.TOO_MANY, FaultKind.SERVER_ERROR, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER)
DEFECTS = ("inbox.failed", "cards.failed", "sweep.failed")
"""What the product logs when something was raised that should not be."""

people = st.integers(0, PEOPLE - 1)
choices = st.tuples(st.sampled_from(["any", "held", "held", "lacking"]), people)
writers = st.tuples(st.sampled_from(["any", "lacking", "lacking", "belonging"]), people)
groups = st.integers(0, 1)
chats = st.integers(0, 4)
soon = st.sampled_from(["now", "now", "now", "later"])
ways = st.sampled_from(["in order", "one", "shuffled", "twice", "lost", "lost"])
methods = st.sampled_from(METHODS)
failures = st.sampled_from(FAILURES)


class GateMachine(Scenes, RuleBasedStateMachine):
    """Whatever may happen to two gates."""

    migrated: Path

    def __init__(self) -> None:
        super().__init__()
        self._closing = ExitStack()
        self._runner = self._closing.enter_context(asyncio.Runner())
        folder = self._closing.enter_context(tempfile.TemporaryDirectory())
        self._logs = self._closing.enter_context(structlog.testing.capture_logs())
        self.stage = Stage(Path(shutil.copy(self.migrated, Path(folder) / "stage.db")))
        self.done: list[bytes] = []
        self.town: Town
        self.witness: Witness

    def run(self, work: Awaitable[Any]) -> Any:
        """Let something happen in the loop of this example."""

        async def waited() -> Any:
            return await work

        return self._runner.run(waited())

    # The beginning

    @initialize(belongs=st.lists(st.booleans(), min_size=3 * PEOPLE, max_size=3 * PEOPLE))
    def begin(self, belongs: list[bool]) -> None:
        self.run(self.stage.open())
        self.town = Town(self.stage, belongs)
        self.run(self.town.protect())
        self.stage.bot.queue.clear()
        self.witness = self._new_witness()
        self.stage.network.watcher = self.witness

    def _new_witness(self) -> Witness:
        town = self.town
        return Witness(self.stage, town.groups, town.channels, town.everybody)

    # What people do

    def _someone(self, group: int, choice: tuple[str, int]) -> int:
        """One of the people by number: of those who are held, or who lack a channel, if there are any."""
        which, number = choice
        chat, people = self.town.groups[group], self.town.people
        some = people
        if which == "held":
            some = [id_ for id_ in people if (chat, id_) in self.witness.ours]
        elif which == "lacking":
            some = [id_ for id_ in people if self.town.lacks(chat, id_)]
        elif which == "belonging":
            some = [id_ for id_ in people if not self.town.lacks(chat, id_)]
        return (some or people)[number % len(some or people)]

    @rule(group=groups, choice=choices, when=soon)
    def join_all(self, group: int, choice: tuple[str, int], when: str) -> None:
        """Somebody joins whatever may be asked for."""
        with self.act(when) as (world, town):
            for channel in town.channels:
                world.join(channel, self._someone(group, choice))

    @rule(chat=chats, person=people, when=soon)
    def come_or_go(self, chat: int, person: int, when: str) -> None:
        """Somebody joins a channel or a group, or leaves it."""
        with self.act(when) as (world, town):
            key = town.chats[chat], town.people[person]
            (world.leave if world.member(*key).present else world.join)(*key)

    @rule(chat=chats, person=people, pause=st.sampled_from([0, 2, 70]), how=ways)
    def come_and_go(self, chat: int, person: int, pause: int, how: str) -> None:
        """Somebody changes their mind, and it is told in any order."""
        for _ in range(2):
            self.come_or_go(chat, person, "later")
            self.wait(pause)
        self.deliver(how)

    @rule(group=groups, choice=choices)
    def join_unheard(self, group: int, choice: tuple[str, int]) -> None:
        """Who is held joins all that is required, and no update tells: the sweep must see, and soon."""
        person = self._someone(group, choice)
        with self.act("now") as (world, town):
            world.say(town.groups[group], person, "may I?")
        with self.act("later") as (world, town):
            for channel in town.lacks(town.groups[group], person):
                world.join(channel, person)
        self.lose()

    @rule(group=groups, person=people, channel=groups)
    def leave_unheard(self, group: int, person: int, channel: int) -> None:
        """Who belongs and has written leaves a channel, and no update tells: the sweep must see."""
        with self.act("now") as (world, town):
            self.everything_joined(group, town.people[person])
            self.deliver("in order")
            world.say(town.groups[group], town.people[person], "here I am")
        with self.act("later") as (world, town):
            world.leave(town.channels[channel], town.people[person])
        self.lose()

    @rule(group=groups, person=people, channel=groups, pause=st.sampled_from([12, 70]))
    def hear_late(self, group: int, person: int, channel: int, pause: int) -> None:
        """Somebody left and is back; the leave is told late, the coming back never."""
        with self.act("later") as (world, town):
            self.everything_joined(group, town.people[person])
            self.deliver("in order")
            world.leave(town.channels[channel], town.people[person])
        self.stage.collect()
        self.wait(pause)
        late = list(self.stage.mail)
        with self.act("later") as (world, town):
            world.join(town.channels[channel], town.people[person])
        self.lose()
        self.stage.mail = late
        self.deliver("in order")

    def lose(self) -> None:
        """What was to be told never will be."""
        self.stage.collect()
        self.stage.mail.clear()

    @rule(
        group=groups,
        person=writers,
        method=methods,
        kind=failures,
        times=st.sampled_from([1, 3, 9]),
        after=st.sampled_from([0, 700]),
    )
    def write_in_bad_weather(
        self, group: int, person: tuple[str, int], method: str, kind: FaultKind, *, times: int, after: int
    ) -> None:
        """Somebody writes while calls go wrong, known or long forgotten; then the sky clears."""
        self.wait(after)
        self.fail(method, kind, times)
        self.write(group, person, "text", "now")
        self.run(self.stage.drain())
        self.look()
        self.recover()
        self.wait(31)

    @rule(group=groups, person=writers, method=methods)
    def die_on_the_way(self, group: int, person: tuple[str, int], method: str) -> None:
        """The process dies while a call of its is under way."""
        self.stage.network.slow[method] = 20.0
        self.write(group, person, "text", "now")
        self.recover(restarts=True)

    @rule(group=groups, person=writers, how=st.sampled_from(["text", "album", "edit", "comment"]), when=soon)
    def write(self, group: int, person: tuple[str, int], how: str, when: str) -> None:
        """Somebody writes, edits, sends the parts of an album, or comments a channel's post from outside."""
        with self.act(when) as (world, town):
            chat, author = town.groups[group], self._someone(group, person)
            if how == "edit":
                mine = [one for one in world.chats[chat].messages.values() if one.sender_id == author]
                if mine:
                    world.edit(chat, author, mine[-1].message_id, f"edited {len(self._logs)}")
            elif how == "comment":
                posts = [one for one in world.chats[chat].messages.values() if one.forward]
                if posts:
                    world.say(chat, author, "a comment", reply_to_message_id=posts[-1].message_id)
            elif how == "album":
                for part in range(3):
                    world.say(chat, author, f"part {part}", media_group_id=f"{author}")
            else:
                world.say(chat, author, "hello")

    @rule(group=groups, who=st.sampled_from(["olga", "adam", "nina", "mine", "post"]), when=soon)
    def speak_above(self, group: int, who: str, when: str) -> None:
        """An owner, an admin, an anonymous one, a foreign channel, or the group's own channel speaks."""
        with self.act(when) as (world, town):
            if who == "post":
                world.say(town.channels[0], town.olga, "news")
            elif who == "mine":
                world.say(town.groups[group], town.people[-1], "buy", sender_chat_id=town.mine)
            else:
                world.say(town.groups[group], getattr(town, who), "order!")

    @rule(
        group=groups,
        choice=choices,
        what=st.sampled_from(["mute", "partly", "awhile", "free", "ban", "out", "promote", "in"]),
        when=soon,
    )
    def administer(self, group: int, choice: tuple[str, int], what: str, when: str) -> None:
        """The human admin mutes, frees, bans, throws out, promotes or lets in somebody."""
        with self.act(when) as (world, town):
            chat, target = town.groups[group], self._someone(group, choice)
            match what:
                case "mute":
                    world.set_member(chat, target, "restricted", by=town.adam)
                case "partly":
                    world.set_member(chat, target, "restricted", permissions=PARTLY, by=town.adam)
                case "awhile":
                    world.set_member(chat, target, "restricted", until_date=world.today + 120, by=town.adam)
                case "free":
                    every = dict.fromkeys(ALL, True)
                    world.set_member(chat, target, "restricted", permissions=every, by=town.adam)
                case "ban":
                    world.set_member(chat, target, "kicked", by=town.adam)
                case "out":
                    world.set_member(chat, target, "left", by=town.adam)
                case "promote":
                    world.set_member(chat, target, "administrator", by=town.adam)
                case "in" if not world.member(chat, target).present:
                    world.set_member(chat, target, "member", by=town.adam)

    @rule(
        group=groups,
        who=st.sampled_from(["olga", "olga", "adam", "nina", "p"]),
        text=st.sampled_from(["/protect @extra", "/protect @news", "/unprotect @daily", "/unprotect"]),
        when=soon,
    )
    def govern(self, group: int, who: str, text: str, when: str) -> None:
        """Somebody who may, or may not, changes a gate."""
        with self.act(when) as (world, town):
            actor = town.people[0] if who == "p" else getattr(town, who)
            world.say(town.groups[group], actor, text)

    @rule(group=groups, choice=choices, how=st.sampled_from(["once", "twice", "forged"]), when=soon)
    def press(self, group: int, choice: tuple[str, int], how: str, when: str) -> None:
        """Somebody presses Verify: on their own card or somebody else's, twice, or with made-up data."""
        self.run(self.loop(self.stage.app.first.cards.run_once))
        with self.act(when) as (world, town):
            presser = self._someone(group, choice)
            for message_id, private_id in town.cards(town.groups[group]):
                forged = {"data": "verify:made-up", "force": True} if how == "forged" else {"text": "Verify"}
                for _ in range(2 if how == "twice" else 1):
                    with suppress(Refused):  # a card that somebody else sees
                        world.click(
                            presser,
                            town.groups[group],
                            message_id,
                            ephemeral_message_id=private_id,
                            **forged,
                        )

    # What Telegram and the machine do

    @rule(how=ways)
    def deliver(self, how: str) -> None:
        """What lies in the queue comes; or some of it never does."""
        stage = self.stage
        stage.collect()
        if how == "lost":
            stage.rng.shuffle(stage.mail)
            stage.mail = sorted(stage.mail[1:], key=stage.arrived.index)
            return
        if how == "shuffled":
            stage.rng.shuffle(stage.mail)
        many = 1 if how == "one" else len(stage.mail)
        bodies, stage.mail = stage.mail[:many], stage.mail[many:]
        self.run(self._deliver(bodies * 2 if how == "twice" else bodies))
        self.look()

    async def _deliver(self, bodies: list[bytes]) -> None:
        for body in bodies:
            self.witness.tell(decode(body))
        try:
            await self.stage.deliver(bodies)
        except TryLater:
            self.stage.mail = bodies + self.stage.mail
        else:
            self.done += bodies

    @rule()
    def repeat(self) -> None:
        """I4: what was delivered and done before is delivered again, and nothing comes of it."""
        self.again(self.done[-3:])

    def again(self, bodies: list[bytes]) -> None:
        """
        Deliver these once more.

        A message that passed at once is kept nowhere: told again after its author left, it goes, but once.
        """
        self.run(self.stage.drain())
        self.look()
        before = self.witness.effects
        if not self.stage.disk.is_gone:
            self.run(self._deliver(bodies))
            self.run(self.stage.drain())
        assert self.witness.effects == before, "an update that came again had an effect"

    @rule(seconds=st.sampled_from([1, 5, 31, 70, 700]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.run(self.stage.clock.advance(seconds))
        self.look()

    @rule()
    def work(self) -> None:
        """Every loop has its turn."""
        app = self.stage.app
        for run_once in (
            app.first.inbox.run_once,
            app.first.healer.run_once,
            app.first.gate.sweeper.run_once,
        ):
            self.run(self.loop(run_once))
        self.run(self.loop(app.first.cards.run_once))
        self.look()

    async def loop(self, run_once: Callable[[], Awaitable[object]]) -> None:
        with suppress(TryLater):
            await self.stage.finish(run_once())

    def fail(self, method: str, kind: FaultKind, times: int) -> None:
        """The next calls of a method go wrong."""
        self.stage.world.faults.add(Fault(kind=kind, method=method, times=times, retry_after=9))

    @rule(
        what=st.sampled_from(["fail", "slow", "down", "database"]),
        method=methods,
        kind=failures,
        many=st.integers(1, 20),
        seconds=st.sampled_from([4.0, 20.0, 50.0]),
    )
    def trouble(self, what: str, method: str, kind: FaultKind, many: int, seconds: float) -> None:
        """Some calls go wrong, one takes its time, Telegram is down, or the database is."""
        match what:
            case "fail":
                self.fail(method, kind, many)
            case "slow":
                self.stage.network.slow[method] = seconds
            case "down":
                self.stage.world.faults.add(Fault(kind=FaultKind.BAD_GATEWAY, times=many))
            case "database":
                self.stage.disk.lose(3 * many, after=int(seconds))

    @rule(restarts=st.booleans())
    def recover(self, restarts: bool = False) -> None:
        """All is well again; perhaps because the process was restarted where it stood."""
        self.stage.world.faults.clear()
        self.stage.disk.mend()
        if restarts:
            self.run(self.stage.restart())
            self.look()

    @rule(chat=chats, gives=st.booleans(), when=soon)
    def change_rights(self, chat: int, gives: bool, when: str) -> None:
        """The bot is an administrator no more in one chat, or is again in all of them."""
        with self.act(when) as (world, town):
            lower = "member" if town.chats[chat] in town.groups else "left"
            for one in town.chats if gives else [town.chats[chat]]:
                world.set_member(one, self.stage.bot.id, "administrator" if gives else lower)

    # What must be so

    @contextmanager
    def act(self, when: str) -> Iterator[tuple[Any, Town]]:
        """People act; what they may not is refused, and what they did is told now or later."""
        with suppress(Refused):
            yield self.stage.world, self.town
        self.look()
        if when == "now":
            self.deliver("in order")

    def look(self) -> None:
        self.witness.look()
        self.witness.check_gates()
        assert not self.witness.wrongs, self.witness.wrongs
        assert not [one for one in self._logs if one["event"] in DEFECTS]

    def teardown(self) -> None:
        try:
            if hasattr(self, "witness"):
                self.run(self._end_well())
        finally:
            self.run(self.stage.abandon())
            self._closing.close()

    async def _end_well(self) -> None:
        """All is well again, and nothing more is told: the sweeps put right what went wrong."""
        self.recover()
        reckoning = Reckoning(self.stage, self.town, self.witness)
        await reckoning.heal()
        self.look()
        for group in self.town.groups:
            await reckoning.judge(group)
        self.look()


def test_whatever_happens_the_five_invariants_hold(migrated_file: Path) -> None:
    """Random people, updates, failures and restarts: nobody is wronged, and sweeps put all right again."""
    machine = type("Machine", (GateMachine,), {"migrated": migrated_file})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES or 32,
            stateful_step_count=40,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,)
            if os.environ.get("GATE_WORLD_QUICK")
            else (Phase.generate, Phase.shrink),
            print_blob=False,
            report_multiple_bugs=False,
        ),
    )
