"""How the settings show each option: its name, what it means, and the values on offer."""

from collections.abc import Mapping
from dataclasses import dataclass

from gatecrier.gate.options import DAY, HOUR, MINUTE, Bots, Channels, Door, Options
from gatecrier.kernel.language import LANGUAGES


@dataclass(frozen=True)
class Shown:
    """One option as people see it. `choices`: value, as `options.changed` takes it → what its button says."""

    label: str
    text: str
    choices: Mapping[str, str]


def _times(*seconds: int) -> Mapping[str, str]:
    return {str(each): duration(each) for each in seconds}


def _counts(*counts: int, none: str = "none") -> Mapping[str, str]:
    return {str(each): str(each) if each else none for each in counts}


def duration(seconds: int) -> str:
    """Seconds as people say them; 0 is "off"."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        if seconds and seconds % unit == 0:
            many = seconds // unit
            return f"{many} {name}{'' if many == 1 else 's'}"
    return "off"


ON_OFF = {"on": "on", "off": "off"}

SHOWN: Mapping[str, Shown] = {
    "door": Shown(
        "Newcomers",
        "When are newcomers asked for? At the door, if the group has one (join requests, guard bot), else as "
        "they come in; or only when they write.",
        {Door.AUTO: "as they come", Door.MESSAGE: "when they write"},
    ),
    "channels": Shown(
        "Posts by channels",
        "What becomes of posts by channels that are not the group's own?",
        {Channels.DELETE: "delete", Channels.BAN: "delete and ban", Channels.ALLOW: "allow"},
    ),
    "bots": Shown(
        "Other bots",
        "What becomes of messages by other bots?",
        {Bots.ALLOW: "allow", Bots.DELETE: "delete"},
    ),
    "reactions": Shown("Judge reactions", "Is somebody who only reacts treated like who writes?", ON_OFF),
    "pending_counts": Shown(
        "Waiting counts", "Does a join request that waits in a channel count as belonging to it?", ON_OFF
    ),
    "ephemeral": Shown(
        "Private cards", "Are cards shown to the person alone, where Telegram offers it?", ON_OFF
    ),
    "grace": Shown(
        "Time for those here",
        "How long may people who were here before the gate still write?",
        _times(0, HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY),
    ),
    "rejoin_grace": Shown(
        "Time to come back",
        "How long may somebody still write who has just left a channel?",
        _times(0, 10 * MINUTE, HOUR, 6 * HOUR, DAY),
    ),
    "free_messages": Shown(
        "Free messages", "How many messages pass without a word?", _counts(0, 1, 2, 3, 5, 10)
    ),
    "warnings": Shown("Warnings", "How many more stay, with a warning?", _counts(0, 1, 2, 3, 5, 10)),
    "deletions": Shown(
        "Deletions", "How many more are only deleted, before anybody is muted?", _counts(0, 1, 2, 3, 5, 10)
    ),
    "mute_for": Shown(
        "Length of a mute",
        "How long does a mute last? Off: until they belong.",
        _times(0, 10 * MINUTE, HOUR, DAY, 7 * DAY),
    ),
    "mutes": Shown(
        "Mutes before removal",
        "After how many mutes that ran out does the next message cost the place in the group?",
        _counts(0, 1, 2, 3, 5, none="never"),
    ),
    "raid_joins": Shown(
        "Raid threshold", "How many newcomers at once are a raid?", _counts(0, 10, 30, 50, 100, none="never")
    ),
    "raid_window": Shown("At once means", "Within which time?", _times(30, MINUTE, 5 * MINUTE)),
    "raid_lasts": Shown(
        "On guard for", "How long after the last of them?", _times(5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR)
    ),
    "language": Shown("Language", "In which language are the group's cards?", LANGUAGES),
}

PAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "who": ("Whom it judges", ("door", "channels", "bots", "reactions", "pending_counts")),
    "soft": (
        "How strict it is",
        ("grace", "rejoin_grace", "free_messages", "warnings", "deletions", "mute_for", "mutes"),
    ),
    "raid": ("Raids", ("raid_joins", "raid_window", "raid_lasts")),
    "card": ("Cards", ("language", "ephemeral")),
}
"""Page → its title, and the options on it."""


def value_of(options: Options, name: str) -> str:
    """The present value, as the keys of `choices` spell it."""
    value = getattr(options, name)
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def said(options: Options, name: str) -> str:
    """The present value as people read it; one that is not on offer too."""
    value = value_of(options, name)
    shown = SHOWN[name].choices.get(value)
    return shown if shown is not None else (duration(int(value)) if name in _DURATIONS else value)


_DURATIONS = frozenset({"grace", "rejoin_grace", "mute_for", "raid_window", "raid_lasts"})
