"""Failures on order: which calls go wrong, how, and how often."""

import random
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class FaultKind(StrEnum):
    """
    What goes wrong.

    With a call: `429`, `500`, `502` are answered and nothing was done. `drop_before`: the connection closes
    and nothing was done. `drop_after`: it was done, then the connection closes without an answer.
    `bad_json`: it was done, the answer is no JSON. `delay`: it is done `seconds` later. `hang`: nothing is
    done or answered; after `seconds`, or when the client goes away, the connection closes.

    With an update: `duplicate_update`: it comes twice, with the same id. `reorder_update`: the next one of
    this bot comes before it, or `seconds` pass. `lose_update`: it never comes; its id is used up.
    """

    TOO_MANY = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DELAY = "delay"
    HANG = "hang"
    BAD_JSON = "bad_json"
    DUPLICATE_UPDATE = "duplicate_update"
    REORDER_UPDATE = "reorder_update"
    LOSE_UPDATE = "lose_update"


OF_UPDATES = frozenset({FaultKind.DUPLICATE_UPDATE, FaultKind.REORDER_UPDATE, FaultKind.LOSE_UPDATE})


class Fault(Struct, forbid_unknown_fields=True):
    """
    A rule: every given field must match; `times` None means until deleted; seconds are seconds.

    `method` and `chat_id` are for calls; `update` is the kind of an update ("" is any).
    """

    kind: FaultKind
    method: str = ""
    chat_id: int | str | None = None
    bot_id: int | None = None
    update: str = ""
    retry_after: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    seconds: Seconds = 1.0
    times: int | None = None
    probability: float = 1.0
    hits: int = 0
    id: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether it has happened as often as ordered."""
        return self.times is not None and self.hits >= self.times


class Faults:
    """The rules in force; the first that matches a call is used."""

    def __init__(self, rng: random.Random) -> None:
        self.rules: list[Fault] = []
        self._rng = rng
        self._last_id = 0

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force; it gets its number, and has not hit yet."""
        fault.id, fault.hits = self._last_id + 1, 0
        return self.keep(fault)

    def keep(self, fault: Fault) -> Fault:
        """Put a rule in force that has its number (from a saved world)."""
        self._last_id = max(self._last_id, fault.id)
        self.rules.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        """Take one rule out of force; False if there is none of this number."""
        count = len(self.rules)
        self.rules = [rule for rule in self.rules if rule.id != fault_id]
        return len(self.rules) < count

    def clear(self) -> None:
        """Let everything work again."""
        self.rules.clear()

    def for_call(self, method: str, bot_id: int, chat_id: str) -> Fault | None:
        """The fault this call meets, if any; counts it."""
        for rule in self.rules:
            if rule.kind not in OF_UPDATES and self._meets_call(rule, method, bot_id, chat_id):
                return self._hit(rule)
        return None

    def for_update(self, kind: str, bot_id: int) -> Fault | None:
        """The fault an update of this kind meets on its way to a bot, if any; counts it."""
        for rule in self.rules:
            if rule.kind in OF_UPDATES and rule.update in {"", kind} and self._strikes(rule, bot_id):
                return self._hit(rule)
        return None

    def _meets_call(self, rule: Fault, method: str, bot_id: int, chat_id: str) -> bool:
        return (
            (not rule.method or rule.method.lower() == method.lower())
            and (rule.chat_id is None or str(rule.chat_id) == chat_id)
            and self._strikes(rule, bot_id)
        )

    def _strikes(self, rule: Fault, bot_id: int) -> bool:
        return (
            not rule.exhausted
            and rule.bot_id in {None, bot_id}
            and (rule.probability >= 1 or self._rng.random() < rule.probability)
        )

    def _hit(self, rule: Fault) -> Fault:
        rule.hits += 1
        return rule
