"""Entities given as JSON: what is refused, merged, cut, dropped. Vectors: facts of td's own test suite."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecrier_sandbox.entities.formatted import formatted
from gatecrier_sandbox.errors import ApiError

LONG = {
    "b": "bold",
    "i": "italic",
    "u": "underline",
    "s": "strikethrough",
    "x": "spoiler",
    "c": "code",
    "p": "pre",
    "q": "blockquote",
    "Q": "expandable_blockquote",
    "l": "text_link",
    "e": "custom_emoji",
    "m": "mention",
    "w": "url",
}
SHORT = {kind: letter for letter, kind in LONG.items()}
FURTHER = {"l": {"url": "t.me"}, "e": {"custom_emoji_id": "5"}}


def marks(compact: str) -> list[dict[str, Any]]:
    """Entities from `b0:2 i1:1`: kind, offset, length."""
    found = []
    for word in compact.split():
        offset, length = word[1:].split(":")
        entity = {"type": LONG[word[0]], "offset": int(offset), "length": int(length)}
        found.append(entity | FURTHER.get(word[0], {}))
    return found


def shown(text: str, given_marks: str) -> tuple[str, str]:
    """The text and its entities in the short form, in order."""
    plain, entities = formatted(text, "", msgspec.json.encode(marks(given_marks)).decode())
    return plain, " ".join(f"{SHORT[str(e['type'])]}{e['offset']}:{e['length']}" for e in entities)


NESTED = [
    ("abc", "i1:1 i0:1", "abc", "i0:2"),
    ("abc", "i1:1 i1:1", "abc", "i1:1"),
    ("abc", "i0:2 i1:2", "abc", "i0:3"),
    ("abc", "i0:2 i2:1", "abc", "i0:3"),
    ("abc", "i0:1 i2:1", "abc", "i0:1 i2:1"),
    ("abc", "i0:2 b1:2", "abc", "i0:1 b1:2 i1:1"),
    ("abc", "i0:2 b2:1", "abc", "i0:2 b2:1"),
    ("@tests @tests", "i0:13", "@tests @tests", "m0:6 i0:6 i6:1 m7:6 i7:6"),
    ("ab", "u0:2 s1:1", "ab", "u0:1 u1:1 s1:1"),
    ("ab", "u0:1 u1:1 s1:1", "ab", "u0:1 u1:1 s1:1"),
    ("ab", "s0:2 u1:1", "ab", "s0:1 u1:1 s1:1"),
    ("ab", "s0:1 s1:1 u1:1", "ab", "s0:1 u1:1 s1:1"),
    ("ab", "u0:2 x0:1", "ab", "u0:2 x0:1"),
    ("ab", "u0:1 u1:1 x0:1", "ab", "u0:2 x0:1"),
    ("a", "p0:1 x0:1", "a", "p0:1"),
    ("abc", "p0:3 s1:1", "abc", "p0:3"),
    ("abc", "p1:1 s0:3", "abc", "s0:1 p1:1 s2:1"),
    ("abc", "p1:1 s1:2", "abc", "p1:1 s2:1"),
    ("abc", "p1:1 s0:2", "abc", "s0:1 p1:1"),
    ("abc", "p0:3 q1:1", "abc", "q1:1"),
    ("abc", "q0:3 p1:1", "abc", "q0:3 p1:1"),
    ("abc", "q0:3 Q1:1", "abc", "q0:3"),
    ("abcd", "l0:2 l1:2", "abcd", "l0:2"),
    ("abcd", "b0:4 l1:2", "abcd", "b0:1 l1:2 b1:2 b3:1"),
    ("abcd", "l0:4 b1:2", "abcd", "l0:4 b1:2"),
    ("abcd", "l0:3 e1:1", "abcd", "l0:3"),
    ("example.com", "p0:3", "example.com", "p0:3"),
    ("example.com", "q0:3", "example.com", "q0:3"),
    ("example.com", "q0:11", "example.com", "q0:11 w0:11"),
    ("example.com", "i0:11", "example.com", "w0:11 i0:11"),
    ("example.com", "i0:3", "example.com", "w0:11 i0:3"),
    ("a example.com", "i0:13", "a example.com", "i0:2 w2:11 i2:11"),
    ("example.com a", "i0:13", "example.com a", "w0:11 i0:11 i11:2"),
]
CLEANED = [
    ("a\rbc\r", "i0:1 b0:2 i3:2 b3:1", "abc", "b0:1 i0:1 b2:1 i2:1"),
    ("a\rb", "b0:1 i0:1 b2:1 i2:1", "ab", "b0:2 i0:2"),
    ("a\nb", "b0:1 i0:1 b2:1 i2:1", "a\nb", "b0:1 i0:1 b2:1 i2:1"),
    ("a ", "i0:2 b0:1", "a", "b0:1 i0:1"),
    ("a \rb", "b0:4 u2:1", "a b", "b0:3"),
    (" \n a", "b1:1 i3:1", "\n a", "b0:1 i2:1"),
    ("😀\r😀 ", "b0:2 l3:3", "😀😀", "b0:2 l2:2"),
    ("\t\r \n", "b0:4", "", ""),
    ("a", "b0:0 l1:0", "a", ""),
    ("a", "m0:1 w0:1", "a", ""),
]


@pytest.mark.parametrize(("text", "given_marks", "plain", "expected"), NESTED + CLEANED)
def test_any_two_entities_end_up_nested_or_apart(
    text: str, given_marks: str, plain: str, expected: str
) -> None:
    """Same styles merge, styles are cut at the edges of others, code holds nothing, the first link wins."""
    assert shown(text, given_marks) == (plain, expected)


BROKEN: list[tuple[str, object, str]] = [
    ("a", 1, "can't parse MessageEntity: expected an Object"),
    ("a", {}, "can't parse MessageEntity: Can't find field \"type\""),
    ("a", {"type": 5}, "can't parse MessageEntity: Unsupported type specified"),
    ("a", {"type": ""}, "can't parse MessageEntity: Type is not specified"),
    ("a", {"type": ["bold"]}, 'can\'t parse MessageEntity: Field "type" must be of type String'),
    ("a", {"type": "bold"}, "can't parse MessageEntity: Can't find field \"offset\""),
    ("a", {"offset": None}, 'can\'t parse MessageEntity: Field "offset" must be of type Number'),
    ("a", {"length": "x"}, 'can\'t parse MessageEntity: Field "length" must be a valid Number'),
    ("a", {"length": 2**31}, 'can\'t parse MessageEntity: Field "length" must be a valid Number'),
    ("a", {"type": "text_link"}, "can't parse MessageEntity: Can't find field \"url\""),
    ("a", {"type": "text_link", "url": "x"}, "entity URL 'x' is invalid: Wrong HTTP URL"),
    ("a", {"type": "text_mention"}, "can't parse MessageEntity: Can't find field \"user\""),
    (
        "a",
        {"type": "text_mention", "user": 5},
        'can\'t parse MessageEntity: Field "user" must be of type Object',
    ),
    ("a", {"type": "text_mention", "user": {}}, "can't parse MessageEntity: Can't find field \"id\""),
    ("a", {"type": "custom_emoji", "custom_emoji_id": "0"}, "invalid custom emoji identifier specified"),
    ("a", {"type": "date_time", "unix_time": 0}, "invalid date specified"),
    (
        "a",
        {"type": "date_time", "unix_time": 1, "date_time_format": "x"},
        "can't parse MessageEntity: Invalid date-time format specified",
    ),
    ("a", {"offset": -1}, "receive an entity with incorrect offset -1"),
    ("a", {"length": 1_000_001}, "receive an entity with incorrect length 1000001"),
    (
        "a",
        {"offset": 1},
        "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 2",
    ),
    ("a", {"offset": 2}, "entity begins after the end of the text at UTF-16 offset 2"),
    ("é👉", {"offset": 2}, "entity begins in a middle of a UTF-16 symbol at byte offset 6"),
    (
        "👉 a",
        {"offset": 0},
        "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4",
    ),
]


@pytest.mark.parametrize(("text", "entity", "said"), BROKEN)
def test_a_broken_entity_is_refused_in_telegrams_words(text: str, entity: object, said: str) -> None:
    """Types, fields and places are checked; places are UTF-16, the byte offset is UTF-8."""
    if isinstance(entity, dict) and entity and len(entity.keys() & {"offset", "length"}):
        entity = {"type": "bold", "offset": 0, "length": 1} | entity
    elif isinstance(entity, dict) and len(entity) and entity != {"type": "bold"}:
        entity = {"offset": 0, "length": 1} | entity
    with pytest.raises(ApiError) as caught:
        formatted(text, "", msgspec.json.encode([entity]).decode())
    assert caught.value.description == f"Bad Request: {said}"


def test_what_telegram_finds_itself_need_not_be_told() -> None:
    """Found kinds, no array and no JSON are passed over; a mode makes all of them unread."""
    for raw in ('[{"type":"url","offset":0,"length":1}]', "{", '{"a":1}', '"x"', "[]"):
        assert formatted("abc", "", raw) == ("abc", [])
    assert formatted("abc", "HTML", "[{}]") == ("abc", [])
    (entity,) = formatted("abc", "None", '[{"type":"bold","offset":"0","length":2}]')[1]
    assert entity == {"offset": 0, "length": 2, "type": "bold"}


def test_entities_carry_what_belongs_to_them() -> None:
    """A language, an address as it is kept, a person for tg://user, the last of two lengths of a time."""
    given_entities = [
        {"type": "pre", "offset": 0, "length": 1, "language": "py"},
        {"type": "text_link", "offset": 1, "length": 1, "url": "T.me"},
        {"type": "text_link", "offset": 2, "length": 1, "url": "tg://user?id=5"},
        {"type": "text_mention", "offset": 3, "length": 1, "user": {"id": "6"}},
        {"type": "date_time", "offset": 4, "length": 1, "unix_time": 9, "date_time_format": "Ttw"},
    ]
    _, found = formatted("abcde", "", msgspec.json.encode(given_entities).decode())
    further = [{key: value for key, value in e.items() if key not in {"offset", "length"}} for e in found]
    assert further == [
        {"type": "pre", "language": "py"},
        {"type": "text_link", "url": "http://t.me/"},
        {"type": "text_mention", "user_id": 5},
        {"type": "text_mention", "user_id": 6},
        {"type": "date_time", "unix_time": 9, "date_time_format": "wt"},
    ]


