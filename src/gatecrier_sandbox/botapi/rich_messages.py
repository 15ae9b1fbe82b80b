"""InputRichMessage: read from blocks, HTML or Markdown, and made ready to be sent."""

import re

from msgspec import Struct, field

from gatecrier_sandbox.botapi import access, locations, media
from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.botapi.input_media import Load, Wish, load
from gatecrier_sandbox.botapi.rich_blocks import Reader, read_media
from gatecrier_sandbox.entities.rich import limits
from gatecrier_sandbox.entities.rich.blocks import built
from gatecrier_sandbox.entities.rich.markdown import read_markdown
from gatecrier_sandbox.entities.rich.nodes import read_html
from gatecrier_sandbox.entities.rich.texts import changed, clean, detected
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.kinds import KINDS
from gatecrier_sandbox.world.model import Room, Wire

MEDIA_PREFIX = "can't parse InputRichMessageMedia: "
MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ATTACHED = re.compile(r"(?i:tg:(?://)?)(photo|video|document|audio)/?\?id=([A-Za-z0-9_-]+)")
WEB = re.compile(r"https?://", re.IGNORECASE)
LARGEST_ZOOM = 24
LONGEST_SIDES = 10_000
"""Width and height of a map together."""
MOST_OBLONG = 20
TEXTS = ("text", "credit", "summary")


class Written(Struct):
    """A rich message that was read; its files were not looked at yet."""

    blocks: list[Wire]
    wishes: list[tuple[Wire, Wish]] = field(default_factory=list)
    is_rtl: bool = False


def read(call: Call) -> Written:
    """
    Read `rich_message`.

    Raises:
        ApiError: 400 it is none, or too large.
    """
    fields = _fields(call.text("rich_message"))
    reader = Reader(call)
    if fields.values.get("blocks") is not None:
        blocks = reader.blocks(fields.array("blocks"))
    else:
        blocks = _from_markup(reader, fields)
    if not blocks:
        raise bad_request("Rich message must be non-empty")
    limits.check(blocks)
    finisher = _Finisher(call, detects=not fields.flag("skip_entity_detection"))
    for block in blocks:
        finisher.block(block)
    return Written(blocks, reader.wishes, fields.flag("is_rtl"))


def _fields(raw: str) -> Fields:
    if not raw:
        raise bad_request("Rich message must be non-empty")
    value = decode(raw, "rich message")
    if not isinstance(value, dict):
        raise bad_request("Object expected as rich message")
    return Fields(value, "")


def _from_markup(reader: Reader, fields: Fields) -> list[Wire]:
    markdown, html = fields.text("markdown"), fields.text("html")
    if not markdown and not html:
        raise bad_request("Rich message must be non-empty")
    if len(markdown or html) > 2 * limits.LONGEST:
        raise bad_request("RICH_MESSAGE_TEXT_TOO_LONG")
    attached = _attached(reader.call, fields)
    rich = built(read_markdown(markdown) if markdown else read_html(html))
    reader.wishes += [(block, _wish(block, address, attached)) for block, address in rich.media]
    return rich.blocks


def _attached(call: Call, fields: Fields) -> dict[str, Wish]:
    """The files of the field `media`, by the id the markup names them by."""
    found: dict[str, Wish] = {}
    for value in fields.array("media"):
        if not isinstance(value, dict):
            raise bad_request(f"{MEDIA_PREFIX}expected an Object")
        inner = Fields(value, MEDIA_PREFIX)
        name, given = inner.need_text("id"), inner.nested("media")
        if MEDIA_ID.fullmatch(name) is None:
            raise bad_request(f"{MEDIA_PREFIX}Invalid identifier specified")
        if given is None:
            raise bad_request(f'{MEDIA_PREFIX}Can\'t find field "media"')
        found[name] = read_media(call, given, "")
    return found


def _wish(block: Wire, address: str, attached: dict[str, Wish]) -> Wish:
    """The file a media tag names: one of `media`, or a web address. The block takes its kind."""
    if match := ATTACHED.fullmatch(address):
        wish = attached.get(match[2])
        if wish is None:
            raise bad_request("RICH_MESSAGE_MEDIA_NOT_FOUND")
        block["type"] = "voice_note" if wish.kind == "voice" else wish.kind
        return wish
    if WEB.match(address) is None:
        raise bad_request("wrong HTTP URL specified")
    kind = str(block["type"])
    return Wish("voice" if kind == "voice_note" else kind, address)


