"""A RichText of an article as HTML: strings, lists of such, and objects with a type, as deep as they go."""

from collections.abc import Callable
from zlib import crc32

from markupsafe import Markup, escape

from gatecrier_sandbox.page.rich import SPOILER, href_of, opening
from gatecrier_sandbox.world.model import Wire

DEEPEST = 40
"""How deep texts may nest; what is deeper is left out."""
TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "subscript": "sub",
    "superscript": "sup",
    "marked": "mark",
}
NOTHING = Markup("")


class Writer:
    """Writes texts of one message. `go` leads into the sandbox; `prefix` tells its anchors from others'."""

    def __init__(self, go: str, prefix: str) -> None:
        self.go = go
        self.prefix = prefix

    def write(self, text: object, depth: int = 0) -> Markup:
        """The text; what is none is nothing."""
        if isinstance(text, str):
            return escape(text)
        if depth > DEEPEST:
            return NOTHING
        if isinstance(text, list):
            return NOTHING.join(self.write(part, depth + 1) for part in text)
        return self._tagged(text, depth) if isinstance(text, dict) else NOTHING

    def _tagged(self, text: Wire, depth: int) -> Markup:
        kind = str(text.get("type"))
        inner = self.write(text.get("text"), depth + 1)
        if kind in TAGS:
            return Markup("<{0}>{1}</{0}>").format(TAGS[kind], inner)
        if (made := self._special(kind, text, inner)) is not None:
            return made
        address = _address(kind, text)
        href = href_of(address, self.go) if address else ""
        if href:
            return opening(href) + inner + Markup("</a>")
        return Markup('<span class="tag">{}</span>').format(inner)

    def _special(self, kind: str, text: Wire, inner: Markup) -> Markup | None:
        """What is neither a plain tag nor a link."""
        makers: dict[str, Callable[[], Markup]] = {
            "spoiler": lambda: SPOILER + inner + Markup("</span>"),
            "code": lambda: _code(inner.striptags(), inner),
            "bank_card_number": lambda: _code(str(text.get("bank_card_number")), inner),
            "custom_emoji": lambda: Markup('<span class="emoji" title="custom emoji">{}</span>').format(
                str(text.get("alternative_text") or "⭐")
            ),
            "mathematical_expression": lambda: formula(text),
            "date_time": lambda: Markup('<time class="moment">{}</time>').format(inner),
            "bot_command": lambda: Markup('<a href="#talk" data-command="{}">{}</a>').format(
                str(text.get("bot_command") or ""), inner
            ),
            "button": lambda: self._button(text.get("button")),
            "anchor": lambda: self.anchor(text.get("name")),
            "anchor_link": lambda: self._jump(text.get("anchor_name"), inner),
            "reference": lambda: self.anchor(text.get("name"), inner),
            "reference_link": lambda: self._jump(text.get("reference_name"), inner),
        }
        maker = makers.get(kind)
        return maker() if maker else None

    def anchor(self, name: object, inner: Markup = NOTHING) -> Markup:
        """A place links of this message lead to."""
        return Markup('<span id="{}">{}</span>').format(self._place(name), inner)

    def _jump(self, name: object, inner: Markup) -> Markup:
        return Markup('<a href="#{}" data-jump>{}</a>').format(self._place(name), inner)

    def _place(self, name: object) -> str:
        return f"{self.prefix}-{crc32(str(name).encode('utf-8', 'replace')):x}"

    def _button(self, button: object) -> Markup:
        """A button among the words: it calls back, or leads somewhere."""
        if not isinstance(button, dict):
            return NOTHING
        words = self.write(button.get("text"), 1).striptags()
        if "callback_data" in button:
            shown = Markup('<button type="button" class="press" data-press="{}">{}</button>')
            return shown.format(str(button["callback_data"]), words)
        href = href_of(str(button.get("url") or ""), self.go)
        if href:
            return opening(href) + words + Markup("</a>")
        return Markup('<span class="tag">{}</span>').format(words)


def _code(copied: str, inner: Markup) -> Markup:
    return Markup('<code data-copy="{}" title="Copy">{}</code>').format(copied, inner)


def formula(owner: Wire) -> Markup:
    """A formula, as it was written."""
    return Markup('<code class="formula">{}</code>').format(str(owner.get("expression") or ""))


def _address(kind: str, text: Wire) -> str:
    """Where a link leads; "" if nowhere."""
    user = text.get("user")
    found = {
        "url": text.get("url"),
        "email_address": f"mailto:{text.get('email_address')}",
        "phone_number": f"tel:{text.get('phone_number')}",
        "mention": f"https://t.me/{text.get('username')}",
        "text_mention": f"tg://user?id={user.get('id')}" if isinstance(user, dict) else "",
    }.get(kind)
    return str(found or "")


def gist(message: Wire, length: int = 120) -> str:
    """The first words of an article."""
    blocks = message.get("blocks")
    writer = Writer("", "")
    for block in blocks if isinstance(blocks, list) else []:
        words = (
            " ".join(str(writer.write(block.get("text")).striptags()).split())
            if isinstance(block, dict)
            else ""
        )
        if words:
            return words[:length]
    return ""
