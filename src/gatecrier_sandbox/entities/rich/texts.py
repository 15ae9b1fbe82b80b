"""RichText: a string, an array of RichText, or an object with a `type`."""

import re
from collections.abc import Callable, Iterable, Iterator

from gatecrier_sandbox.entities.cleaning import cleaned
from gatecrier_sandbox.entities.detect import found_in
from gatecrier_sandbox.entities.links import checked
from gatecrier_sandbox.world.model import Wire

STYLES = frozenset(
    (
        *("bold", "italic", "underline", "strikethrough", "spoiler", "code"),
        *("subscript", "superscript", "marked"),
    )
)
"""What only changes how its text looks."""
SEARCHED = STYLES - {"code"} | {"reference"}
"""In these Telegram looks for links, mentions, ..."""
CARD = re.compile(r"(?<![+.,\-\w])\d(?:[ -]?\d){12,18}(?![\w-])")
"""The look of a bank card's number; Luhn's sum decides."""
FIELDS = {
    "url": "url",
    "email": "email_address",
    "phone_number": "phone_number",
    "bank_card_number": "bank_card_number",
    "mention": "username",
    "hashtag": "hashtag",
    "cashtag": "cashtag",
    "bot_command": "bot_command",
}
"""The field that repeats what a found text says."""


def joined(parts: Iterable[object]) -> object:
    """One RichText out of several; neighbouring strings become one, nothing is the empty string."""
    kept: list[object] = []
    for part in parts:
        for piece in part if isinstance(part, list) else [part]:
            if isinstance(piece, str) and kept and isinstance(kept[-1], str):
                kept[-1] += piece
            elif piece != "":
                kept.append(piece)
    return kept[0] if len(kept) == 1 else kept or ""


def is_empty(text: object) -> bool:
    """Whether there is nothing to show."""
    return text in ("", [])


def styled(kind: str, text: object, **fields: object) -> Wire:
    """A RichText of a type around another."""
    return {"type": kind, "text": text, **fields}


def plain(text: object) -> str:
    """What can be read in it, without its form."""
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(plain(part) for part in text)
    if not isinstance(text, dict):
        return ""
    if isinstance(text.get("button"), dict):
        return plain(text["button"].get("text", ""))
    return plain(text.get("text") or text.get("alternative_text") or text.get("expression") or "")


def changed(
    text: object, *, on_text: Callable[[str], object], on_mention: Callable[[Wire], object]
) -> object:
    """
    The same text with every string and every text_mention replaced.

    Args:
        on_text: is asked only where Telegram looks for entities.
    """
    if isinstance(text, str):
        return on_text(text)
    if isinstance(text, list):
        return joined(changed(part, on_text=on_text, on_mention=on_mention) for part in text)
    if not isinstance(text, dict) or "text" not in text:
        return text
    search = on_text if text["type"] in SEARCHED else str
    inner = text | {"text": changed(text["text"], on_text=search, on_mention=on_mention)}
    return on_mention(inner) if text["type"] == "text_mention" else inner


def clean(text: str) -> str:
    """A string as TDLib takes it."""
    return cleaned(text, [])[0]


def detected(text: str) -> object:
    """A string with the links, mentions, ... in it marked as such."""
    spans = sorted(_found(text))
    parts, last = [], 0
    for begin, end, kind in spans:
        if begin >= last:
            parts += [text[last:begin], _marked(kind, text[begin:end])]
            last = end
    return joined([*parts, text[last:]]) if parts else text


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    units = text.encode("utf-16-le", "surrogatepass")
    for span in found_in(text):
        begin = len(units[: 2 * span.offset].decode("utf-16-le", "surrogatepass"))
        end = len(units[: 2 * span.end].decode("utf-16-le", "surrogatepass"))
        yield begin, end, span.type
    for card in CARD.finditer(text):
        if _luhn([int(sign) for sign in card[0] if sign.isdecimal()]):
            yield card.start(), card.end(), "bank_card_number"


def _luhn(digits: list[int]) -> bool:
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _marked(kind: str, text: str) -> Wire:
    said = text.removeprefix("@") if kind == "mention" else text
    if kind == "bank_card_number":
        said = "".join(sign for sign in text if sign.isdecimal())
    if kind == "url":
        said = _address(text)
    return styled("email_address" if kind == "email" else kind, text, **{FIELDS[kind]: said})


def _address(text: str) -> str:
    """Where a found link leads."""
    try:
        return checked(text)
    except ValueError:
        return text
