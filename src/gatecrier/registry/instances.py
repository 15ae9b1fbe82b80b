"""
Who works for this deployment, and who does what only one may do.

An *instance* is a process with a heartbeat. A *lease* is something that one instance holds at a time
(a bot's home), renewed with every beat. A holder that died is followed when its lease has run out: within
15 s. One that was frozen knows by its own clock that the lease is over before anybody else takes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from gatecrier.kernel.clock import Clock
from gatecrier.storage.database import Database, insert_into
from gatecrier.storage.schema import Utc, metadata

BEAT = 3.0  # seconds between two beats
LEASE = timedelta(seconds=10)  # three beats may be lost
SAFETY = 2.0  # seconds before its end from which a holder trusts a lease no longer: clocks differ
FORGOTTEN = timedelta(hours=1)  # instances that were not seen for so long

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("started_at", Utc, nullable=False),
    sa.Column("seen_at", Utc, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A process of ours."""

    #: "host:pid:opaque", new with every start.
    id: str
    role: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime

    def lives(self, now: datetime) -> bool:
        """Whether it has been heard of lately."""
        return now - self.seen_at < LEASE


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What one instance holds."""

    name: str
    holder: str
    since: datetime
    until: datetime


class Instances:
    """The heartbeat of one process, and its leases; each method is one transaction."""

    def __init__(self, database: Database, clock: Clock, me: Instance) -> None:
        self._database = database
        self._clock = clock
        self.me = me
        self._held_until: dict[str, float] = {}

    async def beat(self) -> list[Instance]:
        """Say that we live; returns who else does, and we, by id."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            statement = insert_into(connection, instances).values({**vars(self.me), "seen_at": now})
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now})
            )
            await connection.execute(sa.delete(instances).where(instances.c.seen_at < now - FORGOTTEN))
        return [one for one in await self.all() if one.lives(now)]

    async def all(self) -> list[Instance]:
        """Every instance that was seen within the last hour, by id."""
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(instances).order_by(instances.c.id))).mappings().all()
        return [Instance(**row) for row in rows]

    async def leave(self) -> None:
        """We end: what we hold is free at once."""
        self._held_until.clear()
        async with self._database.transaction() as connection:
            await connection.execute(sa.delete(leases).where(leases.c.holder == self.me.id))
            await connection.execute(sa.delete(instances).where(instances.c.id == self.me.id))

    async def bury(self, dead: Sequence[Instance]) -> None:
        """These have ended, whatever their last beat says: forget them, and free what they held."""
        ids = [one.id for one in dead]
        async with self._database.transaction() as connection:
            await connection.execute(sa.delete(leases).where(leases.c.holder.in_(ids)))
            await connection.execute(sa.delete(instances).where(instances.c.id.in_(ids)))

    async def hold(self, names: Iterable[str]) -> set[str]:
        """Take or renew leases; returns those that are ours now."""
        began = self._clock.monotonic()
        now = self._clock.now()
        wanted = sorted(names)  # one order for all: two that take several never wait for each other
        ours: set[str] = set()
        async with self._database.transaction() as connection:
            for name in wanted:
                statement = insert_into(connection, leases).values(
                    name=name, holder=self.me.id, since=now, until=now + LEASE
                )
                mine = leases.c.holder == self.me.id
                taken = await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["name"],
                        set_={
                            "holder": self.me.id,
                            "until": statement.excluded.until,
                            "since": sa.case((mine, leases.c.since), else_=statement.excluded.since),
                        },
                        where=sa.or_(mine, leases.c.until <= now),
                    ).returning(leases.c.name)
                )
                ours |= set(taken.scalars())
        for name in wanted:
            self._held_until.pop(name, None)
        self._held_until.update(dict.fromkeys(ours, began + LEASE.total_seconds() - SAFETY))
        return ours

    async def release(self, names: Iterable[str]) -> None:
        """Let others take what we hold."""
        given = list(names)
        for name in given:
            self._held_until.pop(name, None)
        async with self._database.transaction() as connection:
            await connection.execute(
                sa.delete(leases).where(leases.c.name.in_(given), leases.c.holder == self.me.id)
            )

    def holds(self, name: str) -> bool:
        """Whether a lease is ours beyond doubt: by our own clock, which goes on while a process is frozen."""
        return self._held_until.get(name, 0.0) > self._clock.monotonic()

    async def holders(self) -> dict[str, str]:
        """Who holds what now: the name of a lease -> its holder's id."""
        now = self._clock.now()
        return {lease.name: lease.holder for lease in await self.leases() if lease.until > now}

    async def leases(self) -> list[Lease]:
        """Every lease, those that are over included."""
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(leases).order_by(leases.c.name))).mappings().all()
        return [Lease(**row) for row in rows]
