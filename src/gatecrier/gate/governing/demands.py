"""
What `/protect` takes: channels, and how they belong together.

    @a @b                 both              @a or @b              one is enough
    any @a @b @c          one is enough     2 of @a @b @c         two are enough
    @a not @rival         that one, and not the other
    @a and (@b or @c)     brackets as usual; "and" may be left out, and binds closer than "or"
"""

import re
from typing import NamedTuple

from gatecrier.gate import policy
from gatecrier.gate.governing.references import MOST, Reference, parse_one, spelling
from gatecrier.gate.policy import InChannel, Policy
from gatecrier.kernel.errors import Refused

LONGEST = 1_000  # characters; ten channels and the words between them need fewer
DEEPEST = 5  # brackets in brackets

_TOKEN = re.compile(r"[()]|[^\s,;()]+")
_COUNT = re.compile(r"[1-9]\d?")


class Demand(NamedTuple):
    """
    A policy over references: its channels are their positions.

    `policy.renumbered` puts the ids in, once they are known.
    """

    references: tuple[Reference, ...]
    policy: Policy


def parse(text: str) -> Demand:
    """
    What a command demands; the command itself may stand before it. Nothing named: nothing demanded.

    Raises:
        Refused: with the place where it stops making sense.
    """
    words = _TOKEN.findall(text[: LONGEST + 1])
    if len(text) > LONGEST:
        raise Refused("That is too long.", remedy=f"Name {MOST} channels at most.", code="too_long")
    if words and words[0].startswith("/"):
        del words[0]
    reader = _Reader(words)
    if not words:
        return Demand((), policy.NOTHING)
    found = reader.either(0)
    if reader.here is not None:
        raise reader.refusal()
    _check_no_contradiction(found)
    return Demand(tuple(reader.references), found)


def _check_no_contradiction(found: Policy) -> None:
    if not policy.joinable(found):
        raise Refused(
            "Name at least one channel that people must be in.",
            remedy="Like this: /protect @channel not @other",
            code="nothing_to_join",
        )
    if set(policy.joinable(found)) & set(policy.forbidden(found)):
        raise Refused("A channel is both demanded and forbidden.", code="contradiction")


class _Reader:
    """Reads words from the left; each method takes what it understands and leaves the rest."""

    def __init__(self, words: list[str]) -> None:
        self.references: list[Reference] = []
        self._words = words
        self._at = 0

    @property
    def here(self) -> str | None:
        """The next word, in lower case; None at the end."""
        return self._words[self._at].lower() if self._at < len(self._words) else None

    def refusal(self) -> Refused:
        """What to say when the next word makes no sense here."""
        before = " ".join(self._words[: self._at])
        where = f'"{self._words[self._at][:64]}"' if self.here is not None else "the end"
        return Refused(
            f'I do not understand {where} after "{before[-64:]}".',
            remedy="Write for example: /protect @a and (@b or @c), or: /protect 2 of @a @b @c",
            code="bad_policy",
        )

    def either(self, depth: int) -> Policy:
        parts = [self._both(depth)]
        while self.here == "or":
            self._at += 1
            parts.append(self._both(depth))
        return policy.at_least(1, parts) if len(parts) > 1 else parts[0]

    def _both(self, depth: int) -> Policy:
        parts = [self._one(depth)]
        while self.here not in (None, "or", ")"):
            if self.here == "and":
                self._at += 1
            parts.append(self._one(depth))
        return policy.all_of(parts)

    def _one(self, depth: int) -> Policy:
        word = self.here
        if word is None or word in ("and", "or", "of", ")"):
            raise self.refusal()
        if word == "not":
            self._at += 1
            return policy.negated(self._one(depth))
        if word == "(":
            return self._bracket(depth)
        if word == "any" or _COUNT.fullmatch(word):
            return self._some(depth)
        return self._channel()

    def _bracket(self, depth: int) -> Policy:
        if depth >= DEEPEST:
            raise Refused("Too many brackets in brackets.", code="too_deep")
        self._at += 1
        found = self.either(depth + 1)
        self._close()
        return found

    def _some(self, depth: int) -> Policy:
        """ "any [of] …" or "N of …": the channels that follow, in brackets or not."""
        word = self.here or ""
        count = 1 if word == "any" else int(word)
        self._at += 1
        if self.here == "of":
            self._at += 1
        elif word != "any":
            raise self.refusal()
        in_brackets = self.here == "("
        if in_brackets:
            self._at += 1
        parts = [self._one(depth)]
        while self.here not in (None, "and", "or", "not", ")"):
            parts.append(self._one(depth))
        if in_brackets:
            self._close()
        if count > len(dict.fromkeys(parts)):
            raise Refused(f"{count} of {len(parts)} channels cannot be.", code="count_too_high")
        return policy.at_least(count, parts)

    def _close(self) -> None:
        if self.here != ")":
            raise self.refusal()
        self._at += 1

    def _channel(self) -> Policy:
        reference = parse_one(self._words[self._at])
        self._at += 1
        known = [spelling(each) for each in self.references]
        if spelling(reference) not in known:
            self.references.append(reference)
            known.append(spelling(reference))
        if len(self.references) > MOST:
            raise Refused(f"A group can require {MOST} channels at most.", code="too_many_channels")
        return InChannel(known.index(spelling(reference)))
