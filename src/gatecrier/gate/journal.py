"""What the gate did to whom, and why: rows of the audit log, written in the transaction of the deed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.registry.store import record_audit

OURSELVES = "gatecrier"


async def note(
    connection: AsyncConnection,
    action: str,
    *,
    at: datetime,
    chat_id: int,
    person_id: int = 0,
    detail: str = "",
    by: str = OURSELVES,
) -> None:
    """
    Append one row about a group.

    Args:
        action: What was done, without the noun: "hold" becomes "gate.hold".
        person_id: Whom it concerns (a channel's id for posts by channels); 0: nobody in particular.
        detail: The reason of a deed, or what was changed.
        by: Who wanted it: "person:42", "cli"; the gate itself unless told otherwise.
    """
    await record_audit(
        connection,
        at=at,
        actor=by,
        action=f"gate.{action}",
        subject=f"chat:{chat_id}",
        about=f"person:{person_id}" if person_id else "",
        detail=detail,
    )
