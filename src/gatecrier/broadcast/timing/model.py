"""What a schedule is."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gatecrier.broadcast.model import Content, Options


class Misfire(StrEnum):
    """What to do with a moment that came while nothing ran."""

    ONCE = "once"  # one campaign for all that were missed
    SKIP = "skip"  # none


class ScheduleState(StrEnum):
    """Where a schedule stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"  # its rule has no further moment


@dataclass(frozen=True, kw_only=True)
class Template:
    """What each campaign of a schedule is made of."""

    content: Content
    options: Options
    segment: str = ""
    category: str = ""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """
    When.

    Args:
        rule: Five fields of cron, or an RRULE (RFC 5545) of days or longer.
        zone: Whose wall clock (IANA).
        since: From when an RRULE counts.
        blackout: Dates in that zone on which nothing is sent.
    """

    rule: str
    zone: str
    since: datetime
    blackout: tuple[date, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Campaigns that are made again and again."""

    id: int
    bot_id: int
    name: str
    template: Template
    rhythm: Rhythm
    misfire: Misfire
    state: ScheduleState
    next_at: datetime | None
    last_at: datetime | None
    made: int
    created_at: datetime
    created_by: str
