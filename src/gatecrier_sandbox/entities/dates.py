"""The formats of date_time entities. Source: td get_date_flags, telegram-bot-api."""

import re

MARKED = re.compile(r"[rR]|[tTdDwW]*")


def date_format(letters: str, *, last_wins: bool = False) -> str | None:
    """
    A format as it is shown: `r`, or `w`, `d`/`D` and `t`/`T` in this order; None if it is no format.

    Args:
        last_wins: of two lengths of one part the last counts (entities given as JSON), else the short one.
    """
    if MARKED.fullmatch(letters) is None:
        return None
    if letters in {"r", "R"}:
        return "r"
    weekday = "w" if letters.lower().count("w") else ""
    return weekday + _length(letters, "d", last_wins) + _length(letters, "t", last_wins)


def _length(letters: str, part: str, last_wins: bool) -> str:
    """`part` in the case that counts, or nothing."""
    found = [letter for letter in letters if letter.lower() == part]
    if not found or last_wins:
        return found[-1] if found else ""
    return part if part in found else part.upper()
