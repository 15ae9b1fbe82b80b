"""The place of a mistake in a text, shown: line, column, and a caret under it."""

import unicodedata

WIDTH = 60
"""Characters of the line that are shown."""
BEFORE = 30
"""Of them, those before the mistake."""


def place(text: str, at: int) -> str:
    """As "Line 3, column 7", both from 1, the column in characters."""
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    return f"Line {line}, column {column}"


def excerpt(text: str, at: int) -> str:
    """The line around `at`, and a caret in the line below."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin:] if end < 0 else text[begin:end]
    column = at - begin
    start = max(0, column - BEFORE)
    cut = line[start : start + WIDTH]
    before = "…" if start else ""
    after = "…" if start + WIDTH < len(line) else ""
    shown = before + "".join(map(_seen, cut)) + after
    indent = sum(map(_columns, before + "".join(map(_seen, cut[: column - start]))))
    return f"{shown}\n{' ' * indent}^"


def _seen(letter: str) -> str:
    """A character that takes its place in a terminal, and turns nothing around."""
    return letter if letter.isprintable() else "·"


def _columns(letter: str) -> int:
    """How wide a terminal shows it."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
