"""Policies: what they demand, what is missing of them, and how they are written."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gatecrier.gate import policy
from gatecrier.gate.governing.demands import parse
from gatecrier.gate.policy import AllOf, AtLeast, InChannel, Judgement, Not, Policy, judge
from gatecrier.gate.standing import Standing
from gatecrier.kernel.errors import Refused

M, N, U, X = Standing.MEMBER, Standing.NOT_MEMBER, Standing.UNKNOWN, Standing.MISCONFIGURED
ONE, TWO, THREE = InChannel(1), InChannel(2), InChannel(3)

certain = st.dictionaries(st.integers(1, 4), st.sampled_from([M, N]), min_size=4, max_size=4)
leaves = st.integers(1, 4).map(InChannel)
policies = st.recursive(
    leaves | leaves.map(Not),
    lambda inner: st.lists(inner, min_size=1, max_size=4).flatmap(
        lambda parts: st.integers(0, len(parts)).map(
            lambda count: policy.at_least(count, parts) if count else policy.all_of(parts)
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("standings", "standing", "missing"),
    [
        ({}, U, (1, 2, 3)),
        ({1: M, 2: M, 3: M}, M, ()),
        ({1: M, 2: N, 3: M}, N, (2,)),
        ({1: N, 2: N, 3: U}, N, (1, 2)),
        ({1: M, 2: M, 3: U}, U, (3,)),
        ({1: M, 2: M}, U, (3,)),
        ({1: N, 2: X, 3: M}, X, (2,)),
    ],
)
def test_all_means_every_channel(
    standings: Mapping[int, Standing], standing: Standing, missing: tuple[int, ...]
) -> None:
    """One certain absence is enough; one channel that cannot be asked suspends; doubt comes last."""
    found = judge(AllOf((ONE, TWO, THREE)), standings)
    assert (found.standing, found.missing) == (standing, missing)


@pytest.mark.parametrize(
    ("standings", "standing", "remainder"),
    [
        ({1: M, 2: N, 3: M}, M, None),
        ({1: M, 2: N, 3: N}, N, AtLeast(1, (TWO, THREE))),
        ({1: N, 2: N, 3: N}, N, AtLeast(2, (ONE, TWO, THREE))),
        ({1: M, 2: U, 3: N}, U, AtLeast(1, (TWO, THREE))),
        ({1: M, 2: X, 3: N}, X, TWO),
        ({1: M, 2: X, 3: M}, M, None),
        ({1: M, 2: X, 3: U}, U, AtLeast(1, (TWO, THREE))),
        ({1: N, 2: X, 3: N}, N, AtLeast(2, (ONE, TWO, THREE))),
    ],
)
def test_two_of_three_is_told_as_what_is_still_missing(
    standings: Mapping[int, Standing], standing: Standing, remainder: Policy | None
) -> None:
    """Enough certain ones pass whatever cannot be asked; nobody is held while doubt could help them."""
    assert judge(AtLeast(2, (ONE, TWO, THREE)), standings) == Judgement(standing, remainder)


def test_not_is_the_opposite_and_doubt_stays_doubt() -> None:
    """Who is in a rival's channel lacks the absence of it."""
    rival = AllOf((ONE, Not(TWO)))
    assert judge(rival, {1: M, 2: N}).standing is M
    assert judge(rival, {1: M, 2: M}) == Judgement(N, Not(TWO))
    assert judge(rival, {1: M}).standing is U


@given(policies, certain)
def test_doing_what_is_missing_is_enough(demanded: Policy, standings: dict[int, Standing]) -> None:
    """Whoever fulfils the remainder fulfils the policy: nobody is told too little."""
    assume(not set(policy.joinable(demanded)) & set(policy.forbidden(demanded)))
    left = judge(demanded, standings).remainder
    for choice in _choices(policy.channels(left) if left is not None else ()):
        if left is None or judge(left, standings | choice).standing is M:
            assert judge(demanded, standings | choice).standing is M


def _choices(channels: Iterable[int]) -> list[dict[int, Standing]]:
    found: list[dict[int, Standing]] = [{}]
    for channel in channels:
        found = [each | {channel: standing} for each in found for standing in (M, N)]
    return found


