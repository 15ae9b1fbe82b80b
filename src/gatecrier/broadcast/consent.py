"""
Who must not be messaged now, and why: one rule, asked when an audience is written and again when each
message leaves.

    suppressed      stopped, blocked, banned … (registry): the strongest reason
    no_terms        the deployment has terms, and they have not accepted them
    opted_out       they want nothing of this campaign's category
    frequency_cap   they had as many messages lately as the deployment allows
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from gatecrier.broadcast.model import Campaign, DeliveryState
from gatecrier.broadcast.tables import campaigns, deliveries
from gatecrier.registry.store import opt_outs, strength, subscribers, suppressions
from gatecrier.storage.schema import Utc

NO_TERMS, OPTED_OUT, FREQUENCY_CAP = "no_terms", "opted_out", "frequency_cap"
UTC = "UTC"


@dataclass(frozen=True, kw_only=True)
class Consent:
    """
    What a deployment promises its subscribers.

    Args:
        terms: Nobody is messaged who has not accepted them.
        cap, cap_days: At most so many messages to one person in so many days; 0: no cap.
        quiet_from, quiet_to: Nothing is sent between these times of their clock; None: at any time.
        zone: The zone of people of whom we know none (IANA).
    """

    terms: bool = False
    cap: int = 0
    cap_days: int = 7
    quiet_from: time | None = None
    quiet_to: time | None = None
    zone: str = UTC

    def quiet_until(self, zone: str, now: datetime) -> datetime | None:
        """When the quiet hours end in which it is now in that zone; None: it is none."""
        if self.quiet_from is None or self.quiet_to is None or self.quiet_from == self.quiet_to:
            return None
        local = now.astimezone(known_zone(zone or self.zone))
        clock = local.time().replace(tzinfo=None)
        over_midnight = self.quiet_from > self.quiet_to
        since, until = clock >= self.quiet_from, clock < self.quiet_to
        if not (since or until if over_midnight else since and until):
            return None
        day = local.date() + timedelta(days=1 if over_midnight and since else 0)
        return datetime.combine(day, self.quiet_to, local.tzinfo).astimezone(now.tzinfo)


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Which rules a campaign needs: a statement is made for each combination once."""

    terms: bool = False
    category: bool = False
    cap: bool = False

    @classmethod
    def of(cls, campaign: Campaign, consent: Consent) -> "Needs":
        """Those of one campaign."""
        return cls(
            terms=consent.terms,
            category=bool(campaign.category),
            cap=bool(consent.cap) and not campaign.options.service,
        )


@cache
def known_zone(name: str) -> ZoneInfo:
    """The zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(UTC)


def values(campaign: Campaign, consent: Consent, now: datetime) -> dict[str, object]:
    """The parameters of `barred` and `reason`."""
    return {
        "bot": campaign.bot_id,
        "category": campaign.category,
        "cap": consent.cap,
        "cap_since": now - timedelta(days=consent.cap_days),
        "this": campaign.id,
    }


def barred(
    person: sa.ColumnElement[int], subscriber: sa.ColumnElement[int], needs: Needs
) -> sa.ColumnElement[bool]:
    """Whether somebody must not be messaged; takes the parameters of `values`."""
    return sa.or_(*(condition for condition, _ in _barriers(person, subscriber, needs)))


def reason(
    person: sa.ColumnElement[int], subscriber: sa.ColumnElement[int], needs: Needs
) -> sa.ColumnElement[str | None]:
    """Why, the strongest reason; NULL: they may be messaged."""
    return sa.case(*_barriers(person, subscriber, needs), else_=None)


def _barriers(
    person: sa.ColumnElement[int], subscriber: sa.ColumnElement[int], needs: Needs
) -> list[tuple[sa.ColumnElement[bool], sa.ColumnElement[str]]]:
    found = [_suppressed(person)]
    if needs.terms:
        found.append((_without_terms(subscriber), sa.literal(NO_TERMS)))
    if needs.category:
        found.append((_opted_out(person), sa.literal(OPTED_OUT)))
    if needs.cap:
        found.append((_had_enough(subscriber), sa.literal(FREQUENCY_CAP)))
    return found


def _suppressed(
    person: sa.ColumnElement[int],
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[str]]:
    theirs = sa.and_(suppressions.c.bot_id == sa.bindparam("bot"), suppressions.c.person_id == person)
    strongest = (
        sa.select(suppressions.c.reason).where(theirs).correlate_except(suppressions).order_by(strength())
    )
    return (
        sa.exists().where(theirs).correlate_except(suppressions),
        strongest.limit(1).scalar_subquery(),
    )


def _without_terms(subscriber: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    one = subscribers.alias("terms")
    return sa.exists().where(one.c.id == subscriber, one.c.terms_at.is_(None)).correlate_except(one)


def _opted_out(person: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(
            opt_outs.c.bot_id == sa.bindparam("bot"),
            opt_outs.c.person_id == person,
            opt_outs.c.category == sa.bindparam("category", type_=sa.Text),
        )
        .correlate_except(opt_outs)
    )


def _had_enough(subscriber: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """By the ledger's primary key, once for each campaign of the last days: those are few."""
    other, lately = deliveries.alias("other"), campaigns.alias("lately")
    since = sa.bindparam("cap_since", type_=Utc)
    had = (
        sa.select(sa.func.count())
        .select_from(lately.join(other, other.c.campaign_id == lately.c.id))
        .where(
            lately.c.bot_id == sa.bindparam("bot"),
            lately.c.id != sa.bindparam("this"),
            sa.or_(lately.c.finished_at.is_(None), lately.c.finished_at > since),
            other.c.subscriber_id == subscriber,
            other.c.state == DeliveryState.SENT,
            other.c.sent_at > since,
        )
        .correlate_except(other, lately)
        .scalar_subquery()
    )
    return had >= sa.bindparam("cap", type_=sa.Integer)