def test_a_hundred_entities_are_kept_and_custom_emoji_beyond() -> None:
    """Styles are dropped before others; what Telegram finds is not counted."""
    many = " ".join(f"c{4 * n}:1 b{4 * n + 1}:1 e{4 * n + 2}:1" for n in range(60))
    _, kept = shown("abc " * 60 + "@olga", many)
    counts = [sum(word.startswith(kind) for word in kept.split()) for kind in "cbem"]
    assert counts == [60, 40, 60, 1]


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@given(
    st.text("ab 😀\r\n.@c", min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(sorted(LONG)), st.integers(0, 12), st.integers(0, 12)), max_size=9),
)
def test_entities_are_always_in_order_and_never_cross(text: str, given_marks: list[Any]) -> None:
    """Whatever is given: sorted, in the text, on whole characters, nested or apart, nothing in code."""
    compact = " ".join(f"{kind}{offset}:{length}" for kind, offset, length in given_marks)
    try:
        plain, entities = formatted(text, "", msgspec.json.encode(marks(compact)).decode())
    except ApiError:
        return
    units = plain.encode("utf-16-le")
    spans = [
        (int(str(e["offset"])), int(str(e["offset"])) + int(str(e["length"])), e["type"]) for e in entities
    ]
    assert spans == sorted(spans, key=lambda span: (span[0], -span[1]))
    for at, (begin, end, kind) in enumerate(spans):
        assert units[2 * begin : 2 * end].decode("utf-16-le")
        for begin_after, end_after, kind_after in spans[at + 1 :]:
            assert begin_after >= end or (end_after <= end and kind != kind_after)
            assert begin_after >= end or kind not in {"code", "pre"}
