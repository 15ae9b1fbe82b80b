"""Every recipient of a campaign and what became of them, as CSV, a page at a time."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from gatecrier.broadcast.tables import deliveries
from gatecrier.registry.store import subscribers
from gatecrier.storage.database import Database

PAGE = 1000
COLUMNS = (
    "subscriber_id",
    "person_id",
    "first_name",
    "username",
    "state",
    "reason",
    "variant",
    "attempts",
    "message_id",
    "sent_at",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell (OWASP, CSV injection); names come from strangers."""


async def lines(database: Database, campaign_id: int) -> AsyncIterator[str]:
    """CSV, a page of rows in each string, the header first; by subscriber, and memory stays flat."""
    yield _csv([COLUMNS])
    last = 0
    while rows := await _page(database, campaign_id, last):
        yield _csv(rows)
        last = rows[-1][0]


async def _page(database: Database, campaign_id: int, after: int) -> list[tuple[int, *tuple[object, ...]]]:
    d, s = deliveries.c, subscribers.c
    query = (
        sa.select(
            d.subscriber_id, d.person_id, s.first_name, s.username,
            d.state, d.code, d.variant, d.attempts, d.message_id, d.sent_at,
        )
        .select_from(deliveries.outerjoin(subscribers, s.id == d.subscriber_id))
        .where(d.campaign_id == campaign_id, d.subscriber_id > after)
        .order_by(d.subscriber_id)
        .limit(PAGE)
    )  # fmt: skip
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(query)]


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula; a moment in ISO 8601, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return str(value)
