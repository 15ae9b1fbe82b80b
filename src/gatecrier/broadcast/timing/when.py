"""Moments as people write them: `tomorrow 9:00`, `in 2h`, `2026-12-01 18:00`."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gatecrier.kernel.errors import Refused

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = timedelta(days=366)

_IN = re.compile(r"in\s+(\d{1,5})\s*([mhdw])\b", re.IGNORECASE)
_CLOCK = r"(\d{1,2})[:.](\d{2})\b"
_AT = re.compile(
    rf"(?:(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})[T\s]+|(today|tomorrow|{'|'.join(DAYS)})[a-z]*\s+)?(?:at\s+)?{_CLOCK}",
    re.IGNORECASE,
)
EXAMPLES = '"18:00", "tomorrow 9:00", "mon 9:00", "in 2h" or "2026-12-01 18:00"'


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, str]:
    """
    A moment at the beginning of a text, and what follows it.

    Args:
        now: Aware. zone: Where the writer's clock is.
    Raises:
        Refused: no moment is written there, or it is past, or more than a year ahead.
    """
    rest = text.strip()
    if found := _IN.match(rest):
        moment = now + int(found[1]) * UNITS[found[2].lower()]
    elif found := _AT.match(rest):
        moment = _at(found, now, zone)
    else:
        begin = rest[:20] or "nothing"
        raise Refused(f"No time is written there: {begin}.", remedy=f"Write {EXAMPLES}.", field="when")
    if moment <= now:
        raise Refused(f"{moment.astimezone(zone):%Y-%m-%d %H:%M} is past.", field="when")
    if moment - now > LONGEST:
        raise Refused("That is more than a year ahead.", field="when")
    return moment, rest[found.end() :].strip()


def local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """That wall clock in that zone; one that is skipped there moves on, one that comes twice is the first."""
    moment = datetime.combine(day, clock, zone)
    there = moment.astimezone(ZoneInfo("UTC")).astimezone(zone)
    return there if there.replace(tzinfo=None) != moment.replace(tzinfo=None) else moment


def next_time(clock: time, now: datetime, zone: ZoneInfo) -> datetime:
    """When the clock of that zone next shows this time, now included."""
    today = now.astimezone(zone).date()
    moment = local(today, clock, zone)
    return moment if moment >= now else local(today + timedelta(days=1), clock, zone)


def _at(found: re.Match[str], now: datetime, zone: ZoneInfo) -> datetime:
    year, month, day, word, hour, minute = found.groups()
    try:
        clock = time(int(hour), int(minute))
        if year:
            return local(date(int(year), int(month), int(day)), clock, zone)
    except ValueError:
        raise Refused(f"There is no such time: {found[0]}.", field="when") from None
    today = now.astimezone(zone).date()
    if word is None:
        moment = local(today, clock, zone)
        return moment if moment > now else local(today + timedelta(days=1), clock, zone)
    if word.lower() in DAYS:
        ahead = (DAYS.index(word.lower()) - today.weekday()) % 7
        moment = local(today + timedelta(days=ahead), clock, zone)
        return moment if moment > now else local(today + timedelta(days=ahead + 7), clock, zone)
    return local(today + timedelta(days=word.lower() == "tomorrow"), clock, zone)
