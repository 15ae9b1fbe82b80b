"""Sticker sets: what bots make, change and look up."""

from typing import Any

import pytest

from gatecrier_sandbox.world import worldfile
from gatecrier_sandbox.world.stickers import MOST
from sandbox.town import Town
from sandbox.uploads import JPEG, MP4, TGS, WEBP, error, png, result, upload

NAME = "cats_by_gate_bot"
FILES = {
    "a": upload(png(512, 300), "a.png"),
    "b": upload(WEBP, "b.webp"),
    "c": upload(TGS, "c.tgs"),
    "e": upload(png(100, 100), "e.png"),
    "wide": upload(png(400, 300), "w.png"),
}


def sticker(name: str, **more: Any) -> dict[str, Any]:
    """An InputSticker of one of the files."""
    return {"sticker": f"attach://{name}", "format": "static", "emoji_list": ["🙂", "🎉"]} | more


async def made(town: Town, type_: str = "regular", *names: str) -> dict[str, Any]:
    """A set of the reader's, and what getStickerSet says of it."""
    if town.reader.id not in town.bot.dialogs:
        town.world.start(town.reader.id, town.bot.id)
    items = [sticker(name) for name in names or ("a", "b")]
    place = {"user_id": town.reader.id, "name": NAME, "title": "Cats", "sticker_type": type_}
    assert await result(town, "createNewStickerSet", FILES, **place, stickers=items) is True
    return await shown(town)


async def shown(town: Town) -> dict[str, Any]:
    """The set as it is now."""
    set_: dict[str, Any] = await town.result("getStickerSet", name=NAME.upper())
    return set_


def ids(set_: dict[str, Any]) -> list[str]:
    """The stickers of a set, in order."""
    return [one["file_id"] for one in set_["stickers"]]


async def test_a_new_set_holds_its_stickers() -> None:
    """In their order, with emoji and the name of the set; they are sent and downloaded as any file."""
    town = Town()
    set_ = await made(town, "regular", "a", "b")
    assert (set_["name"], set_["title"], set_["sticker_type"]) == (NAME, "Cats", "regular")
    first, second = set_["stickers"]
    assert (first["set_name"], first["emoji"], first["width"], first["height"]) == (NAME, "🙂", 512, 300)
    assert second["is_animated"] is second["is_video"] is False
    sent = await town.result("sendSticker", chat_id=town.group.id, sticker=first["file_id"])
    assert sent["sticker"] == first
    path = (await town.result("getFile", file_id=first["file_id"]))["file_path"]
    assert town.world.files.by_path(path) is town.world.files.by_id[first["file_id"]]


async def test_stickers_are_added_moved_replaced_and_taken_out() -> None:
    """Each act shows in the set; the same bytes again change nothing."""
    town = Town()
    set_ = await made(town)
    place = {"user_id": town.reader.id, "name": NAME}
    moving = sticker("c", format="animated", keywords=["meow"])
    for _ in range(2):
        assert await result(town, "addStickerToSet", FILES, **place, sticker=moving) is True
    one, two, three = ids(await shown(town))
    assert [one, two] == ids(set_)
    assert await town.result("setStickerPositionInSet", sticker=three, position=0) is True
    assert ids(await shown(town)) == [three, one, two]
    assert await town.result("deleteStickerFromSet", sticker=one) is True
    new = sticker("a", emoji_list=["🎉"])
    assert await result(town, "replaceStickerInSet", FILES, **place, old_sticker=three, sticker=new) is True
    changed = await shown(town)
    assert changed["stickers"][0]["emoji"] == "🎉"
    assert ids(changed)[1:] == [two]
    lost = await town.result("sendSticker", chat_id=town.group.id, sticker=three)
    assert "set_name" not in lost["sticker"]
    assert lost["sticker"]["is_animated"] is True


