"""From a request's text, parse_mode and entities to what a message holds."""

from collections.abc import Callable

from gatecrier_sandbox.entities import html, markdown
from gatecrier_sandbox.entities.detect import PATTERNS, detect
from gatecrier_sandbox.entities.markdown import SIGNS
from gatecrier_sandbox.entities.spans import Span, is_blank, trimmed
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world.model import Wire

LONGEST_RAW = 32_768
"""Bytes of a text before it is parsed."""

PARSERS: dict[str, Callable[[str], tuple[str, list[Span]]]] = {
    "html": html.parse,
    "markdown": markdown.parse_legacy,
    "markdownv2": markdown.parse_v2,
}
KINDS = frozenset({*SIGNS, "text_mention", "blockquote", "expandable_blockquote"})
DETECTED = frozenset({"phone_number", *(kind for kind, _, _ in PATTERNS)})


def formatted(text: str, parse_mode: str, entities: str) -> tuple[str, list[Wire]]:
    """
    Parse a text; with a parse_mode the `entities` parameter (raw JSON) is not looked at.

    Returns:
        The plain text, trimmed, and its entities, detected ones included.
    Raises:
        ApiError: 400 with the text of facts/botapi.md §4.
    """
    if len(text) > LONGEST_RAW or (not text.isascii() and len(text.encode()) > LONGEST_RAW):
        raise bad_request("text is too long")
    mode = parse_mode.lower()
    if mode in {"", "none"}:
        plain, spans = text, given_entities(entities) if entities else []
    elif mode in PARSERS:
        plain, spans = PARSERS[mode](text)
    else:
        raise bad_request("unsupported parse_mode")
    plain, spans = trimmed(plain, spans)
    return plain, detect(plain, spans)


def need_visible(text: str) -> None:
    """Raise `ApiError` if nothing of a text can be seen."""
    if is_blank(text):
        raise bad_request("text must be non-empty")


def given_entities(raw: str) -> list[Span]:
    """Read the `entities` parameter; what is no array of entities is refused, detected kinds are dropped."""
    values = decode(raw, "entities")
    if not isinstance(values, list):
        raise bad_request("expected an Array of MessageEntity")
    spans = [_given(value) for value in values]
    return [span for span in spans if span is not None and span.length > 0]


def _given(value: object) -> Span | None:
    if not isinstance(value, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    offset, length, kind = value.get("offset"), value.get("length"), value.get("type")
    if not isinstance(offset, int) or not isinstance(length, int) or not isinstance(kind, str):
        wanted = (("type", str), ("offset", int), ("length", int))
        missing = next(name for name, sort in wanted if not isinstance(value.get(name), sort))
        raise bad_request(f"can't parse MessageEntity: Can't find field \"{missing}\"")
    if kind in DETECTED:
        return None
    if kind not in KINDS:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    known = ("url", "language", "custom_emoji_id", "user")
    return Span(kind, max(offset, 0), length, {name: value[name] for name in known if value.get(name)})
