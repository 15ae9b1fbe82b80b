"""Albums that bots send: facts/botapi.md §5, sendMediaGroup."""

from typing import Any

import pytest

from gatecrier_sandbox import Limits
from sandbox.town import Town
from sandbox.uploads import GIF, JPEG, MP4, call, error, png, result, upload

FILES = {
    "p": upload(png(), "p.png"),
    "v": upload(MP4, "v.mp4"),
    "d": upload(b"words", "d.txt"),
    "t": upload(JPEG),
}
PHOTO, VIDEO = {"type": "photo", "media": "attach://p"}, {"type": "video", "media": "attach://v"}
DOCUMENT, AUDIO = {"type": "document", "media": "attach://d"}, {"type": "audio", "media": "attach://d"}
LIVE = {"type": "live_photo", "media": "attach://v", "photo": "attach://p"}
MEDIA = "can't parse InputMedia: "


async def test_an_album_is_messages_of_one_group() -> None:
    """Each has its own file, caption and update; all answer the same message."""
    town = Town()
    asked = town.world.say(town.group.id, town.reader.id, "show me")
    hearer = town.world.bot("other_bot")
    town.world.set_member(town.channel.id, hearer.id, "administrator")
    hearer.queue.clear()
    items = [
        PHOTO | {"caption": "*one*", "parse_mode": "MarkdownV2", "has_spoiler": True},
        VIDEO | {"caption": "two", "thumbnail": "attach://t", "duration": 4},
        LIVE,
    ]
    sent = await result(
        town,
        "sendMediaGroup",
        FILES,
        chat_id=town.group.id,
        media=items,
        reply_parameters={"message_id": asked.message_id},
        reply_markup="garbage is not looked at",
    )
    assert len({message["media_group_id"] for message in sent}) == 1
    assert [message["message_id"] for message in sent] == list(
        range(sent[0]["message_id"], sent[0]["message_id"] + 3)
    )
    assert (sent[0]["caption"], sent[0]["caption_entities"][0]["type"]) == ("one", "bold")
    assert sent[0]["has_media_spoiler"] is True
    assert (sent[1]["caption"], sent[1]["video"]["duration"]) == ("two", 4)
    assert sent[1]["video"]["thumbnail"]["width"] == 64
    assert sent[2]["live_photo"]["photo"]
    assert {message["reply_to_message"]["message_id"] for message in sent} == {asked.message_id}
    posts = await result(town, "sendMediaGroup", FILES, chat_id=town.channel.id, media=[DOCUMENT, DOCUMENT])
    heard = [update.body for update in hearer.queue.updates]
    assert len(heard) == len(posts) == 2


async def test_files_of_an_album_are_sent_again_by_their_ids() -> None:
    """Uploads, ids and kinds of pictures mix; a GIF in an album stays a document; one file is no album."""
    town = Town()
    sent = await result(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=[PHOTO, VIDEO])
    known = [
        {"type": "photo", "media": sent[0]["photo"][-1]["file_id"]},
        {"type": "video", "media": sent[1]["video"]["file_id"]},
        PHOTO,
    ]
    again = await result(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=known)
    assert again[0]["photo"] == sent[0]["photo"]
    assert again[0]["media_group_id"] != sent[0]["media_group_id"]
    gifs = await result(
        town, "sendMediaGroup", {"d": upload(GIF, "a.gif")}, chat_id=town.group.id, media=[DOCUMENT, DOCUMENT]
    )
    assert all("document" in message and "animation" not in message for message in gifs)
    (single,) = await result(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=[PHOTO])
    assert "media_group_id" not in single


