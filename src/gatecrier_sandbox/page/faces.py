"""How accounts and chats look: name, initials, one of seven colours; how times and sizes are told."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from gatecrier_sandbox.world.model import Chat, Person

COLOURS = 7
DELETED = "Deleted Account"


class Face(Struct, frozen=True):
    """What stands in a list: `colour` is 0 to 6, `kind` is person, bot, group, supergroup or channel."""

    id: int
    name: str
    initials: str
    colour: int
    kind: str
    username: str = ""


def of_person(person: Person) -> Face:
    """The face of an account; a deleted one has no name."""
    name = f"{person.first_name} {person.last_name}".strip() or DELETED
    kind = "bot" if person.is_bot else "person"
    return Face(person.id, name, initials(name), person.id % COLOURS, kind, person.username)


def of_chat(chat: Chat) -> Face:
    """The face of a group or channel."""
    letters, colour = initials(chat.title), abs(chat.id) % COLOURS
    return Face(chat.id, chat.title, letters, colour, chat.type.value, chat.username)


def initials(name: str) -> str:
    """The first letters of the first and the last word that has one."""
    letters = [next((char for char in word if char.isalnum()), "") for word in name.split()[:8]]
    letters = [letter.upper()[:1] for letter in letters if letter]
    return letters[0] + letters[-1] if len(letters) > 1 else "".join(letters) or "?"


def zone_named(name: str) -> tzinfo | None:
    """The time zone a browser told; None is the machine's own."""
    try:
        return ZoneInfo(name) if name and len(name) < 64 else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


class Calendar(Struct, frozen=True):
    """Tells times as this reader sees them. `now` in Unix seconds; zone None is the machine's."""

    now: float
    zone: tzinfo | None = None

    def at(self, moment: float) -> datetime:
        """The moment in the reader's zone; what no calendar knows is its first day."""
        try:
            return datetime.fromtimestamp(moment, UTC).astimezone(self.zone)
        except (OverflowError, OSError, ValueError):
            return datetime.fromtimestamp(0, UTC)

    def clock(self, moment: float) -> str:
        """13:05"""
        return self.at(moment).strftime("%H:%M")

    def seconds(self, moment: float) -> str:
        """13:05:09"""
        return self.at(moment).strftime("%H:%M:%S")

    def full(self, moment: float) -> str:
        """24 November 2026, 13:05:09"""
        then = self.at(moment)
        return f"{then.day} {then.strftime('%B %Y, %H:%M:%S')}"

    def day(self, moment: float) -> str:
        """Today, Yesterday, 24 November, or with the year if it is another one."""
        then, today = self.at(moment), self.at(self.now)
        if then.date() == today.date():
            return "Today"
        if then.date() == (today - timedelta(days=1)).date():
            return "Yesterday"
        return f"{then.day} {then.strftime('%B' if then.year == today.year else '%B %Y')}"

    def short(self, moment: float) -> str:
        """For a list: the time today, the weekday this week, else the date."""
        then, today = self.at(moment), self.at(self.now)
        days = (today.date() - then.date()).days
        if days == 0:
            return then.strftime("%H:%M")
        return then.strftime("%a") if 0 < days < 7 else then.strftime("%d.%m.%y")


def size(count: object) -> str:
    """Bytes for people: 1.4 MB"""
    number = float(count) if isinstance(count, int | float) else 0.0
    for unit in ("B", "KB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GB"


def length(seconds: object) -> str:
    """A duration: 3:05"""
    number = int(seconds) if isinstance(seconds, int | float) else 0
    return f"{number // 60}:{number % 60:02d}"


def count_of(number: int, noun: str) -> str:
    """1 member, 2 members; thousands apart."""
    return f"{number:,}".replace(",", " ") + f" {noun}{'' if number == 1 else 's'}"
