"""Whom the webhook brings messages of: groups that each require a channel, their members, and strangers."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import samples

FIRST_GROUP = -1_001_000_000_000
FIRST_CHANNEL = -1_002_000_000_000
FIRST_STRANGER = 8_000_000_000
"""From here on nobody is in any channel."""
SECRET = "bench-secret"
MOST_IN_A_RUN = 100_000
"""Updates; so that no two runs share a number."""


@dataclass(frozen=True)
class Update:
    """
    One update as bytes.

    Args:
        number: Of its message; no other update has it.
        stranger: Its sender, if they are in no channel; else 0.
    """

    body: bytes
    number: int
    stranger: int = 0


class Crowd:
    """`people` members, spread evenly over `groups` groups; group n requires channel n."""

    def __init__(self, groups: int, people: int) -> None:
        self.groups = [FIRST_GROUP - n for n in range(groups)]
        self.people = samples.people(people)

    def members(self) -> dict[int, set[int]]:
        """Who is in the channel that a group requires, by group."""
        size = len(self.groups)
        return {group: set(self.people[n::size]) for n, group in enumerate(self.groups)}

    def run(self, number: int, count: int, share: float) -> list[Update]:
        """
        The updates of one run, the same for whoever asks; the last is a stranger's if there are any.

        Args:
            share: Of messages by strangers, each of whom writes once.
        """
        rng = random.Random(number)
        strangers = set(rng.sample(range(count), round(count * share)))
        if strangers:
            strangers = strangers - {min(strangers)} | {count - 1}
        first = number * MOST_IN_A_RUN
        return [self._update(rng, first + n, is_stranger=n in strangers) for n in range(count)]

    def one_stranger_each(self, number: int) -> list[Update]:
        """One stranger in each group: whatever is asked once for a group has been asked then."""
        rng, first = random.Random(number), number * MOST_IN_A_RUN
        return [
            _encoded(rng, first + n, FIRST_STRANGER + first + n, group) for n, group in enumerate(self.groups)
        ]

    def _update(self, rng: random.Random, number: int, *, is_stranger: bool) -> Update:
        place = rng.randrange(len(self.people))
        sender = FIRST_STRANGER + number if is_stranger else self.people[place]
        return _encoded(rng, number, sender, self.groups[place % len(self.groups)])


def channel_of(group: int) -> int:
    """The channel that a group requires."""
    return group - FIRST_GROUP + FIRST_CHANNEL


def _encoded(rng: random.Random, number: int, sender: int, group: int) -> Update:
    message: dict[str, Any] = samples.message(rng, sender, number) | {
        "message_id": number,
        "chat": {"id": group, "title": "Readers of the Quarterly", "type": "supergroup"},
    }
    body = json.dumps({"update_id": number, "message": message}, separators=(",", ":")).encode()
    return Update(body, number, sender if sender >= FIRST_STRANGER else 0)


def requests(updates: list[Update], path: str) -> Iterator[bytes]:
    """As Telegram posts them over a connection that stays open."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n"
        f"Content-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: "
    )
    for update in updates:
        yield f"{head}{len(update.body)}\r\n\r\n".encode() + update.body
