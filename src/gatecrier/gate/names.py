"""Names as people and channels give them: hostile text, made safe to show."""

import html
import unicodedata

LONGEST = 64  # UTF-16 units, the measure by which Telegram counts
JOINER = "\u200d"  # zero-width joiner: a format character, but families of emoji need it

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKS = {"Mn", "Me"}
_MOST_MARKS = 2  # on one letter; beyond it is a tower that covers its neighbours


def plain(name: str) -> str:
    """
    The name without control, bidi and invisible characters, at most 64 UTF-16 units long.

    Nobody's name may turn the line around, hide the text after it, or tower over it.
    """
    kept: list[str] = []
    marks = 0
    for letter in name:
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in _MARKS else 0
        if marks <= _MOST_MARKS and (kind not in _HIDDEN or letter == JOINER):
            kept.append(letter)
    return _cut(" ".join("".join(kept).split())).strip(f" {JOINER}")


def shown(name: str, *, otherwise: str) -> str:
    """The name for an HTML text; `otherwise` when nothing of it is left."""
    return html.escape(plain(name) or otherwise)


def _cut(text: str) -> str:
    length = 0
    for position, letter in enumerate(text):
        length += 2 if ord(letter) > 0xFFFF else 1
        if length > LONGEST:
            return text[:position]
    return text
