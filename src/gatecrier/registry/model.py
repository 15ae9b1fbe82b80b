"""What features share: subscribers, why some must not be messaged, and who changed what."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SuppressionReason(StrEnum):
    """Why a subscriber must not be messaged; the strongest first, as shown when several hold."""

    ERASED = "erased"  # asked us to forget them; lifted by /start, which is a new wish
    BANNED = "banned"  # an operator's decision; only an operator lifts it
    DEACTIVATED = "deactivated"  # the account is deleted
    BLOCKED = "blocked"  # blocked the bot; lifted when Telegram says so, or when they write
    UNREACHABLE = "unreachable"  # refused three campaigns running for a reason Telegram does not name
    STOPPED = "stopped"  # sent /stop; lifted by /start
    NEEDS_START = "needs_start"  # never started the bot, or Telegram forgot; lifted by /start


LIFTED_BY_START = (
    SuppressionReason.STOPPED,
    SuppressionReason.BLOCKED,
    SuppressionReason.DEACTIVATED,
    SuppressionReason.NEEDS_START,
    SuppressionReason.UNREACHABLE,
    SuppressionReason.ERASED,
)
"""What a person's own /start undoes: all but an operator's ban."""

LIFTED_BY_WRITING = (
    SuppressionReason.BLOCKED,
    SuppressionReason.DEACTIVATED,
    SuppressionReason.NEEDS_START,
    SuppressionReason.UNREACHABLE,
)
"""What any message to the bot undoes: it shows that they can be reached. It is no wish to get more."""

DATED = (SuppressionReason.STOPPED, SuppressionReason.ERASED)
"""A person's own wishes: an older update that comes late does not undo them."""


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """A person who started a bot."""

    #: Our number, ascending with time: the order of every campaign.
    id: int
    bot_id: int
    person_id: int
    first_name: str
    username: str
    language_code: str
    is_premium: bool
    #: The payload of the first /start: where they came from.
    source: str
    started_at: datetime
    last_seen_at: datetime
    #: When they accepted the bot's terms; None: not yet.
    terms_at: datetime | None = None
    #: IANA name of their zone; "": not known (Telegram does not tell it).
    time_zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Audience:
    """How many subscribers a bot has, and how many of them must not be messaged, by reason."""

    total: int
    suppressed: dict[str, int] = field(default_factory=dict)

    @property
    def eligible(self) -> int:
        """Who may be messaged now."""
        return self.total - sum(self.suppressed.values())


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One row of the audit log; see `store.record_audit` for its words."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    about: str
