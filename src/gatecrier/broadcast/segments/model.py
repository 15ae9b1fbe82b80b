"""What a segment says, as a tree."""

from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """A moment of a subscriber's life that has an age."""

    LAST_SEEN = "last_seen"
    JOINED = "joined"


class Deed(StrEnum):
    """What a subscriber has to do with an earlier campaign."""

    GOT = "got"
    CLICKED = "clicked"
    BLOCKED_AFTER = "blocked after"


@dataclass(frozen=True)
class Everyone:
    """Every subscriber."""


@dataclass(frozen=True)
class Premium:
    """Has Telegram Premium."""


@dataclass(frozen=True)
class Language:
    """Uses Telegram in one of these languages; "de" is meant to hold for "de-AT" as well."""

    codes: tuple[str, ...]


@dataclass(frozen=True)
class Age:
    """
    How long ago a moment was.

    Args:
        older: It lies longer back than that; else less long.
        amount, unit: Such as 30 and "d"; units are m, h, d and w.
    """

    moment: Moment
    older: bool
    amount: int
    unit: str


@dataclass(frozen=True)
class Tag:
    """Has been given this tag."""

    name: str


@dataclass(frozen=True)
class Source:
    """Came by a link with this payload."""

    payload: str


@dataclass(frozen=True)
class Did:
    """What they did with a campaign."""

    deed: Deed
    campaign_id: int


@dataclass(frozen=True)
class Sample:
    """The same few of a hundred, whenever it is asked."""

    percent: int


@dataclass(frozen=True)
class Saved:
    """Another segment, by its name."""

    name: str


@dataclass(frozen=True)
class Not:
    """All the others."""

    part: "Segment"


@dataclass(frozen=True)
class And:
    """All of it holds; two parts or more."""

    parts: tuple["Segment", ...]


@dataclass(frozen=True)
class Or:
    """One of it holds; two parts or more."""

    parts: tuple["Segment", ...]


Segment = Everyone | Premium | Language | Age | Tag | Source | Did | Sample | Saved | Not | And | Or

SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Units of ages."""
