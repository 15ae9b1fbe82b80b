"""Gates, exemptions and standings in the database. Never commits: the caller owns the transaction."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate import options
from gatecrier.gate.model import (
    Cause,
    Channel,
    Exemption,
    Gate,
    Known,
    Mode,
    Raid,
    Source,
    Subject,
    Suspension,
)
from gatecrier.gate.options import Options
from gatecrier.gate.policy import NOTHING, Policy, as_json, from_json
from gatecrier.gate.standing import Standing
from gatecrier.gate.tables import (
    cards,
    cases,
    deletions,
    exemptions,
    gate_channels,
    gates,
    join_requests,
    restrictions,
    roster,
    standings,
)
from gatecrier.storage.database import insert_into

READ_AT_ONCE = 10_000
ROWS_AT_ONCE = 500  # PostgreSQL takes 32,767 parameters in one statement


Warmth = tuple[int, int, int, int, int]
"""Channel, person, standing, the moment it was true, the moment it was learnt."""


class GateStore:
    """The gates of one bot."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def gates(self, chat_id: int | None = None) -> list[Gate]:
        """All gates of this bot, or the one of this group; their channels in the order they were added."""
        rows = await self._connection.execute(sa.select(gates).where(*self._ours(chat_id)))
        query = (
            sa.select(gate_channels)
            .join(gates, gates.c.chat_id == gate_channels.c.chat_id)
            .where(*self._ours(chat_id))
            .order_by(gate_channels.c.added_at, gate_channels.c.channel_id)
        )
        required: dict[int, list[Channel]] = defaultdict(list)
        for row in (await self._connection.execute(query)).mappings():
            required[row["chat_id"]].append(_channel(row))
        return [_gate(row, tuple(required[row["chat_id"]])) for row in rows.mappings()]

    async def exemptions(self, chat_id: int | None = None) -> dict[int, dict[Subject, datetime | None]]:
        """Who is exempt until when, by group; in all groups, or in this one."""
        query = (
            sa.select(exemptions.c.chat_id, exemptions.c.subject, exemptions.c.until)
            .join(gates, gates.c.chat_id == exemptions.c.chat_id)
            .where(*self._ours(chat_id))
        )
        found: dict[int, dict[Subject, datetime | None]] = defaultdict(dict)
        for group, subject, until in (await self._connection.execute(query)).all():
            found[group][_subject(subject)] = until
        return found

    async def exempted(self, chat_id: int) -> list[Exemption]:
        """Who is exempt in a group, with whoever wanted it; the newest last."""
        query = sa.select(exemptions).where(exemptions.c.chat_id == chat_id).order_by(exemptions.c.added_at)
        return [
            Exemption(
                subject=_subject(row["subject"]),
                until=row["until"],
                added_at=row["added_at"],
                added_by=row["added_by"],
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def owner(self, chat_id: int) -> int | None:
        """Which bot gates this group; None: no bot does."""
        query = sa.select(gates.c.bot_id).where(gates.c.chat_id == chat_id)
        found: int | None = await self._connection.scalar(query)
        return found

    async def enforced(self, chat_id: int) -> tuple[int, ...]:
        """
        The channels for which this gate holds people now; none while it is gone, off, or suspended.

        The gate stays so until the transaction ends (FOR SHARE; SQLite has one writer anyway).
        """
        gate = sa.select(gates.c.chat_id).where(
            gates.c.chat_id == chat_id,
            gates.c.bot_id == self._bot_id,
            gates.c.mode == Mode.ENFORCE,
            gates.c.suspended_at.is_(None),
        )
        if await self._connection.scalar(gate.with_for_update(read=True)) is None:
            return ()
        query = sa.select(gate_channels.c.channel_id).where(gate_channels.c.chat_id == chat_id)
        return tuple((await self._connection.execute(query)).scalars())

    async def locked(self, chat_id: int) -> Gate | None:
        """A gate as it is, and stays until the transaction ends: nobody else changes it meanwhile."""
        await self.lock(chat_id)
        found = await self.gates(chat_id)
        return found[0] if found else None

    async def lock(self, chat_id: int) -> None:
        """Let nobody else change this gate, or hold people for it, until the transaction ends."""
        query = sa.select(gates.c.chat_id).where(gates.c.chat_id == chat_id)
        await self._connection.execute(query.with_for_update())

    async def put(self, gate: Gate, *, now: datetime) -> None:
        """Make the gate, or renew its title, mode, policy, options and linked channel."""
        row = {
            "chat_id": gate.chat_id,
            "bot_id": self._bot_id,
            "title": gate.title,
            "mode": gate.mode,
            "linked_chat_id": gate.linked_chat_id,
            "created_at": now,
            "policy": json.dumps(as_json(gate.policy)),
            "options": json.dumps(options.as_json(gate.options)),
            "raid_since": None,
            "raid_until": None,
            **_RUNNING,
        }
        fresh = ("title", "mode", "linked_chat_id", "policy", "options")
        statement = insert_into(self._connection, gates).values(row)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["chat_id"], set_={name: statement.excluded[name] for name in fresh}
            )
        )

    async def demand(self, chat_id: int, channels: Sequence[Channel], *, by: str, now: datetime) -> None:
        """Note the channels that a policy names; one that is noted already keeps its place."""
        for number, channel in enumerate(channels):
            added_at = now + timedelta(microseconds=number)  # keeps the order in which they were named
            row = {"chat_id": chat_id, "added_at": added_at, "added_by": by, **_channel_row(channel)}
            statement = insert_into(self._connection, gate_channels).values(row)
            await self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["chat_id", "channel_id"],
                    set_={name: statement.excluded[name] for name in ("title", "username", "join_url")},
                )
            )

    async def rename_channel(self, channel: Channel) -> None:
        """A channel has another title, name or link now, in every gate of this bot that requires it."""
        ours = sa.select(gates.c.chat_id).where(gates.c.bot_id == self._bot_id)
        row = _channel_row(channel)
        await self._connection.execute(
            sa.update(gate_channels)
            .where(gate_channels.c.channel_id == channel.id, gate_channels.c.chat_id.in_(ours))
            .values({name: row[name] for name in ("title", "username", "join_url")})
        )

    async def set_policy(self, chat_id: int, policy: Policy) -> None:
        """What the group demands from now on; its channels are `demand`'s and `drop`'s."""
        await self._update(chat_id, policy=json.dumps(as_json(policy)))

    async def set_options(self, chat_id: int, chosen: Options) -> None:
        """How the gate treats people from now on."""
        await self._update(chat_id, options=json.dumps(options.as_json(chosen)))

    async def set_mode(self, chat_id: int, mode: Mode) -> None:
        """What the gate does with its decisions from now on."""
        await self._update(chat_id, mode=mode)

    async def set_raid(self, chat_id: int, raid: Raid | None) -> None:
        """The group is being raided until then, or no more."""
        since, until = (raid.since, raid.until) if raid else (None, None)
        await self._update(chat_id, raid_since=since, raid_until=until)

    async def drop(self, chat_id: int, channel_ids: Iterable[int]) -> None:
        """Forget channels that the policy names no more."""
        await self._connection.execute(
            sa.delete(gate_channels).where(
                gate_channels.c.chat_id == chat_id, gate_channels.c.channel_id.in_(list(channel_ids))
            )
        )

    async def move(self, old: int, new: int) -> bool:
        """
        Rename a group in every table; False: there was nothing of it.

        Where the new id has a gate already, that one holds, and what is left of the old one goes.
        """
        await self.lock(old)
        taken = await self.owner(new) is not None
        if await self.owner(old) is None:
            return False
        for table in _OF_A_GROUP:
            if taken or table is deletions or table is cards:  # messages have other ids there
                await self._connection.execute(sa.delete(table).where(table.c.chat_id == old))
            else:
                await self._connection.execute(sa.delete(table).where(table.c.chat_id == new))
                fresh = {"private_id": None} if table is cases else {}
                await self._connection.execute(
                    sa.update(table).where(table.c.chat_id == old).values(chat_id=new, **fresh)
                )
        return True

    async def remove(self, chat_id: int) -> None:
        """Forget the gate and all it knows of people; restrictions stay until they are lifted."""
        for table in (gate_channels, exemptions, roster, join_requests, gates):
            await self._connection.execute(sa.delete(table).where(table.c.chat_id == chat_id))

    async def set_linked(self, chat_id: int, linked_chat_id: int | None) -> None:
        """Note which channel is linked to the group now."""
        await self._update(chat_id, linked_chat_id=linked_chat_id)

    async def suspend(self, chat_id: int, suspension: Suspension, *, forget_telling_before: datetime) -> bool:
        """
        Set the gate aside; False when it is already.

        Args:
            forget_telling_before: Admins told since then are not told again.
        """
        told = sa.case((gates.c.told_at >= forget_telling_before, gates.c.told_at), else_=None)
        result = await self._connection.execute(
            sa.update(gates)
            .where(gates.c.chat_id == chat_id, gates.c.suspended_at.is_(None))
            .values(
                suspended_at=suspension.since,
                suspended_cause=suspension.cause,
                suspended_channel_id=suspension.channel_id,
                suspended_person_id=suspension.person_id,
                told_at=told,
            )
        )
        return result.rowcount > 0

    async def resume(self, chat_id: int) -> bool:
        """Let the gate decide again; False when it did. When its admins were told is remembered."""
        result = await self._connection.execute(
            sa.update(gates)
            .where(gates.c.chat_id == chat_id, gates.c.suspended_at.is_not(None))
            .values({name: value for name, value in _RUNNING.items() if name != "told_at"})
        )
        return result.rowcount > 0

    async def claim_telling(self, chat_id: int, *, now: datetime) -> bool:
        """Take on telling the admins of a suspended gate; False: somebody did, or it has resumed."""
        result = await self._connection.execute(
            sa.update(gates)
            .where(gates.c.chat_id == chat_id, gates.c.suspended_at.is_not(None), gates.c.told_at.is_(None))
            .values(told_at=now)
        )
        return result.rowcount > 0

    async def give_back_telling(self, chat_id: int) -> None:
        """The admins could not be told yet."""
        await self._update(chat_id, told_at=None)

    async def exempt(
        self, chat_id: int, subject: Subject, *, until: datetime | None = None, by: str, now: datetime
    ) -> None:
        """Leave this person, bot or channel alone, or whoever comes by this link; `until` None: for good."""
        row = {"chat_id": chat_id, "subject": str(subject), "until": until, "added_at": now, "added_by": by}
        statement = insert_into(self._connection, exemptions).values(row)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["chat_id", "subject"],
                set_={name: statement.excluded[name] for name in ("until", "added_at", "added_by")},
            )
        )

    async def unexempt(self, chat_id: int, subject: Subject) -> bool:
        """Let the channels decide about them again; False: they were not exempt."""
        result = await self._connection.execute(
            sa.delete(exemptions).where(exemptions.c.chat_id == chat_id, exemptions.c.subject == str(subject))
        )
        return result.rowcount > 0

    def _ours(self, chat_id: int | None) -> list[sa.ColumnElement[bool]]:
        ours = [gates.c.bot_id == self._bot_id]
        return ours if chat_id is None else [*ours, gates.c.chat_id == chat_id]

    async def _update(self, chat_id: int, **values: object) -> None:
        await self._connection.execute(sa.update(gates).where(gates.c.chat_id == chat_id).values(values))


