"""
How a figure comes about: CPU time per operation, the median of rounds in which all contenders take turns.

CPU time and not wall time: whatever else the machine does meanwhile is not counted. Taking turns: what
cannot be kept out (caches, clock rates) meets all alike. No figure is ever compared with a stored one.
"""

import gc
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

MICRO = 1e6


class Ratio(Enum):
    """Which way a ratio is read."""

    CHEAPER = "cheaper"  # peer ÷ ours: how many times less we take
    OVERHEAD = "overhead"  # ours ÷ peer: what we take on top of the bare thing


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One line of the table.

    Args:
        ours, theirs: CPU µs per operation.
        budget: From design.md §11: at least (CHEAPER) or at most (OVERHEAD); None: nothing is promised.
        note: What else came out, for people.
    """

    group: str
    what: str
    ours: float
    peer: str
    theirs: float
    reads: Ratio
    budget: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """Greater is better for CHEAPER, smaller for OVERHEAD."""
        return self.theirs / self.ours if self.reads is Ratio.CHEAPER else self.ours / self.theirs

    @property
    def verdict(self) -> str:
        """ok, below (not cheap enough), above (too much on top), or "" without a budget."""
        if self.budget is None:
            return ""
        if self.reads is Ratio.CHEAPER:
            return "ok" if self.ratio >= self.budget else "below"
        return "ok" if self.ratio <= self.budget else "above"

    def as_json(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "group": self.group,
            "what": self.what,
            "ours_us": round(self.ours, 3),
            "peer": self.peer,
            "peer_us": round(self.theirs, 3),
            "reads": self.reads.value,
            "ratio": round(self.ratio, 3),
            "budget": self.budget,
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass(frozen=True, kw_only=True)
class Size:
    """
    How much is measured.

    Args:
        rounds: Turns that count; one more comes first, to warm up.
        update_rounds, updates: Many short rounds: a round's updates must fit into the processor's cache.
        calls: Calls of each contender in a round.
        deliveries: Rows of a campaign in a round.
        mailed: Calls of the peers' loops in a round: each of them costs the same, however many.
        postgres: A database for the rows of PostgreSQL (it is filled and left so); "": there are none.
        groups, people: Gates behind the webhook, and the members who write in them.
        posted: Updates posted to each contender's webhook in a round.
        kept: Recipients of a campaign at the rate that Telegram allows.
        answers: Answers whose p99 is taken.
        few, many: Subscribers of the campaigns whose memory is compared.
        seconds: How long updates are posted at a steady rate, to see how long the answers take.
    """

    rounds: int = 5
    standings: int = 1_000_000
    update_rounds: int = 15
    updates: int = 300
    calls: int = 500
    deliveries: int = 2_000
    mailed: int = 2_000
    postgres: str = ""
    groups: int = 500
    people: int = 100_000
    posted: int = 1_000
    seconds: float = 5.0
    kept: int = 1_000
    answers: int = 200
    few: int = 10_000
    many: int = 1_000_000

    @classmethod
    def quick(cls) -> "Size":
        """Enough to see that everything works; the figures are rough."""
        return cls(
            rounds=2,
            standings=100_000,
            update_rounds=3,
            updates=200,
            calls=100,
            deliveries=200,
            mailed=200,
            groups=20,
            people=1_000,
            posted=200,
            seconds=0.5,
            kept=60,
            answers=5,
            few=200,
            many=2_000,
        )

    @classmethod
    def long(cls) -> "Size":
        """Half an hour, most of it at the rate that Telegram allows: the sizes that were promised."""
        return cls(rounds=2, deliveries=100_000, kept=10_000)


Work = Callable[[int], Awaitable[int]]
"""Does one round's work, the round's number given; answers how many operations that was."""


async def medians(
    contenders: dict[str, Work],
    *,
    rounds: int,
    before: Callable[[int], Awaitable[None]] | None = None,
    cpu: Callable[[], float] | Mapping[str, Callable[[], float]] = time.process_time,
) -> dict[str, float]:
    """
    CPU µs per operation of each contender, in turns.

    Args:
        before: Done before each turn and not counted; the round's number is given.
        cpu: Whose CPU seconds are read: this process's, all its threads, unless told otherwise; by
            contender, if each is a process of its own.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    gc.unfreeze()
    gc.collect()
    gc.freeze()  # what stands already is looked at no more: nobody pays for another's imports
    for number in range(rounds + 1):
        for name, work in contenders.items():
            gc.collect()
            if before is not None:
                await before(number)
            seconds = cpu[name] if isinstance(cpu, Mapping) else cpu
            began = seconds()
            operations = await work(number)
            taken[name].append((seconds() - began) * MICRO / operations)
    return {name: statistics.median(values[1:]) for name, values in taken.items()}


@dataclass(frozen=True)
class Cores:
    """Where we run, and where the far side does; None: not pinned."""

    ours: int | None
    theirs: int | None

    @classmethod
    def pick(cls) -> "Cores":
        """The first and the last that this process may use; no pinning with one, or off Linux."""
        allowed: Sequence[int] = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else ()
        return cls(allowed[0], allowed[-1]) if len(allowed) > 1 else cls(None, None)


def pin(process: int, core: int | None) -> None:
    """Keep a process (0: this one) on one core."""
    if core is not None:
        os.sched_setaffinity(process, {core})
