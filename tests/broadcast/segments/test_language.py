"""The language of segments: what may be written, and how a mistake is shown."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecrier.broadcast.segments.language import DEEPEST, LONGEST, as_text, parse
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


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=0, max_size=12)
leaves = st.one_of(
    st.just(Everyone()),
    st.just(Premium()),
    st.builds(Language, st.lists(st.sampled_from(["de", "pt-br", "id"]), min_size=1, max_size=3).map(tuple)),
    st.builds(
        Age,
        st.sampled_from(Moment),
        st.booleans(),
        st.integers(0, 1000),
        st.sampled_from(["m", "h", "d", "w"]),
    ),
    st.builds(Tag, names),
    st.builds(Source, names),
    st.builds(Saved, names),
    st.builds(Did, st.sampled_from(Deed), st.integers(0, 10**9 - 1)),
    st.builds(Sample, st.integers(1, 100)),
)
trees: st.SearchStrategy[Segment] = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(And, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(trees)
def test_a_tree_written_down_and_read_again_is_the_same(tree: Segment) -> None:
    """What a campaign keeps means what was chosen."""
    again = parse(as_text(tree))
    assert as_text(again) == as_text(tree)


@given(st.text(max_size=60))
def test_whatever_is_written_is_understood_or_refused(text: str) -> None:
    """Nothing else: no other error, no hang."""
    with suppress(Refused):
        parse(text)


def test_what_the_page_shows_is_understood() -> None:
    """Every query of docs/segments.md."""
    page = (Path(__file__).parents[3] / "docs" / "segments.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    queries = [query for row in rows for query in re.findall(r"`([^`]+)`", row)]
    queries += re.findall(r"```segment\n(.*?)```", page, re.DOTALL)
    queries += re.findall(r"--segment '([^']+)'|count '([^']+)'|friends '([^']+)'", page)[0][1:2]
    assert len(queries) > 15
    for query in queries:
        parse(query)
