"""What a campaign says, from the operator's words to the subscribers' chats."""

from typing import Any

import pytest

from gatecrier.broadcast.model import (
    Album,
    Button,
    Content,
    DeliveryState,
    Media,
    MediaKind,
    ParseMode,
    Progress,
    Text,
    Variant,
    Variants,
)
from gatecrier_sandbox.world.model import Dialog, Message
from journeys.conftest import Stage, until
from journeys.test_broadcast import ended
from sandbox.uploads import png

pytestmark = pytest.mark.story

GO = ((Button(text="Go", url="https://example.com/"),),)


async def person(stage: Stage, first_name: str, language: str = "") -> int:
    """Somebody who has started the bot, and is on the books."""
    before = (await stage.app.subscribers.audience(stage.bot.id)).total
    id_ = stage.sandbox.world.person(first_name, language_code=language).id
    stage.sandbox.world.start(id_, stage.bot.id)

    async def is_there() -> bool:
        return (await stage.app.subscribers.audience(stage.bot.id)).total > before

    await until(is_there, "they are subscribed")
    return id_


async def send(stage: Stage, content: Content) -> tuple[int, Progress]:
    """A campaign, from its creation to its end."""
    campaign = await stage.app.broadcast.create(stage.bot.id, "News", content, actor="test")
    await stage.app.broadcast.start(campaign.id, actor="test")
    return campaign.id, await ended(stage, campaign.id)


def dialog(stage: Stage, person_id: int) -> Dialog:
    return stage.sandbox.world.bots[stage.bot.id].dialogs[person_id]


def got(stage: Stage, person_id: int) -> list[Message]:
    """What the bot wrote to somebody after the greeting, oldest first."""
    every = dialog(stage, person_id).messages.values()
    return [one for one in every if one.sender_id == stage.bot.id][1:]


def labels(message: Message) -> list[str]:
    markup: Any = message.markup or {}
    return [button["text"] for row in markup.get("inline_keyboard", []) for button in row]


async def test_an_album_arrives_with_its_follow_up(stage: Stage) -> None:
    """The photos together, then a greeting with the buttons; the first photo is pinned."""
    reader, author = await person(stage, "Ann <3"), await person(stage, "Author")
    world = stage.sandbox.world
    photos = [
        world.say_media(stage.bot.id, author, "photo", data=png(), media_group_id="a", caption=text)
        for text in ("one", "two")
    ]
    album = Album(
        from_chat_id=author,
        message_ids=tuple(one.message_id for one in photos),
        follow_up=Text(text="<b>{first_name|you}</b>!", parse_mode=ParseMode.HTML, buttons=GO),
        pin=True,
    )
    _, progress = await send(stage, album)
    assert (progress.tally.of(DeliveryState.SENT), progress.tally.sent) == (2, {})
    one, two, text, pin = got(stage, reader)
    assert (one.text, two.text) == ("one", "two")
    assert one.media_group_id == two.media_group_id != ""
    assert text.text == "\u2068Ann <3\u2069!"
    assert labels(text) == ["Go"]
    assert dialog(stage, reader).pinned == [one.message_id]
    assert pin.service is not None


async def test_everybody_reads_their_language(stage: Stage) -> None:
    """An Austrian reads German, a Frenchwoman what all others read."""
    anna, amelie = await person(stage, "Anna", "de-AT"), await person(stage, "Amélie", "fr")
    content = Variants(
        variants=(
            Variant(content=Text(text="Hello {first_name}")),
            Variant(content=Text(text="*Hallo* {first_name}", parse_mode=ParseMode.MARKDOWN), language="de"),
        )
    )
    campaign_id, _ = await send(stage, content)
    assert got(stage, anna)[-1].text == "Hallo \u2068Anna\u2069"
    assert got(stage, amelie)[-1].text == "Hello \u2068Amélie\u2069"
    by_variant = await stage.app.broadcast.by_variant(campaign_id)
    assert by_variant == {0: {DeliveryState.SENT: 1}, 1: {DeliveryState.SENT: 1}}


async def test_a_file_arrives_as_it_was_meant(stage: Stage) -> None:
    """Caption with markup, above the picture, covered, with an effect and a button."""
    reader = await person(stage, "Ann")
    photo = stage.sandbox.world.say_media(stage.bot.id, reader, "photo", data=png())
    sizes: Any = (photo.content or {})["photo"]
    media = Media(
        kind=MediaKind.PHOTO,
        file=sizes[-1]["file_id"],
        caption="<i>Look</i>, @{username|you}",
        parse_mode=ParseMode.HTML,
        above=True,
        spoiler=True,
        buttons=GO,
        protect=True,
        effect="5104841245755180586",
    )
    _, progress = await send(stage, media)
    assert progress.tally.of(DeliveryState.SENT) == 1
    message = got(stage, reader)[-1]
    assert message.text == "Look, @you"
    assert message.entities[0]["type"] == "italic"
    assert (message.content or {})["has_media_spoiler"]
    assert (message.content or {})["show_caption_above_media"]
    assert (message.protected, message.effect_id) == (True, "5104841245755180586")
    assert labels(message) == ["Go"]
