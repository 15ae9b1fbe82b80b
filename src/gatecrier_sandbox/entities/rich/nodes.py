"""HTML into a tree of tags and strings."""

import re
from collections.abc import Iterator

from msgspec import Struct, field

from gatecrier_sandbox.entities.rich.limits import MOST_LEVELS, check_level
from gatecrier_sandbox.entities.spans import bytes_before, unparsable

ATTRIBUTE = re.compile(r"""\s+([^\s=>/"'<]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+))?""")
TAG = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:{ATTRIBUTE.pattern})*)\s*(/?)>")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
PLAIN = re.compile(r"[^<]+")
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,6}));")
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": "\xa0", "hellip": "…"}
NAMED |= {"mdash": "—", "ndash": "–", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”"}
BLOCKS = frozenset(
    (
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "footer", "hr", "ul", "ol", "blockquote", "aside"),
        *("video", "audio", "figure", "table", "details"),
        *("tg-document", "tg-map", "tg-collage", "tg-slideshow", "tg-math-block", "tg-thinking"),
    )
)
PARTS = frozenset(("li", "cite", "figcaption", "caption", "tr", "td", "th", "summary", "input"))
"""What stands only inside certain blocks."""
INLINE = frozenset(
    (
        *("a", "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "mark", "sub", "sup"),
        *("span", "br", "img", "tg-spoiler", "tg-emoji", "tg-time", "tg-math", "tg-reference"),
    )
)
KNOWN = BLOCKS | PARTS | INLINE
VOID = frozenset({"br", "hr", "img", "input"})
"""Never closed."""
RAW = frozenset({"tg-math", "tg-math-block"})
"""What is inside is no HTML."""


class Node(Struct):
    """A tag, its attributes (those without a value have ""), and what is inside."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Node | str]" = field(default_factory=list)

    def first(self, tag: str) -> "Node | None":
        """The first child of this tag."""
        return next(self.all(tag), None)

    def all(self, *tags: str) -> "Iterator[Node]":
        """The children of these tags."""
        return (child for child in self.children if isinstance(child, Node) and child.tag in tags)

    def add(self, text: str) -> None:
        """Put a string behind what is inside; it joins a string before it."""
        last = self.children[-1] if self.children else None
        if isinstance(last, str):
            self.children[-1] = last + text
        else:
            self.children.append(text)

    def text(self) -> str:
        """All strings inside, one after another."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)


def read_html(source: str, level: int = 0) -> list[Node | str]:
    """
    The tree of an HTML text.

    Raises:
        ApiError: 400 unknown tags, tags that do not match, too many levels.
    """
    root = Node("")
    open_tags = [root]
    at = 0
    while at < len(source):
        if match := PLAIN.match(source, at):
            open_tags[-1].add(decoded(match[0]))
        elif match := TAG.match(source, at):
            at = _tag(source, match, open_tags, level)
            continue
        elif not (match := COMMENT.match(source, at)):
            raise unparsable(f"Unclosed start tag at byte offset {bytes_before(source, at)}")
        at = match.end()
    if len(open_tags) > 1:
        raise unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].tag}"')
    return root.children


def _tag(source: str, match: re.Match[str], open_tags: list[Node], level: int) -> int:
    """Open or close a tag; where to go on."""
    name, end = match[2].lower(), match.end()
    if match[1]:
        _close(source, match, open_tags)
        return end
    if name not in KNOWN:
        offset = bytes_before(source, match.start())
        raise unparsable(f'Unsupported start tag "{name}" at byte offset {offset}')
    node = Node(name, attributes_of(match[3]))
    open_tags[-1].children.append(node)
    if name in VOID or match[6]:
        return end
    check_level(level + len(open_tags) - MOST_LEVELS)
    if name in RAW:
        return _raw(source, match, node)
    open_tags.append(node)
    return end


def _raw(source: str, match: re.Match[str], node: Node) -> int:
    """Take a formula as it is written."""
    end = source.find(f"</{node.tag}>", match.end())
    if end < 0:
        raise unparsable(f'Can\'t find end tag corresponding to start tag "{node.tag}"')
    node.children.append(decoded(source[match.end() : end]))
    return end + len(node.tag) + 3


def _close(source: str, match: re.Match[str], open_tags: list[Node]) -> None:
    name, offset = match[2].lower(), bytes_before(source, match.start())
    if name in VOID:
        return
    if len(open_tags) == 1:
        raise unparsable(f"Unexpected end tag at byte offset {offset}")
    last = open_tags.pop().tag
    if last != name:
        found = f'expected "</{last}>", found "</{name}>"'
        raise unparsable(f"Unmatched end tag at byte offset {offset}, {found}")


def attributes_of(source: str) -> dict[str, str]:
    """The attributes of a tag; the first of a name counts."""
    found: dict[str, str] = {}
    for match in ATTRIBUTE.finditer(source):
        value = match[2] or ""
        value = value[1:-1] if value[:1] in {'"', "'"} else value
        found.setdefault(match[1].lower(), decoded(value))
    return found


def decoded(text: str) -> str:
    """A text with its character references resolved; those nobody knows stay."""
    return REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    if match[3]:
        return NAMED.get(match[3], match[0])
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]
