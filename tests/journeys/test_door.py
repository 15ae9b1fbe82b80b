"""The door from outside: people ask the sandbox's group to let them in; the sandbox says who is in."""

from dataclasses import dataclass

import pytest

from gatecrier.gate import options
from gatecrier.gate.store import GateStore
from gatecrier_sandbox.world.calls import CallFilter
from gatecrier_sandbox.world.model import Message
from journeys.conftest import Stage, is_card, until

pytestmark = pytest.mark.story


@dataclass
class Club:
    """A group of Olga's that one asks to join, and her channel; Gus is in the channel, Nora in neither."""

    stage: Stage
    id: int
    channel: int
    olga: int
    gus: int
    nora: int

    def is_in(self, person: int, chat: int = 0) -> bool:
        return self.stage.sandbox.world.member(chat or self.id, person).present

    def asks(self, person: int) -> None:
        self.stage.sandbox.world.request_join(self.id, person)

    def card(self, person: int) -> Message | None:
        """What the bot shows somebody in private."""
        dialog = self.stage.sandbox.world.bots[self.stage.bot.id].dialogs.get(person)
        messages = dialog.messages.values() if dialog else ()
        return next((one for one in messages if is_card(one)), None)

    async def press(self, person: int) -> str:
        card = self.card(person)
        assert card is not None
        click = self.stage.sandbox.world.click(person, self.stage.bot.id, card.message_id, text="Verify")
        await until(lambda: click.answered, "the press is answered")
        return click.text

    async def choose(self, **chosen: object) -> None:
        gate = self.stage.app.first.gate
        live = gate.gates.get(self.id)
        assert live is not None
        changed = live.gate.options
        for name, value in chosen.items():
            changed = options.changed(changed, name, value)
        async with self.stage.app.database.transaction() as connection:
            await GateStore(connection, gate.bot_id).set_options(self.id, changed)
        await gate.gates.renew(self.id)


@pytest.fixture
async def club(stage: Stage) -> Club:
    world = stage.sandbox.world
    channel = world.chat("channel", "Daily", username="daily")
    group = world.chat("supergroup", "Readers")
    olga, gus, nora = (world.person(name) for name in ("Olga", "Gus", "Nora"))
    for chat in (channel, group):
        world.set_member(chat.id, olga.id, "creator")
        world.set_member(chat.id, stage.bot.id, "administrator")
    world.join(channel.id, gus.id)
    world.set_join_by_request(group.id)
    world.say(group.id, olga.id, "/protect @daily")
    await until(lambda: stage.app.first.gate.gates.get(group.id) is not None, "the group is protected")
    return Club(stage, group.id, channel.id, olga.id, gus.id, nora.id)


async def test_who_belongs_is_let_in_and_who_does_not_is_told(club: Club) -> None:
    """Gus is in at once; Nora reads in private what is missing, joins the channel, and is in."""
    club.asks(club.gus)
    await until(lambda: club.is_in(club.gus), "Gus is in")
    club.asks(club.nora)
    await until(lambda: club.card(club.nora) is not None, "Nora is told")
    assert "@daily" in await club.press(club.nora)
    assert not club.is_in(club.nora)
    club.stage.sandbox.world.join(club.channel, club.nora)
    await until(lambda: club.is_in(club.nora), "Nora is in")
    await until(lambda: club.card(club.nora) is None, "the private card is gone")


async def test_a_guard_bot_answers_the_query(club: Club) -> None:
    """Asked by the group itself: members are let in, the rest waits for the admins and the channel."""
    world = club.stage.sandbox.world
    club.stage.bot.supports_join_request_queries = True
    world.chats[club.id].guard_bot_id = club.stage.bot.id
    club.asks(club.gus)
    await until(lambda: club.is_in(club.gus), "Gus is in")
    club.asks(club.nora)
    await until(lambda: club.card(club.nora) is not None, "Nora is told")
    await until(lambda: not world.join_queries, "the query is answered")
    assert club.nora in world.chats[club.id].join_requests
    world.join(club.channel, club.nora)
    await until(lambda: club.is_in(club.nora), "Nora is in")


async def test_what_an_admin_decides_stands(club: Club) -> None:
    """Turned away by Olga: joining the channel afterwards brings nobody in."""
    club.asks(club.nora)
    await until(lambda: club.card(club.nora) is not None, "Nora is told")
    world = club.stage.sandbox.world
    world.decline_join(club.id, club.nora, by=club.olga)
    world.join(club.channel, club.nora)
    tried = CallFilter(method="approveChatJoinRequest")
    await until(lambda: world.calls.count(tried) > 0, "we would let her in")
    await club.stage.app.first.inbox.drain()
    assert not club.is_in(club.nora)


async def test_a_request_in_a_private_channel_counts(club: Club) -> None:
    """Held in the group, Nora asks for the channel, and may write while its admins think."""
    world = club.stage.sandbox.world
    await club.choose(pending_counts=True)
    link = world.create_link(club.channel, club.olga, creates_join_request=True)
    world.set_member(club.id, club.nora, "member", by=club.olga)
    await until(lambda: "can_send_messages" not in world.allowed(club.id, club.nora), "Nora is held")
    world.request_join(club.channel, club.nora, link=link.url)
    await until(lambda: "can_send_messages" in world.allowed(club.id, club.nora), "Nora may write")
    assert not club.is_in(club.nora, club.channel)


async def test_a_raid_is_held_without_a_word(club: Club) -> None:
    """Twelve are added at once: all are muted, the group hears nothing of it, one digest tells."""
    world = club.stage.sandbox.world
    await club.choose(raid_joins=5)
    before = len(world.chats[club.id].messages)
    people = [world.person(f"Raider {number}").id for number in range(12)]
    for person in people:
        world.set_member(club.id, person, "member", by=club.olga)

    def all_held() -> bool:
        return not any("can_send_messages" in world.allowed(club.id, person) for person in people)

    await until(all_held, "all are held")
    live = club.stage.app.first.gate.gates.get(club.id)
    assert live is not None
    assert live.gate.raid is not None
    await club.stage.app.first.cards.run_once()
    said = [one for one in list(world.chats[club.id].messages.values())[before:] if one.service is None]
    assert len([one for one in said if one.sender_id == club.stage.bot.id]) <= 1


async def test_who_reacts_without_belonging_is_held(club: Club) -> None:
    """Where the group wants it: the reaction goes, and Nora is muted."""
    world = club.stage.sandbox.world
    await club.choose(reactions=True, door="message")
    world.set_member(club.id, club.nora, "member", by=club.olga)
    message = world.say(club.id, club.olga, "Welcome!")
    world.react(club.nora, club.id, message.message_id, "👍")
    await until(lambda: "can_send_messages" not in world.allowed(club.id, club.nora), "Nora is held")
    await until(lambda: not message.reactions, "the reaction is gone")
