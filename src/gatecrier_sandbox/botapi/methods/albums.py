"""Albums: files that are shown together, each as a message of its own."""

from msgspec import structs

from gatecrier_sandbox.botapi import access, input_media, media
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.input_media import Load, Wish
from gatecrier_sandbox.botapi.sending import Draft, admit, arrive, begin, checked_caption
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.kinds import KINDS, TEXT
from gatecrier_sandbox.world.media import ALBUMS
from gatecrier_sandbox.world.model import Wire

MOST = 10
PREFIX = "can't parse InputMedia: "


@method("sendMediaGroup", missing=("business_connection_id", "direct_messages_topic_id"))
def send_media_group(call: Call) -> list[Wire]:
    """Send files as an album; all of them, or none. A single one is no album."""
    wishes = _wishes(call)
    first = KINDS[wishes[0].kind] if wishes else TEXT
    draft = begin(call, first.permission, first.noun, may_be_ephemeral=False, may_have_markup=False)
    _check(wishes)
    for wish in wishes:
        kind = KINDS[wish.kind]
        access.check_posting(call.world, call.bot, draft.room, kind.permission, kind.noun)
    loads = [_load(call, wish, number) for number, wish in enumerate(wishes, 1)]
    admit(call, draft, count=len(wishes))
    group_id = str(call.world.rng.getrandbits(53)) if len(wishes) > 1 else ""
    sent = []
    for wish, carried in zip(wishes, loads, strict=True):
        media.keep(call, *carried.parcels)
        part = Draft(draft.room, structs.replace(draft.message, content=carried.content))
        part.message.text, part.message.entities = wish.text, wish.entities
        part.message.media_group_id = group_id
        sent.append(wire.message(call.world, draft.room, arrive(call, part)))
    return sent


def _wishes(call: Call) -> list[Wish]:
    raw = call.text("media")
    if not raw:
        raise bad_request('parameter "media" is required')
    values = decode(raw, "media")
    if not isinstance(values, list):
        raise bad_request("expected an Array of InputMedia")
    if len(values) > MOST:
        raise bad_request("too many messages to send as an album")
    return [input_media.read(call, value, PREFIX, in_album=True) for value in values]


def _check(wishes: list[Wish]) -> None:
    """What an album may hold. Source: TDLib check_message_group_message_contents."""
    if not wishes:
        raise bad_request("there are no messages to send")
    for wish in wishes:
        checked_caption(wish.text)
    for wish in wishes:
        if wish.kind in {"audio", "document"} and any(other.kind != wish.kind for other in wishes):
            raise bad_request(f"{wish.kind} can't be mixed with other media types")
    if len({wish.above for wish in wishes if ALBUMS[wish.kind] == "picture"}) > 1:
        raise bad_request("parameter show_caption_above_media must be the same for all messages")


def _load(call: Call, wish: Wish, number: int) -> Load:
    """The files of one part; what Telegram's own servers refuse is told with the part's number."""
    try:
        carried = input_media.load(call, wish)
    except media.Unfit as unfit:
        text = f'failed to send message #{number} with the error message "{unfit.reason}"'
        raise bad_request(text) from None
    if wish.kind not in carried.content:
        sorts = {ALBUMS.get(name) for name in carried.content} - {None}
        if sorts != {ALBUMS[wish.kind]}:
            raise bad_request("can't use the media of the specified type in the album")
    return carried
