"""The settings in Telegram, as admins use them: a link, buttons, replies; and as others try to."""

from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest

from gatecrier.gate.model import Gate, Mode
from gatecrier.gate.options import Door
from gatecrier_sandbox.world.model import Message
from journeys.conftest import Stage, until

pytestmark = pytest.mark.story


@dataclass
class House:
    """A protected group of Olga's; Nora writes there without belonging, Gus is a member."""

    stage: Stage
    group: int
    olga: int
    gus: int
    nora: int

    def shown(self, person: int) -> Message | None:
        """The last message of the bot in a person's private chat."""
        bot = self.stage.sandbox.world.bots[self.stage.bot.id]
        dialog = bot.dialogs.get(person)
        ours = [one for one in dialog.messages.values() if one.sender_id == bot.id] if dialog else []
        return ours[-1] if ours else None

    async def opens(self, person: int) -> Message:
        """Press the link to the group's settings; what the bot shows then."""
        before = self.shown(person)
        self.stage.sandbox.world.start(person, self.stage.bot.id, f"gate_{-self.group}")
        await until(lambda: self.shown(person) is not before, "the settings open")
        message = self.shown(person)
        assert message is not None
        return message

    async def press(self, person: int, message: Message, text: str) -> str:
        """Press a button; the toast."""
        click = self.stage.sandbox.world.click(person, self.stage.bot.id, message.message_id, text=text)
        await until(lambda: click.answered, f"{text} is answered")
        return click.text

    async def reply(self, person: int, message: Message, text: str) -> Message:
        """Reply to a message in the private chat; what the bot says to that."""
        bot_id, before = self.stage.bot.id, self.shown(person)
        self.stage.sandbox.world.say(bot_id, person, text, reply_to_message_id=message.message_id)
        await until(lambda: self.shown(person) is not before, "the reply is answered")
        answer = self.shown(person)
        assert answer is not None
        return answer

    @property
    def gate(self) -> Gate:
        live = self.stage.app.first.gate.gates.get(self.group)
        assert live is not None
        return live.gate


@pytest.fixture
async def house(stage: Stage) -> House:
    world = stage.sandbox.world
    channel = world.chat("channel", "Daily", username="daily")
    group = world.chat("supergroup", "Readers")
    olga, gus, nora = (world.person(name) for name in ("Olga", "Gus", "Nora"))
    for chat in (channel, group):
        world.set_member(chat.id, olga.id, "creator")
        world.set_member(chat.id, stage.bot.id, "administrator")
        world.join(chat.id, gus.id)
    world.join(group.id, nora.id)
    await stage.app.first.gate.order(group.id, "@daily", actor="test")
    return House(stage, group.id, olga.id, gus.id, nora.id)


def labels(message: Message) -> list[str]:
    markup: Any = message.markup or {}
    return [str(button["text"]) for row in markup.get("inline_keyboard", []) for button in row]


async def test_an_admin_chooses_in_one_message_that_changes(house: House) -> None:
    """By the link: options with their present values marked, a mode, who is held, and always a way back."""
    message = await house.opens(house.olga)
    assert "Required: @daily" in message.text
    assert "● On" in labels(message)
    await house.press(house.olga, message, "Whom it judges")
    await house.press(house.olga, message, "Newcomers: as they come")
    assert await house.press(house.olga, message, "when they write") == "Saved."
    live = house.stage.app.first.gate.gates.get(house.group)
    assert live is not None
    assert live.gate.options.door is Door.MESSAGE
    assert "● when they write" in labels(message)
    await house.press(house.olga, message, "« Back")
    await house.press(house.olga, message, "« Back")
    house.stage.sandbox.world.say(house.group, house.nora, "hello")
    await until(
        lambda: "can_send_messages" not in house.stage.sandbox.world.allowed(house.group, house.nora),
        "Nora is held",
    )
    await house.press(house.olga, message, "« All groups")
    await house.press(house.olga, message, "Readers")
    await house.press(house.olga, message, "Who is held: 1")
    assert "Nora" in message.text
    assert await house.press(house.olga, message, "Free Nora") == "Free."
    assert "can_send_messages" in house.stage.sandbox.world.allowed(house.group, house.nora)
    await house.press(house.olga, message, "« Back")
    await house.press(house.olga, message, "Rights")
    assert "Everything is as it should be." in message.text
    await house.press(house.olga, message, "« Back")
    await house.press(house.olga, message, "Log")
    assert "release" in message.text
    await house.press(house.olga, message, "« Back")
    await house.press(house.olga, message, "Off")
    assert "Are you sure?" in message.text
    await house.press(house.olga, message, "Yes")
    assert live.gate.mode is Mode.OFF
    assert (await house.stage.app.subscribers.audience(house.stage.bot.id)).total == 0


async def test_replies_exempt_people_and_change_the_card(house: House) -> None:
    """Nothing is remembered between a question and its answer: the reply itself says what it answers."""
    message = await house.opens(house.olga)
    await house.press(house.olga, message, "Exemptions")
    await house.press(house.olga, message, "Add somebody")
    answer = await house.reply(house.olga, message, str(house.nora))
    assert str(house.nora) in answer.text
    await house.press(house.olga, answer, f"End: {house.nora}")
    assert "Nobody yet" in answer.text
    await house.press(house.olga, answer, "« Back")
    await house.press(house.olga, answer, "Cards")
    await house.press(house.olga, answer, "Text of the card")
    wrong = await house.reply(house.olga, answer, "no placeholders")
    assert "{people}" in unescape(wrong.text)
    right = await house.reply(house.olga, answer, "Hi {people}, please join {channels}")
    assert "Hi {people}" in right.text
    live = house.stage.app.first.gate.gates.get(house.group)
    assert live is not None
    assert live.gate.options.templates == {"en": "Hi {people}, please join {channels}"}


