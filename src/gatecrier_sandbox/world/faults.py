"""Failures on order: which calls go wrong, how, and how often."""

import random
from enum import StrEnum

from msgspec import Struct


class FaultKind(StrEnum):
    """
    What goes wrong.

    `drop_before`: the connection closes and nothing was done. `drop_after`: it was done, then the connection
    closes without an answer. `bad_json`: it was done, the answer is no JSON.
    """

    TOO_MANY = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DELAY = "delay"
    DUPLICATE_UPDATE = "duplicate_update"
    BAD_JSON = "bad_json"


class Fault(Struct, forbid_unknown_fields=True):
    """A rule: every given field must match; `times` None means until deleted; seconds are seconds."""

    kind: FaultKind
    method: str = ""
    chat_id: int | str | None = None
    bot_id: int | None = None
    retry_after: int = 1
    seconds: float = 1.0
    times: int | None = None
    probability: float = 1.0
    hits: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether it has happened as often as ordered."""
        return self.times is not None and self.hits >= self.times


class Faults:
    """The rules in force; the first that matches a call is used."""

    def __init__(self, rng: random.Random) -> None:
        self.rules: list[Fault] = []
        self._rng = rng

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force."""
        self.rules.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything work again."""
        self.rules.clear()

    def for_call(self, method: str, bot_id: int, chat_id: str) -> Fault | None:
        """The fault this call meets, if any; counts it."""
        for rule in self.rules:
            if rule.kind is not FaultKind.DUPLICATE_UPDATE and self._meets(rule, method, bot_id, chat_id):
                return self._hit(rule)
        return None

    def for_update(self, bot_id: int) -> Fault | None:
        """The duplication this bot's next update meets, if any; counts it."""
        for rule in self.rules:
            if rule.kind is FaultKind.DUPLICATE_UPDATE and self._meets(rule, "", bot_id, ""):
                return self._hit(rule)
        return None

    def _meets(self, rule: Fault, method: str, bot_id: int, chat_id: str) -> bool:
        duplicates = rule.kind is FaultKind.DUPLICATE_UPDATE
        return (
            not rule.exhausted
            and rule.bot_id in {None, bot_id}
            and (duplicates or not rule.method or rule.method.lower() == method.lower())
            and (duplicates or rule.chat_id is None or str(rule.chat_id) == chat_id)
            and (rule.probability >= 1 or self._rng.random() < rule.probability)
        )

    def _hit(self, rule: Fault) -> Fault:
        rule.hits += 1
        return rule
