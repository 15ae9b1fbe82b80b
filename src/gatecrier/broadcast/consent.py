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

from gatecrier.broadcast.batch import is_picked
from gatecrier.broadcast.model import Campaign, DeliveryState
from gatecrier.broadcast.tables import campaigns, deliveries
from gatecrier.kernel.errors import Refused
from gatecrier.registry.store import NO_TERMS, opt_outs, strength, subscribers, suppressions
from gatecrier.storage.schema import Utc

OPTED_OUT, FREQUENCY_CAP = "opted_out", "frequency_cap"
UTC = "UTC"
UTC_ZONE = ZoneInfo(UTC)


@dataclass(frozen=True, kw_only=True)
class Consent:
    """
    What a deployment promises its subscribers.

    Args:
        terms: Nobody is messaged who has not accepted them.
        cap, cap_days: At most so many messages to one person in so many days; 0: no cap.
        quiet_from, quiet_to: Nothing is sent between these times of their clock; None: at any time.
        zone: The zone of people of whom we know none (IANA).
        categories: What campaigns may be about; None: anything.
        unsubscribe_row: Campaigns of a category end with a button that ends that category.
    """

    terms: bool = False
    cap: int = 0
    cap_days: int = 7
    quiet_from: time | None = None
    quiet_to: time | None = None
    zone: str = UTC
    categories: tuple[str, ...] | None = None
    unsubscribe_row: bool = True

    def check_category(self, category: str) -> None:
        """
        Refuse a category that nobody can choose in /settings.

        Raises:
            Refused: it is none of the deployment's.
        """
        if not category or self.categories is None or category in self.categories:
            return
        known = ", ".join(self.categories)
        raise Refused(
            f"There is no category {category!r}.",
            remedy=f"Use one of: {known}." if known else "List them in GATECRIER_BROADCAST__CATEGORIES.",
            field="category",
        )

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
        end = datetime.combine(day, self.quiet_to, local.tzinfo)
        # In the hour that a clock shows twice, the end's first showing may be over already.
        ends = (end.replace(fold=fold).astimezone(UTC_ZONE) for fold in (0, 1))
        return next((moment for moment in ends if moment > now), None)


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
    person: sa.ColumnElement[int], subscriber: sa.ColumnElement[int], needs: Needs, dialect: str
) -> sa.ColumnElement[bool]:
    """Whether somebody must not be messaged; takes the parameters of `values`."""
    return sa.or_(*(condition for condition, _ in _barriers(person, subscriber, needs, dialect)))


def reason(
    person: sa.ColumnElement[int], subscriber: sa.ColumnElement[int], needs: Needs, dialect: str
) -> sa.ColumnElement[str | None]:
    """Why, the strongest reason; NULL: they may be messaged."""
    return sa.case(*_barriers(person, subscriber, needs, dialect), else_=None)


def _barriers(
    person: sa.ColumnElement[int], subscriber: sa.ColumnElement[int], needs: Needs, dialect: str
) -> list[tuple[sa.ColumnElement[bool], sa.ColumnElement[str]]]:
    found = [_suppressed(person)]
    if needs.terms:
        found.append((_without_terms(subscriber), sa.literal(NO_TERMS)))
    if needs.category:
        found.append((_opted_out(person), sa.literal(OPTED_OUT)))
    if needs.cap:
        found.append((_had_enough(subscriber, dialect), sa.literal(FREQUENCY_CAP)))
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


def _had_enough(subscriber: sa.ColumnElement[int], dialect: str) -> sa.ColumnElement[bool]:
    """
    By the ledger's primary key, once for each campaign of the last days: those are few.

    What is going out at this moment counts, too: two campaigns at once keep to one cap.
    """
    other, lately = deliveries.alias("other"), campaigns.alias("lately")
    since = sa.bindparam("cap_since", type_=Utc)
    recent = sa.select(lately.c.id).where(
        lately.c.bot_id == sa.bindparam("bot"),
        lately.c.id != sa.bindparam("this"),
        lately.c.started_at.is_not(None),
        sa.or_(lately.c.finished_at.is_(None), lately.c.finished_at > since),
    )
    had = (
        sa.select(sa.func.count())
        .where(
            is_picked(dialect, other.c.campaign_id, recent),
            other.c.subscriber_id == subscriber,
            sa.or_(
                other.c.state == DeliveryState.SENDING,
                sa.and_(other.c.state == DeliveryState.SENT, other.c.sent_at > since),
            ),
        )
        .correlate_except(other)
        .scalar_subquery()
    )
    return had >= sa.bindparam("cap", type_=sa.Integer)