async def test_emoji_words_title_and_thumbnail_are_changed() -> None:
    """The set and its stickers say so afterwards; deleting it takes it away."""
    town = Town()
    first, _ = ids(await made(town))
    assert await town.result("setStickerEmojiList", sticker=first, emoji_list=["🎉"]) is True
    assert await town.result("setStickerKeywords", sticker=first, keywords=["cat"]) is True
    assert await town.result("setStickerSetTitle", name=NAME, title="Kittens") is True
    place = {"user_id": town.reader.id, "name": NAME, "format": "static"}
    files = {"thumbnail": upload(png(100, 100))}
    assert await result(town, "setStickerSetThumbnail", files, **place) is True
    set_ = await shown(town)
    assert (set_["stickers"][0]["emoji"], set_["title"], set_["thumbnail"]["width"]) == ("🎉", "Kittens", 100)
    assert town.world.sticker_sets[NAME].stickers[0].keywords == ["cat"]
    assert await town.result("setStickerSetThumbnail", **place) is True
    assert "thumbnail" not in await shown(town)
    assert await town.result("deleteStickerSet", name=NAME) is True
    assert await error(town, "getStickerSet", {}, name=NAME) == "STICKERSET_INVALID"


async def test_masks_say_where_they_go() -> None:
    """Only stickers of mask sets do."""
    town = Town()
    mask = {"point": "eyes", "x_shift": 0.5, "y_shift": -1, "scale": 2}
    first, _ = ids(await made(town, "mask"))
    assert await town.result("setStickerMaskPosition", sticker=first, mask_position=mask) is True
    assert (await shown(town))["stickers"][0]["mask_position"] == mask
    assert await town.result("setStickerMaskPosition", sticker=first) is True
    assert "mask_position" not in (await shown(town))["stickers"][0]
    for wrong, text in (
        ("[]", "can't parse mask position: MaskPosition must be an Object"),
        ("[", "can't parse mask position JSON object"),
        (mask | {"point": "nose"}, "can't parse mask position: Wrong point specified in MaskPosition"),
        ({"point": "eyes"}, "can't parse mask position: Can't find field \"x_shift\""),
        (mask | {"scale": "NaN"}, 'can\'t parse mask position: Field "scale" must be of type Number'),
    ):
        assert await error(town, "setStickerMaskPosition", {}, sticker=first, mask_position=wrong) == text
    await town.result("deleteStickerSet", name=NAME)
    first, _ = ids(await made(town))
    told = await error(town, "setStickerMaskPosition", {}, sticker=first, mask_position=mask)
    assert told == "STICKER_MASK_COORDS_NOT_SUPPORTED"


async def test_custom_emoji_are_found_by_their_ids() -> None:
    """Whoever asks, and in any order; the icons of topics are among them."""
    town = Town()
    icons = await town.result("getForumTopicIconStickers")
    assert icons == await town.result("getForumTopicIconStickers")
    assert {icon["type"] for icon in icons} == {"custom_emoji"}
    set_ = await made(town, "custom_emoji", "e")
    number = set_["stickers"][0]["custom_emoji_id"]
    wanted = ["5", number, icons[0]["custom_emoji_id"], number]
    found = await town.result("getCustomEmojiStickers", custom_emoji_ids=wanted)
    assert found == [set_["stickers"][0], icons[0]]
    assert await town.result("setCustomEmojiStickerSetThumbnail", name=NAME, custom_emoji_id=number) is True
    assert (await shown(town))["thumbnail"]["file_id"] == found[0]["file_id"]
    for given, text in (
        ("", 'parameter "custom_emoji_ids" is required'),
        ("[", "can't parse custom emoji identifiers JSON object"),
        ("{}", "expected an Array of custom emoji identifiers"),
        ("[7]", "custom emoji identifier must be of type String"),
        ('["x"]', "invalid custom emoji identifier specified"),
        (["1"] * 201, "too many custom emoji identifiers specified"),
    ):
        assert await error(town, "getCustomEmojiStickers", {}, custom_emoji_ids=given) == text


