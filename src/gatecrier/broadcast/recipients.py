"""Who the people of a batch are, where the content greets them or speaks their language."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.batch import integers, is_in
from gatecrier.broadcast.content.model import Content, Recipient
from gatecrier.broadcast.content.placeholders import has_any
from gatecrier.broadcast.content.variants import by_language
from gatecrier.broadcast.model import Delivery
from gatecrier.registry.store import subscribers


def are_needed(content: Content) -> bool:
    """Whether a delivery depends on more than the person's id."""
    return has_any(content) or by_language(content)


async def named(connection: AsyncConnection, subscriber_ids: Sequence[int]) -> dict[int, Recipient]:
    """Subscriber → what is known of them now; who was erased is missing."""
    s, dialect = subscribers.c, connection.dialect.name
    query = sa.select(s.id, s.person_id, s.first_name, s.username, s.language_code)
    ids = integers(dialect, subscriber_ids)
    found = await connection.execute(query.where(is_in(dialect, s.id, "ids")), {"ids": ids})
    return {id_: Recipient(*known) for id_, *known in found}


async def introduce(connection: AsyncConnection, rows: Sequence[Delivery]) -> list[Delivery]:
    """The same rows with what is known of their people."""
    known = await named(connection, [row.subscriber_id for row in rows])
    return [replace(row, recipient=known.get(row.subscriber_id)) for row in rows]
