"""What bots asked and what they were told: a bounded log, and the count of messages that arrived."""

from collections import deque
from collections.abc import Iterator

import msgspec
from msgspec import Struct

CAPACITY = 200_000
"""Calls kept; the oldest are forgotten."""
SHOWN = 200
"""Characters of a method, a chat_id, and (when the whole is long) a parameter that are kept."""
LONGEST_DESCRIPTION = 1_000
"""Characters of a refusal that are kept: some repeat what was asked."""


class CallRecord(Struct, gc=False):
    """One call. `time` is Unix seconds; `params` is a JSON object of strings, cut when long."""

    seq: int
    time: float
    bot_id: int
    method: str
    chat_id: str
    params: msgspec.Raw
    ok: bool
    error_code: int | None = None
    description: str | None = None


class CallFilter(Struct, frozen=True):
    """Which calls are wanted; an absent field matches all. `after` is a sequence number."""

    bot_id: int | None = None
    method: str | None = None
    chat_id: str | None = None
    ok: bool | None = None
    after: int = 0

    def wants(self, record: CallRecord) -> bool:
        """Whether the record passes."""
        return (
            record.seq > self.after
            and self.bot_id in {None, record.bot_id}
            and self.chat_id in {None, record.chat_id}
            and self.ok in {None, record.ok}
            and (self.method is None or self.method.lower() == record.method.lower())
        )


class CallLog:
    """A ring of the latest calls; appending costs the same however full it is."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._records: deque[CallRecord] = deque(maxlen=capacity)
        self.total = 0

    def add(
        self, time: float, bot_id: int, method: str, params: dict[str, str], error: tuple[int, str] | None
    ) -> None:
        """Append one call; `error` is (code, description) of a refusal."""
        self.total += 1
        code, description = error or (None, None)
        self._records.append(
            CallRecord(
                self.total,
                time,
                bot_id,
                method[:SHOWN],
                params.get("chat_id", "")[:SHOWN],
                msgspec.Raw(_short(params)),
                error is None,
                code,
                description and description[:LONGEST_DESCRIPTION],
            )
        )

    def select(self, wanted: CallFilter) -> Iterator[CallRecord]:
        """The kept calls that pass, oldest first."""
        return filter(wanted.wants, self._records)

    def latest(self) -> Iterator[CallRecord]:
        """The kept calls, newest first."""
        return reversed(self._records)

    def count(self, wanted: CallFilter) -> int:
        """How many kept calls pass."""
        return sum(map(wanted.wants, self._records))


def _short(params: dict[str, str]) -> bytes:
    encoded = msgspec.json.encode(params)
    if len(encoded) <= 4 * SHOWN:
        return encoded
    return msgspec.json.encode({name[:SHOWN]: value[:SHOWN] for name, value in list(params.items())[:40]})


class Deliveries:
    """
    How often each text reached each person: proof that nobody got two.

    Never forgotten (a campaign is judged when it is over), so it grows with people times different texts,
    not with messages: a text is kept as its hash, as a repeated one is a higher number.
    """

    def __init__(self) -> None:
        self._counts: dict[int, dict[tuple[int, int], int]] = {}

    def add(self, bot_id: int, person_id: int, text: str) -> None:
        """Note one message that arrived."""
        counts = self._counts.setdefault(bot_id, {})
        key = (person_id, hash(text))
        counts[key] = counts.get(key, 0) + 1

    def __len__(self) -> int:
        """How many pairs of person and text are kept."""
        return sum(map(len, self._counts.values()))

    def count(self, bot_id: int, *, text: str | None = None) -> dict[int, int]:
        """Messages per person, of all texts or of exactly one."""
        wanted = None if text is None else hash(text)
        found: dict[int, int] = {}
        for (person_id, sent), times in self._counts.get(bot_id, {}).items():
            if wanted in {None, sent}:
                found[person_id] = found.get(person_id, 0) + times
        return found
