"""Leaving a person alone for good because an admin of the group let them speak: written and audited."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.store import GateStore
from gatecrier.registry.store import record_audit


async def exempt(
    connection: AsyncConnection, bot_id: int, chat_id: int, person_id: int, *, by: str, now: datetime
) -> None:
    """From now on this person may speak, whatever the channels say; the caller owns the transaction."""
    await GateStore(connection, bot_id).exempt(chat_id, person_id, by=by, now=now)
    await record_audit(
        connection,
        at=now,
        actor=by,
        action="gate.exempt",
        subject=f"chat:{chat_id}",
        detail=f"person:{person_id}",
    )
