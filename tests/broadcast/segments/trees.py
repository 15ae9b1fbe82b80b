"""Segments of every shape, for tests that hold for all of them."""

from hypothesis import strategies as st

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

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
CAMPAIGNS = st.integers(0, 10**9 - 1)
UNITS = st.sampled_from(["m", "h", "d", "w"])


def facts(
    *,
    tags: st.SearchStrategy[str] = NAMES,
    sources: st.SearchStrategy[str] = NAMES,
    campaigns: st.SearchStrategy[int] = CAMPAIGNS,
    languages: tuple[str, ...] = ("de", "pt-br", "id"),
) -> st.SearchStrategy[Segment]:
    """Whatever a segment says in one part, but for other segments' names."""
    ages = st.builds(Age, st.sampled_from(Moment), st.booleans(), st.integers(0, 1000), UNITS)
    return st.one_of(
        st.just(Everyone()),
        st.just(Premium()),
        st.builds(Language, st.lists(st.sampled_from(languages), min_size=1, max_size=3).map(tuple)),
        ages,
        st.builds(Tag, tags),
        st.builds(Source, sources),
        st.builds(Did, st.sampled_from(Deed), campaigns),
        st.builds(Sample, st.integers(1, 100)),
    )


def trees(parts: st.SearchStrategy[Segment]) -> st.SearchStrategy[Segment]:
    """Parts, and what `not`, `and` and `or` make of them."""
    return st.recursive(
        parts,
        lambda some: st.one_of(
            st.builds(Not, some),
            st.builds(And, st.lists(some, min_size=2, max_size=3).map(tuple)),
            st.builds(Or, st.lists(some, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=8,
    )


ANY_SEGMENT = trees(st.one_of(facts(), st.builds(Saved, NAMES)))
