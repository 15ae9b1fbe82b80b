"""Edits of captions and files, and deletions: facts/botapi.md §5."""

from typing import Any

import pytest

from gatecrier_sandbox.botapi.methods.editing import NOT_MODIFIED
from gatecrier_sandbox.world import deletion, inline
from gatecrier_sandbox.world.model import Message
from sandbox.town import Town
from sandbox.uploads import GIF, MP4, error, png, result, upload

KEYBOARD: dict[str, object] = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
FILES = {"p": upload(png(), "p.png"), "v": upload(MP4, "v.mp4"), "d": upload(b"words", "d.txt")}


async def sent_photo(town: Town, **given: Any) -> dict[str, Any]:
    """The place of a photo the bot sent to the group."""
    photo = await result(town, "sendPhoto", {"photo": upload(png())}, chat_id=town.group.id, **given)
    return {"chat_id": town.group.id, "message_id": photo["message_id"]}


async def test_a_caption_is_edited_put_above_and_taken_away() -> None:
    """The file stays; the same again is refused; without markup the keyboard goes."""
    town = Town()
    place = await sent_photo(town, caption="old", reply_markup=KEYBOARD)
    edited = await town.result(
        "editMessageCaption", **place, caption="<i>new</i>", parse_mode="HTML", show_caption_above_media=True
    )
    assert (edited["caption"], edited["caption_entities"][0]["type"]) == ("new", "italic")
    assert edited["show_caption_above_media"] is True
    assert edited["photo"]
    assert "reply_markup" not in edited
    same = {"caption": "new", "show_caption_above_media": True}
    same |= {"caption_entities": [{"type": "italic", "offset": 0, "length": 3}]}
    assert await town.error("editMessageCaption", **place, **same) == (400, f"Bad Request: {NOT_MODIFIED}")
    bare = await town.result("editMessageCaption", **place)
    assert not {"caption", "caption_entities", "show_caption_above_media"} & bare.keys()


async def test_only_what_has_a_caption_gets_one() -> None:
    """Texts, stickers and video notes have none; one too long is refused; text edits do not touch files."""
    town = Town()
    said = await town.result("sendMessage", chat_id=town.group.id, text="words")
    note = await result(town, "sendVideoNote", {"video_note": upload(MP4)}, chat_id=town.group.id)
    for message in (said, note):
        place = {"chat_id": town.group.id, "message_id": message["message_id"]}
        told = await error(town, "editMessageCaption", {}, **place, caption="x")
        assert told == "there is no caption in the message to edit"
    place = await sent_photo(town)
    told = await error(town, "editMessageCaption", {}, **place, caption="x" * 1025)
    assert told == "message caption is too long"
    told = await error(town, "editMessageText", {}, **place, text="x")
    assert told == "there is no text in the message to edit"
    place = {"chat_id": town.group.id, "message_id": said["message_id"]}
    assert await error(town, "editMessageText", {}, **place, text="x" * 4097) == "MESSAGE_TOO_LONG"


async def test_a_file_takes_the_place_of_a_file_or_a_text() -> None:
    """With its own caption; the old file can still be had; a text becomes a file."""
    town = Town()
    place = await sent_photo(town, caption="old")
    video = {"type": "video", "media": "attach://v", "caption": "new", "duration": 5}
    edited = await result(town, "editMessageMedia", FILES, **place, media=video, reply_markup=KEYBOARD)
    assert (edited["video"]["duration"], edited["caption"]) == (5, "new")
    assert "photo" not in edited
    assert edited["reply_markup"]
    again = {"type": "video", "media": edited["video"]["file_id"], "caption": "new"}
    told = await error(town, "editMessageMedia", {}, **place, media=again, reply_markup=KEYBOARD)
    assert told == NOT_MODIFIED
    said = await town.result("sendMessage", chat_id=town.group.id, text="words")
    place = {"chat_id": town.group.id, "message_id": said["message_id"]}
    gif = {"type": "animation", "media": "attach://g"}
    edited = await result(town, "editMessageMedia", {"g": upload(GIF, "a.gif")}, **place, media=gif)
    assert edited["animation"]["file_id"] == edited["document"]["file_id"]
    assert "text" not in edited


