"""The priority classes of calls: who waits for whom."""

from enum import IntEnum


class Lane(IntEnum):
    """A call's priority; the smaller number goes first."""

    ANSWER = 0
    """A person waits in front of a screen: never delayed by what the bot sends in bulk, but counted."""

    ENFORCE = 1
    """A gate acts: before campaigns, after answers."""

    CAMPAIGN = 2
    """One of many: may wait for hours, and hears of every limit instead of waiting through it."""
