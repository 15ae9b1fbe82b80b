"""What stands before an item of an ordered list. Source: td get_ordered_list_label."""

ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def label(number: int, kind: str) -> str:
    """The number in the way of `kind` (a, A, i, I or 1), and a dot; in digits where that way has no such."""
    if kind in {"a", "A"} and number > 0:
        letters = _letters(number)
    elif kind in {"i", "I"} and 0 < number < 4000:
        letters = _roman(number)
    else:
        letters = str(number)
    return f"{letters.upper() if kind.isupper() else letters}."


def _letters(number: int) -> str:
    written = ""
    while number:
        number, rest = divmod(number - 1, 26)
        written = chr(ord("a") + rest) + written
    return written


def _roman(number: int) -> str:
    written = ""
    for value, sign in ROMAN:
        written += sign * (number // value)
        number %= value
    return written
