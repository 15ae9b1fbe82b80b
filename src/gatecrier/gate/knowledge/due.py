"""What a sweep is to look at next: rows chosen by how long ago anybody asked. Never commits."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.standing import Standing
from gatecrier.gate.tables import cases, gate_channels, restrictions, roster, standings


class Pair(NamedTuple):
    """A person in a channel, and what was known of them; UNKNOWN: nothing."""

    channel_id: int
    person_id: int
    known: Standing


class Place(NamedTuple):
    """A person in a group."""

    chat_id: int
    person_id: int


FIRST = Place(-(2**62), 0)
"""Before every place."""


class Due:
    """The next rows of one bot that are to be looked at."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def held(self, chats: Sequence[int], *, before: datetime, limit: int) -> list[Place]:
        """People we hold there, those asked about longest ago first; nobody asked about since `before`."""
        query = (
            sa.select(cases.c.chat_id, cases.c.person_id)
            .where(
                cases.c.chat_id.in_(chats),
                cases.c.closed_at.is_(None),
                sa.or_(cases.c.asked_at.is_(None), cases.c.asked_at < before),
            )
            .order_by(cases.c.asked_at.asc().nulls_first(), cases.c.opened_at)
            .limit(limit)
        )
        return [Place(*row) for row in (await self._connection.execute(query)).all()]

    async def asked(self, places: Iterable[Place], *, now: datetime) -> None:
        """These people we hold were asked about."""
        for place in sorted(places):
            await self._connection.execute(
                sa.update(cases)
                .where(
                    cases.c.chat_id == place.chat_id,
                    cases.c.person_id == place.person_id,
                    cases.c.closed_at.is_(None),
                )
                .values(asked_at=now)
            )

    async def out_of_grace(self, chat_id: int, *, before: datetime, limit: int) -> list[Place]:
        """People of a group who left a channel before that moment, and have not been looked at since."""
        query = (
            sa.select(roster.c.chat_id, roster.c.person_id)
            .where(roster.c.chat_id == chat_id, roster.c.left_channel_at <= before, roster.c.present)
            .limit(limit)
        )
        return [Place(*row) for row in (await self._connection.execute(query)).all()]

    async def unknown(
        self, chats: Sequence[int], after: Place, *, rows: int, limit: int
    ) -> tuple[list[Pair], Place]:
        """
        People of these groups of whom nothing is known in a channel, among the next `rows` people.

        Returns:
            At most `limit` pairs, and where to go on; `FIRST` when the end was reached.
        """
        page = (
            sa.select(roster.c.chat_id, roster.c.person_id)
            .where(sa.tuple_(roster.c.chat_id, roster.c.person_id) > after, roster.c.chat_id.in_(chats))
            .order_by(roster.c.chat_id, roster.c.person_id)
            .limit(rows)
        )
        people = [Place(*row) for row in (await self._connection.execute(page)).all()]
        if not people:
            return [], FIRST
        last = people[-1] if len(people) == rows else FIRST
        found = await self._unknown_between(chats, people[0], people[-1], limit)
        if len(found) == limit:  # there may be more in this page: look at it again
            last = after
        return found, last

    async def _unknown_between(
        self, chats: Sequence[int], first: Place, last: Place, limit: int
    ) -> list[Pair]:
        place = sa.tuple_(roster.c.chat_id, roster.c.person_id)
        query = (
            sa.select(gate_channels.c.channel_id, roster.c.person_id)
            .join(gate_channels, gate_channels.c.chat_id == roster.c.chat_id)
            .outerjoin(
                standings,
                (standings.c.chat_id == gate_channels.c.channel_id)
                & (standings.c.person_id == roster.c.person_id),
            )
            .where(place >= first, place <= last, roster.c.chat_id.in_(chats))
            .where(roster.c.present, standings.c.person_id.is_(None))
            .distinct()
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).all()
        return [Pair(channel_id, person_id, Standing.UNKNOWN) for channel_id, person_id in rows]

    async def oldest(self, chats: Sequence[int], *, before: datetime, limit: int) -> list[Pair]:
        """The oldest knowledge that these groups rely on, none that is younger than `before`."""
        query = (
            sa.select(standings.c.chat_id, standings.c.person_id, standings.c.standing)
            .where(standings.c.checked_at < before, _is_needed(roster.c.chat_id.in_(chats)))
            .order_by(standings.c.checked_at)
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).all()
        return [Pair(channel, person, Standing(standing)) for channel, person, standing in rows]

    async def oldest_moment(self, chats: Sequence[int]) -> datetime | None:
        """When the oldest knowledge that these groups rely on was learnt."""
        query = (
            sa.select(standings.c.checked_at)
            .where(_is_needed(roster.c.chat_id.in_(chats)))
            .order_by(standings.c.checked_at)
            .limit(1)
        )
        found: datetime | None = await self._connection.scalar(query)
        return found

    async def groups(self, people: Sequence[int]) -> dict[int, set[int]]:
        """The groups of this bot in which each of these people is, by person."""
        query = sa.select(roster.c.person_id, roster.c.chat_id).where(
            roster.c.person_id.in_(people), roster.c.bot_id == self._bot_id, roster.c.present
        )
        found: dict[int, set[int]] = {}
        for person_id, chat_id in (await self._connection.execute(query)).all():
            found.setdefault(person_id, set()).add(chat_id)
        return found

    async def forget_unneeded(self, after: Place, *, before: datetime, rows: int) -> Place:
        """
        Forget what no group of any bot needs to know any more, among the next `rows` standings.

        Returns:
            Where to go on; `FIRST` when the end was reached.
        """
        key = sa.tuple_(standings.c.chat_id, standings.c.person_id)
        page = (
            sa.select(standings.c.chat_id, standings.c.person_id)
            .where(key > after)
            .order_by(standings.c.chat_id, standings.c.person_id)
            .limit(rows)
        )
        found = [Place(*row) for row in (await self._connection.execute(page)).all()]
        if found:
            unneeded = sa.delete(standings).where(
                key >= found[0], key <= found[-1], standings.c.checked_at < before, ~_is_needed()
            )
            await self._connection.execute(unneeded)
        return found[-1] if len(found) == rows else FIRST

    async def muted(self, after: Place, *, limit: int) -> list[Place]:
        """The next people who are muted by us, in the order of their keys."""
        query = (
            sa.select(restrictions.c.chat_id, restrictions.c.person_id)
            .where(
                sa.tuple_(restrictions.c.chat_id, restrictions.c.person_id) > after,
                restrictions.c.bot_id == self._bot_id,
            )
            .order_by(restrictions.c.chat_id, restrictions.c.person_id)
            .limit(limit)
        )
        return [Place(*row) for row in (await self._connection.execute(query)).all()]


def _is_needed(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the person of a standing is in a group that requires its channel."""
    return (
        sa.select(roster.c.person_id)
        .join(gate_channels, gate_channels.c.chat_id == roster.c.chat_id)
        .where(
            roster.c.person_id == standings.c.person_id,
            roster.c.present,
            gate_channels.c.channel_id == standings.c.chat_id,
            *conditions,
        )
        .exists()
    )
