"""
What a group demands, as a tree over channels: all of these, at least N of those, not that one.

A policy is judged with what is known of a person in each channel, in four values: what cannot be asked
(MISCONFIGURED) and what is not known (UNKNOWN) are no answer, and never count as one.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gatecrier.gate.standing import Standing


@dataclass(frozen=True)
class InChannel:
    """Belong to this channel."""

    channel: int


@dataclass(frozen=True)
class AllOf:
    """Every part holds; of no parts: always."""

    parts: tuple["Policy", ...]


@dataclass(frozen=True)
class AtLeast:
    """So many parts hold; 1 is "any of"."""

    count: int
    parts: tuple["Policy", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold; `negated` keeps it to single channels."""

    part: InChannel


Policy = InChannel | AllOf | AtLeast | Not

NOTHING = AllOf(())


class Judgement(NamedTuple):
    """
    What a policy says of a person.

    Args:
        standing: MEMBER: all is well; NOT_MEMBER: surely not; UNKNOWN and MISCONFIGURED: no answer.
        remainder: The part of the policy that does not hold; None when all does.
    """

    standing: Standing
    remainder: Policy | None = None

    @property
    def missing(self) -> tuple[int, ...]:
        """The channels of the remainder."""
        return channels(self.remainder) if self.remainder is not None else ()


def judge(policy: Policy, standings: Mapping[int, Standing]) -> Judgement:
    """Weigh a person's standings; a missing one is UNKNOWN."""
    standing = _weigh(policy, standings)
    if standing is Standing.MISCONFIGURED:
        faulty = tuple(id_ for id_ in channels(policy) if standings.get(id_) is Standing.MISCONFIGURED)
        return Judgement(standing, all_of(map(InChannel, faulty)))
    # Nobody is told to join what nobody knows of: in doubt a channel is not among the missing.
    holding = _IN_DOUBT_TOO if standing is Standing.NOT_MEMBER else _CERTAIN
    return Judgement(standing, remainder(policy, standings, holding))


def _weigh(policy: Policy, standings: Mapping[int, Standing]) -> Standing:
    match policy:
        case InChannel(channel):
            return standings.get(channel, Standing.UNKNOWN)
        case Not(part):
            return _OPPOSITE[_weigh(part, standings)]
        case AllOf(parts):
            # What cannot be asked weighs most: whoever joined the rest could not be let in.
            found = {_weigh(part, standings) for part in parts}
            return next((each for each in _WORST_FIRST if each in found), Standing.MEMBER)
        case AtLeast(count, parts):
            return _at_least(count, Counter(_weigh(part, standings) for part in parts))


def _at_least(count: int, found: Counter[Standing]) -> Standing:
    certain = found[Standing.MEMBER]
    if certain >= count:
        return Standing.MEMBER
    if certain + found[Standing.UNKNOWN] >= count:
        return Standing.UNKNOWN
    faulty = certain + found[Standing.UNKNOWN] + found[Standing.MISCONFIGURED] >= count
    return Standing.MISCONFIGURED if faulty else Standing.NOT_MEMBER


_WORST_FIRST = (Standing.MISCONFIGURED, Standing.NOT_MEMBER, Standing.UNKNOWN)
_OPPOSITE = {
    Standing.MEMBER: Standing.NOT_MEMBER,
    Standing.NOT_MEMBER: Standing.MEMBER,
    Standing.UNKNOWN: Standing.UNKNOWN,
    Standing.MISCONFIGURED: Standing.MISCONFIGURED,
}


_CERTAIN = frozenset({Standing.MEMBER})
_IN_DOUBT_TOO = frozenset({Standing.MEMBER, Standing.UNKNOWN})


def remainder(
    policy: Policy, standings: Mapping[int, Standing], holding: Collection[Standing] = _CERTAIN
) -> Policy | None:
    """
    The part that does not hold, as short as it can be said; None when all holds.

    Args:
        holding: What counts as holding.
    """
    if _weigh(policy, standings) in holding:
        return None
    match policy:
        case AllOf(parts):
            return all_of(_open(parts, standings, holding))
        case AtLeast(count, parts):
            left = _open(parts, standings, holding)
            return at_least(count - (len(parts) - len(left)), left)
        case _:
            return policy


def _open(
    parts: Iterable[Policy], standings: Mapping[int, Standing], holding: Collection[Standing]
) -> list[Policy]:
    found = (remainder(part, standings, holding) for part in parts)
    return [part for part in found if part is not None]


def left_over(policy: Policy, missing: Collection[int]) -> Policy | None:
    """The part of a policy that somebody fails who fails at just these channels."""
    all_well = dict.fromkeys(joinable(policy), Standing.MEMBER) | dict.fromkeys(
        forbidden(policy), Standing.NOT_MEMBER
    )
    return remainder(policy, all_well | failing(policy, missing))


