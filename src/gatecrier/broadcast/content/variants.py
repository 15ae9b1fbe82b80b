"""Which variant a subscriber gets: the same in every process and after every restart."""

from hashlib import blake2b
from typing import NamedTuple

from gatecrier.broadcast.content.model import Content, Message, Variant, Variants

HOLD_OUT = "hold_out"
"""Why a delivery of the group that gets nothing ends as suppressed."""


class Choice(NamedTuple):
    """What somebody gets; `number` is the variant's, None where there is but one message."""

    message: Message
    number: int | None = None


def is_held_out(content: Content, campaign_id: int, subscriber_id: int) -> bool:
    """Whether this subscriber is of those who get nothing."""
    return (
        isinstance(content, Variants)
        and 100 * _share(HOLD_OUT, campaign_id, subscriber_id) < content.hold_out
    )


def choose(content: Content, campaign_id: int, subscriber_id: int, language: str) -> Choice:
    """The message for a subscriber who speaks `language` (an IETF tag; "" when it is not known)."""
    if not isinstance(content, Variants):
        return Choice(content)
    fitting = _fitting(content, language)
    total = sum(variant.weight for _, variant in fitting)
    point = _share("variant", campaign_id, subscriber_id) * total
    for number, variant in fitting:
        point -= variant.weight
        if point < 0:
            return Choice(variant.content, number)
    number, variant = fitting[-1]  # a sum of fractions may fall short of the whole
    return Choice(variant.content, number)


def by_language(content: Content) -> bool:
    """Whether it matters which language somebody speaks."""
    return isinstance(content, Variants) and any(variant.language for variant in content.variants)


def tag(language: str) -> str:
    """A language's tag as tags are compared."""
    return language.strip().lower().replace("_", "-")


def _fitting(content: Variants, language: str) -> list[tuple[int, Variant]]:
    """Variants of the language itself, of the one it is a kind of ("de" for "de-AT"), or of none."""
    wanted = tag(language)
    numbered = list(enumerate(content.variants))
    while True:
        fitting = [(number, variant) for number, variant in numbered if tag(variant.language) == wanted]
        if fitting or not wanted:
            return fitting
        wanted = wanted.rpartition("-")[0]


def _share(what: str, campaign_id: int, subscriber_id: int) -> float:
    """A number of [0, 1) that looks like chance, and is always the same."""
    digest = blake2b(f"{what}:{campaign_id}:{subscriber_id}".encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48
