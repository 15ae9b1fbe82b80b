"""A campaign as an operator makes it: in their own chat with the bot, by commands and buttons."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatecrier.app import build
from gatecrier.broadcast.model import CampaignState, DeliveryState
from gatecrier_sandbox.world.model import Click, Message
from journeys.conftest import Stage, running, staged, until
from journeys.test_broadcast import subscribe
from sandbox.uploads import png

pytestmark = pytest.mark.story


@dataclass
class Desk:
    """An operator's private chat with the bot."""

    stage: Stage
    person: int

    def messages(self) -> list[Message]:
        """What the bot wrote to them, oldest first."""
        dialog = self.stage.sandbox.world.bots[self.stage.bot.id].dialogs.get(self.person)
        every = dialog.messages.values() if dialog else []
        return [one for one in every if one.sender_id == self.stage.bot.id]

    async def say(self, text: str, *, answers: int = 1) -> Message:
        """Write to the bot; its last answer."""
        before = len(self.messages())
        self.stage.sandbox.world.say(self.stage.bot.id, self.person, text)
        await until(lambda: len(self.messages()) >= before + answers, f"{text[:20]} is answered")
        return self.messages()[-1]

    async def press(self, message: Message, text: str) -> str:
        """Press a button; the toast."""
        click: Click = self.stage.sandbox.world.click(
            self.person, self.stage.bot.id, message.message_id, text=text
        )
        await until(lambda: click.answered, f"{text} is answered")
        return click.text


async def opened(stage: Stage, person: int) -> Desk:
    """Somebody starts the bot, and is greeted."""
    desk = Desk(stage, person)
    stage.sandbox.world.start(person, stage.bot.id)
    await until(lambda: bool(desk.messages()), "the greeting")
    return desk


def labels(message: Message) -> list[str]:
    markup: Any = message.markup or {}
    return [str(button["text"]) for row in markup.get("inline_keyboard", []) for button in row]


@pytest.fixture
async def desk(tmp_path: Path) -> Any:
    async with staged(f"sqlite:///{tmp_path}/g.db", operators=2) as stage:
        yield await opened(stage, stage.operators[0])


async def test_a_campaign_from_the_command_to_the_summary(desk: Desk) -> None:
    """Preview, what it would do, YES, one message that counts, and a summary that agrees with the world."""
    stage = desk.stage
    await subscribe(stage, 300, blocked=0.1)
    asked = await desk.say("/broadcast Big <news> today", answers=2)
    assert desk.messages()[-2].text == "Big <news> today"
    assert "Send it to 301 people?" in asked.text  # the operator is a subscriber, too
    assert labels(asked) == ["✅ YES, send", "❌ NO"]
    assert await desk.press(asked, "✅ YES, send") == "It begins."
    await until(lambda: "Finished" in asked.text, "the summary")
    assert "✅ 271 sent · ⚠️ 30 failed" in asked.text
    assert "· 10.0 % blocked the bot: 30" in asked.text
    (campaign,) = await stage.app.broadcast.list(stage.bot.id)
    tally = (await stage.app.broadcast.progress(campaign.id)).tally
    assert (tally.of(DeliveryState.SENT), tally.failed) == (271, {"blocked": 30})
    got = stage.sandbox.world.deliveries.count(stage.bot.id, text="Big <news> today")
    assert len(got) == 271
    assert sorted(set(got.values())) == [1, 2]  # the operator's preview
    await until(lambda: desk.messages()[-1].text == f"Campaign {campaign.id} is finished.", "a sound")


async def test_no_sends_nothing(desk: Desk) -> None:
    """NO discards, and a second press has nothing to do."""
    await subscribe(desk.stage, 5)
    asked = await desk.say("/broadcast Never mind", answers=2)
    assert await desk.press(asked, "❌ NO") == "Discarded."
    await until(lambda: "Discarded" in asked.text, "it is gone")
    (campaign,) = await desk.stage.app.broadcast.list(desk.stage.bot.id)
    assert campaign.state is CampaignState.CANCELLED
    assert len(desk.stage.sandbox.world.deliveries.count(desk.stage.bot.id, text="Never mind")) == 1


