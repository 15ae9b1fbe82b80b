"""
The language: text → tree → text.

    segment  = all { "or" all }
    all      = part { "and" part }
    part     = "not" part | "(" segment ")" | fact
    fact     = "everyone" | "premium" | "active_30d" | "new_users"
             | "language" ( "=" string | "in" "(" string { "," string } ")" )
             | ( "last_seen" | "joined" ) ( "<" | ">" ) number unit "ago"
             | ( "tag" | "source" | "segment" ) string
             | ( "got" | "clicked" | "blocked after" ) "campaign" number
             | "sample" number "%"

Words may be written in capitals. A comparison is of ages: `joined < 7d ago` is less than seven days ago.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from gatecrier.broadcast.segments.model import (
    SECONDS,
    Age,
    And,
    Deed,
    Did,
    Everyone,
    Language,
    Moment,
    Not,
    Or,
    Premium,
    Sample,
    Saved,
    Segment,
    Source,
    Tag,
)
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.names import CONTROL

LONGEST = 2_000  # characters
DEEPEST = 20  # parentheses and nots within each other
LONGEST_NUMBER = 9  # digits
LONGEST_AGE = 36_500 * 86_400  # seconds: a hundred years; what is longer cannot be subtracted from a date
SHOWN = 60  # characters of a line around a mistake: a terminal must not wrap it, or the caret is elsewhere

BUILT_IN = {"active_30d": "last_seen < 30d ago", "new_users": "joined < 7d ago"}
"""Names that need not be saved."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<age>\d+[mhdw]\b)|(?P<number>\d+)|(?P<word>[a-z_]\w*)"""
    r"""|(?P<sign>[()<>=,%]))""",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)


class Token(NamedTuple):
    """A word of the text, where it stands, and of which kind it is; "" is the end."""

    kind: str
    text: str
    at: int


def parse(text: str) -> Segment:
    """
    The tree of a segment; an empty text is everyone.

    Raises:
        Refused: field "segment"; the text shows the line, and a caret under what is wrong.
    """
    if len(text) > LONGEST:
        raise Refused(f"A segment has at most {LONGEST} characters.", field="segment")
    if not text.strip():
        return Everyone()
    return _Parser(text).whole()


def as_text(tree: Segment) -> str:  # noqa: C901, PLR0911 - one line for each kind of node
    """The text of a tree: parsed again it is the same tree."""
    match tree:
        case Everyone():
            return "everyone"
        case Premium():
            return "premium"
        case Language(codes):
            return f"language in ({', '.join(map(_quoted, codes))})"
        case Age(moment, older, amount, unit):
            return f"{moment} {'>' if older else '<'} {amount}{unit} ago"
        case Tag(name):
            return f"tag {_quoted(name)}"
        case Source(payload):
            return f"source {_quoted(payload)}"
        case Did(deed, campaign_id):
            return f"{deed} campaign {campaign_id}"
        case Sample(percent):
            return f"sample {percent}%"
        case Saved(name):
            return f"segment {_quoted(name)}"
        case Not(part):
            return f"not {_grouped(part, And, Or)}"
        case And(parts):
            return " and ".join(_grouped(part, And, Or) for part in parts)
        case Or(parts):
            return " or ".join(_grouped(part, Or) for part in parts)


