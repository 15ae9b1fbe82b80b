"""Campaigns, and how many of their rows have reached which end. Never commits: the caller does."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast import rules
from gatecrier.broadcast.content.pack import pack, pack_options, unpack, unpack_options
from gatecrier.broadcast.model import (
    ACTIVE,
    ENDED,
    Campaign,
    CampaignState,
    Content,
    DeliveryState,
    Options,
    Tally,
    Tried,
    Verb,
)
from gatecrier.broadcast.tables import campaigns, deliveries, tallies
from gatecrier.kernel.errors import NotFound
from gatecrier.storage.database import INSERTS

End = tuple[int, DeliveryState, str]
"""A campaign's rows that ended alike: campaign, final state, code."""


class CampaignStore:
    """The campaigns of all bots."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        bot_id: int,
        name: str,
        content: Content,
        options: Options,
        *,
        segment: str = "",
        category: str = "",
        by: str,
        key: str | None = None,
        now: datetime,
    ) -> Campaign | None:
        """A new draft; None when `key` has made one already."""
        values = {
            "bot_id": bot_id,
            "name": name,
            "content": pack(content),
            "options": pack_options(options),
            "unknown_policy": options.unknown,
            "state": CampaignState.DRAFT,
            "created_at": now,
            "segment": segment,
            "category": category,
            "created_by": by,
            "idempotency_key": key,
        }
        statement = INSERTS[self._connection.dialect.name](campaigns).values(values)
        statement = statement.on_conflict_do_nothing(index_elements=["bot_id", "idempotency_key"])
        row = (await self._connection.execute(statement.returning(campaigns))).mappings().one_or_none()
        return _campaign(row) if row else None

    async def get(self, campaign_id: int, *, lock: bool = False) -> Campaign:
        """
        One campaign; `lock` keeps others from changing it until the transaction ends.

        Raises:
            NotFound: there is none of this number.
        """
        query = sa.select(campaigns).where(campaigns.c.id == campaign_id)
        if lock:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise NotFound(f"There is no campaign {campaign_id}.", field="campaign")
        return _campaign(row)

    async def by_key(self, bot_id: int, key: str) -> Campaign:
        """The campaign that was made under this idempotency key; there must be one."""
        query = sa.select(campaigns).where(campaigns.c.bot_id == bot_id, campaigns.c.idempotency_key == key)
        return _campaign((await self._connection.execute(query)).mappings().one())

    async def has_category(self, bot_id: int, category: str) -> bool:
        """Whether any campaign of a bot is of this category."""
        query = sa.select(campaigns.c.id).where(
            campaigns.c.bot_id == bot_id, campaigns.c.category == category
        )
        return await self._connection.scalar(query.limit(1)) is not None

    async def approve(self, campaign_id: int, *, by: str) -> None:
        """A second operator's yes."""
        await self._connection.execute(
            sa.update(campaigns).where(campaigns.c.id == campaign_id).values(approved_by=by)
        )

    async def set_options(self, campaign_id: int, options: Options) -> None:
        """How it is sent from now on."""
        await self._connection.execute(
            sa.update(campaigns)
            .where(campaigns.c.id == campaign_id)
            .values(options=pack_options(options), unknown_policy=options.unknown)
        )

    async def add_calls(self, campaign_id: int, count: int) -> None:
        """So many rows that had their call are open again."""
        await self._connection.execute(
            sa.update(campaigns)
            .where(campaigns.c.id == campaign_id)
            .values(called_before=campaigns.c.called_before + count)
        )

    async def newest(self, *, bot_id: int | None, before: int | None, limit: int) -> list[Campaign]:
        """Campaigns, newest first, those of number `before` and above left out."""
        query = sa.select(campaigns).order_by(campaigns.c.id.desc()).limit(limit)
        if bot_id is not None:
            query = query.where(campaigns.c.bot_id == bot_id)
        if before is not None:
            query = query.where(campaigns.c.id < before)
        return [_campaign(row) for row in (await self._connection.execute(query)).mappings()]

    async def unsettled(self, bot_id: int) -> list[Campaign]:
        """Campaigns of a bot that send, or that ended with rows still open; oldest first."""
        query = (
            sa.select(campaigns)
            .where(
                ~campaigns.c.is_settled,
                campaigns.c.bot_id == bot_id,
                campaigns.c.state.in_([*ACTIVE, *ENDED]),
            )
            .order_by(campaigns.c.id)
        )
        return [_campaign(row) for row in (await self._connection.execute(query)).mappings()]

    async def move(
        self, campaign_id: int, verb: Verb, *, now: datetime, cause: str = "", **also: object
    ) -> Campaign:
        """
        Do `verb`, as `rules.may` allows, and keep the books of how long the campaign was active.

        Args:
            also: Columns to set beside.
        Raises:
            NotFound: there is no such campaign.
            Conflict: its state forbids `verb` now.
        """
        campaign = await self.get(campaign_id, lock=True)
        to = rules.demand(campaign, verb)
        values: dict[str, object] = {"state": to, "cause": cause, **also}
        if not campaign.is_active or to not in ACTIVE:
            values["active_since"] = now if to in ACTIVE else None
            values["active_seconds"] = campaign.elapsed(now)
        values["finished_at"] = now if to in ENDED else None
        statement = sa.update(campaigns).where(campaigns.c.id == campaign_id).values(values)
        row = (await self._connection.execute(statement.returning(campaigns))).mappings().one()
        return _campaign(row)

    async def settle(self, bot_id: int) -> None:
        """Note which ended campaigns have no open row left."""
        await self._connection.execute(
            sa.update(campaigns)
            .where(campaigns.c.bot_id == bot_id, ~campaigns.c.is_settled, campaigns.c.state.in_(ENDED))
            .where(campaigns.c.audience == ended_rows())
            .values(is_settled=True)
        )

    async def count(self, ended: Counter[End]) -> None:
        """Add rows that ended to the tallies; in a fixed order, so that two workers never deadlock."""
        if not ended:
            return
        rows = [
            {"campaign_id": campaign_id, "state": state, "code": code, "count": count}
            for (campaign_id, state, code), count in sorted(ended.items())
        ]
        await self._connection.execute(_add_to_tallies(self._connection.dialect.name), rows)

    async def tally(self, campaign_id: int) -> Tally:
        """Rows by state and code: one statement, so all of one moment; as quick for millions as for ten."""
        held = (
            sa.select(deliveries.c.state, sa.literal(""), sa.func.count())
            .where(deliveries.c.campaign_id == campaign_id, deliveries.c.lease_until.is_not(None))
            .group_by(deliveries.c.state)
        )
        ended = sa.select(tallies.c.state, tallies.c.code, tallies.c.count).where(
            tallies.c.campaign_id == campaign_id
        )
        whole = sa.select(sa.literal(_AUDIENCE), sa.literal(""), campaigns.c.audience).where(
            campaigns.c.id == campaign_id
        )
        rows = (await self._connection.execute(sa.union_all(held, ended, whole))).all()
        return _tally([(state, code, count) for state, code, count in rows])

    async def by_variant(self, campaign_id: int) -> dict[int | None, Counter[DeliveryState]]:
        """
        Rows by the variant that was tried, and state; None: none was, or there is but one message.

        Counted one by one: a second for a million rows.
        """
        query = (
            sa.select(deliveries.c.variant, deliveries.c.state, sa.func.count())
            .where(deliveries.c.campaign_id == campaign_id)
            .group_by(deliveries.c.variant, deliveries.c.state)
        )
        found: dict[int | None, Counter[DeliveryState]] = {}
        for variant, state, count in await self._connection.execute(query):
            found.setdefault(variant, Counter())[DeliveryState(state)] = count
        return found