async def test_the_message_may_come_after_the_command(desk: Desk) -> None:
    """/broadcast asks; the next message is the campaign; /cancel forgets; /broadcast_preview shows only."""
    await subscribe(desk.stage, 5)
    assert "Send me the message now" in (await desk.say("/broadcast")).text
    assert "Send it to 6 people?" in (await desk.say("The news itself", answers=2)).text
    await desk.say("/broadcast")
    assert "Forgotten" in (await desk.say("/cancel")).text
    assert "nothing to cancel" in (await desk.say("/cancel")).text
    await desk.say("/broadcast_preview")
    assert "Nothing was sent" in (await desk.say("Only looking", answers=2)).text
    assert len(await desk.stage.app.broadcast.list(desk.stage.bot.id)) == 1


async def test_a_campaign_is_paused_resumed_and_ended_by_its_buttons(tmp_path: Path) -> None:
    """Pause at once, resume in the same message, and end it only after being asked."""
    async with staged(f"sqlite:///{tmp_path}/g.db", operators=1, rate=20) as stage:
        desk = await opened(stage, stage.operators[0])
        await subscribe(stage, 400)
        asked = await desk.say("/broadcast Slowly", answers=2)
        await desk.press(asked, "✅ YES, send")
        await until(lambda: "⏸ Pause" in labels(asked), "it counts")
        assert await desk.press(asked, "⏸ Pause") == "Paused."
        await until(lambda: "Paused" in asked.text, "it rests")
        assert await desk.press(asked, "▶️ Resume") == "It goes on."
        await until(lambda: "Sending" in asked.text, "it goes on")
        before = len(desk.messages())
        assert await desk.press(asked, "⏹ Cancel") == ""
        await until(lambda: len(desk.messages()) > before, "the question")
        sure = desk.messages()[-1]
        assert "It cannot be resumed" in sure.text
        assert await desk.press(sure, "Yes, end it") == "Ended."
        (campaign,) = await stage.app.broadcast.list(stage.bot.id)
        await until(lambda: "not sent: cancelled" in asked.text, "the summary")
        tally = (await stage.app.broadcast.progress(campaign.id)).tally
        assert tally.of(DeliveryState.SENT) + tally.suppressed["cancelled"] == 401


async def test_a_large_audience_waits_for_the_second_operator(tmp_path: Path) -> None:
    """The maker cannot approve; the other sees the message and the numbers, approves, and it begins."""
    async with staged(f"sqlite:///{tmp_path}/g.db", operators=2, approval_over=10) as stage:
        maker, other = [await opened(stage, person) for person in stage.operators]
        await subscribe(stage, 30)
        asked = await maker.say("/broadcast To many", answers=2)
        assert labels(asked) == ["Ask for it", "❌ NO"]
        assert await maker.press(asked, "Ask for it") == "Asked."
        await until(lambda: "Approve" in str(labels(other.messages()[-1])), "the other is asked")
        wanted = other.messages()[-1]
        assert "wants to send this to 32 people" in wanted.text
        assert await other.press(wanted, "✅ Approve") == "It begins."
        await until(lambda: "Finished" in wanted.text, "the summary")
        (campaign,) = await stage.app.broadcast.list(stage.bot.id)
        assert campaign.approved_by == f"person:{other.person}"


async def test_nobody_else_has_a_desk(desk: Desk) -> None:
    """A subscriber's command is not answered, and a forged press does nothing at all."""
    stage = desk.stage
    stranger = await opened(stage, stage.sandbox.world.person("Sly").id)
    asked = await desk.say("/broadcast Mine", answers=2)
    (campaign,) = await stage.app.broadcast.list(stage.bot.id)
    stage.sandbox.world.say(stage.bot.id, stranger.person, "/broadcast Spam")
    greeting = stranger.messages()[0]
    stage.sandbox.world.click(
        stranger.person, stage.bot.id, greeting.message_id, data=f"c:{campaign.id}:yes!", force=True
    )
    await stranger.say("/help")
    assert len(stranger.messages()) == 2
    assert (await stage.app.broadcast.get(campaign.id)).state is CampaignState.DRAFT
    assert "Send it to" in asked.text