async def test_uploaded_files_become_stickers() -> None:
    """uploadStickerFile stores one to be named by its file_id, once it is of a format stickers have."""
    town = Town()
    await made(town)
    place = {"user_id": town.reader.id, "sticker_format": "static"}
    stored = await result(town, "uploadStickerFile", {"sticker": upload(png(512, 10))}, **place)
    item = sticker("") | {"sticker": stored["file_id"]}
    place = {"user_id": town.reader.id, "name": NAME}
    assert await result(town, "addStickerToSet", {}, **place, sticker=item) is True
    assert len((await shown(town))["stickers"]) == 3
    for files, given, text in (
        ({}, {"user_id": "x"}, "invalid user_id specified"),
        ({}, {"sticker_format": "round"}, "invalid sticker format specified"),
        ({}, {}, "inputFile is not specified"),
        ({"sticker": upload(b"")}, {}, "file must be non-empty"),
        ({"sticker": upload(JPEG)}, {}, "STICKER_PNG_DIMENSIONS"),
        ({"sticker": upload(b"words")}, {}, "STICKER_PNG_NOPNG"),
        ({"sticker": upload(WEBP)}, {"sticker_format": "animated"}, "STICKER_TGS_NOTGS"),
        ({"sticker": upload(MP4)}, {"sticker_format": "video"}, "STICKER_VIDEO_NOWEBM"),
        ({"sticker": upload(TGS + bytes(512 << 10))}, {"sticker_format": "animated"}, "STICKER_FILE_INVALID"),
    ):
        parameters = {"user_id": town.reader.id, "sticker_format": "static"} | given
        assert await error(town, "uploadStickerFile", files, **parameters) == text


INPUT = "can't parse InputSticker: "
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"user_id": 0}, "invalid user_id specified"),
    ({"user_id": 99}, "user not found"),
    ({"name": "cats"}, "invalid sticker set name is specified"),
    ({"name": "1_by_gate_bot"}, "invalid sticker set name is specified"),
    ({"name": "a__b_by_gate_bot"}, "invalid sticker set name is specified"),
    ({"name": "x" * 60 + "_by_gate_bot"}, "invalid sticker set name is specified"),
    ({"name": NAME.upper()}, "sticker set name is already occupied"),
    ({"title": " "}, "PACK_TITLE_INVALID"),
    ({"title": "x" * 65}, "PACK_TITLE_INVALID"),
    ({"sticker_type": "round"}, "unsupported sticker type specified"),
    ({"stickers": ""}, "can't parse stickers JSON object"),
    ({"stickers": "{}"}, "expected an Array of InputSticker"),
    ({"stickers": []}, "STICKERS_EMPTY"),
    ({"stickers": [sticker("a")] * 51}, "too many stickers specified"),
    ({"stickers": [7]}, INPUT + "InputSticker must be an Object"),
    ({"stickers": [sticker("x")]}, INPUT + "sticker not found"),
    ({"stickers": [{"sticker": "attach://a"}]}, INPUT + 'Can\'t find field "format"'),
    ({"stickers": [sticker("a", format="x")]}, INPUT + "Invalid sticker format specified"),
    ({"stickers": [sticker("a", emoji_list=[])]}, INPUT + "emoji list must be non-empty"),
    ({"stickers": [sticker("a", emoji_list=["🙂"] * 21)]}, INPUT + "too many emoji specified"),
    ({"stickers": [sticker("a", emoji_list=["x"])]}, INPUT + "expected a Unicode emoji"),
    ({"stickers": [sticker("a", emoji_list=[1])]}, INPUT + "emoji must be a string"),
    ({"stickers": [sticker("a", keywords=[1])]}, INPUT + "keyword must be a string"),
    ({"stickers": [sticker("a", keywords=["x" * 65])]}, "STICKER_KEYWORDS_INVALID"),
    ({"stickers": [sticker("a"), sticker("wide")]}, "STICKER_PNG_DIMENSIONS"),
    ({"stickers": [sticker("a")], "sticker_type": "custom_emoji"}, "STICKER_PNG_DIMENSIONS"),
    ({"stickers": [sticker("a", format="animated")]}, "STICKER_TGS_NOTGS"),
    (
        {"stickers": [sticker("") | {"sticker": "http://example.org/a.webp"}]},
        "failed to get HTTP URL content",
    ),
]