EDITS: list[tuple[Any, str]] = [
    ("", 'parameter "media" is required'),
    ("[", "can't parse input media JSON object"),
    ("[]", "can't parse InputMedia: expected an Object"),
    ({"type": "sticker", "media": "attach://p"}, 'can\'t parse InputMedia: type "sticker" is unsupported'),
    ({"type": "photo", "media": "attach://x"}, "can't parse InputMedia: media not found"),
    ({"type": "photo", "media": "attach://d"}, "IMAGE_PROCESS_FAILED"),
    ({"type": "photo", "media": "http://example.org/x.png"}, "failed to get HTTP URL content"),
    ({"type": "photo", "media": "attach://p", "caption": "x" * 1025}, "message caption is too long"),
    (
        {"type": "photo", "media": "attach://p", "caption": 1, "caption_entities": [7]},
        "can't parse MessageEntity",
    ),
]


@pytest.mark.parametrize(("media", "text"), EDITS)
async def test_a_broken_replacement_changes_nothing(media: Any, text: str) -> None:
    """The message stays as it was, and no file is stored."""
    town = Town()
    place = await sent_photo(town, caption="old")
    before = len(town.world.files.by_id)
    assert (await error(town, "editMessageMedia", FILES, **place, media=media)).startswith(text)
    message = town.group.messages[place["message_id"]]
    assert (message.text, message.edit_date, len(town.world.files.by_id)) == ("old", 0, before)


async def test_some_messages_carry_nothing_that_can_be_replaced() -> None:
    """Voice notes, stickers and dice; parts of albums keep their sort."""
    town = Town()
    photo = {"type": "photo", "media": "attach://p"}
    voice = await result(town, "sendVoice", {"voice": upload(b"OggS")}, chat_id=town.group.id)
    dice = await town.result("sendDice", chat_id=town.group.id)
    for message in (voice, dice):
        place = {"chat_id": town.group.id, "message_id": message["message_id"]}
        told = await error(town, "editMessageMedia", FILES, **place, media=photo)
        assert told == "message media can't be edited"
    sent = await result(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=[photo, photo])
    place = {"chat_id": town.group.id, "message_id": sent[0]["message_id"]}
    for kind, name, text in (
        ("animation", "v", "message content type can't be used in an album"),
        ("document", "d", "can't change media type in the album"),
    ):
        media = {"type": kind, "media": f"attach://{name}"}
        assert await error(town, "editMessageMedia", FILES, **place, media=media) == text
    video = {"type": "video", "media": "attach://v"}
    edited = await result(town, "editMessageMedia", FILES, **place, media=video)
    assert edited["media_group_id"] == sent[0]["media_group_id"]


def chosen(town: Town) -> tuple[str, Message]:
    """A result of the bot's that the reader sent to the group, and its inline_message_id."""
    town.bot.supports_inline = True
    asked = inline.ask(town.world, town.reader.id, town.bot.id, "x", chat_id=town.group.id)
    template = Message(0, 0, text="chosen", markup=KEYBOARD)
    asked.results = {"1": template}
    message = inline.choose(town.world, asked.id, "1")
    return message.inline_id, message


async def test_messages_sent_through_a_bot_are_edited_by_their_inline_id() -> None:
    """The answer is `true`; new files cannot be uploaded there; unknown ids are refused."""
    town = Town()
    inline_id, message = chosen(town)
    await town.result("editMessageText", inline_message_id=inline_id, text="edited")
    assert message.text == "edited"
    photo = {"type": "photo", "media": "attach://p"}
    told = await error(town, "editMessageMedia", FILES, inline_message_id=inline_id, media=photo)
    assert told == "invalid message content specified"
    known = town.world.files.add("photo", png())
    media = {"type": "photo", "media": known.file_id, "caption": "c"}
    assert await town.result("editMessageMedia", inline_message_id=inline_id, media=media) is True
    assert await town.result("editMessageCaption", inline_message_id=inline_id, caption="d") is True
    assert (
        await town.result("editMessageReplyMarkup", inline_message_id=inline_id, reply_markup=KEYBOARD)
        is True
    )
    assert (message.text, message.markup) == ("d", KEYBOARD)
    for method, given in (("editMessageText", {"text": "x"}), ("editMessageReplyMarkup", {})):
        told = await error(town, method, {}, **given)
        assert told == "message identifier is not specified"
    told = await error(town, "editMessageText", {}, text="x", inline_message_id="A" * 27)
    assert told == "MESSAGE_ID_INVALID"