class StandingStore:
    """What is known of people in channels; shared by all bots."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, knowledge: Sequence[Known]) -> None:
        """Remember; a standing with a newer date stays."""
        rows = [dict(vars(known)) for known in knowledge]
        rows.sort(key=lambda row: (row["chat_id"], row["person_id"]))  # one order: no deadlock
        for start in range(0, len(rows), ROWS_AT_ONCE):
            statement = insert_into(self._connection, standings)
            fresh = ("standing", "date", "source", "checked_at")
            await self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["chat_id", "person_id"],
                    set_={name: statement.excluded[name] for name in fresh},
                    where=standings.c.date <= statement.excluded.date,
                ),
                rows[start : start + ROWS_AT_ONCE],
            )

    async def find(self, chat_id: int, person_id: int) -> Known | None:
        """One standing."""
        query = sa.select(standings).where(standings.c.chat_id == chat_id, standings.c.person_id == person_id)
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return _known(row) if row else None

    async def of(self, channels: Sequence[int], people: Sequence[int]) -> dict[int, dict[int, Standing]]:
        """What is known of these people in these channels, however old, by person and channel."""
        query = sa.select(standings.c.person_id, standings.c.chat_id, standings.c.standing).where(
            standings.c.chat_id.in_(channels), standings.c.person_id.in_(people)
        )
        found: dict[int, dict[int, Standing]] = {}
        for person_id, channel_id, standing in (await self._connection.execute(query)).all():
            found.setdefault(person_id, {})[channel_id] = Standing(standing)
        return found

    async def since(self, moment: datetime) -> AsyncIterator[Sequence[Warmth]]:
        """
        Every standing learnt since then, ten thousand at a time: there may be a million.

        Plain numbers, moments in Unix seconds as the database counts them: a record for each row took
        longer than reading it.
        """
        query = sa.select(
            standings.c.chat_id,
            standings.c.person_id,
            standings.c.standing,
            standings.c.date,
            sa.cast(sa.extract("epoch", standings.c.checked_at), sa.BigInteger),
        ).where(standings.c.checked_at >= moment)
        result = await self._connection.stream(query)
        async for rows in result.partitions(READ_AT_ONCE):
            yield [tuple(row) for row in rows]  # a Row takes twice as long to take apart


_OF_A_GROUP = (
    gate_channels, exemptions, roster, join_requests, restrictions, cases, cards, deletions, gates,
)  # fmt: skip
"""Every table of the gate that knows groups by their id."""

_RUNNING: dict[str, object] = {
    "suspended_at": None,
    "suspended_cause": "",
    "suspended_channel_id": 0,
    "suspended_person_id": 0,
    "told_at": None,
}


def _known(row: sa.RowMapping) -> Known:
    return Known(**{**row, "standing": Standing(row["standing"]), "source": Source(row["source"])})


def _subject(text: str) -> Subject:
    return int(text) if text.lstrip("-").isdecimal() else text


def _channel(row: sa.RowMapping) -> Channel:
    return Channel(
        id=row["channel_id"], title=row["title"], username=row["username"], join_url=row["join_url"]
    )


def _channel_row(channel: Channel) -> dict[str, object]:
    return {
        "channel_id": channel.id,
        "title": channel.title,
        "username": channel.username,
        "join_url": channel.join_url,
    }


def _gate(row: sa.RowMapping, channels: tuple[Channel, ...]) -> Gate:
    return Gate(
        chat_id=row["chat_id"],
        bot_id=row["bot_id"],
        title=row["title"],
        mode=Mode(row["mode"]),
        policy=from_json(json.loads(row["policy"])) if row["policy"] else NOTHING,
        channels=channels,
        created_at=row["created_at"],
        options=options.from_json(json.loads(row["options"])),
        raid=Raid(since=row["raid_since"], until=row["raid_until"]) if row["raid_until"] else None,
        linked_chat_id=row["linked_chat_id"],
        suspension=_suspension(row),
    )


def _suspension(row: sa.RowMapping) -> Suspension | None:
    if row["suspended_at"] is None:
        return None
    return Suspension(
        cause=Cause(row["suspended_cause"]),
        since=row["suspended_at"],
        channel_id=row["suspended_channel_id"],
        person_id=row["suspended_person_id"],
        told=row["told_at"] is not None,
    )
