"""Sticker sets: making them, changing them, looking at them."""

import re

from gatecrier_sandbox.botapi import input_sticker, media
from gatecrier_sandbox.botapi.access import seen_person
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.input_sticker import Wish, emoji_list, file_of
from gatecrier_sandbox.botapi.params import Upload
from gatecrier_sandbox.errors import ApiError, bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import stickers
from gatecrier_sandbox.world.conversation import PIXEL
from gatecrier_sandbox.world.files import File
from gatecrier_sandbox.world.media import shown, thumbnail
from gatecrier_sandbox.world.model import Wire
from gatecrier_sandbox.world.stickers import CUSTOM_EMOJI, MASK, REGULAR, Sticker, StickerSet

NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
LONGEST_NAME = LONGEST_TITLE = 64
MOST_AT_ONCE = 50
MOST_LOOKED_UP = 200
LARGEST_THUMBNAIL = {"static": 128 << 10, "animated": 32 << 10, "video": 32 << 10}
"""Bytes of a set's thumbnail, by its format."""
LARGEST_ID = 2**52
EMOJI_ID = re.compile(r"-?[0-9]{1,19}")
ICONS = "📰💡⚡🎙🔝🗣"


@method("getStickerSet")
def get_sticker_set(call: Call) -> Wire:
    """Show a set."""
    set_ = call.world.sticker_sets.get(call.text("name").strip().lower())
    if set_ is None:
        raise bad_request("STICKERSET_INVALID")
    held: Wire = {"name": set_.name, "title": set_.title, "sticker_type": set_.type}
    held["stickers"] = [_shown(call, sticker) for sticker in set_.stickers]
    if set_.thumbnail_id:
        held |= thumbnail(call.world.files.by_id[set_.thumbnail_id])
    return held


def _shown(call: Call, sticker: Sticker) -> Wire:
    return shown(call.world.files.by_id[sticker.file_id])


@method("getCustomEmojiStickers")
def get_custom_emoji_stickers(call: Call) -> list[Wire]:
    """Show the stickers behind custom emoji; ids that mean nothing are overlooked."""
    raw = call.text("custom_emoji_ids")
    if not raw:
        raise bad_request('parameter "custom_emoji_ids" is required')
    values = decode(raw, "custom emoji identifiers")
    if not isinstance(values, list):
        raise bad_request("expected an Array of custom emoji identifiers")
    if len(values) > MOST_LOOKED_UP:
        raise bad_request("too many custom emoji identifiers specified")
    for value in values:
        if not isinstance(value, str):
            raise bad_request("custom emoji identifier must be of type String")
        if EMOJI_ID.fullmatch(value) is None:
            raise bad_request("invalid custom emoji identifier specified")
    known = {str(file.about.get("custom_emoji_id")): file for file in _custom_emoji(call)}
    return [shown(known[value]) for value in dict.fromkeys(values) if value in known]


def _custom_emoji(call: Call) -> list[File]:
    return list(stickers.custom_emoji(call.world.sticker_sets, call.world.files))


@method("getForumTopicIconStickers")
def get_forum_topic_icon_stickers(call: Call) -> list[Wire]:
    """Show the icons that any topic may have; the first call draws them."""
    world = call.world
    set_ = world.sticker_sets.get(stickers.TOPIC_ICONS.lower())
    if set_ is None:
        set_ = StickerSet(stickers.TOPIC_ICONS, stickers.TOPIC_ICONS, CUSTOM_EMOJI, needs_repainting=True)
        world.sticker_sets[set_.name.lower()] = set_
        for emoji in ICONS:
            _insert(call, set_, stickers.made(world.files, PIXEL, "static"), [emoji], [])
    return [_shown(call, sticker) for sticker in set_.stickers]


