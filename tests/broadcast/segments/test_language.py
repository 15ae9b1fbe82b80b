"""The language of segments: what may be written, and how a mistake is shown."""

import re
import shlex
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.segments.trees import ANY_SEGMENT
from gatecrier.broadcast.segments.language import DEEPEST, LONGEST, SHOWN, as_text, parse
from gatecrier.broadcast.segments.model import (
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

SEEN = Age(Moment.LAST_SEEN, older=True, amount=30, unit="d")
NEW = Age(Moment.JOINED, older=False, amount=7, unit="d")

UNDERSTOOD = {
    "": Everyone(),
    "premium": Premium(),
    'language in ("de","at")': Language(("de", "at")),
    'language = "pt-BR"': Language(("pt-br",)),
    "last_seen > 30d ago": SEEN,
    "joined<7d ago": NEW,
    'tag "vip"': Tag("vip"),
    r'tag "a \"quoted\" one"': Tag('a "quoted" one'),
    'source "ad7"': Source("ad7"),
    "got campaign 41": Did(Deed.GOT, 41),
    "not clicked campaign 41": Not(Did(Deed.CLICKED, 41)),
    "blocked after campaign 9": Did(Deed.BLOCKED_AFTER, 9),
    "sample 10%": Sample(10),
    'segment "friends"': Saved("friends"),
    "new_users": NEW,
    "active_30d": Age(Moment.LAST_SEEN, older=False, amount=30, unit="d"),
    "PREMIUM AND NOT new_users": And((Premium(), Not(NEW))),
    "premium or new_users and everyone": Or((Premium(), And((NEW, Everyone())))),
    "(premium or new_users) and everyone": And((Or((Premium(), NEW)), Everyone())),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_what_is_written_is_understood(text: str) -> None:
    """Each fact of the language, and which word binds closer."""
    assert parse(text) == UNDERSTOOD[text]


REFUSED = [
    ("premum", "At character 1: one of everyone, premium", "premum\n^"),
    ("premium and", "At character 12: one of everyone", "premium and\n           ^"),
    ("premium premium", 'At character 9: "and", "or" or the end', "premium premium\n        ^"),
    ("(premium", 'At character 9: ")"', "(premium\n        ^"),
    ('tag "vip', "At character 5: a closing quotation mark", 'tag "vip\n    ^'),
    ("tag vip", "At character 5: a tag in quotation marks", "tag vip\n    ^"),
    ("last_seen > 30 ago", "At character 13: a time such as 30d", "last_seen > 30 ago\n            ^"),
    ("joined 7d ago", 'At character 8: "<" or ">"', "joined 7d ago\n       ^"),
    ("joined < 7d", 'At character 12: "ago"', "joined < 7d\n           ^"),
    ("sample 0%", "At character 8: 1 to 100 percent", "sample 0%\n       ^"),
    ('language = "german!"', "At character 12: a language such as", 'language = "german!"\n           ^'),
    ("premium\nand foo", "At line 2, character 5: one of", "and foo\n    ^"),
    ("premium & new_users", "At character 9: a word", "premium & new_users\n        ^"),
    ("joined < 99999999d ago", "At character 10: it is longer than a hundred", "\n         ^"),
    ("got campaign 1234567890123", "At character 14: the number is too large", "\n             ^"),
]


@pytest.mark.parametrize(("text", "says", "shows"), REFUSED)
def test_a_mistake_is_shown_where_it_is(text: str, says: str, shows: str) -> None:
    """The line, a caret under the first character that is wrong, and what would be right there."""
    with pytest.raises(Refused) as caught:
        parse(text)
    assert says in caught.value.text
    assert caught.value.text.endswith(shows)
    assert caught.value.field == "segment"


def test_a_segment_has_its_limits() -> None:
    """Neither endless nor bottomless texts reach the parser's own limits."""
    with pytest.raises(Refused, match="2000 characters"):
        parse("premium or " * LONGEST)
    with pytest.raises(Refused, match="nested more than"):
        parse("(" * (DEEPEST + 1) + "premium" + ")" * (DEEPEST + 1))
    assert parse("(" * (DEEPEST - 1) + "premium" + ")" * (DEEPEST - 1)) == Premium()


@given(ANY_SEGMENT)
def test_a_tree_written_down_and_read_again_is_the_same(tree: Segment) -> None:
    """What a campaign keeps means what was chosen."""
    assert parse(as_text(tree)) == tree


WORDS = [
    *("everyone", "premium", "language", "in", "last_seen", "joined", "ago", "tag", "source", "segment"),
    *("got", "clicked", "blocked", "after", "campaign", "sample", "and", "or", "not", "new_users"),
    *("(", ")", ",", "=", "<", ">", "%", "30d", "0w", "7", "41", '"de"', '"', "\\"),
    *("\n", "\t", "\x00", "\ud800"),
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)))
def test_whatever_is_written_is_understood_or_refused(text: str) -> None:
    """Nothing else: no other error, no hang; and what is understood can be written down."""
    with suppress(Refused):
        tree = parse(text)
        assert parse(as_text(tree)) == tree


