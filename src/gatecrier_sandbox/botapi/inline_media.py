"""Inline results that are files: what they need, and what their messages carry."""

from msgspec import Struct

from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.botapi.media import LONGEST_DURATION, LONGEST_SIDE, Parcel, Traits, Unfit, receive
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import media
from gatecrier_sandbox.world.conversation import PIXEL
from gatecrier_sandbox.world.model import Wire


class Sort(Struct, frozen=True):
    """
    One type of result: the kind of its file, and the word its fields begin with.

    `title`: needed always ("always"), only with a URL ("url"), or never. `has_mime_type`: a URL needs one.
    """

    kind: str
    word: str
    title: str = ""
    has_mime_type: bool = False


SORTS = {
    "photo": Sort("photo", "photo"),
    "gif": Sort("animation", "gif"),
    "mpeg4_gif": Sort("animation", "mpeg4"),
    "video": Sort("video", "video", title="always", has_mime_type=True),
    "audio": Sort("audio", "audio", title="url"),
    "voice": Sort("voice", "voice", title="always"),
    "document": Sort("document", "document", title="always", has_mime_type=True),
    "sticker": Sort("sticker", "sticker"),
}
EMPTY_TITLES = {"video": "VIDEO_TITLE_EMPTY", "document": "FILE_TITLE_EMPTY"}
PICTURES = frozenset({"photo", "gif", "mpeg4_gif", "video"})
"""What may have its caption above."""
ABOVE = "show_caption_above_media"


def parcel(call: Call, kind: str, fields: Fields) -> Parcel:
    """
    The file of a result. What lies at a URL elsewhere is not fetched: a grey pixel stands for it.

    Raises:
        ApiError: 400 a field is missing, or the file is unknown or of another kind.
    """
    sort = SORTS[kind]
    url = fields.text(f"{sort.word}_url") if kind != "sticker" else ""
    _check_title(kind, sort, fields, url)
    if not url:
        return receive(call, fields.need_text(f"{sort.word}_file_id"), sort.kind)
    if sort.has_mime_type:
        fields.need_text("mime_type")
    if kind == "photo" and not (fields.text("thumbnail_url") or fields.text("thumb_url")):
        raise bad_request("PHOTO_THUMB_URL_EMPTY")
    if "." not in url:
        raise bad_request("WEBDOCUMENT_URL_INVALID")
    traits = _traits(sort, fields)
    try:
        return receive(call, url, sort.kind, traits)
    except Unfit:
        return _stand_in(call, sort, fields, traits)


def content(kind: str, found: Parcel, fields: Fields) -> Wire:
    """What the message of such a result carries."""
    shown = media.content(found.file)
    is_above = (
        fields.flag(ABOVE) and fields.text("caption") and kind in {"photo", "gif", "mpeg4_gif", "video"}
    )
    return shown | ({ABOVE: True} if is_above else {})


def _check_title(kind: str, sort: Sort, fields: Fields, url: str) -> None:
    if sort.title == "always" or (sort.title == "url" and url):
        title = fields.need_text("title")
        if not title and kind in EMPTY_TITLES:
            raise bad_request(EMPTY_TITLES[kind])


def _traits(sort: Sort, fields: Fields) -> Traits:
    """What the result says of its file."""
    sides = [min(max(fields.whole(f"{sort.word}_{side}"), 0), LONGEST_SIDE) for side in ("width", "height")]
    seconds = min(max(fields.whole(f"{sort.word}_duration"), 0), LONGEST_DURATION)
    names = ("performer", "title") if sort.kind == "audio" else ()
    about: Wire = {name: fields.text(name) for name in names if fields.text(name)}
    return Traits(sides[0], sides[1], seconds, about)


def _stand_in(call: Call, sort: Sort, fields: Fields, traits: Traits) -> Parcel:
    name = fields.text(f"{sort.word}_url").partition("?")[0].rpartition("/")[2][:64]
    file = call.world.files.make(
        sort.kind,
        PIXEL,
        name=name,
        mime_type=fields.text("mime_type"),
        width=traits.width,
        height=traits.height,
        duration=traits.duration,
    )
    file.about = traits.about
    return Parcel(file)
