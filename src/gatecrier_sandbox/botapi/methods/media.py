"""Sending files: photos, documents, videos, music, voice, stickers."""

from gatecrier_sandbox.botapi import media
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.input_media import ABOVE, Load, Wish, extras, load, read
from gatecrier_sandbox.botapi.media import LONGEST_DURATION, LONGEST_SIDE, Traits
from gatecrier_sandbox.botapi.sending import UNSUPPORTED, Draft, admit, arrive, begin, caption
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.kinds import CAPTIONED, KINDS
from gatecrier_sandbox.world.model import Wire

NOUNS = {"video_note": "video note", "live_photo": "live photo"}
MOST_STARS = 25_000
MOST_PAID = 10
LONGEST_PAYLOAD = 128
"""Bytes of a paid media's payload."""
PAID_PREFIX = "can't parse InputPaidMedia: "


@method("sendPhoto", missing=(*UNSUPPORTED, "smaller sizes of the photo"))
def send_photo(call: Call) -> Wire:
    """Show a picture."""
    return _send(call, "photo")


@method("sendDocument", missing=(*UNSUPPORTED, "content type detection, but for GIFs"))
def send_document(call: Call) -> Wire:
    """Send a file of any kind; a GIF becomes an animation."""
    return _send(call, "document", Traits(as_is=call.flag("disable_content_type_detection")))


@method("sendVideo", missing=UNSUPPORTED)
def send_video(call: Call) -> Wire:
    """Show a video."""
    return _send(call, "video", _moving(call))


@method("sendAnimation", missing=UNSUPPORTED)
def send_animation(call: Call) -> Wire:
    """Show a GIF or a video without sound."""
    return _send(call, "animation", _moving(call))


@method("sendAudio", missing=UNSUPPORTED)
def send_audio(call: Call) -> Wire:
    """Play music."""
    about: Wire = {name: call.text(name) for name in ("title", "performer") if call.text(name)}
    return _send(call, "audio", Traits(duration=_duration(call), about=about))


@method("sendVoice", missing=UNSUPPORTED)
def send_voice(call: Call) -> Wire:
    """Say something."""
    return _send(call, "voice", Traits(duration=_duration(call)))


@method("sendVideoNote", missing=UNSUPPORTED)
def send_video_note(call: Call) -> Wire:
    """Say something, with one's face in a circle."""
    side = call.params.integer("length", 0, low=0, high=LONGEST_SIDE)
    return _send(call, "video_note", Traits(side, side, _duration(call)))


@method("sendSticker", missing=UNSUPPORTED)
def send_sticker(call: Call) -> Wire:
    """Show a sticker."""
    emoji = call.text("emoji")
    return _send(call, "sticker", Traits(about={"emoji": emoji} if emoji else {}))


@method("sendLivePhoto", missing=UNSUPPORTED)
def send_live_photo(call: Call) -> Wire:
    """Show a picture that moves for a moment."""
    return _send(call, "live_photo", _moving(call))


def _moving(call: Call) -> Traits:
    width, height = (call.params.integer(name, 0, low=0, high=LONGEST_SIDE) for name in ("width", "height"))
    return Traits(width, height, _duration(call))


def _duration(call: Call) -> int:
    return call.params.integer("duration", 0, low=0, high=LONGEST_DURATION)


def _send(call: Call, kind: str, traits: Traits = media.PLAIN) -> Wire:
    """Read what the request says, then the chat, then the file: the order of the server and its TDLib."""
    wish = _wish(call, kind, traits)
    draft = begin(call, KINDS[kind].permission, KINDS[kind].noun)
    return _deliver(call, draft, wish, load(call, wish))


def _wish(call: Call, kind: str, traits: Traits) -> Wish:
    given = media.need(call, kind, NOUNS.get(kind, ""))
    text, entities = caption(call) if kind in CAPTIONED else ("", [])
    is_video = kind == "video"
    return Wish(
        kind,
        given,
        traits.with_thumbnail(media.thumbnail(call)),
        text,
        entities,
        extras(kind, text, above=call.flag(ABOVE), spoiler=call.flag("has_spoiler")),
        cover=media.pick(call, call.text("cover"), "cover") if is_video else None,
        still=media.need(call, "photo") if kind == "live_photo" else None,
        start=call.params.integer("start_timestamp", 0, low=0) if is_video else 0,
    )


def _deliver(call: Call, draft: Draft, wish: Wish, carried: Load) -> Wire:
    """The message and its files arrive together, or neither does."""
    draft.message.text, draft.message.entities = wish.text, wish.entities
    draft.message.content = carried.content
    admit(call, draft)
    media.keep(call, *carried.parcels)
    return wire.message(call.world, draft.room, arrive(call, draft))


@method("sendPaidMedia", missing=(*UNSUPPORTED, "purchases by people"))
def send_paid_media(call: Call) -> Wire:
    """Show media that cost Stars to see."""
    stars = call.params.integer("star_count", 0, low=0)
    wishes = _paid(call)
    text, entities = caption(call)
    draft = begin(call, KINDS["paid_media"].permission, KINDS["paid_media"].noun, may_be_ephemeral=False)
    if not 0 < stars <= MOST_STARS:
        raise bad_request("STARS_AMOUNT_INVALID")
    if len(call.text("payload").encode()) > LONGEST_PAYLOAD:
        raise bad_request("PAYLOAD_INVALID")
    loads = [load(call, wish) for wish in wishes]
    shown = [_piece(wish, carried) for wish, carried in zip(wishes, loads, strict=True)]
    info: Wire = {"paid_media": {"star_count": stars, "paid_media": shown}}
    above = extras("photo", text, above=call.flag(ABOVE), spoiler=False)
    parcels = tuple(parcel for carried in loads for parcel in carried.parcels)
    whole = Wish("paid_media", "", text=text, entities=entities)
    return _deliver(call, draft, whole, Load(info | above, parcels))


def _paid(call: Call) -> list[Wish]:
    raw = call.text("media")
    if not raw:
        raise bad_request('parameter "media" is required')
    values = decode(raw, "paid media")
    if not isinstance(values, list):
        raise bad_request("expected an Array of InputPaidMedia")
    if not values or len(values) > MOST_PAID:
        raise bad_request("wrong number of paid media specified")
    wishes = [read(call, value, PAID_PREFIX) for value in values]
    for wish in wishes:
        if wish.kind not in {"photo", "video", "live_photo"}:
            raise bad_request(f'{PAID_PREFIX}type "{wish.kind}" is unsupported')
    return wishes


def _piece(wish: Wish, carried: Load) -> Wire:
    """A PaidMedia, as its sender sees it."""
    kind = next((name for name in ("live_photo", "photo", "video") if name in carried.content), "")
    if kind != wish.kind:
        raise media.Unfit("MEDIA_TYPE_INVALID")
    return {"type": kind, kind: carried.content[kind]}
