"""A segment as a condition of SQL on the table of subscribers, the same on both databases."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from gatecrier.broadcast.model import DeliveryState
from gatecrier.broadcast.segments.model import (
    SECONDS,
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
from gatecrier.broadcast.tables import clicks, deliveries
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.store import subscriber_tags, subscribers, suppressions
from gatecrier.storage.schema import Utc

S = subscribers.c
GONE = (SuppressionReason.BLOCKED.value, SuppressionReason.DEACTIVATED.value)

PRIME, FACTOR = 1_000_003, 7_919
"""A sample is a residue of the subscriber's number: both databases and every process find the same people."""


def condition(  # noqa: C901, PLR0911 - one line for each kind of node
    tree: Segment, *, now: datetime
) -> sa.ColumnElement[bool]:
    """
    Which rows of `subscribers` belong to a segment.

    Args:
        now: Ages are counted from here.
    Raises:
        ValueError: it still names a saved segment; see `service.Segments.resolved`.
    """
    match tree:
        case Everyone():
            return sa.true()
        case Premium():
            return S.is_premium.is_(sa.true())
        case Language(codes):
            return sa.or_(*(_speaks(code) for code in codes))
        case Age(moment, older, amount, unit):
            return _age(moment, older=older, since=now - timedelta(seconds=amount * SECONDS[unit]))
        case Tag(name):
            return _has_tag(name)
        case Source(payload):
            return S.source == payload
        case Did(deed, campaign_id):
            return _did(deed, campaign_id)
        case Sample(percent):
            return (S.id % PRIME) * FACTOR % PRIME % 100 < percent
        case Not(part):
            return sa.not_(condition(part, now=now))
        case And(parts):
            return sa.and_(*(condition(part, now=now) for part in parts))
        case Or(parts):
            return sa.or_(*(condition(part, now=now) for part in parts))
        case Saved(name):
            raise ValueError(f"the segment {name!r} is not resolved")


def is_in_sample(subscriber_id: int, percent: int) -> bool:
    """The same for one subscriber, outside SQL."""
    return subscriber_id % PRIME * FACTOR % PRIME % 100 < percent


def _speaks(code: str) -> sa.ColumnElement[bool]:
    spoken = sa.func.lower(S.language_code)
    return sa.or_(spoken == code, spoken.like(f"{code}-%"))


def _age(moment: Moment, *, older: bool, since: datetime) -> sa.ColumnElement[bool]:
    column = S.last_seen_at if moment is Moment.LAST_SEEN else S.started_at
    bound = sa.literal(since, Utc)
    return column < bound if older else column > bound


def _has_tag(name: str) -> sa.ColumnElement[bool]:
    t = subscriber_tags.c
    return sa.exists().where(t.bot_id == S.bot_id, t.person_id == S.person_id, t.tag == name)


def _did(deed: Deed, campaign_id: int) -> sa.ColumnElement[bool]:
    d, c = deliveries.c, clicks.c
    theirs = sa.and_(d.campaign_id == campaign_id, d.subscriber_id == S.id)
    match deed:
        case Deed.GOT:
            return sa.exists().where(theirs, d.state == DeliveryState.SENT)
        case Deed.CLICKED:
            return sa.exists().where(c.campaign_id == campaign_id, c.subscriber_id == S.id)
        case Deed.BLOCKED_AFTER:
            left = (
                sa.exists()
                .where(suppressions.c.bot_id == S.bot_id, suppressions.c.person_id == S.person_id)
                .where(suppressions.c.reason.in_(GONE), suppressions.c.since >= d.sent_at)
                .correlate(subscribers, deliveries)
            )
            return sa.exists().where(
                theirs, sa.or_(sa.and_(d.state == DeliveryState.FAILED, d.code.in_(GONE)), left)
            )
