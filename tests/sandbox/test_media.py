"""Files that bots send: facts/botapi.md §2, §3 row 10, §4 and §8."""

import random
from typing import Any

import pytest

from gatecrier_sandbox import Limits
from gatecrier_sandbox.world.images import READERS, dimensions
from sandbox.town import Town
from sandbox.uploads import BMP, GIF, JPEG, MP4, OGG, TGS, WEBP, call, error, png, result, upload

SENDS: list[tuple[str, str, bytes, str]] = [
    ("sendPhoto", "photo", png(), "a.png"),
    ("sendDocument", "document", b"words", "a.txt"),
    ("sendVideo", "video", MP4, "a.mp4"),
    ("sendAudio", "audio", b"ID3", "a.mp3"),
    ("sendVoice", "voice", OGG, "a.ogg"),
    ("sendVideoNote", "video_note", MP4, "a.mp4"),
    ("sendAnimation", "animation", GIF, "a.gif"),
    ("sendSticker", "sticker", WEBP, "a.webp"),
]
NOUNS = {
    "photo": "photos",
    "document": "documents",
    "video": "videos",
    "audio": "music",
    "voice": "voice notes",
    "video_note": "video notes",
    "animation": "animations",
    "sticker": "stickers",
}


def held(message: dict[str, Any], kind: str) -> dict[str, Any]:
    """The file object of a message; of a photo the largest size."""
    found: Any = message[kind]
    shown: dict[str, Any] = found[-1] if kind == "photo" else found
    return shown


async def stored(town: Town, file_id: str) -> bytes:
    """The bytes a bot would download."""
    path = (await town.result("getFile", file_id=file_id))["file_path"]
    file = town.world.files.by_path(path)
    assert file is not None
    return file.data


@pytest.mark.parametrize(("method", "kind", "data", "name"), SENDS)
async def test_what_is_uploaded_comes_back_byte_by_byte(
    method: str, kind: str, data: bytes, name: str
) -> None:
    """Under its own name or by attach://, and again by its file_id, unchanged."""
    town = Town()
    own = await result(town, method, {kind: upload(data, name)}, chat_id=town.group.id)
    attached = await result(
        town, method, {"x": upload(data, name)}, **{kind: "attach://x"}, chat_id=town.group.id
    )
    assert held(own, kind)["file_id"] != held(attached, kind)["file_id"]
    again = await town.result(method, chat_id=town.group.id, **{kind: held(own, kind)["file_id"]})
    assert held(again, kind) == held(own, kind)
    for message in (own, attached, again):
        assert held(message, kind)["file_size"] == len(data)
        assert await stored(town, held(message, kind)["file_id"]) == data


@pytest.mark.parametrize(("method", "kind", "data", "name"), SENDS)
async def test_who_may_not_send_a_kind_is_told_its_name(
    method: str, kind: str, data: bytes, name: str
) -> None:
    """A bot that is a member follows the group's permissions, kind by kind; nothing is stored then."""
    town = Town()
    crowd = town.world.chat("supergroup", "Crowd", permissions={"can_send_messages": True})
    town.world.join(crowd.id, town.bot.id)
    before = len(town.world.files.by_id)
    told = await error(town, method, {kind: upload(data, name)}, chat_id=crowd.id)
    assert told == f"not enough rights to send {NOUNS[kind]} to the chat"
    assert len(town.world.files.by_id) == before


@pytest.mark.parametrize(("method", "kind", "data", "name"), SENDS)
async def test_a_missing_or_empty_file_is_named(method: str, kind: str, data: bytes, name: str) -> None:
    """No file, a part that is not there, and one without bytes."""
    town = Town()
    nothing = f"there is no {kind.replace('_', ' ')} in the request"
    assert await error(town, method, {}, chat_id=town.group.id) == nothing
    assert await error(town, method, {}, chat_id=town.group.id, **{kind: "attach://x"}) == nothing
    told = await error(town, method, {kind: upload(b"", name)}, chat_id=town.group.id)
    assert told == "file must be non-empty"


