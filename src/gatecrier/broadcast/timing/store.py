"""Schedules, and campaigns that wait for their moment. Never commits."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.content.pack import pack, pack_options, unpack, unpack_options
from gatecrier.broadcast.model import CampaignState
from gatecrier.broadcast.tables import campaigns, schedules
from gatecrier.broadcast.timing.model import Misfire, Rhythm, Schedule, ScheduleState, Template
from gatecrier.kernel.errors import NotFound

S = schedules.c


class ScheduleStore:
    """The schedules of all bots."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        bot_id: int,
        name: str,
        template: Template,
        rhythm: Rhythm,
        misfire: Misfire,
        *,
        next_at: datetime | None,
        by: str,
    ) -> Schedule:
        """A new one, active."""
        values = {
            "bot_id": bot_id,
            "name": name,
            "template": _packed(template),
            "rule": rhythm.rule,
            "zone": rhythm.zone,
            "blackout": [day.isoformat() for day in rhythm.blackout],
            "misfire": misfire,
            "state": ScheduleState.ACTIVE,
            "next_at": next_at,
            "made": 0,
            "created_at": rhythm.since,
            "created_by": by,
        }
        statement = sa.insert(schedules).values(values).returning(schedules)
        return _schedule((await self._connection.execute(statement)).mappings().one())

    async def get(self, schedule_id: int, *, lock: bool = False) -> Schedule:
        """
        One of them.

        Raises:
            NotFound: there is none of this number.
        """
        query = sa.select(schedules).where(S.id == schedule_id)
        if lock:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise NotFound(f"There is no schedule {schedule_id}.", field="schedule")
        return _schedule(row)

    async def all(self, bot_id: int) -> list[Schedule]:
        """A bot's, oldest first."""
        query = sa.select(schedules).where(S.bot_id == bot_id).order_by(S.id)
        return [_schedule(row) for row in (await self._connection.execute(query)).mappings()]

    async def due(self, *, now: datetime) -> list[Schedule]:
        """Those whose moment has come."""
        query = sa.select(schedules).where(S.next_at <= now, S.state == ScheduleState.ACTIVE).order_by(S.id)
        return [_schedule(row) for row in (await self._connection.execute(query)).mappings()]

    async def move_on(
        self, schedule: Schedule, next_at: datetime | None, *, made: int, last_at: datetime | None
    ) -> bool:
        """From the moment that was due to the next; False when another process has done so."""
        result = await self._connection.execute(
            sa.update(schedules)
            .where(S.id == schedule.id, S.next_at == schedule.next_at)
            .values(
                next_at=next_at,
                last_at=last_at or S.last_at,
                made=S.made + made,
                state=ScheduleState.ENDED if next_at is None else S.state,
            )
        )
        return result.rowcount == 1

    async def set_state(self, schedule_id: int, state: ScheduleState, *, next_at: datetime | None) -> None:
        """Go on, or rest."""
        await self._connection.execute(
            sa.update(schedules).where(S.id == schedule_id).values(state=state, next_at=next_at)
        )

    async def remove(self, schedule_id: int) -> None:
        """Forget it; its campaigns stay."""
        await self._connection.execute(sa.delete(schedules).where(S.id == schedule_id))

    async def waiting(self, *, now: datetime) -> list[tuple[int, datetime]]:
        """Campaigns whose moment has come, and when it was."""
        query = sa.select(campaigns.c.id, campaigns.c.scheduled_at).where(
            campaigns.c.scheduled_at <= now, campaigns.c.state == CampaignState.SCHEDULED
        )
        return [(id_, at) for id_, at in (await self._connection.execute(query)).all()]


def _packed(template: Template) -> dict[str, Any]:
    return {
        "content": pack(template.content),
        "options": pack_options(template.options),
        "unknown": template.options.unknown,
        "segment": template.segment,
        "category": template.category,
    }


def _schedule(row: sa.RowMapping) -> Schedule:
    kept = row["template"]
    return Schedule(
        id=row["id"],
        bot_id=row["bot_id"],
        name=row["name"],
        template=Template(
            content=unpack(kept["content"]),
            options=unpack_options(kept["options"], kept["unknown"]),
            segment=kept["segment"],
            category=kept["category"],
        ),
        rhythm=Rhythm(
            rule=row["rule"],
            zone=row["zone"],
            since=row["created_at"],
            blackout=tuple(date.fromisoformat(day) for day in row["blackout"]),
        ),
        misfire=Misfire(row["misfire"]),
        state=ScheduleState(row["state"]),
        next_at=row["next_at"],
        last_at=row["last_at"],
        made=row["made"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