async def test_posts_are_edited_by_who_may_post_or_edit() -> None:
    """Own posts with the right to post, others' with the right to edit; without either neither."""
    town = Town()
    own = (await town.result("sendMessage", chat_id=town.channel.id, text="own"))["message_id"]
    theirs = town.world.say(town.channel.id, town.owner.id, "theirs").message_id
    for rights, allowed in (
        ({"can_post_messages": True}, {own}),
        ({"can_edit_messages": True}, {own, theirs}),
        ({"can_manage_chat": True}, set()),
    ):
        town.world.set_member(town.channel.id, town.bot.id, "administrator", rights=rights)
        for number in (own, theirs):
            place = {"chat_id": town.channel.id, "message_id": number}
            envelope = await town.call("editMessageText", **place, text=f"{number} {sorted(rights)}")
            assert envelope["ok"] is (number in allowed), envelope


async def test_a_dice_stays_a_day_in_a_private_chat() -> None:
    """It is deleted between one and two days later; elsewhere at once."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    for chat_id, delays in ((town.group.id, (0,)), (town.reader.id, (0, 23, 2))):
        thrown = await town.result("sendDice", chat_id=chat_id)
        place = {"chat_id": chat_id, "message_id": thrown["message_id"]}
        for hours in delays[:-1]:
            town.clock.advance(hours * 3600)
            told = await error(town, "deleteMessage", {}, **place)
            assert told == "message can't be deleted for everyone"
        town.clock.advance(delays[-1] * 3600)
        assert await town.result("deleteMessage", **place) is True


async def test_many_messages_are_deleted_together_or_not_at_all() -> None:
    """One that may not be deleted keeps the others, too; ids that are broken are refused."""
    town = Town()
    small = town.world.chat("group", "Small")
    town.world.set_member(small.id, town.owner.id, "creator")
    town.world.join(small.id, town.bot.id)
    own = (await town.result("sendMessage", chat_id=small.id, text="own"))["message_id"]
    theirs = town.world.say(small.id, town.owner.id, "theirs").message_id
    place = {"chat_id": small.id}
    told = await error(town, "deleteMessages", {}, **place, message_ids=[own, theirs])
    assert told == "message can't be deleted"
    assert {own, theirs} <= small.messages.keys()
    for ids, text in (
        ("x", "can't parse message_ids JSON object"),
        ("[true]", "message identifier must be a Number"),
        ("[0]", "invalid message identifier specified"),
    ):
        assert await error(town, "deleteMessages", {}, **place, message_ids=ids) == text
    assert await town.result("deleteMessages", **place, message_ids=[own, own, 999]) is True
    assert own not in small.messages


async def test_what_was_deleted_is_pinned_no_more_and_remembered_for_a_while() -> None:
    """The room knows its last hundred deleted messages, without those they answered."""
    town = Town()
    first = town.world.say(town.group.id, town.reader.id, "0")
    numbers = [
        town.world.say(
            town.group.id, town.reader.id, str(number), reply_to_message_id=first.message_id
        ).message_id
        for number in range(deletion.KEPT + 5)
    ]
    await town.result("pinChatMessage", chat_id=town.group.id, message_id=numbers[0])
    for number in numbers:
        await town.result("deleteMessage", chat_id=town.group.id, message_id=number)
    assert numbers[0] not in town.group.pinned
    assert list(town.group.deleted) == numbers[5:]
    assert town.group.deleted[numbers[-1]].reply_to is None
    assert "pinned_message" not in await town.result("getChat", chat_id=town.group.id)
