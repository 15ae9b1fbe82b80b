"""InputMedia: a file with its caption, as albums, edits and paid media name it. Source: `get_input_media`."""

from msgspec import Struct

from gatecrier_sandbox.botapi import media
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.botapi.media import LONGEST_DURATION, LONGEST_SIDE, Given, Parcel, Traits
from gatecrier_sandbox.botapi.sending import written_as
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.media import content, live_photo
from gatecrier_sandbox.world.model import Wire

KINDS = ("photo", "video", "animation", "audio", "document", "live_photo")
COVERABLE = frozenset({"photo", "video", "animation", "live_photo"})
"""What may have a spoiler, or its caption above it."""
ABOVE, SPOILER = "show_caption_above_media", "has_media_spoiler"


class Wish(Struct, frozen=True):
    """
    A file as a request describes it, not looked at yet.

    `cover` is the picture a video shows before it plays, `still` that of a live photo. `extra`: what the
    message says besides (a spoiler, the caption above it). `start` is in seconds.
    """

    kind: str
    given: Given
    traits: Traits = media.PLAIN
    text: str = ""
    entities: list[Wire] = []
    extra: Wire = {}
    above: bool = False
    cover: Given | None = None
    still: Given | None = None
    start: int = 0


class Load(Struct, frozen=True):
    """What a message will carry, and the files to be kept when it goes."""

    content: Wire
    parcels: tuple[Parcel | None, ...]


def read(call: Call, value: object, prefix: str, *, in_album: bool = False) -> Wish:
    """
    Read one InputMedia.

    Raises:
        ApiError: 400, beginning with `prefix`.
    """
    if not isinstance(value, dict):
        raise bad_request(prefix + "expected an Object")
    fields = Fields(value, prefix)
    text, entities = _caption(call, fields)
    above, spoiler = fields.flag(ABOVE), fields.flag("has_spoiler")
    given = media.pick(call, fields.text("media"))
    if given is None:
        raise bad_request(prefix + "media not found")
    thumbnail = media.thumbnail(call, fields.text("thumbnail") or fields.text("thumb"))
    kind = fields.need_text("type")
    if in_album and kind == "animation":
        raise bad_request(f'{prefix}type "{kind}" can\'t be used in sendMediaGroup')
    if kind not in KINDS:
        raise bad_request(f'{prefix}type "{kind}" is unsupported')
    return Wish(
        kind,
        given,
        _traits(fields, kind, in_album=in_album).with_thumbnail(thumbnail),
        text,
        entities,
        extras(kind, text, above=above, spoiler=spoiler),
        above=above,
        cover=media.pick(call, fields.text("cover")) if kind == "video" else None,
        still=_still(call, fields) if kind == "live_photo" else None,
        start=max(fields.whole("start_timestamp"), 0) if kind == "video" else 0,
    )


def _caption(call: Call, fields: Fields) -> tuple[str, list[Wire]]:
    spans = fields.values.get("caption_entities")
    raw = wire.encoded(spans) if isinstance(spans, list) and spans else ""
    return written_as(call, fields.text("caption"), fields.text("parse_mode"), raw)


def _still(call: Call, fields: Fields) -> Given:
    given = media.pick(call, fields.text("photo"))
    if given is None:
        raise bad_request(fields.prefix + "photo not found")
    return given


def _traits(fields: Fields, kind: str, *, in_album: bool) -> Traits:
    if kind == "document":
        return Traits(as_is=fields.flag("disable_content_type_detection") or in_album)
    if kind == "photo":
        return media.PLAIN
    duration = min(max(fields.whole("duration"), 0), LONGEST_DURATION)
    if kind == "audio":
        about: Wire = {name: fields.text(name) for name in ("title", "performer") if fields.text(name)}
        return Traits(duration=duration, about=about)
    width, height = (min(max(fields.whole(name), 0), LONGEST_SIDE) for name in ("width", "height"))
    if kind == "video":
        fields.flag("supports_streaming")
    return Traits(width, height, duration)


def extras(kind: str, text: str, *, above: bool, spoiler: bool) -> Wire:
    """What a message says besides its file."""
    if kind not in COVERABLE:
        return {}
    shown: Wire = {ABOVE: True} if above and text else {}
    return shown | ({SPOILER: True} if spoiler else {})


def load(call: Call, wish: Wish) -> Load:
    """Look at the files a wish names. Raises what `media.receive` does."""
    if wish.still is not None:
        return _live(call, wish, wish.still)
    parcel = media.receive(call, wish.given, wish.kind, wish.traits)
    carried = content(parcel.file) | wish.extra
    cover = media.receive(call, wish.cover, "photo") if wish.cover is not None else None
    video = carried.get("video")
    if isinstance(video, dict):
        more: Wire = {"cover": wire.photo(cover.file)} if cover is not None else {}
        more |= {"start_timestamp": wish.start} if wish.start else {}
        carried["video"] = video | more
    return Load(carried, (parcel, cover))


def _live(call: Call, wish: Wish, still: Given) -> Load:
    """A live photo, which Telegram does not take from URLs."""
    if any(isinstance(given, str) and "." in given for given in (wish.given, still)):
        raise media.Unfit("WEBPAGE_MEDIA_EMPTY")
    moving = media.receive(call, wish.given, "video", wish.traits)
    photo = media.receive(call, still, "photo")
    return Load(live_photo(moving.file, photo.file) | wish.extra, (moving, photo))
