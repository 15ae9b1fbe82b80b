"""Builders for tests: name only what matters, the rest has a sensible value."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from gatecrier.registry.model import Subscriber
from gatecrier.telegram.updates import Person, Received, decode

DATE = 1_795_262_400  # 2026-11-21 12:00 UTC, where every fake clock starts


def make_person(id_: int = 7, **fields: Any) -> Person:
    """A person called Ada."""
    return Person(**{"id": id_, "first_name": "Ada", **fields})


def make_subscriber(bot_id: int, person_id: int, **fields: Any) -> Subscriber:
    """Somebody who pressed Start when the clock was set."""
    start = datetime.fromtimestamp(DATE, UTC)
    defaults = {
        "id": 0, "bot_id": bot_id, "person_id": person_id, "first_name": "Ada", "username": "", "source": "",
        "language_code": "en", "is_premium": False, "started_at": start, "last_seen_at": start,
    }  # fmt: skip
    return Subscriber(**{**defaults, **fields})


def make_update(
    update_id: int, *, sender: int = 7, text: str = "hello", chat_id: int | None = None
) -> Received:
    """A text message: in private unless `chat_id` (negative) names a group."""
    chat = (
        {"id": chat_id, "type": "supergroup", "title": "Group"}
        if chat_id
        else {"id": sender, "type": "private"}
    )
    message: dict[str, Any] = {
        "message_id": update_id,
        "date": DATE,
        "chat": chat,
        "from": {"id": sender, "is_bot": False, "first_name": "Ada"},
        "text": text,
    }
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
    body = msgspec.json.encode({"update_id": update_id, "message": message})
    return Received(decode(body), body)