@given(text=st.text(max_size=200), at=st.integers(0, 200))
def test_a_mistake_fits_a_terminal(text: str, at: int) -> None:
    """However long the line: three lines, and the last two are too short to be wrapped."""
    with pytest.raises(Refused) as caught:
        parse(text[:at].replace('"', "") + " ?! " + text[at:])
    _, *shown = caught.value.text.splitlines()
    assert len(shown) == 2
    assert max(map(len, shown)) <= 2 * SHOWN + 2


NOT_SHOWN_AS_WRITTEN = [
    ("premium\tand\tx", "premium and x\n            ^"),
    ("premium \x1b[31m", "premium ·[31m\n        ^"),
    ('tag "日本" x', 'tag "日本" x\n           ^'),
    ('tag "e\u0301" x', 'tag "e\u0301" x\n        ^'),
    ("premium and " * 9 + "x", "…" + ("premium and " * 9 + "x")[-60:] + "\n" + " " * 60 + "^"),
    ("x" + " and premium" * 9, ("x" + " and premium" * 9)[:60] + "…\n^"),
]


@pytest.mark.parametrize(("text", "shows"), NOT_SHOWN_AS_WRITTEN)
def test_the_caret_stands_under_the_mistake(text: str, shows: str) -> None:
    """Tabs, wide letters, accents and long lines do not move it, and nothing moves the cursor."""
    with pytest.raises(Refused) as caught:
        parse(text)
    assert caught.value.text.endswith(f".\n{shows}")


@pytest.mark.parametrize("letter", ["\x00", "\n", "\x9b", "\ud800"])
def test_what_no_database_keeps_is_no_name(letter: str) -> None:
    """NUL and half characters are refused where they stand; PostgreSQL would raise an error of its own."""
    with pytest.raises(Refused, match="character 7: no control or half character"):
        parse(f'tag "v{letter}ip"')


KINDS = {Everyone, Premium, Language, Age, Tag, Source, Did, Sample, Saved}
PAGE = (Path(__file__).parents[3] / "docs" / "segments.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_what_the_page_shows_is_understood() -> None:
    """Every fact of the table, every query, and every query of a command on docs/segments.md."""
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    queries = [query for row in rows for query in re.findall(r"`([^`]+)`", row)]
    commands = [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]
    said = [query for command in commands for query in queries_of(command)]
    for query in [*queries, *blocks("segment"), *said]:
        parse(query)
    assert {type(parse(query)) for query in queries} == KINDS


def queries_of(command: list[str]) -> list[str]:
    match command:
        case ["gatecrier", "segment", "count", query] | ["gatecrier", "segment", "save", _, query]:
            return [query]
        case ["gatecrier", "segment", "show" | "list" | "remove", *_]:
            return []
        case ["gatecrier", "campaign", "create", *_, "--segment", query]:
            return [query]
    raise AssertionError(f"{command} is of no kind that this test knows")


def test_the_mistake_on_the_page_is_shown_like_that() -> None:
    """The page quotes what the command prints."""
    (block,) = blocks("text")
    written = block.splitlines()[1]
    with pytest.raises(Refused) as caught:
        parse(written)
    assert block == f"✗ {caught.value}\n"