async def test_attack_9_who_is_no_admin_changes_nothing(house: House) -> None:
    """A member opens another's link; a demoted admin presses an old screen: refused, every time."""
    assert "Only an admin" in (await house.opens(house.gus)).text
    world = house.stage.sandbox.world
    world.set_member(house.group, house.gus, "administrator", rights={"can_restrict_members": True})
    message = await house.opens(house.gus)
    await house.press(house.gus, message, "Raids")
    await house.press(house.gus, message, "Raid threshold: 30")
    world.set_member(house.group, house.gus, "member")
    assert "Only an admin" in await house.press(house.gus, message, "never")
    live = house.stage.app.first.gate.gates.get(house.group)
    assert live is not None
    assert live.gate.options.raid_joins == 30


FORGED = [
    "g:0:home:",
    "g:-5:end!:",
    "g:GROUP:nothing:",
    "g:GROUP:set:door=window",
    "g:GROUP:page:x",
    "g:x:y:z",
]


@pytest.mark.parametrize("data", FORGED)
async def test_attack_2_forged_buttons_change_nothing(house: House, data: str) -> None:
    """Another group, another verb, another value: an answer, and nothing else."""
    message = await house.opens(house.olga)
    before = house.gate
    wanted = data.replace("GROUP", str(house.group))
    bot_id = house.stage.bot.id
    click = house.stage.sandbox.world.click(house.olga, bot_id, message.message_id, data=wanted, force=True)
    await house.stage.app.first.inbox.drain()
    if data != "g:x:y:z":  # none of our buttons: nobody answers it
        await until(lambda: click.answered, "it is answered")
    assert house.gate == before


async def test_an_anonymous_admin_proves_who_they_are(house: House) -> None:
    """The command waits for a press; a member's press does nothing, the admin's runs it as that person."""
    stage, world = house.stage, house.stage.sandbox.world
    weekly = world.chat("channel", "Weekly", username="weekly")
    world.set_member(weekly.id, house.olga, "creator")
    world.set_member(weekly.id, stage.bot.id, "administrator")
    world.say(house.group, house.olga, "/protect @weekly", anonymous=True)
    messages = world.chats[house.group].messages

    def prompt() -> Message | None:
        return next((one for one in messages.values() if "I am an admin" in str(one.markup)), None)

    await until(lambda: prompt() is not None, "it asks for a proof")
    asked = prompt()
    assert asked is not None
    refused = world.click(house.gus, house.group, asked.message_id, text="I am an admin")
    await until(lambda: refused.answered, "Gus is answered")
    assert "Only an admin" in refused.text
    proven = world.click(house.olga, house.group, asked.message_id, text="I am an admin")
    await until(lambda: proven.answered, "Olga is answered")
    live = stage.app.first.gate.gates.get(house.group)
    assert live is not None
    assert weekly.id in live.channels
    assert "Protected" in messages[asked.message_id].text
    assert prompt() is None


async def test_attack_6_a_proof_runs_what_was_asked(house: House) -> None:
    """The command is edited between the question and the press: nothing is run in the presser's name."""
    stage, world = house.stage, house.stage.sandbox.world
    world.set_member(house.group, house.gus, "administrator", rights={"can_delete_messages": True})
    world.say(house.group, house.gus, "/protect @daily", anonymous=True)
    messages = world.chats[house.group].messages
    await until(lambda: any("I am an admin" in str(one.markup) for one in messages.values()), "it asks")
    asked = next(one for one in messages.values() if "I am an admin" in str(one.markup))
    assert "/protect @daily" in asked.text
    command = next(one for one in messages.values() if one.text == "/protect @daily")
    command.text, command.edit_date = "/unprotect", command.date + 1
    click = world.click(house.olga, house.group, asked.message_id, text="I am an admin")
    await until(lambda: click.answered, "Olga is answered")
    assert "out of date" in click.text
    assert stage.app.first.gate.gates.get(house.group) is not None


async def test_only_the_screen_that_asks_takes_a_reply(house: House) -> None:
    """A number in reply to an option is no text of the card."""
    message = await house.opens(house.olga)
    await house.press(house.olga, message, "Raids")
    await house.press(house.olga, message, "Raid threshold: 30")
    house.stage.sandbox.world.say(
        house.stage.bot.id, house.olga, "{people} {channels}", reply_to_message_id=message.message_id
    )
    await house.stage.app.first.inbox.drain()
    assert not house.gate.options.templates


async def test_settings_in_the_group_lead_to_private(house: House) -> None:
    """One button; who may not is told so."""
    stage = house.stage
    before = len(stage.answers(house.group))
    stage.sandbox.world.say(house.group, house.olga, "/settings")
    assert "private chat" in await stage.answer(house.group, after=before)
    last = list(stage.sandbox.world.chats[house.group].messages.values())[-1]
    assert f"start=gate_{-house.group}" in str(last.markup)
    before = len(stage.answers(house.group))
    stage.sandbox.world.say(house.group, house.gus, "/settings")
    assert "Only an admin" in await stage.answer(house.group, after=before)