_AUDIENCE = "audience"


def ended_rows() -> sa.ScalarSelect[int]:
    """Rows of a campaign, in a statement about campaigns, that are final."""
    return (
        sa.select(sa.func.coalesce(sa.func.sum(tallies.c.count), 0))
        .where(tallies.c.campaign_id == campaigns.c.id)
        .scalar_subquery()
    )


def _tally(rows: Sequence[tuple[str, str, int]]) -> Tally:
    audience = next((count for state, _, count in rows if state == _AUDIENCE), 0)
    states: Counter[DeliveryState] = Counter()
    codes: dict[DeliveryState, dict[str, int]] = {}
    for name, code, count in rows:
        if name != _AUDIENCE and count:  # none are left where all were repeated
            state = DeliveryState(name)
            states[state] += count
            codes.setdefault(state, {})[code] = count
    states[DeliveryState.PENDING] = audience - states.total()
    return Tally(
        audience=audience,
        states={state: states[state] for state in DeliveryState},
        failed=codes.get(DeliveryState.FAILED, {}),
        suppressed=codes.get(DeliveryState.SUPPRESSED, {}),
        unknown=codes.get(DeliveryState.UNKNOWN, {}),
        sent={code: count for code, count in codes.get(DeliveryState.SENT, {}).items() if code},
    )


def _campaign(row: sa.RowMapping) -> Campaign:
    values = dict(row)
    del values["is_settled"]
    unknown = values.pop("unknown_policy")
    values["content"] = unpack(values["content"])
    values["options"] = unpack_options(values["options"], unknown)
    values["state"] = CampaignState(values["state"])
    values["excused"] = Tried(
        attempts=values.pop("excused_attempts"),
        errors=values.pop("excused_errors"),
        gone=values.pop("excused_gone"),
    )
    return Campaign(**values)


@cache
def _add_to_tallies(dialect: str) -> sa.Insert:
    """Kept: it runs with every window, and composing it costs as much as running it."""
    statement = INSERTS[dialect](tallies)
    return statement.on_conflict_do_update(
        index_elements=["campaign_id", "state", "code"],
        set_={"count": tallies.c.count + statement.excluded["count"]},
    )
