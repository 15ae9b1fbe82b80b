"""Leaving somebody alone because an admin of the group wants it: written and audited."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.journal import note
from gatecrier.gate.model import Subject
from gatecrier.gate.store import GateStore


async def exempt(
    connection: AsyncConnection,
    bot_id: int,
    chat_id: int,
    subject: Subject,
    *,
    until: datetime | None = None,
    by: str,
    now: datetime,
) -> None:
    """From now on they may speak, whatever the channels say; the caller owns the transaction."""
    await GateStore(connection, bot_id).exempt(chat_id, subject, until=until, by=by, now=now)
    detail = f"{subject} until {until:%Y-%m-%d %H:%M} UTC" if until else str(subject)
    person_id = subject if isinstance(subject, int) else 0
    await note(connection, "exempt", at=now, chat_id=chat_id, person_id=person_id, detail=detail, by=by)
