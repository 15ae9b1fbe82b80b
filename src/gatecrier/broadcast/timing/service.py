"""What an operator can do with time, and what becomes due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import available_timezones

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.model import CampaignState
from gatecrier.broadcast.service import Broadcast
from gatecrier.broadcast.timing import rules
from gatecrier.broadcast.timing.model import Misfire, Rhythm, Schedule, ScheduleState, Template
from gatecrier.broadcast.timing.store import ScheduleStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Refused
from gatecrier.registry.store import record_audit
from gatecrier.storage.database import Database

log = structlog.get_logger(__name__)

CLOCKWORK = "schedule"
"""The actor of what becomes due."""
GRACE = timedelta(hours=1)
"""How late a campaign that was scheduled once still starts: later, an operator is to look at it again."""
MOST_SHOWN = 50


class Timing:
    """
    Schedules of all bots, and campaigns that wait for their moment.

    Start: `run_once` every few seconds, in any number of processes.
    """

    def __init__(self, database: Database, broadcast: Broadcast, *, clock: Clock) -> None:
        self._database = database
        self._broadcast = broadcast
        self._clock = clock

    async def add(
        self,
        like: int,
        name: str,
        rule: str,
        *,
        zone: str,
        actor: str,
        blackout: Sequence[date] = (),
        misfire: Misfire = Misfire.ONCE,
    ) -> Schedule:
        """
        Make a campaign like the one of number `like`, again and again.

        Args:
            rule: Five fields of cron, or an RRULE of days or longer; wall clock of `zone` (IANA).
        Raises:
            NotFound: there is no such campaign. Refused: rule or zone is wrong, or it comes too often.
        """
        if zone not in available_timezones():
            raise Refused(f'There is no time zone "{zone}".', remedy="Such as Europe/Berlin.", field="zone")
        if not name.strip():
            raise Refused("A schedule needs a name.", field="name")
        now = self._clock.now()
        rhythm = Rhythm(rule=rule.strip(), zone=zone, since=now, blackout=tuple(blackout))
        rules.check(rhythm, now=now)
        model = await self._broadcast.get(like)
        template = Template(
            content=model.content, options=model.options, segment=model.segment, category=model.category
        )
        async with self._database.transaction() as connection:
            made = await ScheduleStore(connection).add(
                model.bot_id,
                name.strip(),
                template,
                rhythm,
                misfire,
                next_at=rules.next_moment(rhythm, after=now),
                by=actor,
            )
            await self._audit(connection, actor, "schedule.add", made.id, detail=f"{made.name}: {rule}")
        return made

    async def get(self, schedule_id: int) -> Schedule:
        """One of them."""
        async with self._database.read() as connection:
            return await ScheduleStore(connection).get(schedule_id)

    async def ahead(self, schedule_id: int, count: int = 5) -> list[datetime]:
        """Its next moments."""
        schedule = await self.get(schedule_id)
        after = self._clock.now()
        return list(islice(rules.moments(schedule.rhythm, after=after), min(count, MOST_SHOWN)))

    async def pause(self, schedule_id: int, *, actor: str) -> Schedule:
        """Make no campaign until resumed."""
        return await self._set(schedule_id, ScheduleState.PAUSED, actor)

    async def resume(self, schedule_id: int, *, actor: str) -> Schedule:
        """Go on with the next moment; those of the pause are not made up for."""
        return await self._set(schedule_id, ScheduleState.ACTIVE, actor)

    async def remove(self, schedule_id: int, *, actor: str) -> None:
        """Forget it; its campaigns stay."""
        async with self._database.transaction() as connection:
            store = ScheduleStore(connection)
            await store.get(schedule_id)
            await store.remove(schedule_id)
            await self._audit(connection, actor, "schedule.remove", schedule_id)

    async def run_once(self) -> int:
        """Start what is due; returns how many campaigns that were."""
        now = self._clock.now()
        async with self._database.read() as connection:
            store = ScheduleStore(connection)
            waiting, due = await store.waiting(now=now), await store.due(now=now)
        started = [await self._start(campaign_id, at) for campaign_id, at in waiting]
        return sum(started) + sum([await self._fire(schedule) for schedule in due])

    async def list(self, bot_id: int) -> list[Schedule]:
        """A bot's, oldest first."""
        async with self._database.read() as connection:
            return await ScheduleStore(connection).all(bot_id)

    async def _start(self, campaign_id: int, at: datetime) -> bool:
        """Start it; what forbids that now is written beside it, and an operator decides."""
        cause = ""
        if self._clock.now() - at > GRACE:
            cause = f"Its moment, {at:%Y-%m-%d %H:%M} UTC, was missed: nothing ran then."
        else:
            try:
                await self._broadcast.start(campaign_id, actor=CLOCKWORK)
            except Refused as error:
                cause = f"It could not start at its moment: {error.text}"
        if cause:
            log.warning("timing.not_started", campaign=campaign_id, cause=cause)
            await self._broadcast.unschedule(campaign_id, actor=CLOCKWORK, cause=cause)
        return not cause

    async def _fire(self, schedule: Schedule) -> bool:
        """
        One moment, one campaign: its key says so, whoever is killed where.

        The moment is moved on last; until then every process would find the same campaign.
        """
        moment, now = schedule.next_at, self._clock.now()
        if moment is None:
            return False
        is_made = schedule.misfire is Misfire.ONCE or not rules.is_missed(moment, now=now)
        if is_made:
            await self._make(schedule, moment)
        following = rules.next_moment(schedule.rhythm, after=now)
        async with self._database.transaction() as connection:
            await ScheduleStore(connection).move_on(
                schedule, following, made=int(is_made), last_at=moment if is_made else None
            )
        return is_made

    async def _make(self, schedule: Schedule, moment: datetime) -> None:
        template = schedule.template
        try:
            campaign = await self._broadcast.create(
                schedule.bot_id,
                f"{schedule.name} {moment:%Y-%m-%d}",
                template.content,
                actor=CLOCKWORK,
                options=template.options,
                segment=template.segment,
                category=template.category,
                key=f"schedule:{schedule.id}:{moment:%Y-%m-%dT%H:%M}",
            )
            if campaign.state is CampaignState.DRAFT:
                await self._broadcast.start(campaign.id, actor=CLOCKWORK)
        except Refused as error:  # nobody to send to, or it needs a second yes: the draft waits
            log.warning("timing.not_started", schedule=schedule.id, cause=error.text)

    async def _set(self, schedule_id: int, state: ScheduleState, actor: str) -> Schedule:
        async with self._database.transaction() as connection:
            store = ScheduleStore(connection)
            schedule = await store.get(schedule_id, lock=True)
            following = None
            if state is ScheduleState.ACTIVE:
                following = rules.next_moment(schedule.rhythm, after=self._clock.now())
            ended = state is ScheduleState.ACTIVE and following is None
            await store.set_state(schedule_id, ScheduleState.ENDED if ended else state, next_at=following)
            await self._audit(connection, actor, f"schedule.{state}", schedule_id)
            return replace(schedule, state=state, next_at=following)

    async def _audit(
        self, connection: AsyncConnection, actor: str, action: str, schedule_id: int, detail: str = ""
    ) -> None:
        await record_audit(
            connection,
            at=self._clock.now(),
            actor=actor,
            action=action,
            subject=f"schedule:{schedule_id}",
            detail=detail,
        )