@pytest.mark.long
@given(policies, certain)
def test_the_opposite_of_a_policy_judges_the_opposite(
    demanded: Policy, standings: dict[int, Standing]
) -> None:
    """Moving "not" down to the channels changes nothing of what is meant."""
    assert judge(policy.negated(demanded), standings).standing is not judge(demanded, standings).standing


@given(policies, st.dictionaries(st.integers(1, 4), st.sampled_from([M, N, U])), st.booleans())
def test_what_is_certain_does_not_depend_on_doubt(
    demanded: Policy, known: dict[int, Standing], guess: bool
) -> None:
    """A verdict given in doubt holds however the doubt is resolved."""
    verdict = judge(demanded, known).standing
    resolved = dict.fromkeys(range(1, 5), M if guess else N) | {
        id_: standing for id_, standing in known.items() if standing is not U
    }
    if verdict is not U:
        assert judge(demanded, resolved).standing is verdict


@pytest.mark.long
@given(policies, st.sets(st.integers(1, 4)))
def test_a_policy_survives_the_database(demanded: Policy, dropped: set[int]) -> None:
    """It is read as it was written, and names no channel that was taken off."""
    assert policy.from_json(policy.as_json(demanded)) == demanded
    assert not set(policy.channels(policy.without(demanded, dropped))) & dropped


def test_of_fewer_channels_no_more_are_demanded_than_there_are() -> None:
    """Taking one off makes a policy easier, never impossible."""
    assert policy.without(AtLeast(2, (ONE, TWO, THREE)), {3}) == AllOf((ONE, TWO))
    assert policy.without(AtLeast(2, (ONE, TWO)), {1, 2}) == policy.NOTHING
    assert policy.left_over(AllOf((ONE, AtLeast(1, (TWO, THREE)))), {2, 3}) == AtLeast(1, (TWO, THREE))


A, B, C, D = (InChannel(number) for number in range(4))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/protect @aaaa @bbbb", AllOf((A, B))),
        ("@aaaa, @bbbb; and @cccc", AllOf((A, B, C))),
        ("@aaaa or @bbbb @cccc", AtLeast(1, (A, AllOf((B, C))))),
        ("any @aaaa @bbbb", AtLeast(1, (A, B))),
        ("ANY OF (@aaaa @bbbb)", AtLeast(1, (A, B))),
        ("2 of @aaaa @bbbb @cccc and @dddd", AllOf((AtLeast(2, (A, B, C)), D))),
        ("2 of @aaaa @bbbb", AllOf((A, B))),
        ("@aaaa not @bbbb", AllOf((A, Not(B)))),
        ("@aaaa not (@bbbb or @cccc)", AllOf((A, Not(B), Not(C)))),
        ("@aaaa and (@bbbb or @cccc)", AllOf((A, AtLeast(1, (B, C))))),
        ("@aaaa @AAAA", A),
    ],
)
def test_policies_are_written_as_people_say_them(text: str, expected: Policy) -> None:
    """Names side by side mean all of them; "or", "any", "N of", "not" and brackets say the rest."""
    assert parse(text).policy == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("@aaaa or", "bad_policy"),
        ("or @aaaa", "bad_policy"),
        ("(@aaaa", "bad_policy"),
        ("@aaaa)", "bad_policy"),
        ("3 @aaaa", "bad_policy"),
        ("2 of @aaaa", "count_too_high"),
        ("2 of @aaaa @aaaa", "count_too_high"),
        ("not @aaaa", "nothing_to_join"),
        ("@aaaa not @aaaa", "contradiction"),
        ("((((((@aaaa))))))", "too_deep"),
        ("@aaaa " * 400, "too_long"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(text: str, code: str) -> None:
    """Attack 24: nothing is guessed, and nothing recurses without end."""
    with pytest.raises(Refused) as refusal:
        parse(text)
    assert refusal.value.code == code


@given(st.text(alphabet="@ab()0123 ,ornotfy/", max_size=60))
def test_any_text_is_a_demand_or_a_refusal(text: str) -> None:
    """No input breaks the reader."""
    try:
        demand = parse(text)
    except Refused:
        return
    assert set(policy.channels(demand.policy)) == set(range(len(demand.references)))
