"""How content and options are kept: plain values, with their kind."""

from dataclasses import asdict
from typing import Any

from gatecrier.broadcast.content.model import (
    Album,
    Button,
    Content,
    Copy,
    Media,
    MediaKind,
    Message,
    ParseMode,
    Text,
    Variant,
    Variants,
)
from gatecrier.broadcast.model import Options, UnknownPolicy

KINDS: dict[str, type[Message]] = {"text": Text, "media": Media, "copy": Copy, "album": Album}


def pack(content: Content) -> dict[str, Any]:
    """As it is kept."""
    if isinstance(content, Variants):
        variants = [asdict(variant) | {"content": pack(variant.content)} for variant in content.variants]
        return {"kind": "variants", "variants": variants, "hold_out": content.hold_out}
    packed = asdict(content)
    if isinstance(content, Media):
        packed["media"] = packed.pop("kind")
    return {"kind": next(name for name, kind in KINDS.items() if type(content) is kind), **packed}


def unpack(kept: dict[str, Any]) -> Content:
    """The reverse of `pack`; what an older version did not keep has its default."""
    if kept["kind"] == "variants":
        variants = tuple(Variant(**{**one, "content": _message(one["content"])}) for one in kept["variants"])
        return Variants(variants=variants, hold_out=kept["hold_out"])
    return _message(kept)


def _message(kept: dict[str, Any]) -> Message:
    values = dict(kept)
    kind = KINDS[values.pop("kind")]
    if "media" in values:
        values["kind"] = MediaKind(values.pop("media"))
    if "buttons" in values:
        values["buttons"] = tuple(tuple(Button(**button) for button in row) for row in values["buttons"])
    if "parse_mode" in values:
        values["parse_mode"] = ParseMode(values["parse_mode"])
    if "message_ids" in values:
        values["message_ids"] = tuple(values["message_ids"])
    if values.get("follow_up") is not None:
        values["follow_up"] = _message({"kind": "text", **values["follow_up"]})
    return kind(**values)


def pack_options(options: Options) -> dict[str, Any]:
    """As they are kept; the policy for unknown outcomes has a column of its own, for SQL to read."""
    kept = asdict(options)
    del kept["unknown"]
    return kept


def unpack_options(kept: dict[str, Any], unknown: str) -> Options:
    """The reverse of `pack_options`."""
    return Options(**{**kept, "only": tuple(kept["only"]), "unknown": UnknownPolicy(unknown)})
