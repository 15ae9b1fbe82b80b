"""Variants: everybody gets the same one wherever and whenever it is asked, in the shares that were set."""

from collections import Counter

import pytest

from gatecrier.broadcast.content.model import Content, Text, Variant, Variants
from gatecrier.broadcast.content.variants import by_language, choose, is_held_out


def variants(*languages: str, hold_out: int = 0) -> Variants:
    return Variants(
        variants=tuple(Variant(content=Text(text=f"in {one}"), language=one) for one in languages),
        hold_out=hold_out,
    )


def ab(*weights: int) -> Variants:
    return Variants(variants=tuple(Variant(content=Text(text=str(one)), weight=one) for one in weights))


@pytest.mark.parametrize(
    ("language", "number"),
    [("de", 1), ("de-AT", 1), ("DE_at", 1), ("pt-br", 2), ("pt-BR-x", 2), ("pt", 0), ("fr", 0), ("", 0)],
)
def test_the_nearest_language_is_spoken(language: str, number: int) -> None:
    """Their own, else the one it is a kind of, else the one for everybody."""
    assert choose(variants("", "de", "pt-br"), 1, 1, language).number == number


def test_weights_are_shares() -> None:
    """Three parts to one, within what chance allows, and the hold-out is a share of all."""
    got = Counter(choose(ab(3, 1), 5, id_, "").number for id_ in range(10_000))
    assert 7300 < got[0] < 7700
    held = sum(is_held_out(variants("", hold_out=20), 5, id_) for id_ in range(10_000))
    assert 1850 < held < 2150


def test_a_language_may_have_several_texts() -> None:
    """A/B within a language; nobody of it gets the text of another."""
    content = Variants(
        variants=(
            Variant(content=Text(text="a"), language="de"),
            Variant(content=Text(text="b"), language="de"),
            Variant(content=Text(text="c")),
        )
    )
    assert {choose(content, 1, id_, "de").number for id_ in range(50)} == {0, 1}


def test_the_split_never_moves() -> None:
    """These numbers are what was sent: whoever changes the hash sends people a second text at a retry."""
    assert [choose(ab(1, 1), 7, id_, "").number for id_ in range(1, 13)] == [
        1,
        0,
        1,
        1,
        0,
        1,
        0,
        1,
        1,
        0,
        1,
        1,
    ]
    assert [id_ for id_ in range(1, 40) if is_held_out(variants("", hold_out=10), 7, id_)] == [13, 22]


def test_campaigns_split_anew() -> None:
    """Who is in one campaign's half is not for ever in the same half."""
    one = [choose(ab(1, 1), 1, id_, "").number for id_ in range(100)]
    assert one != [choose(ab(1, 1), 2, id_, "").number for id_ in range(100)]


@pytest.mark.parametrize(
    ("content", "expected"), [(ab(1, 1), False), (variants("", "de"), True), (Text(text="x"), False)]
)
def test_people_are_looked_up_only_for_languages(content: Content, expected: bool) -> None:
    """A/B alone needs nothing but a number."""
    assert by_language(content) is expected