def failing(policy: Policy, missing: Collection[int]) -> dict[int, Standing]:
    """The standings of somebody who fails at these channels, as far as the policy names them."""
    return {id_: Standing.NOT_MEMBER for id_ in joinable(policy) if id_ in missing} | {
        id_: Standing.MEMBER for id_ in forbidden(policy) if id_ in missing
    }


def channels(policy: Policy) -> tuple[int, ...]:
    """Every channel of a policy, each once, in the order they stand there."""
    return tuple(dict.fromkeys(_channel(leaf) for leaf in _leaves(policy)))


def joinable(policy: Policy) -> tuple[int, ...]:
    """The channels that joining helps with."""
    return tuple(dict.fromkeys(leaf.channel for leaf in _leaves(policy) if isinstance(leaf, InChannel)))


def forbidden(policy: Policy) -> tuple[int, ...]:
    """The channels that leaving helps with."""
    return tuple(dict.fromkeys(leaf.part.channel for leaf in _leaves(policy) if isinstance(leaf, Not)))


def _leaves(policy: Policy) -> Iterable[InChannel | Not]:
    match policy:
        case AllOf(parts) | AtLeast(_, parts):
            for part in parts:
                yield from _leaves(part)
        case _:
            yield policy


def _channel(leaf: InChannel | Not) -> int:
    return leaf.channel if isinstance(leaf, InChannel) else leaf.part.channel


def all_of(parts: Iterable[Policy]) -> Policy:
    """All of these, each said once; what is "all of" inside is no inside."""
    flat: list[Policy] = []
    for part in parts:
        flat += part.parts if isinstance(part, AllOf) else [part]
    kept = tuple(dict.fromkeys(flat))
    return kept[0] if len(kept) == 1 else AllOf(kept)


def at_least(count: int, parts: Iterable[Policy]) -> Policy:
    """At least so many of these, each counted once; said as "all of" where it means that."""
    kept = tuple(dict.fromkeys(parts))
    return all_of(kept) if count >= len(kept) else AtLeast(max(count, 1), kept)


def negated(policy: Policy) -> Policy:
    """The opposite, with every "not" moved down to a single channel (De Morgan)."""
    match policy:
        case InChannel():
            return Not(policy)
        case Not(part):
            return part
        case AllOf(parts):
            return at_least(1, map(negated, parts))
        case AtLeast(count, parts):
            return at_least(len(parts) - count + 1, map(negated, parts))


def without(policy: Policy, dropped: Collection[int]) -> Policy:
    """The policy without these channels: of fewer parts, no more are demanded than there are."""
    match policy:
        case AllOf(parts):
            return all_of(_kept(parts, dropped))
        case AtLeast(count, parts):
            kept = _kept(parts, dropped)
            return at_least(count, kept) if kept else NOTHING
        case _:
            return NOTHING if _channel(policy) in dropped else policy


def _kept(parts: Iterable[Policy], dropped: Collection[int]) -> list[Policy]:
    return [left for part in parts if (left := without(part, dropped)) != NOTHING]


def renumbered(policy: Policy, ids: Mapping[int, int]) -> Policy:
    """The same demands of other channels."""
    return _mapped(policy, lambda channel: ids[channel])


def _mapped(policy: Policy, new: Callable[[int], int]) -> Policy:
    match policy:
        case InChannel(channel):
            return InChannel(new(channel))
        case Not(part):
            return Not(InChannel(new(part.channel)))
        case AllOf(parts):
            return all_of(_mapped(part, new) for part in parts)
        case AtLeast(count, parts):
            return at_least(count, [_mapped(part, new) for part in parts])


def as_json(policy: Policy) -> Any:
    """For the database and exports: a number, {"not": n}, {"all": [...]} or {"at_least": n, "of": [...]}."""
    match policy:
        case InChannel(channel):
            return channel
        case Not(part):
            return {"not": part.channel}
        case AllOf(parts):
            return {"all": [as_json(part) for part in parts]}
        case AtLeast(count, parts):
            return {"at_least": count, "of": [as_json(part) for part in parts]}


def from_json(value: Any) -> Policy:
    """What `as_json` gave; of other things ValueError: nobody but us writes it."""
    match value:
        case int():
            return InChannel(value)
        case {"not": int(channel)}:
            return Not(InChannel(channel))
        case {"all": list(parts)}:
            return AllOf(tuple(map(from_json, parts)))
        case {"at_least": int(count), "of": list(parts)}:
            return AtLeast(count, tuple(map(from_json, parts)))
        case _:
            raise ValueError(f"no policy: {value!r}")