@pytest.mark.parametrize(("change", "text"), REFUSED)
async def test_a_set_with_a_fault_is_not_made(change: dict[str, Any], text: str) -> None:
    """The fault is named; neither the set nor a file is there."""
    town = Town()
    await made(town)
    before = (len(town.world.files.by_id), set(town.world.sticker_sets))
    given = {
        "user_id": town.reader.id,
        "name": "dogs_by_gate_bot",
        "title": "Dogs",
        "stickers": [sticker("b")],
    }
    assert await error(town, "createNewStickerSet", FILES, **(given | change)) == text
    assert (len(town.world.files.by_id), set(town.world.sticker_sets)) == before


async def test_sets_are_changed_only_by_their_bot_and_for_their_owner() -> None:
    """Other sets, other people, stickers that are in none, places that do not exist, sets that are full."""
    town = Town()
    first, _ = ids(await made(town))
    town.world.start(town.owner.id, town.bot.id)
    stray = town.world.files.add("sticker", WEBP)
    emoji = {"emoji_list": ["🙂"]}
    mine = {"user_id": town.reader.id}
    for method, given, text in (
        ("setStickerSetTitle", {"name": "dogs", "title": "x"}, "STICKERSET_INVALID"),
        ("deleteStickerSet", {"name": ""}, "STICKERSET_INVALID"),
        ("addStickerToSet", {"user_id": town.owner.id, "name": NAME}, "STICKERSET_OWNER_ANOTHER"),
        ("addStickerToSet", mine | {"name": NAME}, "there is no sticker file in the request"),
        ("addStickerToSet", mine | {"name": NAME, "sticker": "{"}, "can't parse sticker JSON object"),
        ("setStickerEmojiList", {"sticker": stray.file_id} | emoji, "STICKERSET_INVALID"),
        ("setStickerEmojiList", {"sticker": ""} | emoji, "sticker is not specified"),
        ("setStickerEmojiList", {"sticker": first, "emoji_list": "["}, "can't parse emoji list JSON array"),
        (
            "setStickerEmojiList",
            {"sticker": first, "emoji_list": "{}"},
            "can't parse emoji list: expected an Array of string",
        ),
        ("setStickerKeywords", {"sticker": first, "keywords": "{}"}, 'field "keywords" must be an Array'),
        ("setStickerPositionInSet", {"sticker": first, "position": 2}, "STICKER_POSITION_INVALID"),
        ("setStickerPositionInSet", {"sticker": first}, "STICKER_POSITION_INVALID"),
        (
            "replaceStickerInSet",
            mine | {"name": NAME, "old_sticker": stray.file_id, "sticker": sticker("c", format="auto")},
            "STICKER_INVALID",
        ),
        ("setCustomEmojiStickerSetThumbnail", {"name": NAME, "custom_emoji_id": "1"}, "STICKERSET_INVALID"),
        ("setStickerSetThumbnail", mine | {"name": NAME, "format": "x"}, "invalid sticker format specified"),
        (
            "setStickerSetThumbnail",
            mine | {"name": NAME, "thumbnail": "attach://a"},
            "STICKER_THUMB_PNG_NOPNG",
        ),
    ):
        assert await error(town, method, FILES, **given) == text
    set_ = town.world.sticker_sets[NAME]
    set_.stickers *= MOST["regular"] // 2
    told = await error(
        town, "addStickerToSet", FILES, **mine, name=NAME, sticker=sticker("c", format="animated")
    )
    assert told == "STICKERS_TOO_MUCH"
    other = town.world.bot("other_bot")
    set_.bot_id = other.id
    assert await error(town, "deleteStickerFromSet", {}, sticker=first) == "STICKERSET_INVALID"


async def test_sets_are_saved_with_their_world() -> None:
    """A loaded world shows the same sets."""
    town = Town()
    set_ = await made(town)
    town.world = worldfile.parse(worldfile.dump(town.world), "world.json", town.clock)
    town.api.world, town.bot = town.world, town.world.bots[town.bot.id]
    assert await shown(town) == set_