WRONG = [
    ("abc", "wrong remote file identifier specified: can't unserialize it. Wrong last symbol"),
    ("ab cd", "wrong remote file identifier specified: Wrong string length"),
    ("ab cde", "wrong remote file identifier specified: Wrong character in the string"),
    ("ab===", "wrong remote file identifier specified: Wrong string padding"),
    ("abc=x=", "wrong remote file identifier specified: Wrong padding length"),
    ("====", "wrong remote file identifier specified: Wrong string padding"),
    ("AgAC" + "x" * 56, "wrong file identifier/HTTP URL specified"),
    ("ftp://example.org/a.png", "invalid file HTTP URL specified: Unsupported URL protocol"),
    ("http://.", "failed to get HTTP URL content"),
    ("http:///a.png", "invalid file HTTP URL specified: URL host is empty"),
    ("http://[::1/a.png", "invalid file HTTP URL specified: URL host is invalid"),
    ("http://example.org:99999/a.png", "invalid file HTTP URL specified: URL host is invalid"),
    ("https://example.org/a.png", "failed to get HTTP URL content"),
    ("file.png", "failed to get HTTP URL content"),
]


@pytest.mark.parametrize(("given", "text"), WRONG)
async def test_what_is_no_file_is_refused_with_the_reason(given: str, text: str) -> None:
    """Identifiers that are none, that nobody knows, and addresses elsewhere."""
    town = Town()
    assert await error(town, "sendPhoto", {}, chat_id=town.group.id, photo=given) == text


async def test_a_file_is_not_sent_as_what_it_is_not() -> None:
    """Photos are photos only; files of the document class stay what they are, whatever the method."""
    town = Town()
    place = {"chat_id": town.group.id}
    photo = held(await result(town, "sendPhoto", {"photo": upload(png())}, **place), "photo")["file_id"]
    film = await result(town, "sendVideo", {"video": upload(MP4), "thumbnail": upload(JPEG)}, **place)
    video, small = film["video"]["file_id"], film["video"]["thumbnail"]["file_id"]
    for method, kind, given, text in (
        ("sendDocument", "document", photo, "can't use file of type Photo as Document"),
        ("sendVideoNote", "video_note", photo, "can't use file of type Photo as VideoNote"),
        ("sendPhoto", "photo", video, "can't use file of type Video as Photo"),
        ("sendPhoto", "photo", small, "can't use file of type Thumbnail as Photo"),
    ):
        assert await error(town, method, {}, **place, **{kind: given}) == text
    told = await error(town, "sendDocument", {}, **place, document=photo, disable_content_type_detection=True)
    assert told == "can't use file of type Photo as DocumentAsFile"
    assert "video" in await town.result("sendDocument", **place, document=video)


PHOTOS = [
    (b"words", "IMAGE_PROCESS_FAILED"),
    (b"\x89PNG", "IMAGE_PROCESS_FAILED"),
    (png(6000, 4001), "PHOTO_INVALID_DIMENSIONS"),
    (png(100, 4), "PHOTO_INVALID_DIMENSIONS"),
    (png(0, 0), "PHOTO_INVALID_DIMENSIONS"),
    (
        png() + bytes(10 << 20),
        "file of size 10485793 bytes is too big for a photo; the maximum size is 10485760 bytes",
    ),
]


@pytest.mark.parametrize(("data", "text"), PHOTOS)
async def test_a_photo_is_a_picture_of_reasonable_size(data: bytes, text: str) -> None:
    """At most 10 MB, 10,000 pixels of both sides together, and not twenty times as long as wide."""
    town = Town()
    assert await error(town, "sendPhoto", {"photo": upload(data)}, chat_id=town.group.id) == text
    assert not town.world.files.by_id


@pytest.mark.parametrize(
    ("data", "size"),
    [(png(), (60, 40)), (GIF, (40, 30)), (JPEG, (64, 48)), (BMP, (12, 7)), (WEBP, (512, 512)), (TGS, None)],
)
def test_the_size_of_a_picture_is_read_from_its_head(data: bytes, size: tuple[int, int] | None) -> None:
    """Every format Telegram takes."""
    assert dimensions(data) == size


def test_no_bytes_can_break_the_reading_of_pictures() -> None:
    """Whatever follows a known beginning, the answer is a size or none."""
    rng = random.Random(1)
    for start in READERS:
        for _ in range(500):
            dimensions(start + rng.randbytes(rng.randrange(80)))
            dimensions(start + b"\xff" * rng.randrange(80))


