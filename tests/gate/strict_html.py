"""A strict reader of Telegram's HTML, written apart from ours: what it takes, Telegram takes."""

import re
from dataclasses import dataclass, field

TAGS = {"b", "i", "u", "s", "a", "code", "tg-spoiler", "blockquote"}
TOKEN = re.compile(r"<(/?)([a-z-]+)(?: href=\"([^\"<>]*)\")?>|&(lt|gt|amp|quot|#x27);|([^<>&]+)")
CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "#x27": "'"}
FSI, PDI = "\u2068", "\u2069"


@dataclass
class Page:
    """What is seen of a text: the letters, the links with what they are on, and how deep tags went."""

    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Open:
    name: str
    start: int
    address: str
    depth: int


def read(html: str) -> Page:
    """The page of an HTML text; ValueError for whatever is not exactly as Telegram documents it."""
    page, tags, depth, position = Page(), list[_Open](), 0, 0
    while position < len(html):
        match = TOKEN.match(html, position)
        if match is None:
            raise ValueError(f"at {position}: {html[position : position + 20]!r}")
        closes, name, address, entity, words = match.groups()
        position = match.end()
        if name and closes:
            _close(page, tags, name, depth)
        elif name:
            _open(tags, name, address, len(page.text), depth)
        else:
            letters = CHARACTERS[entity] if entity else words
            page.text += letters
            depth += letters.count(FSI) - letters.count(PDI)
            if depth < 0:
                raise ValueError(f"at {position}: an isolate ends that never began")
    if tags or depth:
        raise ValueError(f"left open: {tags}, {depth} isolates")
    return page


def _open(tags: list[_Open], name: str, address: str | None, start: int, depth: int) -> None:
    inside = {tag.name for tag in tags}
    if name not in TAGS or (name == "a") != bool(address):
        raise ValueError(f"no tag of Telegram's: {name}")
    if "code" in inside or (name in inside and name in {"a", "blockquote"}):
        raise ValueError(f"{name} in {inside}")
    if address and (not re.match(r"(https?|tg)://\S", address) or FSI in address or PDI in address):
        raise ValueError(f"no address: {address!r}")
    tags.append(_Open(name, start, address or "", depth))


def _close(page: Page, tags: list[_Open], name: str, depth: int) -> None:
    tag = tags.pop() if tags else None
    if tag is None or tag.name != name or tag.depth != depth:
        raise ValueError(f"</{name}> closes {tag}")
    if tag.address:
        page.links.append((page.text[tag.start :], tag.address))
