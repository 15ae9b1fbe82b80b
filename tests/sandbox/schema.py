"""
Whether a value is what the Bot API's documentation says: types, required fields, no nulls, nothing unknown.

`botapi-10.3.json` is the documentation as data, its descriptions left out: a method's `returns` and
parameters, a type's fields (`"?"` before the types of an optional one), and those that are `always` the same.
"""

import json
from pathlib import Path
from typing import Any

SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("botapi-10.3.json").read_text())
METHODS: dict[str, Any] = SCHEMA["methods"]
TYPES: dict[str, Any] = SCHEMA["types"]
LISTED = {
    "RichText": ["RichTextButton"],
    "RichBlock": ["RichBlockButtons", "RichBlockDocument", "RichBlockExpandableBlockQuotation"],
}
"""Types the documentation lists in the descriptions of these, but `subtypes` lacks."""
for union, more in LISTED.items():
    TYPES[union]["subtypes"] += more
BY_LOWER_NAME = {name.lower(): name for name in METHODS}
ARRAY = "Array of "

FORWARD = (
    "forward_from forward_from_chat forward_from_message_id "
    "forward_signature forward_sender_name forward_date"
)
LEGACY = {
    "Message": {*FORWARD.split(), "new_chat_participant", "new_chat_member", "left_chat_participant"},
    "Chat": {"all_members_are_administrators"},
    "ChatFullInfo": {"all_members_are_administrators"},
    "ChatAdministratorRights": {"can_manage_voice_chats"},
    "ChatMemberAdministrator": {"can_manage_voice_chats"},
    "ChatMemberRestricted": {"can_send_media_messages"},
    "ChatPermissions": {"can_send_media_messages"},
    **{
        name: {"thumb"}
        for name in ("Animation", "Audio", "Document", "Sticker", "StickerSet", "Video", "VideoNote")
    },
}
"""Twins of older versions that the server still sends; facts/botapi.md §8."""


class SchemaMismatch(AssertionError):
    """Something a bot got is not what the documentation promises; the text names the place."""


def check_envelope(method: str, envelope: dict[str, Any]) -> None:
    """
    An answer of the Bot API: an error with code and text, or the documented result.

    Raises:
        SchemaMismatch: it is neither.
    """
    if envelope.get("ok") is True:
        _refuse_unknown(envelope, {"ok", "result", "description"}, method)
        check_result(method, envelope["result"])
        return
    _refuse_unknown(envelope, {"ok", "error_code", "description", "parameters"}, method)
    check(envelope["error_code"], "Integer", method)
    check(envelope["description"], "String", method)
    check(envelope.get("parameters", {}), "ResponseParameters", method)


def check_result(method: str, result: object) -> None:
    """The result of a method, whatever the case of its name; an undocumented method may answer anything."""
    name = BY_LOWER_NAME.get(method.lower())
    if name is not None:
        _check_any(result, METHODS[name]["returns"], name)


def check(value: object, type_name: str, place: str = "") -> None:
    """
    A value of a documented type.

    Raises:
        SchemaMismatch: it is not; the text says where and why.
    """
    place = place or type_name
    if type_name.startswith(ARRAY):
        if not isinstance(value, list):
            raise SchemaMismatch(f"{place}: no array but {_short(value)}")
        for number, item in enumerate(value):
            check(item, type_name.removeprefix(ARRAY), f"{place}[{number}]")
    elif type_name in PRIMITIVES:
        if not PRIMITIVES[type_name](value):
            raise SchemaMismatch(f"{place}: no {type_name} but {_short(value)}")
    elif "subtypes" in TYPES[type_name]:
        _check_union(value, type_name, place)
    else:
        _check_object(value, type_name, place)


PRIMITIVES = {
    "Integer": lambda value: type(value) is int,
    "Float": lambda value: type(value) in {int, float},
    "String": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "True": lambda value: value is True,
}


def _check_object(value: object, type_name: str, place: str) -> None:
    if not isinstance(value, dict):
        raise SchemaMismatch(f"{place}: no {type_name} but {_short(value)}")
    fields: dict[str, list[str]] = TYPES[type_name]["fields"]
    _refuse_unknown(value, fields.keys() | LEGACY.get(type_name, set()), f"{place} ({type_name})")
    for name, types in fields.items():
        if name in value:
            _check_any(value[name], [kind for kind in types if kind != "?"], f"{place}.{name}")
        elif types[0] != "?":
            raise SchemaMismatch(f"{place} ({type_name}): {name} is missing")
    for name, constant in TYPES[type_name].get("always", {}).items():
        if value[name] != constant:
            raise SchemaMismatch(f"{place}.{name}: always {constant!r}, but {_short(value[name])}")


def _refuse_unknown(value: dict[str, Any], known: set[str], place: str) -> None:
    unknown = value.keys() - known
    if unknown:
        raise SchemaMismatch(f"{place}: unknown {', '.join(sorted(unknown))}")


def _check_union(value: object, type_name: str, place: str) -> None:
    subtypes: list[str] = TYPES[type_name]["subtypes"]
    fitting = [name for name in subtypes if _could_be(value, name)]
    if not fitting:
        raise SchemaMismatch(f"{place}: no {type_name} but {_short(value)}")
    _check_any(value, fitting, place)


def _could_be(value: object, name: str) -> bool:
    """Whether the constant fields tell nothing against it."""
    if not isinstance(value, dict):
        return name not in TYPES
    always = TYPES.get(name, {}).get("always", {}).items()
    return name in TYPES and all(value.get(key) == constant for key, constant in always)


def _check_any(value: object, types: list[str], place: str) -> None:
    """At least one of the types fits; the last one's complaint is the one that is raised."""
    *others, last = types
    for name in others:
        try:
            return check(value, name, place)
        except SchemaMismatch:
            continue
    return check(value, last, place)


def _short(value: object) -> str:
    return repr(value)[:200]