ABOVE = {"show_caption_above_media": True}
REFUSED: list[tuple[Any, str]] = [
    ("", 'parameter "media" is required'),
    ("[", "can't parse media JSON object"),
    ("{}", "expected an Array of InputMedia"),
    ([], "there are no messages to send"),
    ([PHOTO] * 11, "too many messages to send as an album"),
    ([PHOTO, 7], MEDIA + "expected an Object"),
    ([PHOTO, {"type": "photo"}], MEDIA + "media not found"),
    ([PHOTO, {"type": "photo", "media": "attach://x"}], MEDIA + "media not found"),
    ([PHOTO, {"media": "attach://p"}], MEDIA + 'Can\'t find field "type"'),
    ([PHOTO, PHOTO | {"type": "sticker"}], MEDIA + 'type "sticker" is unsupported'),
    ([PHOTO, VIDEO | {"type": "animation"}], MEDIA + 'type "animation" can\'t be used in sendMediaGroup'),
    ([PHOTO, LIVE | {"photo": ""}], MEDIA + "photo not found"),
    ([PHOTO, VIDEO | {"width": "x"}], MEDIA + 'Field "width" must be of type Number'),
    (
        [PHOTO, PHOTO | {"caption": 7.5, "has_spoiler": 1}],
        MEDIA + 'Field "has_spoiler" must be of type Boolean',
    ),
    ([PHOTO, DOCUMENT], "document can't be mixed with other media types"),
    ([AUDIO, DOCUMENT], "audio can't be mixed with other media types"),
    ([VIDEO, AUDIO], "audio can't be mixed with other media types"),
    (
        [PHOTO | ABOVE | {"caption": "x"}, PHOTO],
        "parameter show_caption_above_media must be the same for all messages",
    ),
    ([PHOTO, PHOTO | {"caption": "x" * 1025}], "message caption is too long"),
    (
        [PHOTO, PHOTO | {"caption": "<b>", "parse_mode": "HTML"}],
        "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
    ),
    (
        [PHOTO, PHOTO | {"media": "attach://d"}],
        'failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"',
    ),
    (
        [PHOTO, PHOTO, PHOTO | {"media": "http://example.org/a.png"}],
        'failed to send message #3 with the error message "WEBPAGE_CURL_FAILED"',
    ),
    (
        [PHOTO | {"media": "AgAC" + "x" * 56}, PHOTO],
        'failed to send message #1 with the error message "MEDIA_EMPTY"',
    ),
    (
        [PHOTO, PHOTO | {"media": "abc"}],
        "wrong remote file identifier specified: can't unserialize it. Wrong last symbol",
    ),
]


@pytest.mark.parametrize(("media", "text"), REFUSED)
async def test_an_album_with_one_fault_is_not_sent_at_all(media: Any, text: str) -> None:
    """The fault is named, and neither messages nor files are there."""
    town = Town()
    before = len(town.group.messages)
    assert await error(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=media) == text
    assert len(town.group.messages) == before
    assert not town.world.files.by_id


async def test_an_album_holds_no_file_of_another_sort() -> None:
    """A voice note that is called a document does not stand among documents."""
    town = Town()
    said = await result(town, "sendVoice", {"voice": upload(b"OggS")}, chat_id=town.group.id)
    item = {"type": "document", "media": said["voice"]["file_id"]}
    told = await error(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=[DOCUMENT, item])
    assert told == "can't use the media of the specified type in the album"


async def test_every_part_needs_its_permission() -> None:
    """Photos alone may go where videos may not, but not together with them."""
    town = Town()
    crowd = town.world.chat(
        "supergroup", "Crowd", permissions={"can_send_messages": True, "can_send_photos": True}
    )
    town.world.join(crowd.id, town.bot.id)
    await result(town, "sendMediaGroup", FILES, chat_id=crowd.id, media=[PHOTO, PHOTO])
    told = await error(town, "sendMediaGroup", FILES, chat_id=crowd.id, media=[PHOTO, VIDEO])
    assert told == "not enough rights to send videos to the chat"


async def test_every_part_counts_against_the_limits() -> None:
    """After an album of three a group of four a minute takes one more message."""
    town = Town(Limits(per_group_minute=4))
    await result(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=[PHOTO] * 3)
    await town.result("sendMessage", chat_id=town.group.id, text="one more")
    envelope = await call(town, "sendMediaGroup", FILES, chat_id=town.group.id, media=[PHOTO] * 3)
    assert envelope["error_code"] == 429