def _grouped(part: Segment, *looser: type) -> str:
    text = as_text(part)
    return f"({text})" if isinstance(part, looser) else text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _pointed(line: str, at: int) -> str:
    """A line, or what is around a character of it, and a caret under that."""
    begin = max(0, min(at - SHOWN // 2, len(line) - SHOWN))
    before = ("…" if begin else "") + _shown(line[begin:at])
    after = _shown(line[at : begin + SHOWN]) + ("…" if len(line) > begin + SHOWN else "")
    return f"{before}{after}\n{' ' * sum(map(_columns, before))}^"


def _shown(text: str) -> str:
    """Nothing of it moves the terminal's cursor."""
    return "".join(letter if letter.isprintable() else "·" for letter in text.replace("\t", " "))


def _columns(letter: str) -> int:
    """Of a terminal: an accent takes none, a Chinese character two."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


class _Parser:
    """One text, read from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._next = 0
        self._depth = 0
        self._facts: dict[str, Callable[[], Segment]] = {
            "everyone": Everyone,
            "premium": Premium,
            "language": self._language,
            "last_seen": lambda: self._age(Moment.LAST_SEEN),
            "joined": lambda: self._age(Moment.JOINED),
            "tag": lambda: Tag(self._string("a tag")),
            "source": lambda: Source(self._string("a payload of /start")),
            "segment": lambda: Saved(self._string("a segment's name")),
            "got": lambda: self._did(Deed.GOT),
            "clicked": lambda: self._did(Deed.CLICKED),
            "blocked": self._blocked,
            "sample": self._sample,
            **{name: lambda text=text: parse(text) for name, text in BUILT_IN.items()},  # type: ignore[misc]
        }

    def whole(self) -> Segment:
        tree = self._any()
        if self._token.kind:
            raise self._wrong('"and", "or" or the end')
        return tree

    def _split(self) -> list[Token]:
        tokens, at = [], 0
        while self._text[at:].strip():
            found = _TOKEN.match(self._text, at)
            if found is None:
                start = at + len(self._text[at:]) - len(self._text[at:].lstrip())
                hint = (
                    "a closing quotation mark" if self._text[start] == '"' else "a word, a number or a sign"
                )
                raise self._refused(start, f"{hint} was expected")
            kind = str(found.lastgroup)
            tokens.append(Token(kind, found.group(kind), found.start(kind)))
            at = found.end()
        tokens.append(Token("", "", len(self._text.rstrip())))
        return tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _is(self, text: str) -> bool:
        return self._token.kind in ("word", "sign") and self._token.text.lower() == text

    def _take(self, text: str) -> bool:
        """Whether this comes next; then it is taken."""
        if not self._is(text):
            return False
        self._next += 1
        return True

    def _demand(self, text: str) -> None:
        if not self._take(text):
            raise self._wrong(f'"{text}"')

    def _of(self, kind: str, what: str) -> str:
        if self._token.kind != kind:
            raise self._wrong(what)
        self._next += 1
        return self._tokens[self._next - 1].text

    def _any(self) -> Segment:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Segment:
        parts = [self._part()]
        while self._take("and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part(self) -> Segment:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refused(self._token.at, f"it is nested more than {DEEPEST} times")
        try:
            if self._take("not"):
                return Not(self._part())
            if self._take("("):
                inside = self._any()
                self._demand(")")
                return inside
            return self._fact()
        finally:
            self._depth -= 1

    def _fact(self) -> Segment:
        fact = self._facts.get(self._token.text.lower()) if self._token.kind == "word" else None
        if fact is None:
            raise self._wrong(f"one of {', '.join(self._facts)}, not or (")
        self._next += 1
        return fact()

    def _language(self) -> Language:
        if self._take("="):
            return Language((self._code(),))
        if not self._take("in"):
            raise self._wrong('"=" or "in"')
        self._demand("(")
        codes = [self._code()]
        while self._take(","):
            codes.append(self._code())
        self._demand(")")
        return Language(tuple(codes))

    def _code(self) -> str:
        at = self._token.at
        code = self._string('a language such as "de"').lower()
        if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", code):
            raise self._refused(at, 'a language such as "de" or "pt-br" was expected')
        return code

    def _age(self, moment: Moment) -> Age:
        older = self._take(">")
        if not older and not self._take("<"):
            raise self._wrong('"<" or ">"')
        at = self._token.at
        text = self._of("age", "a time such as 30d, 12h, 2w or 45m")
        amount, unit = text[:-1], text[-1].lower()
        if len(amount) > LONGEST_NUMBER or int(amount) * SECONDS[unit] > LONGEST_AGE:
            raise self._refused(at, "it is longer than a hundred years")
        self._demand("ago")
        return Age(moment, older, int(amount), unit)

    def _string(self, what: str) -> str:
        at = self._token.at
        text = self._of("string", f"{what} in quotation marks")
        if found := CONTROL.search(text):
            raise self._refused(at + found.start(), "no control or half character can be part of it")
        return _unquoted(text)

    def _did(self, deed: Deed) -> Did:
        self._demand("campaign")
        return Did(deed, self._number("a campaign's number"))

    def _blocked(self) -> Did:
        self._demand("after")
        return self._did(Deed.BLOCKED_AFTER)

    def _sample(self) -> Sample:
        at = self._token.at
        percent = self._number("a number of percent")
        if not 1 <= percent <= 100:
            raise self._refused(at, "1 to 100 percent was expected")
        self._demand("%")
        return Sample(percent)

    def _number(self, what: str) -> int:
        at = self._token.at
        digits = self._of("number", what)
        if len(digits) > LONGEST_NUMBER:
            raise self._refused(at, "the number is too large")
        return int(digits)

    def _wrong(self, expected: str) -> Refused:
        return self._refused(self._token.at, f"{expected} was expected")

    def _refused(self, at: int, what: str) -> Refused:
        start = self._text.rfind("\n", 0, at) + 1
        line, *_ = self._text[start:].split("\n", 1)
        place = f"line {self._text.count(chr(10), 0, at) + 1}, " if "\n" in self._text else ""
        return Refused(
            f"At {place}character {at - start + 1}: {what}.\n{_pointed(line, at - start)}",
            field="segment",
            code="bad_segment",
        )