class _Finisher:
    """What happens to all blocks, however they were written: clean texts, found entities, known people."""

    def __init__(self, call: Call, *, detects: bool) -> None:
        self.call = call
        self.detects = detects

    def block(self, block: Wire) -> None:
        """Finish a block and those inside; `ApiError` 400 what is only for drafts."""
        if block["type"] == "thinking":
            raise bad_request("RICH_MESSAGE_THINKING_NOT_ALLOWED")
        for holder in self._holders(block):
            for name in TEXTS:
                if name in holder:
                    holder[name] = self._text(holder[name], is_code=block["type"] == "pre")
        if block["type"] == "table" and "caption" in block:
            block["caption"] = self._text(block["caption"])
        if block["type"] == "map":
            _check_map(block)
        inner = block.get("blocks")
        for held in inner if isinstance(inner, list) else ():
            self.block(held)
        items = block.get("items")
        for item in items if isinstance(items, list) else ():
            for held in item["blocks"]:
                self.block(held)

    def _holders(self, block: Wire) -> list[Wire]:
        """What has texts of its own: the block, its caption, its cells."""
        rows, caption = block.get("cells"), block.get("caption")
        cells = [cell for row in rows for cell in row] if isinstance(rows, list) else []
        is_caption = block["type"] != "table" and isinstance(caption, dict)
        return [block, *cells, *([caption] if is_caption and isinstance(caption, dict) else [])]

    def _text(self, text: object, *, is_code: bool = False) -> object:
        search = clean if is_code or not self.detects else self._searched
        return changed(text, on_text=search, on_mention=self._mentioned)

    def _searched(self, text: str) -> object:
        return detected(clean(text))

    def _mentioned(self, mention: Wire) -> object:
        number = mention.pop("user_id", 0)
        call = self.call
        person = access.known_person(call.world, call.bot, number) if isinstance(number, int) else None
        return mention | {"user": wire.user(person)} if person is not None else mention["text"]


def _check_map(block: Wire) -> None:
    place = block["location"]
    fields = Fields(place if isinstance(place, dict) else {}, "")
    block["location"] = locations.point(
        fields.need_real("latitude"), fields.need_real("longitude"), fields.real("horizontal_accuracy")
    )
    zoom, width, height = (int(str(block[name])) for name in ("zoom", "width", "height"))
    is_wrong = not 0 <= zoom <= LARGEST_ZOOM or min(width, height) < 0 or width + height > LONGEST_SIDES
    if is_wrong or width > height * MOST_OBLONG or height > width * MOST_OBLONG:
        raise bad_request("Invalid map properties specified")


def check_rights(call: Call, room: Room, written: Written) -> None:
    """`ApiError` 400 if the bot may not send one of the media here."""
    for kind in dict.fromkeys(wish.kind for _, wish in written.wishes):
        access.check_posting(call.world, call.bot, room, KINDS[kind].permission, KINDS[kind].noun)


def loaded(call: Call, written: Written) -> Load:
    """The content of the message, and the files to keep. Raises what `input_media.load` does."""
    parcels: list[media.Parcel | None] = []
    for block, wish in written.wishes:
        carried = load(call, wish)
        if wish.kind not in carried.content:
            raise media.Unfit("MEDIA_TYPE_INVALID")
        _fill(block, carried.content[wish.kind])
        parcels += carried.parcels
    message: Wire = {"blocks": written.blocks}
    return Load({"rich_message": message | ({"is_rtl": True} if written.is_rtl else {})}, tuple(parcels))


def _fill(block: Wire, shown: object) -> None:
    """Put a file into its block, its fields in the documented order."""
    rest = {name: value for name, value in block.items() if name != "type"}
    kind = str(block["type"])
    block.clear()
    block |= {"type": kind, kind: shown} | {name: value for name, value in rest.items() if name != kind}
