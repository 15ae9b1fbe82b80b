"""From a request's text, parse_mode and entities to what a message holds."""

from collections.abc import Callable

from gatecrier_sandbox.entities import html, markdown
from gatecrier_sandbox.entities.cleaning import cleaned, is_blank, trimmed
from gatecrier_sandbox.entities.detect import found_in
from gatecrier_sandbox.entities.given import check_places, given_entities
from gatecrier_sandbox.entities.nesting import arranged, capped, with_found
from gatecrier_sandbox.entities.spans import Span
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world.model import Wire

LONGEST_RAW = 32_768
"""Bytes of a text before it is parsed."""

PARSERS: dict[str, Callable[[str], tuple[str, list[Span]]]] = {
    "html": html.parse,
    "markdown": markdown.parse_legacy,
    "markdownv2": markdown.parse_v2,
}


def formatted(text: str, parse_mode: str, entities: str) -> tuple[str, list[Wire]]:
    """
    Parse a text; with a parse_mode the `entities` parameter (raw JSON) is not looked at.

    Returns:
        The plain text, clean and trimmed ("" if nothing of it can be seen), and its entities, detected
        ones included; of a text_mention only the `user_id`.
    Raises:
        ApiError: 400 with the text of facts/botapi.md §4.
    """
    if len(text) > LONGEST_RAW or (not text.isascii() and len(text.encode()) > LONGEST_RAW):
        raise bad_request("text is too long")
    plain, spans = _marked(text, parse_mode.lower(), entities)
    if spans:
        spans = arranged(spans)
        check_places(plain, spans)
    text, moved = cleaned(plain, spans)
    text, moved = trimmed(text, arranged(moved) if moved is not spans else moved)
    return text, [span.wire() for span in with_found(capped(moved), found_in(text))]


def _marked(text: str, mode: str, entities: str) -> tuple[str, list[Span]]:
    """The text without its markup, and what was marked."""
    if not text or mode in {"", "none"}:
        return text, given_entities(entities) if entities else []
    if mode not in PARSERS:
        raise bad_request("unsupported parse_mode")
    return PARSERS[mode](text)


def need_visible(text: str) -> None:
    """Raise `ApiError` if nothing of a text can be seen."""
    if is_blank(text):
        raise bad_request("text must be non-empty")
