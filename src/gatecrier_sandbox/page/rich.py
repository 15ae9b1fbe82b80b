"""A text and its entities as HTML. Texts are hostile: all that is not a tag of ours is escaped."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

Entity = dict[str, object]
"""A MessageEntity in wire form; offset and length count UTF-16 units."""

INSIDE = frozenset({"t.me", "www.t.me", "telegram.me", "telegram.dog"})
"""Hosts whose links lead to a place in this sandbox."""
BLOCKS = frozenset({"pre", "blockquote", "expandable_blockquote"})
"""Entities drawn as boxes: the line break behind them is the box's end."""
SIMPLE = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
}
SPOILER = Markup('<span class="spoiler" data-toggle tabindex="0" role="button">')
LONG_QUOTE = Markup('<blockquote class="quote long" data-toggle tabindex="0">')


def plain(text: str, entities: Sequence[Entity]) -> str:
    """One line for a list or a preview: no formatting, spoilers hidden."""
    for entity in entities:
        if entity.get("type") == "spoiler":
            start, end = _span(entity)
            hidden = "▒" * min(end - start, 12)
            text = _cut(text, 0, start) + hidden + _cut(text, end, len(text) * 2)
            break
    return " ".join(text[:300].split())


def rich(text: str, entities: Sequence[Entity], *, go: str = "") -> Markup:
    """
    The text with its entities as nested tags.

    `go` is the address, up to its last value, that leads to a place in the sandbox (`/page/go?as=7&to=`).
    Overlapping entities are closed and opened again, so that the tags always nest.
    """
    if not entities:
        return escape(text)
    return Markup("").join(_pieces(text, _sorted(entities), go))


def _sorted(entities: Sequence[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (_span(entity)[0], -_span(entity)[1]))


def _pieces(text: str, entities: list[Entity], go: str) -> list[Markup]:
    """The text cut at every boundary; each piece between the tags that are open there."""
    slicer = _slicer(text)
    edges = sorted({0, len(text) * 2, *(edge for entity in entities for edge in _span(entity))})
    found: list[Markup] = []
    stack: list[tuple[Entity, Markup]] = []
    ended_block = False
    for start, end in pairwise(edges):
        active = [one for one in entities if _span(one)[0] <= start and _span(one)[1] >= end]
        kept = _common([entity for entity, _ in stack], active)
        closed = stack[kept:]
        found += [closing for _, closing in reversed(closed)]
        ended_block = any(entity.get("type") in BLOCKS for entity, _ in closed)
        del stack[kept:]
        for entity in active[kept:]:
            opening, closing = _tags(entity, slicer(*_span(entity)), go)
            found.append(opening)
            stack.append((entity, closing))
        piece = slicer(start, end)
        found.append(escape(piece.removeprefix("\n") if ended_block else piece))
    return found + [closing for _, closing in reversed(stack)]


def _common(old: list[Entity], new: list[Entity]) -> int:
    count = 0
    for one, other in zip(old, new, strict=False):
        if one is not other:
            break
        count += 1
    return count


def _span(entity: Entity) -> tuple[int, int]:
    start, length = entity.get("offset"), entity.get("length")
    start = start if isinstance(start, int) and start > 0 else 0
    return start, start + (length if isinstance(length, int) and length > 0 else 0)


def _slicer(text: str) -> Callable[[int, int], str]:
    if text.isascii() or max(text) <= "\uffff":
        return lambda start, end: text[start:end]
    units = text.encode("utf-16-le", "surrogatepass")
    return lambda start, end: units[2 * start : 2 * end].decode("utf-16-le", "replace")


def _cut(text: str, start: int, end: int) -> str:
    return _slicer(text)(start, end) if text else ""


def _tags(entity: Entity, words: str, go: str) -> tuple[Markup, Markup]:
    """The opening and the closing tag of one entity."""
    kind = str(entity.get("type"))
    if kind in SIMPLE:
        return Markup("<{}>").format(SIMPLE[kind]), Markup("</{}>").format(SIMPLE[kind])
    if kind in BLOCKS:
        return _block(kind, entity)
    made = {
        "code": (Markup('<code data-copy="{}" title="Copy">').format(words), Markup("</code>")),
        "spoiler": (SPOILER, Markup("</span>")),
        "custom_emoji": (Markup('<span class="emoji" title="custom emoji">'), Markup("</span>")),
        "bot_command": (Markup('<a href="#talk" data-command="{}">').format(words), Markup("</a>")),
        "date_time": (Markup('<time class="moment">'), Markup("</time>")),
    }.get(kind)
    return made or _link(kind, entity, words, go)


def _block(kind: str, entity: Entity) -> tuple[Markup, Markup]:
    if kind == "pre":
        language = str(entity.get("language") or "")
        label = Markup('<span class="pre-lang">{}</span>').format(language) if language else ""
        return Markup('<pre class="pre">{}<code>').format(label), Markup("</code></pre>")
    opened = LONG_QUOTE if kind == "expandable_blockquote" else Markup('<blockquote class="quote">')
    return opened, Markup("</blockquote>")


def _link(kind: str, entity: Entity, words: str, go: str) -> tuple[Markup, Markup]:
    address = _address(kind, entity, words)
    href = href_of(address, go) if address else ""
    if not href:
        return Markup('<span class="tag">'), Markup("</span>")
    return opening(href), Markup("</a>")


def opening(href: str) -> Markup:
    """The opening tag of a link; one that leads out of the sandbox opens a new tab."""
    if href.startswith("/"):
        return Markup('<a href="#talk" hx-post="{}" hx-swap="none">').format(href)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">').format(href)


def _address(kind: str, entity: Entity, words: str) -> str:
    """Where an entity leads; "" if nowhere."""
    if kind == "text_link":
        return str(entity.get("url") or "")
    if kind == "text_mention":
        user = entity.get("user")
        return f"tg://user?id={user.get('id')}" if isinstance(user, dict) else ""
    made = {
        "url": words if "://" in words else f"http://{words}",
        "email": f"mailto:{words}",
        "phone_number": f"tel:{words}",
        "mention": f"https://t.me/{words.removeprefix('@')}",
    }
    return made.get(kind, "")


def href_of(address: str, go: str) -> str:
    """
    Where a link leads: into the sandbox (t.me, tg:), out of it, or nowhere ("").

    Nothing but http, https, mailto and tel leaves, so that no link can hold a script.
    """
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if parts.scheme == "tg" or (parts.scheme in {"http", "https"} and host in INSIDE):
        return go + quote(address, safe="") if go else ""
    if parts.scheme in {"http", "https"} and host:
        return address.strip()
    return address.strip() if parts.scheme in {"mailto", "tel"} else ""