async def test_a_message_says_what_the_request_said_of_its_file() -> None:
    """Sizes within bounds, names, titles; a spoiler, the caption above; an unusable thumbnail is none."""
    town = Town()
    place = {"chat_id": town.group.id, "caption": "<b>See</b>", "parse_mode": "HTML"}
    film = await result(
        town,
        "sendVideo",
        {"video": upload(MP4, "../a b.mp4"), "thumb": upload(JPEG), "c": upload(png())},
        **place,
        cover="attach://c",
        start_timestamp=3,
        duration=90_000,
        width=640,
        height="480px",
        has_spoiler=True,
        show_caption_above_media=True,
    )
    video = film["video"]
    assert (video["width"], video["height"], video["duration"]) == (640, 480, 86_400)
    assert (video["file_name"], video["mime_type"]) == ("a b.mp4", "video/mp4")
    assert (video["start_timestamp"], video["cover"][0]["width"]) == (3, 60)
    assert video["thumbnail"] == video["thumb"]
    assert await stored(town, video["thumb"]["file_id"]) == JPEG
    assert film["has_media_spoiler"] is film["show_caption_above_media"] is True
    assert (film["caption"], film["caption_entities"][0]["type"]) == ("See", "bold")
    song = await result(
        town,
        "sendAudio",
        {"audio": upload(b"ID3", "x.flac"), "thumbnail": upload(png(400, 400))},
        **place,
        title="T",
        performer="P",
        duration=7,
    )
    expected = {"title": "T", "performer": "P", "duration": 7, "mime_type": "audio/flac"}
    assert expected.items() <= song["audio"].items()
    assert "thumbnail" not in song["audio"]
    note = await result(town, "sendVideoNote", {"video_note": upload(MP4)}, **place, length=240)
    assert note["video_note"]["length"] == 240
    assert "caption" not in note


async def test_a_gif_sent_as_a_document_becomes_an_animation() -> None:
    """Unless the bot says not to look; an animation is a document, too, for bots of old."""
    town = Town()
    sent = await result(town, "sendDocument", {"document": upload(GIF, "a.gif")}, chat_id=town.group.id)
    assert sent["animation"]["width"] == 40
    assert sent["animation"]["file_id"] == sent["document"]["file_id"]
    plain = await result(
        town,
        "sendDocument",
        {"document": upload(GIF, "a.gif")},
        chat_id=town.group.id,
        disable_content_type_detection=True,
    )
    assert "animation" not in plain
    assert plain["document"]["mime_type"] == "image/gif"


async def test_stickers_say_whether_they_move() -> None:
    """By the ending of their file; what does not say its size is 512 pixels wide."""
    town = Town()
    for data, name, expected in (
        (WEBP, "a.webp", {"is_animated": False, "is_video": False, "width": 512}),
        (TGS, "a.tgs", {"is_animated": True, "is_video": False, "width": 512}),
        (b"\x1aE\xdf\xa3", "a.webm", {"is_animated": False, "is_video": True, "height": 512}),
    ):
        sent = await result(
            town, "sendSticker", {"sticker": upload(data, name)}, chat_id=town.group.id, emoji="🙂"
        )
        assert (expected | {"type": "regular", "emoji": "🙂"}).items() <= sent["sticker"].items()


