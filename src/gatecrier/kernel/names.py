"""Names as people and channels give them: hostile text, made safe to show."""

import html
import re
import unicodedata

LONGEST = 64  # UTF-16 units, the measure by which Telegram counts
JOINERS = (
    "\u200c\u200d"  # format characters, but Persian words (U+200C) and families of emoji (U+200D) need them
)

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control and half characters: no name needs them, and no PostgreSQL keeps NUL or a lone surrogate."""

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and marks without any ink
_NEWER_EMOJI = range(0x1F000, 0x1FB00)  # Unicode names new ones every year, our tables are older
_MARKS = {"Mn", "Me"}
_MOST_MARKS = 2  # on one letter; beyond it is a tower that covers its neighbours
_LINKING = str.maketrans({each: f"{each}\u2060" for each in "@./:#$"})


def plain(name: str) -> str:
    """
    The name without control, bidi and invisible characters, at most 64 UTF-16 units long.

    Nobody's name may turn the line around, hide the text after it, or tower over it. Letters that only look
    like others stay as they are: made one of those, a name could become an address.
    """
    kept: list[str] = []
    marks = 0
    for letter in name:
        marks = marks + 1 if unicodedata.category(letter) in _MARKS else 0
        if letter in JOINERS:
            # One between two letters joins them; more, or beside a space, would only be invisible text.
            if kept and kept[-1] not in JOINERS and not kept[-1].isspace():
                kept.append(letter)
        elif letter.isspace():
            if kept and kept[-1] in JOINERS:
                kept.pop()
            kept.append(" ")
        elif marks <= _MOST_MARKS and _is_seen(letter):
            kept.append(letter)
    return _cut(" ".join("".join(kept).split())).strip(f" {JOINERS}")


def shown(name: str, *, otherwise: str) -> str:
    """The name for an HTML text; `otherwise` when nothing of it is left."""
    return html.escape(plain(name) or otherwise)


def unlinked(name: str, *, otherwise: str) -> str:
    """
    As `shown`, and Telegram makes no mention, address or command of any part of it.

    For names that stand outside a link of ours: word joiners break what Telegram's detection looks for.
    """
    return html.escape(plain(name).translate(_LINKING) or otherwise)


def inert(name: str) -> str:
    """As `unlinked`, but plain text, and at most 64 UTF-16 units long; "" when nothing of it is left."""
    return _cut(plain(name).translate(_LINKING))


def _is_seen(letter: str) -> bool:
    if letter in _BLANK:
        return False
    return unicodedata.category(letter) not in _HIDDEN or ord(letter) in _NEWER_EMOJI


def _cut(text: str) -> str:
    length = 0
    for position, letter in enumerate(text):
        length += utf16(letter)
        if length > LONGEST:
            return text[:position]
    return text


def utf16(text: str) -> int:
    """Its length as Telegram counts it, in UTF-16 units."""
    return len(text) + sum(letter > "\uffff" for letter in text)
