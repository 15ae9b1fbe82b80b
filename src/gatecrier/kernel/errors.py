"""
Every error of ours, named by what the caller does next.

    GatecrierError
    ├── Refused            show it to whoever asked; repeating unchanged cannot help
    │   ├── NotFound           the thing named does not exist (or is not yours to see)
    │   ├── Conflict           it exists, but its state forbids this now
    │   └── BadContent         Telegram rejects this text, markup or file: stop the campaign
    ├── TryLater           repeat unchanged after `retry_after` seconds
    ├── PeerGone           this person or chat cannot be reached: suppress
    ├── OutcomeUnknown     it may or may not have happened: never repeat blindly
    └── Misconfigured      stop, and tell an operator

`telegram/translate.py` is the only place that turns Telegram's answers into these;
it adds the `code` by which ledgers and tables group errors.
"""

from typing import ClassVar


class GatecrierError(Exception):
    """
    The root. Raise one of its children.

    Args:
        text: One sentence for a person: what is wrong.
        remedy: One sentence: what to do about it; "" when the text says it all.
        field: The setting, parameter or column at fault; "" when there is none.
        code: A stable snake_case name for tables and metrics, such as "blocked".
    """

    default_code: ClassVar[str] = "error"

    def __init__(self, text: str, *, remedy: str = "", field: str = "", code: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.field = field
        self.code = code or self.default_code

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.text}{f' {self.remedy}' if self.remedy else ''}"


class Refused(GatecrierError):
    """Show it to whoever asked; repeating unchanged cannot help."""

    default_code = "refused"


class NotFound(Refused):
    """The thing named does not exist, or is not theirs to see."""

    default_code = "not_found"


class Conflict(Refused):
    """It exists, but its state forbids this now."""

    default_code = "conflict"


class BadContent(Refused):
    """Telegram rejects this text, markup or file, for every recipient alike: stop the campaign."""

    default_code = "bad_content"


class TryLater(GatecrierError):
    """Repeat unchanged after `retry_after` seconds."""

    default_code = "try_later"

    def __init__(self, text: str, *, retry_after: float = 1.0, remedy: str = "", code: str = "") -> None:
        super().__init__(text, remedy=remedy, code=code)
        self.retry_after = retry_after


class PeerGone(GatecrierError):
    """
    This person or chat cannot be reached: suppress.

    Args:
        migrate_to: The supergroup that took over a basic group's members; follow it once.
    """

    default_code = "peer_gone"

    def __init__(self, text: str, *, code: str = "", migrate_to: int | None = None) -> None:
        super().__init__(text, code=code)
        self.migrate_to = migrate_to


class OutcomeUnknown(GatecrierError):
    """It may or may not have happened: never repeat blindly."""

    default_code = "unknown"


class Misconfigured(GatecrierError):
    """Stop, and tell an operator: repeating or suppressing would only hide it."""

    default_code = "misconfigured"
