"""The gate from outside: people in the sandbox write, join, leave and press; the sandbox says who is held."""

from dataclasses import dataclass
from typing import Any

import pytest

from gatecrier_sandbox.world.model import Message
from journeys.conftest import Stage, until

pytestmark = pytest.mark.story


def buttons_of(card: Message) -> list[dict[str, Any]]:
    """A card's buttons, one below the other."""
    markup: Any = card.markup or {"inline_keyboard": []}
    return [button for row in markup["inline_keyboard"] for button in row]


@dataclass
class Group:
    """A group of Olga's and her channel; Gus is a member of both, Nora of the group only."""

    stage: Stage
    id: int
    channel: int
    olga: int
    gus: int
    nora: int

    def may_write(self, person: int) -> bool:
        return "can_send_messages" in self.stage.sandbox.world.allowed(self.id, person)

    def says(self, person: int, text: str) -> None:
        self.stage.sandbox.world.say(self.id, person, text)

    async def asks(self, person: int, text: str) -> str:
        """Write, and wait for the bot's answer."""
        before = len(self.stage.answers(self.id))
        self.says(person, text)
        return await self.stage.answer(self.id, after=before)

    async def protect(self) -> None:
        assert "Protected" in await self.asks(self.olga, "/protect @daily")

    def card(self) -> Message | None:
        """Nora's card, which she alone sees."""
        messages = self.stage.sandbox.world.chats[self.id].ephemeral.values()
        return next((one for one in messages if one.receiver_id == self.nora), None)

    async def press(self, person: int) -> str:
        """Press Verify on Nora's card; anybody but her can only forge that."""
        card = self.card()
        assert card is not None
        world = self.stage.sandbox.world
        if person == self.nora:
            click = world.click(person, self.id, ephemeral_message_id=card.message_id, text="Verify")
        else:
            data = str(buttons_of(card)[-1]["callback_data"])
            public = next(
                id_
                for id_, one in world.chats[self.id].messages.items()
                if one.sender_id == self.stage.bot.id
            )
            click = world.click(person, self.id, public, data=data, force=True)
        await until(lambda: click.answered, "the press is answered")
        return click.text


@pytest.fixture
def group(stage: Stage) -> Group:
    world = stage.sandbox.world
    channel = world.chat("channel", "Daily", username="daily")
    group = world.chat("supergroup", "Readers")
    olga, gus, nora = (world.person(name) for name in ("Olga", "Gus", "Nora"))
    for chat in (channel, group):
        world.set_member(chat.id, olga.id, "creator")
        world.set_member(chat.id, stage.bot.id, "administrator")
        world.join(chat.id, gus.id)
    world.join(group.id, nora.id)
    return Group(stage, group.id, channel.id, olga.id, gus.id, nora.id)


async def test_who_is_no_member_is_held_and_free_the_moment_they_join(group: Group) -> None:
    """Deleted, muted, shown a card; joining the channel is enough, no button needed."""
    await group.protect()
    group.says(group.gus, "I belong")
    group.says(group.nora, "I do not")
    await until(lambda: not group.may_write(group.nora) and group.card() is not None, "Nora is held")
    texts = [one.text for one in group.stage.sandbox.world.chats[group.id].messages.values()]
    assert "I belong" in texts
    assert "I do not" not in texts
    group.stage.sandbox.world.join(group.channel, group.nora)
    await until(lambda: group.may_write(group.nora), "Nora is free")
    await until(lambda: group.card() is None, "the card is gone: nobody is held")


async def test_verify_helps_only_the_person_who_is_held(group: Group) -> None:
    """Somebody else's press changes nothing; a press too early says what is missing."""
    await group.protect()
    group.says(group.nora, "hello")
    await until(lambda: group.card() is not None, "the card is shown")
    assert "not for you" in await group.press(group.gus)
    assert "@daily" in await group.press(group.nora)
    assert not group.may_write(group.nora)


async def test_a_mute_by_a_human_admin_is_never_lifted(group: Group) -> None:
    """What an admin did after us is theirs: joining and Verify free nobody then."""
    await group.protect()
    group.says(group.nora, "hello")
    await until(lambda: group.card() is not None, "the card is shown")
    world = group.stage.sandbox.world
    world.set_member(
        group.id, group.nora, "restricted", permissions={"can_invite_users": True}, by=group.olga
    )
    world.join(group.channel, group.nora)
    await until(lambda: group.card() is None, "the case is closed and the card gone")
    await group.stage.app.first.inbox.drain()
    assert not group.may_write(group.nora)


async def test_leaving_the_channel_holds_where_the_person_is_a_member(group: Group) -> None:
    """The mute comes with the leave, not with the next message."""
    await group.protect()
    group.stage.sandbox.world.leave(group.channel, group.gus)
    await until(lambda: not group.may_write(group.gus), "Gus is held")


async def test_unprotect_frees_everyone_and_ends_it(group: Group) -> None:
    """Nobody stays muted, and whoever wants may write."""
    await group.protect()
    group.says(group.nora, "hello")
    await until(lambda: not group.may_write(group.nora), "Nora is held")
    answer = await group.asks(group.olga, "/unprotect")
    assert "nothing any more" in answer
    assert group.may_write(group.nora)
    group.says(group.nora, "thank you")
    assert "not protected" in await group.asks(group.olga, "/status")
    texts = [one.text for one in group.stage.sandbox.world.chats[group.id].messages.values()]
    assert "thank you" in texts


async def test_status_tells_what_is_required_and_how_many_are_held(group: Group) -> None:
    """An admin sees the gate's state in one message."""
    await group.protect()
    group.says(group.nora, "hello")
    await until(lambda: not group.may_write(group.nora), "Nora is held")
    answer = await group.asks(group.olga, "/status")
    assert "@daily" in answer
    assert "Held now: 1" in answer


async def test_protect_says_what_is_wrong(group: Group) -> None:
    """No argument, a person instead of a channel, no admin, missing rights: each has its own sentence."""
    world = group.stage.sandbox.world
    world.person("Pete", username="pete_person")
    assert "/protect @channel" in await group.asks(group.olga, "/protect")
    assert "person" in await group.asks(group.olga, "/protect @pete_person")
    assert "nowhere_to_be_found" in await group.asks(group.olga, "/protect @nowhere_to_be_found")
    assert "admin" in await group.asks(group.gus, "/protect @daily")
    world.set_member(group.id, group.gus, "administrator", rights={"can_restrict_members": True})
    assert "@daily" in await group.asks(group.gus, "/protect @daily")
    world.set_member(group.id, group.stage.bot.id, "administrator", rights={"can_delete_messages": True})
    assert "ban users" in await group.asks(group.olga, "/protect @daily")
    world.set_member(group.id, group.stage.bot.id, "administrator")
    world.set_member(group.channel, group.stage.bot.id, "left")
    answer = await group.asks(group.olga, "/protect @daily")
    assert "admin" in answer
    assert not group.stage.app.first.gate.gates.get(group.id)