async def test_history_and_statistics(desk: Desk) -> None:
    """Empty at first, and then every campaign with its numbers, one press away."""
    assert "No campaign yet" in (await desk.say("/broadcast_history")).text
    assert "No campaign was sent yet" in (await desk.say("/broadcast_stats")).text
    for number in range(9):
        asked = await desk.say(f"/broadcast News {number}", answers=2)
    await desk.press(asked, "✅ YES, send")
    await until(lambda: "Finished" in asked.text, "the summary")
    await until(lambda: "is finished" in desk.messages()[-1].text, "a sound")
    listed = await desk.say("/broadcast_history")
    assert len(labels(listed)) == 9
    assert labels(listed)[0].startswith("✅ 9 · News 8")
    await desk.press(listed, "Older »")
    await until(lambda: labels(listed)[0].startswith("📝 1 · News 0"), "the next page")
    await desk.press(listed, labels(listed)[0])
    await until(lambda: "Draft" in listed.text, "the campaign")
    assert "Success: 100.0 %" in (await desk.say("/broadcast_stats")).text


async def test_a_restart_forgets_neither_the_question_nor_the_status(tmp_path: Path) -> None:
    """Stopped between question and answer, and again in mid-campaign: the same message goes on counting."""
    async with staged(f"sqlite:///{tmp_path}/g.db", operators=1, rate=50) as stage:
        desk = await opened(stage, stage.operators[0])
        await subscribe(stage, 300)
        await desk.say("/broadcast")
        stage.app.stop()
        settings = stage.app.settings
        async with build(settings) as app, running(app):
            asked = await desk.say("After the restart", answers=2)
            await desk.press(asked, "✅ YES, send")
            await until(lambda: "▰" in asked.text, "it counts")
        assert "Finished" not in asked.text
        async with build(settings) as app, running(app):
            await until(lambda: "Finished" in asked.text, "the same message tells the end")
        got = stage.sandbox.world.deliveries.count(stage.bot.id, text="After the restart")
        assert len(got) == 301


async def test_an_album_is_sent_as_an_album(desk: Desk) -> None:
    """Composed in Telegram: its parts are awaited, shown, and reach everybody together."""
    stage = desk.stage
    await subscribe(stage, 5)
    await desk.say("/broadcast")
    before = len(desk.messages())
    for _ in range(3):
        stage.sandbox.world.say_media(stage.bot.id, desk.person, "photo", data=png(), media_group_id="album")
    await until(lambda: len(desk.messages()) >= before + 4, "the preview and the question")
    asked = desk.messages()[-1]
    assert "Send it to 6 people?" in asked.text
    assert await desk.press(asked, "✅ YES, send") == "It begins."
    await until(lambda: "Finished" in asked.text, "the summary")
    (campaign,) = await stage.app.broadcast.list(stage.bot.id)
    assert (await stage.app.broadcast.progress(campaign.id)).tally.of(DeliveryState.SENT) == 6
    (reader, *_) = stage.sandbox.world.bots[stage.bot.id].dialogs.keys() - {desk.person}
    dialog = stage.sandbox.world.bots[stage.bot.id].dialogs[reader]
    albums = {one.media_group_id for one in dialog.messages.values() if one.content}
    assert (len(albums), "" in albums) == (1, False)


async def test_a_campaign_is_scheduled_watched_and_starts_by_itself(desk: Desk) -> None:
    """The moment by words, the message after it or next; the same message counts down, and then up."""
    stage = desk.stage
    await subscribe(stage, 20)
    assert "No time is written" in (await desk.say("/broadcast_schedule soon")).text
    await desk.say("/broadcast_schedule in 2h")
    asked = await desk.say("Later today", answers=2)
    assert "in 2 h 0 min" in asked.text or "in 1 h 59 min" in asked.text
    assert await desk.press(asked, "✅ YES, schedule") == "Scheduled."
    await until(lambda: "It starts on" in asked.text, "the countdown")
    assert labels(asked)[:2] == ["▶️ Start now", "Take back"]
    assert await desk.press(asked, "Take back") == "It is a draft again."
    other = await desk.say("/broadcast_schedule tomorrow 9:00 <b>Tomorrow</b>", answers=2)
    assert desk.messages()[-2].text == "<b>Tomorrow</b>"
    await desk.press(other, "✅ YES, schedule")
    (campaign, _) = await stage.app.broadcast.list(stage.bot.id)
    assert campaign.state is CampaignState.SCHEDULED
    soon = stage.app.clock.now() + timedelta(seconds=1)
    await stage.app.broadcast.schedule(campaign.id, soon, actor="test")
    await until(lambda: "Finished" in other.text, "it starts by itself, and ends")
    assert len(stage.sandbox.world.deliveries.count(stage.bot.id, text="<b>Tomorrow</b>")) == 21
