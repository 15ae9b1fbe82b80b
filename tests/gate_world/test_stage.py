"""The stage itself: both sides talk, time moves both, and what the test breaks is broken."""

import pytest

from gate_world.stage import Stage
from gatecrier.kernel.errors import TryLater
from gatecrier_sandbox.world.faults import Fault, FaultKind


class Town:
    """A channel and the group that requires it; Olga owns both, Gus belongs to both, Nora to the group."""

    def __init__(self, stage: Stage) -> None:
        world = stage.world
        self.stage = stage
        self.channel = world.chat("channel", "Daily", username="daily").id
        self.group = world.chat("supergroup", "Readers").id
        self.olga, self.gus, self.nora = (world.person(name).id for name in ("Olga", "Gus", "Nora"))
        for chat in (self.channel, self.group):
            world.set_member(chat, self.olga, "creator")
            world.set_member(chat, stage.bot.id, "administrator")
            world.join(chat, self.gus)
        world.join(self.group, self.nora)

    def texts(self) -> list[str]:
        """What can be read in the group."""
        return [one.text for one in self.stage.world.chats[self.group].messages.values() if one.text]


async def protected(stage: Stage) -> Town:
    """The town with its gate up; how people came before that is told to nobody."""
    town = Town(stage)
    stage.collect()
    stage.mail.clear()
    await stage.protect(town.group, town.olga, "@daily")
    await stage.deliver_all()
    return town


async def test_an_intruder_is_held_and_freed_by_joining(stage: Stage) -> None:
    """The whole way: update, decision, deletion, mute, card; and back when the channel is joined."""
    town = await protected(stage)
    stage.world.say(town.group, town.gus, "I belong")
    stage.world.say(town.group, town.nora, "I do not")
    await stage.deliver_all()
    await stage.finish(stage.app.first.cards.run_once())
    assert not stage.may_write(town.group, town.nora)
    assert town.texts() == ["I belong"]
    assert [one.receiver_id for one in stage.world.chats[town.group].ephemeral.values()] == [town.nora]
    stage.world.join(town.channel, town.nora)
    await stage.deliver_all()
    await stage.clock.advance(5)
    await stage.finish(stage.app.first.cards.run_once())
    assert stage.may_write(town.group, town.nora)
    assert town.texts() == ["I belong"]


async def test_a_press_of_verify_goes_the_whole_way(stage: Stage) -> None:
    """Button, update, verdict and toast; the update of joining was lost."""
    town = await protected(stage)
    stage.world.say(town.group, town.nora, "hello")
    await stage.deliver_all()
    await stage.finish(stage.app.first.cards.run_once())
    stage.world.join(town.channel, town.nora)
    stage.collect()
    stage.mail.clear()
    (card,) = stage.world.chats[town.group].ephemeral
    click = stage.world.click(town.nora, town.group, ephemeral_message_id=card, text="Verify")
    await stage.deliver_all()
    assert "Thank you" in click.text
    assert stage.may_write(town.group, town.nora)


async def test_a_command_by_an_admin_protects_and_by_nobody_else(stage: Stage) -> None:
    """Commands go through the inbox and its proofs."""
    town = Town(stage)
    stage.world.say(town.group, town.gus, "/protect @daily")
    await stage.deliver_all()
    assert stage.app.first.gate.gates.get(town.group) is None
    assert stage.screens.refused == ["not_admin"]
    stage.world.say(town.group, town.olga, "/protect @daily")
    await stage.deliver_all()
    assert stage.app.first.gate.gates.get(town.group) is not None
    assert [one.was_allowed for one in stage.screens.governed] == [True]


async def test_a_wait_moves_both_clocks_no_further_than_it_needs(stage: Stage) -> None:
    """A 429 is waited out in no time, and the sandbox has grown as old as the product."""
    town = await protected(stage)
    before = stage.clock.monotonic()
    stage.world.faults.add(
        Fault(kind=FaultKind.TOO_MANY, method="restrictChatMember", retry_after=7, times=1)
    )
    stage.world.say(town.group, town.nora, "hello")
    await stage.deliver_all()
    assert not stage.may_write(town.group, town.nora)
    assert 7 < stage.clock.monotonic() - before < 8
    assert stage.world.clock.now() == pytest.approx(stage.clock.now().timestamp(), abs=0.001)


async def test_a_process_that_dies_leaves_its_work_to_the_next(stage: Stage) -> None:
    """What was taken is done after a restart, also when the mute was on its way."""
    town = await protected(stage)
    stage.network.slow["restrictChatMember"] = 20
    stage.world.say(town.group, town.nora, "hello")
    stage.collect()
    bodies, stage.mail = stage.mail, []
    await stage.deliver(bodies)
    assert stage.may_write(town.group, town.nora)
    await stage.restart()
    await stage.drain()
    await stage.deliver_all()
    assert not stage.may_write(town.group, town.nora)


async def test_without_a_database_nothing_is_taken(stage: Stage) -> None:
    """The update stays Telegram's, and nobody is touched; when the database is back all goes on."""
    town = await protected(stage)
    stage.disk.is_gone = True
    stage.world.say(town.group, town.nora, "hello")
    stage.collect()
    with pytest.raises(TryLater):
        await stage.deliver(stage.mail)
    assert stage.may_write(town.group, town.nora)
    stage.disk.is_gone = False
    await stage.deliver_all()
    assert not stage.may_write(town.group, town.nora)
