"""What an amendment is, and how far it has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gatecrier.broadcast.model import Text

UNDO_WITHIN = timedelta(hours=48)
"""How old a message may be that a bot deletes in a private chat (Bot API deleteMessage)."""


class Kind(StrEnum):
    """What is done to every message of a campaign."""

    UNDO = "undo"  # deleted, because an operator said so
    EXPIRE = "expire"  # deleted, each when its time is over
    EDIT = "edit"  # changed


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """One amendment of one campaign."""

    id: int
    campaign_id: int
    bot_id: int
    kind: Kind
    content: Text | None = None
    #: The last subscriber looked at, and whether there are no more.
    cursor: int = 0
    is_walked: bool = False
    done: int = 0
    failed: int = 0
    created_at: datetime
    created_by: str
    finished_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message that was sent, and not deleted again."""

    campaign_id: int
    subscriber_id: int
    person_id: int
    message_ids: tuple[int, ...]
    sent_at: datetime