@method("uploadStickerFile")
def upload_sticker_file(call: Call) -> Wire:
    """Store a file from which stickers are made."""
    _owner(call)
    format_ = call.text("sticker_format")
    if format_ not in input_sticker.FORMATS:
        raise bad_request("invalid sticker format specified")
    given = media.pick(call, call.text("sticker"), "sticker", uploads_only=True)
    if not isinstance(given, Upload):
        raise bad_request("inputFile is not specified")
    # for which type of set it is nobody says yet
    type_ = CUSTOM_EMOJI if stickers.fault(given.data, format_, REGULAR) else REGULAR
    file = file_of(call, Wish(given, format_, [], None, []), type_)
    call.world.files.keep(file)
    return {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": file.size}


@method("createNewStickerSet")
def create_new_sticker_set(call: Call) -> bool:
    """Make a set that belongs to a person and is edited by the bot."""
    owner_id = _user_id(call)
    wishes = _wishes(call)
    type_ = call.text("sticker_type") or REGULAR
    if type_ not in stickers.TYPES:
        raise bad_request("unsupported sticker type specified")
    _check_owner(call, owner_id)
    name, title = call.text("name"), _title(call)
    _check_name(call, name)
    if not wishes:
        raise bad_request("STICKERS_EMPTY")
    files = [file_of(call, wish, type_) for wish in wishes]
    set_ = StickerSet(name, title, type_, owner_id, call.bot.id)
    set_.needs_repainting = call.flag("needs_repainting") and type_ == CUSTOM_EMOJI
    call.world.sticker_sets[name.lower()] = set_
    for wish, file in zip(wishes, files, strict=True):
        _insert(call, set_, file, wish.emoji, wish.keywords)
    return True


def _wishes(call: Call) -> list[Wish]:
    values = decode(call.text("stickers"), "stickers")
    if not isinstance(values, list):
        raise bad_request("expected an Array of InputSticker")
    if len(values) > MOST_AT_ONCE:
        raise bad_request("too many stickers specified")
    default = call.text("sticker_format")
    return [input_sticker.read(call, value, "can't parse InputSticker: ", default) for value in values]


def _check_name(call: Call, name: str) -> None:
    ending = f"_by_{call.world.people[call.bot.id].username}".lower()
    fits = NAME.fullmatch(name) is not None and len(name) <= LONGEST_NAME
    if not fits or not name.lower().endswith(ending):
        raise bad_request("invalid sticker set name is specified")
    if name.lower() in call.world.sticker_sets:
        raise bad_request("sticker set name is already occupied")


def _title(call: Call) -> str:
    title = call.text("title").strip()
    if not 0 < len(title) <= LONGEST_TITLE:
        raise bad_request("PACK_TITLE_INVALID")
    return title


def _insert(call: Call, set_: StickerSet, file: File, emoji: list[str], keywords: list[str]) -> Sticker:
    """Put a sticker at the end of a set."""
    about: Wire = {}
    if set_.type == CUSTOM_EMOJI:
        about["custom_emoji_id"] = str(call.world.rng.getrandbits(62))
    if set_.needs_repainting:
        about["needs_repainting"] = True
    call.world.files.keep(file)
    sticker = Sticker(file.file_id, emoji, keywords)
    set_.stickers.append(sticker)
    stickers.describe(call.world.files, set_, sticker, about)
    return sticker


@method("addStickerToSet")
def add_sticker_to_set(call: Call) -> bool:
    """Add a sticker at the end; the same one again changes nothing."""
    set_, wish = _named(call, _owner(call)), _wish(call)
    file = file_of(call, wish, set_.type)
    if _has(call, set_, file):
        return True
    if len(set_.stickers) >= stickers.MOST[set_.type]:
        raise bad_request("STICKERS_TOO_MUCH")
    _insert(call, set_, file, wish.emoji, wish.keywords)
    return True


@method("replaceStickerInSet")
def replace_sticker_in_set(call: Call) -> bool:
    """Put a new sticker in the place of an old one."""
    set_ = _named(call, _owner(call))
    place = set_.place(_sticker_id(call, "old_sticker"))
    wish = _wish(call)
    if place < 0:
        raise bad_request("STICKER_INVALID")
    file = file_of(call, wish, set_.type)
    if _has(call, set_, file):
        return True
    _insert(call, set_, file, wish.emoji, wish.keywords)
    _forget(call, set_, place)
    set_.stickers.insert(place, set_.stickers.pop())
    return True


def _has(call: Call, set_: StickerSet, file: File) -> bool:
    return any(call.world.files.by_id[sticker.file_id].data == file.data for sticker in set_.stickers)


def _wish(call: Call) -> Wish:
    raw = call.text("sticker")
    if not raw:
        raise bad_request("there is no sticker file in the request")
    return input_sticker.read(call, decode(raw, "sticker"), "can't parse sticker: ", "auto")


def _forget(call: Call, set_: StickerSet, place: int) -> None:
    """Take a sticker out of its set; its file can still be sent."""
    file = call.world.files.by_id[set_.stickers.pop(place).file_id]
    file.about.pop("set_name", None)


@method("setStickerPositionInSet")
def set_sticker_position_in_set(call: Call) -> bool:
    """Move a sticker within its set."""
    set_, place = _own_sticker(call)
    position = call.params.integer("position", -1)
    if not 0 <= position < len(set_.stickers):
        raise bad_request("STICKER_POSITION_INVALID")
    set_.stickers.insert(position, set_.stickers.pop(place))
    return True


@method("deleteStickerFromSet")
def delete_sticker_from_set(call: Call) -> bool:
    """Take a sticker out of its set."""
    set_, place = _own_sticker(call)
    _forget(call, set_, place)
    return True


@method("setStickerEmojiList")
def set_sticker_emoji_list(call: Call) -> bool:
    """Give a sticker other emoji."""
    set_, place = _own_sticker(call)
    sticker = set_.stickers[place]
    try:
        values = decode(call.text("emoji_list"), "")
    except ApiError:
        raise bad_request("can't parse emoji list JSON array") from None
    sticker.emoji = emoji_list(values, "can't parse emoji list: ")
    stickers.describe(call.world.files, set_, sticker, {})
    return True


@method("setStickerKeywords")
def set_sticker_keywords(call: Call) -> bool:
    """Give a sticker other words it is found by."""
    set_, place = _own_sticker(call)
    raw = call.text("keywords")
    set_.stickers[place].keywords = input_sticker.keywords(decode(raw, "keywords"), "") if raw else []
    return True


@method("setStickerMaskPosition")
def set_sticker_mask_position(call: Call) -> bool:
    """Say where on a face a mask goes."""
    set_, place = _own_sticker(call)
    position = input_sticker.mask_position(call.text("mask_position"))
    if set_.type != MASK:
        raise bad_request("STICKER_MASK_COORDS_NOT_SUPPORTED")
    about = call.world.files.by_id[set_.stickers[place].file_id].about
    about.pop("mask_position", None)
    if position is not None:
        about["mask_position"] = position
    return True


@method("setStickerSetTitle")
def set_sticker_set_title(call: Call) -> bool:
    """Give a set another title."""
    _named(call).title = _title(call)
    return True


@method("setStickerSetThumbnail")
def set_sticker_set_thumbnail(call: Call) -> bool:
    """Give a set a picture of its own, or that of its first sticker."""
    set_ = _named(call, _owner(call))
    format_ = call.text("format") or "auto"
    if format_ not in input_sticker.FORMATS:
        raise bad_request("invalid sticker format specified")
    if set_.type == CUSTOM_EMOJI:
        raise bad_request("STICKERSET_INVALID")
    name = "thumbnail" if call.text("thumbnail") or "thumbnail" in call.params.files else "thumb"
    given = media.pick(call, call.text(name), name)
    if given is None:
        set_.thumbnail_id = ""
        return True
    data = given.data if isinstance(given, Upload) else media.receive(call, given, "sticker").file.data
    file = _set_picture(call, data, stickers.format_of(data) if format_ == "auto" else format_)
    call.world.files.keep(file)
    set_.thumbnail_id = file.file_id
    return True


def _set_picture(call: Call, data: bytes, format_: str) -> File:
    """A file with the thumbnail of a set; a static one is a square of a hundred pixels."""
    if not data:
        raise bad_request("file must be non-empty")
    if stickers.fault(data, format_, CUSTOM_EMOJI) or len(data) > LARGEST_THUMBNAIL[format_]:
        raise bad_request("STICKER_THUMB_PNG_NOPNG" if format_ == "static" else "STICKER_THUMB_TGS_NOTGS")
    side = stickers.THUMBNAIL_SIDE
    return call.world.files.make("thumbnail", data, width=side, height=side)


@method("setCustomEmojiStickerSetThumbnail")
def set_custom_emoji_sticker_set_thumbnail(call: Call) -> bool:
    """Let one of a set's custom emoji stand for it, or the first."""
    set_, wanted = _named(call), call.text("custom_emoji_id")
    files = call.world.files.by_id
    if set_.type != CUSTOM_EMOJI:
        raise bad_request("STICKERSET_INVALID")
    found = [one.file_id for one in set_.stickers if files[one.file_id].about["custom_emoji_id"] == wanted]
    if wanted and not found:
        raise bad_request("STICKER_INVALID")
    set_.thumbnail_id = found[0] if found else ""
    return True


@method("deleteStickerSet")
def delete_sticker_set(call: Call) -> bool:
    """Take a set away; its stickers can still be sent."""
    set_ = _named(call)
    while set_.stickers:
        _forget(call, set_, 0)
    del call.world.sticker_sets[set_.name.lower()]
    return True


# Whose sets


def _user_id(call: Call) -> int:
    user_id = call.params.integer("user_id", 0, low=0, high=LARGEST_ID)
    if not user_id:
        raise bad_request("invalid user_id specified")
    return user_id


def _owner(call: Call) -> int:
    """The person a set belongs to, by the request."""
    user_id = _user_id(call)
    _check_owner(call, user_id)
    return user_id


def _check_owner(call: Call, user_id: int) -> None:
    if user_id in call.bot.dialogs:
        return
    person = seen_person(call.world, call.bot, user_id)
    raise bad_request("PEER_ID_INVALID" if person is not None else "user not found")


def _named(call: Call, owner_id: int = 0) -> StickerSet:
    """The bot's set of the name in the request, which belongs to `owner_id` if one is given."""
    set_ = call.world.sticker_sets.get(call.text("name").strip().lower())
    if set_ is None or set_.bot_id != call.bot.id:
        raise bad_request("STICKERSET_INVALID")
    if owner_id and owner_id != set_.owner_id:
        raise bad_request("STICKERSET_OWNER_ANOTHER")
    return set_


def _own_sticker(call: Call) -> tuple[StickerSet, int]:
    """The sticker of a request: its set, which is the bot's, and its place there."""
    file_id = _sticker_id(call, "sticker")
    for set_ in call.world.sticker_sets.values():
        place = set_.place(file_id)
        if place >= 0 and set_.bot_id == call.bot.id:
            return set_, place
    raise bad_request("STICKERSET_INVALID")


def _sticker_id(call: Call, name: str) -> str:
    file_id = call.text(name).strip()
    if not file_id:
        raise bad_request("sticker is not specified")
    media.known(call, file_id, "sticker")
    return file_id
