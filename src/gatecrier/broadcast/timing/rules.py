"""When a schedule is due: pure, in wall clocks, with changes of the clock looked at afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter
from dateutil.rrule import rrule, rruleset, rrulestr

from gatecrier.broadcast.timing.model import Rhythm
from gatecrier.broadcast.timing.when import local
from gatecrier.kernel.errors import Refused

SHORTEST = timedelta(hours=1)
"""Between two campaigns of one schedule: nobody wants a bot that writes every minute."""
LOOKED_AHEAD = 50  # moments that are looked at when a schedule is made
HORIZON = timedelta(days=5 * 366)  # beyond it a rule is taken to have no further moment
MOST_BLACKED_OUT = 1000  # moments in a row
LATE = timedelta(minutes=5)
"""A moment that old has been missed: nothing ran."""
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def check(rhythm: Rhythm, *, now: datetime) -> None:
    """
    Refuse what is no rule, has no moment ahead, or would come too often.

    Raises:
        Refused: `field` is rule.
    """
    ahead = list(islice(moments(rhythm, after=now), LOOKED_AHEAD))
    if not ahead:
        raise Refused("This rule has no moment within five years.", field="rule")
    if any(later - sooner < SHORTEST for sooner, later in pairwise(ahead)):
        raise Refused("A schedule makes one campaign an hour at most.", field="rule")


def next_moment(rhythm: Rhythm, *, after: datetime) -> datetime | None:
    """The first moment after `after`; None: there is none within five years."""
    return next(moments(rhythm, after=after), None)


def moments(rhythm: Rhythm, *, after: datetime) -> Iterator[datetime]:
    """
    All moments after `after`, in UTC, strictly ascending, none on a blacked-out date.

    Raises:
        Refused: it is no rule.
    """
    zone = ZoneInfo(rhythm.zone)
    last = after
    skipped = 0
    for wall in _walls(rhythm, after.astimezone(zone).replace(tzinfo=None), zone):
        moment = local(wall.date(), wall.time(), zone).astimezone(UTC)
        if wall.date() in rhythm.blackout:
            skipped += 1
            if skipped > MOST_BLACKED_OUT:
                return
        elif moment > last:  # where the clock was turned, two walls may be one moment
            skipped, last = 0, moment
            yield moment


def is_missed(moment: datetime, *, now: datetime) -> bool:
    """Whether it is too long ago to be simply late."""
    return now - moment > LATE


def _walls(rhythm: Rhythm, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Wall clocks from a little before `after` on."""
    begin, end = after - timedelta(hours=2), after + HORIZON
    if rhythm.rule.upper().startswith(("RRULE:", "FREQ=")):
        since = rhythm.since.astimezone(zone).replace(tzinfo=None, microsecond=0)
        yield from _by_rrule(rhythm.rule, since, begin, end)
    else:
        yield from _by_cron(rhythm.rule, begin, end)


def _by_cron(rule: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    if len(rule.split()) != 5:
        raise Refused("A cron rule has five fields, such as 0 9 * * 1.", field="rule")
    try:
        walls = croniter(rule, start_time=begin)
        while (wall := walls.get_next(datetime)) <= end:
            yield wall
    except CroniterBadDateError:
        return  # such as the 30th of February
    except (CroniterError, ValueError, KeyError) as error:
        raise Refused(f"This is no rule: {error}.", field="rule") from None


def _by_rrule(rule: str, since: datetime, begin: datetime, end: datetime) -> Iterator[datetime]:
    text = rule.upper().removeprefix("RRULE:")
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    if parts.get("FREQ") not in FREQUENCIES or "DTSTART" in text or "\n" in text:
        raise Refused(f"An RRULE here is one of {', '.join(FREQUENCIES)}.", field="rule")
    try:
        found = rrulestr(f"RRULE:{text}", dtstart=since)
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(f"This is no rule: {error}.", field="rule") from None
    if isinstance(found, rruleset):
        raise Refused("One rule, please.", field="rule")
    bounded: rrule = found if "UNTIL" in parts or "COUNT" in parts else found.replace(until=end)
    yield from (wall for wall in bounded if begin <= wall <= end)