async def test_urls_of_the_sandbox_are_fetched() -> None:
    """A copy is made, if the type is one that Telegram takes from a URL."""
    town = Town()
    town.world.base_url = "http://127.0.0.1:8080"
    place = {"chat_id": town.group.id}
    sent = await result(town, "sendPhoto", {"photo": upload(png(), "a.png")}, **place)
    path = (await town.result("getFile", file_id=sent["photo"][-1]["file_id"]))["file_path"]
    address = f"localhost:8080/file/bot{town.bot.token}/{path}"
    copy = await town.result("sendPhoto", photo=f"http://{address}", **place)
    assert copy["photo"][-1]["file_id"] != sent["photo"][-1]["file_id"]
    assert copy["photo"][-1]["width"] == 60
    for method, kind, given, text in (
        ("sendPhoto", "photo", f"https://{address}", "failed to get HTTP URL content"),
        ("sendPhoto", "photo", f"http://{address}x", "failed to get HTTP URL content"),
        ("sendPhoto", "photo", "http://127.0.0.1:8080/", "failed to get HTTP URL content"),
        ("sendPhoto", "photo", "http://localhost:81/sandbox/files/x", "failed to get HTTP URL content"),
        ("sendDocument", "document", f"http://{address}", "wrong type of the web page content"),
        ("sendVideoNote", "video_note", f"http://{address}", "wrong type of the web page content"),
    ):
        assert await error(town, method, {}, **place, **{kind: given}) == text
    paper = town.world.files.add("document", b"%PDF", name="p.pdf")
    url = f"http://127.0.0.1:8080/sandbox/files/{paper.file_id}"
    sent = await town.result("sendDocument", document=url, **place)
    assert sent["document"]["file_name"] == "p.pdf"
    assert await stored(town, sent["document"]["file_id"]) == b"%PDF"


async def test_what_is_not_sent_leaves_no_file() -> None:
    """Blocked, too fast, a button that is wrong: the file is not there either."""
    town = Town(Limits(per_group_minute=1))
    bad = {"inline_keyboard": [[{"text": "x", "callback_data": "y" * 65}]]}
    files = {"video": upload(MP4), "thumbnail": upload(JPEG)}
    assert (
        await error(town, "sendVideo", files, chat_id=town.group.id, reply_markup=bad)
        == "BUTTON_DATA_INVALID"
    )
    assert not town.world.files.by_id
    await result(town, "sendVideo", files, chat_id=town.group.id)
    assert len(town.world.files.by_id) == 2
    assert (await call(town, "sendVideo", files, chat_id=town.group.id))["error_code"] == 429
    assert len(town.world.files.by_id) == 2
    long = {"chat_id": town.group.id, "caption": "x" * 1025}
    assert await error(town, "sendVideo", files, **long) == "message caption is too long"


async def test_a_live_photo_is_a_photo_that_moves() -> None:
    """Both files are needed, neither comes from a URL, and old bots see the photo."""
    town = Town()
    files = {"live_photo": upload(MP4, "a.mp4"), "photo": upload(png())}
    sent = await result(town, "sendLivePhoto", files, chat_id=town.group.id, caption="hi", duration=2)
    assert sent["live_photo"]["photo"] == sent["photo"]
    assert (sent["live_photo"]["duration"], sent["caption"]) == (2, "hi")
    del files["photo"]
    told = await error(town, "sendLivePhoto", files, chat_id=town.group.id)
    assert told == "there is no photo in the request"
    assert "content" in await error(
        town, "sendLivePhoto", files, chat_id=town.group.id, photo="http://example.org/a.png"
    )


async def test_paid_media_show_what_they_cost() -> None:
    """One to ten photos and videos, for 1 to 25,000 Stars."""
    town = Town()
    items = [{"type": "photo", "media": "attach://a"}, {"type": "video", "media": "attach://b", "width": 9}]
    files = {"a": upload(png()), "b": upload(MP4)}
    place = {"chat_id": town.channel.id, "star_count": 5}
    sent = await result(town, "sendPaidMedia", files, media=items, caption="buy", **place)
    kinds = [piece["type"] for piece in sent["paid_media"]["paid_media"]]
    assert (sent["paid_media"]["star_count"], kinds, sent["caption"]) == (5, ["photo", "video"], "buy")
    for change, text in (
        ({"star_count": 0}, "STARS_AMOUNT_INVALID"),
        ({"star_count": 25_001}, "STARS_AMOUNT_INVALID"),
        ({"media": "["}, "can't parse paid media JSON object"),
        ({"media": "{}"}, "expected an Array of InputPaidMedia"),
        ({"media": []}, "wrong number of paid media specified"),
        (
            {"media": [{"type": "audio", "media": "attach://a"}]},
            'can\'t parse InputPaidMedia: type "audio" is unsupported',
        ),
        ({"media": [{"type": "photo"}]}, "can't parse InputPaidMedia: media not found"),
        ({"payload": "x" * 129}, "PAYLOAD_INVALID"),
    ):
        given = place | {"media": items} | change
        assert await error(town, "sendPaidMedia", files, **given) == text
