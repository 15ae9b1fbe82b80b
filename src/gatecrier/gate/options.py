"""
How a gate treats people: everything an admin may choose besides the policy.

Durations are whole seconds, and 0 switches off. The defaults are the strict and simple gate: whoever
lacks a channel is held until they join.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from gatecrier.kernel.errors import Refused
from gatecrier.kernel.language import LANGUAGES

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Door(StrEnum):
    """When newcomers are asked for."""

    AUTO = "auto"  # at the door if the group has one (guard bot, join requests), else as they come in
    MESSAGE = "message"  # only when they write


class Channels(StrEnum):
    """What becomes of posts by channels that are not the group's own."""

    ALLOW = "allow"
    DELETE = "delete"
    BAN = "ban"  # delete, and let the channel post no more


class Bots(StrEnum):
    """What becomes of messages by other bots."""

    ALLOW = "allow"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    One group's choices.

    Args:
        language: Of cards and notices for the whole group; a person is addressed in their own.
        reactions: Whether somebody who only reacts is judged like somebody who writes.
        pending_counts: Whether a join request that waits in a channel counts as belonging to it.
        grace: How long people who were in the group when the gate was put up may still write.
        rejoin_grace: How long somebody may still write who has just left a channel.
        free_messages: So many messages pass without a word.
        warnings: So many more stay, with a warning.
        deletions: So many more are only deleted, before anybody is muted.
        mute_for: How long a mute lasts; 0: until they belong.
        mutes: So many mutes that ran out before the next message costs the place in the group; 0: never.
        raid_joins: So many people coming within `raid_window` seconds are a raid; 0: never.
        raid_lasts: How long the group stays on its guard after the last of them.
        ephemeral: Whether warnings are shown to the person alone, where Telegram offers it.
        templates: The card's text by language; a missing one is ours.
    """

    language: str = "en"
    door: Door = Door.AUTO
    channels: Channels = Channels.DELETE
    bots: Bots = Bots.ALLOW
    reactions: bool = False
    pending_counts: bool = False
    grace: int = 0
    rejoin_grace: int = 0
    free_messages: int = 0
    warnings: int = 0
    deletions: int = 0
    mute_for: int = 0
    mutes: int = 0
    raid_joins: int = 30
    raid_window: int = MINUTE
    raid_lasts: int = 10 * MINUTE
    ephemeral: bool = True
    templates: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_lenient(self) -> bool:
        """Whether what a person did before matters to what happens to them now."""
        return bool(
            self.grace
            or self.rejoin_grace
            or self.free_messages
            or self.warnings
            or self.deletions
            or self.mutes
        )


RANGES: Mapping[str, tuple[int, int]] = {
    "grace": (0, 30 * DAY),
    "rejoin_grace": (0, DAY),
    "free_messages": (0, 20),
    "warnings": (0, 20),
    "deletions": (0, 20),
    "mute_for": (0, 30 * DAY),
    "mutes": (0, 20),
    "raid_joins": (0, 10_000),
    "raid_window": (10, HOUR),
    "raid_lasts": (MINUTE, DAY),
}
"""Of the numbers: the least and the most."""

CHOICES: Mapping[str, type[StrEnum]] = {"door": Door, "channels": Channels, "bots": Bots}
FLAGS = ("reactions", "pending_counts", "ephemeral")


def changed(options: Options, name: str, value: object) -> Options:
    """
    The options with one of them changed, `value` as people or JSON give it.

    Raises:
        Refused: there is no such option, or it does not take this value; names what it takes.
    """
    change: dict[str, Any]
    if name in RANGES:
        change = {name: _number(name, value)}
    elif name in CHOICES:
        change = {name: _choice(name, value)}
    elif name in FLAGS:
        change = {name: _flag(name, value)}
    elif name == "language":
        change = {name: _language(str(value))}
    elif name == "templates" and isinstance(value, Mapping):
        change = {name: dict(value)}  # checked by whoever takes them from people
    else:
        known = ", ".join(sorted(each.name for each in fields(options)))
        raise Refused(f'There is no option "{name}".', remedy=f"There are: {known}.", code="no_such_option")
    return replace(options, **change)


def _number(name: str, value: object) -> int:
    least, most = RANGES[name]
    text = str(value)
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise Refused(f"{name} takes a whole number from {least} to {most}.", field=name, code="bad_option")
    return int(text)


def _choice(name: str, value: object) -> StrEnum:
    try:
        return CHOICES[name](str(value))
    except ValueError:
        known = ", ".join(CHOICES[name])
        raise Refused(f"{name} takes one of: {known}.", field=name, code="bad_option") from None


def _language(value: str) -> str:
    if value not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise Refused(f"language takes one of: {known}.", field="language", code="bad_option")
    return value


def _flag(name: str, value: object) -> bool:
    found = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
    text = str(value).lower()
    if text not in found:
        raise Refused(f"{name} takes on or off.", field=name, code="bad_option")
    return found[text]


def as_json(options: Options) -> dict[str, Any]:
    """What differs from the defaults: they may change, and then hold for whoever did not choose."""
    default = asdict(Options())
    return {name: value for name, value in asdict(options).items() if value != default[name]}


def from_json(value: Mapping[str, Any]) -> Options:
    """What `as_json` gave; what an older or newer version wrote and we do not know is left out."""
    known = {each.name for each in fields(Options)}
    given = {name: each for name, each in value.items() if name in known}
    given |= {name: kind(given[name]) for name, kind in CHOICES.items() if name in given}
    return Options(**given)
