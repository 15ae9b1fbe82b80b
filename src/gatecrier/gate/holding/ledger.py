"""
Restrictions, cases and cards in the database: who is held, why, and what shows it. Never commits.

Whoever writes several kinds in one transaction does it in this order, so that no two wait for each
other: gate, exemptions, restrictions, cases, cards; and rows of one kind by their keys.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.gate.cards.deletions import Deletions
from gatecrier.gate.model import Card, Case, Held, Outcome, Reason, Restriction, RestrictionState
from gatecrier.gate.store import ROWS_AT_ONCE
from gatecrier.gate.tables import cards, cases, restrictions
from gatecrier.kernel.ids import opaque
from gatecrier.storage.database import insert_into
from gatecrier.telegram.updates import Permissions

NAMED = 5  # people a card names; the rest is counted


class Ledger:
    """What one bot did to people, and has not undone yet."""

    def __init__(self, connection: AsyncConnection, bot_id: int) -> None:
        self._connection = connection
        self._bot_id = bot_id

    async def restriction(self, chat_id: int, person_id: int) -> Restriction | None:
        """What we did to this person in this group, if anything."""
        query = sa.select(restrictions).where(*_whose(restrictions, chat_id, person_id))
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return _restriction(row) if row else None

    async def add_restriction(self, restriction: Restriction) -> bool:
        """Announce a mute before it is applied; False when there is one already, which stays as it is."""
        row = {**vars(restriction), "bot_id": self._bot_id, "prior": _names(restriction.prior)}
        statement = insert_into(self._connection, restrictions).values(row).on_conflict_do_nothing()
        result = await self._connection.execute(statement.returning(restrictions.c.person_id))
        return result.one_or_none() is not None

    async def activate(self, chat_id: int, person_id: int, *, now: datetime) -> None:
        """The mute is in force. A lifting that began meanwhile goes on."""
        await self._connection.execute(
            sa.update(restrictions)
            .where(
                *_whose(restrictions, chat_id, person_id),
                restrictions.c.state == RestrictionState.APPLYING,
            )
            .values(state=RestrictionState.ACTIVE, applied_at=now)
        )

    async def set_prior(
        self, chat_id: int, person_id: int, prior: Permissions, until: datetime | None
    ) -> None:
        """What is to be given back, if it changed before the mute was applied."""
        await self._connection.execute(
            sa.update(restrictions)
            .where(*_whose(restrictions, chat_id, person_id))
            .values(prior=_names(prior), prior_until=until)
        )

    async def begin_lifting(
        self, chat_id: int, people: Iterable[int], outcome: Outcome, *, due_at: datetime
    ) -> None:
        """Announce that these mutes are to be lifted; from `due_at` on the healer does it if nobody has."""
        ids = sorted(people)
        for start in range(0, len(ids), ROWS_AT_ONCE):
            await self._connection.execute(
                sa.update(restrictions)
                .where(
                    restrictions.c.chat_id == chat_id,
                    restrictions.c.person_id.in_(ids[start : start + ROWS_AT_ONCE]),
                    restrictions.c.state != RestrictionState.LIFTING,
                )
                .values(state=RestrictionState.LIFTING, outcome=outcome, due_at=due_at, failures=0)
            )

    async def postpone(self, chat_id: int, person_id: int, *, due_at: datetime, failures: int) -> None:
        """Telegram would not let us; try again then."""
        await self._connection.execute(
            sa.update(restrictions)
            .where(*_whose(restrictions, chat_id, person_id))
            .values(due_at=due_at, failures=failures)
        )

    async def hasten(self, chat_id: int, *, now: datetime) -> None:
        """We have rights here again: what was put off is due, and its failures are forgotten."""
        await self._connection.execute(
            sa.update(restrictions)
            .where(
                restrictions.c.bot_id == self._bot_id,
                restrictions.c.chat_id == chat_id,
                restrictions.c.state != RestrictionState.ACTIVE,
                restrictions.c.failures > 0,
            )
            .values(due_at=now, failures=0)
        )

    async def remove_restriction(self, chat_id: int, person_id: int) -> None:
        """It is lifted, or no longer ours."""
        await self._connection.execute(
            sa.delete(restrictions).where(*_whose(restrictions, chat_id, person_id))
        )

    async def half_done(self, *, now: datetime, limit: int) -> list[Restriction]:
        """Mutes announced and not applied or lifted in time, oldest first."""
        query = (
            sa.select(restrictions)
            .where(
                restrictions.c.bot_id == self._bot_id,
                restrictions.c.state.in_([RestrictionState.APPLYING, RestrictionState.LIFTING]),
                restrictions.c.due_at <= now,
            )
            .order_by(restrictions.c.due_at)
            .limit(limit)
        )
        return [_restriction(row) for row in (await self._connection.execute(query)).mappings()]

    async def served(self, *, now: datetime, limit: int) -> list[Restriction]:
        """Mutes in force that have lasted as long as they should, oldest first."""
        query = (
            sa.select(restrictions)
            .where(
                restrictions.c.bot_id == self._bot_id,
                restrictions.c.state == RestrictionState.ACTIVE,
                restrictions.c.lift_at <= now,
            )
            .order_by(restrictions.c.lift_at)
            .limit(limit)
        )
        return [_restriction(row) for row in (await self._connection.execute(query)).mappings()]

    async def everybody_held(self, chat_id: int) -> list[int]:
        """Everybody we muted in this group, or opened a case about (in basic groups nobody is muted)."""
        muted = sa.select(restrictions.c.person_id).where(restrictions.c.chat_id == chat_id)
        named = sa.select(cases.c.person_id).where(cases.c.chat_id == chat_id, cases.c.closed_at.is_(None))
        return sorted((await self._connection.execute(muted.union(named))).scalars())

    async def open_case(self, case: Case) -> bool:
        """Open a case; False when the person has one in this group, which stays as it is."""
        row = {**vars(case), "missing": _ids(case.missing)}
        statement = insert_into(self._connection, cases).values(row).on_conflict_do_nothing()
        result = await self._connection.execute(statement.returning(cases.c.id))
        return result.one_or_none() is not None

    async def case(self, chat_id: int, person_id: int) -> Case | None:
        """The open case of this person in this group."""
        query = sa.select(cases).where(*_whose(cases, chat_id, person_id), cases.c.closed_at.is_(None))
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return case_of(row) if row else None

    async def cases_of(self, person_id: int, chats: Iterable[int]) -> list[Case]:
        """The open cases of this person in these groups."""
        query = sa.select(cases).where(
            cases.c.person_id == person_id, cases.c.chat_id.in_(list(chats)), cases.c.closed_at.is_(None)
        )
        return [case_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def cases_in(self, chat_id: int) -> list[Case]:
        """Every open case of a group."""
        query = sa.select(cases).where(cases.c.chat_id == chat_id, cases.c.closed_at.is_(None))
        return [case_of(row) for row in (await self._connection.execute(query)).mappings()]

    async def close_case(self, case: Case, outcome: Outcome, *, now: datetime) -> None:
        """Close a case, and let its cards change."""
        await self._withdraw(case)
        await self._change_case(case, closed_at=now, outcome=outcome)
        await self._touch_for(case)

    async def set_missing(self, case: Case, missing: tuple[int, ...]) -> None:
        """What this person still lacks."""
        await self._withdraw(case)
        await self._change_case(case, missing=_ids(missing))
        await self._touch_for(case)

    async def set_all_missing(self, chat_id: int, missing: Mapping[Case, tuple[int, ...]]) -> None:
        """What several people of one group still lack; their cards are touched last, and once."""
        for case in sorted(missing, key=lambda case: case.person_id):
            await self._withdraw(case)
            await self._change_case(case, missing=_ids(missing[case]))
        for thread_id in sorted({case.thread_id for case in missing}):
            await self.touch(chat_id, thread_id)

    async def set_away(self, case: Case, *, away: bool) -> None:
        """Whether this person is outside the group now, and so not named on its card."""
        await self._change_case(case, away=away)
        await self._touch_for(case)

    async def hush(self, case: Case) -> None:
        """Hold this person without a word for now: they come and go."""
        await self._change_case(case, silent=True)

    async def hush_newcomers(self, chat_id: int, since: datetime) -> None:
        """Whoever came since then is part of a raid: named no more, and their card is not shown anew."""
        came = (cases.c.chat_id == chat_id, cases.c.reason == Reason.CAME, cases.c.closed_at.is_(None))
        await self._connection.execute(
            sa.update(cases).where(*came, cases.c.opened_at >= since).values(silent=True)
        )
        await self._connection.execute(
            sa.update(cards)
            .where(cards.c.chat_id == chat_id)
            .values(wanted=cards.c.wanted + 1, raised=cards.c.shown)
        )

    async def hushed(self) -> set[int]:
        """The groups in which somebody is held without a word; asked for once after a start."""
        query = sa.select(cases.c.chat_id).where(cases.c.silent, cases.c.closed_at.is_(None)).distinct()
        return set((await self._connection.execute(query)).scalars())

    async def speak_of(self, chat_id: int) -> int:
        """Name on the cards whom we held without a word; returns how many, and each card is raised once."""
        held = (cases.c.chat_id == chat_id, cases.c.silent, cases.c.closed_at.is_(None))
        threads = (
            await self._connection.execute(sa.select(cases.c.thread_id).where(*held).distinct())
        ).scalars()
        topics = sorted(threads)
        named = await self._connection.execute(sa.update(cases).where(*held).values(silent=False))
        for thread_id in topics:
            await self.touch(chat_id, thread_id, raised=True)
        return named.rowcount

    async def opened_since(self, chat_id: int, since: datetime) -> tuple[int, int]:
        """How many people were held in this group since then, and how many of them are free by joining."""
        opened = (cases.c.chat_id == chat_id, cases.c.opened_at >= since)
        freed = (*opened, cases.c.outcome.in_([Outcome.JOINED, Outcome.VERIFIED]))
        query = sa.select(sa.func.count()).select_from(cases)
        held = await self._connection.scalar(query.where(*opened))
        return held or 0, await self._connection.scalar(query.where(*freed)) or 0

    async def forget_closed(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` cases that were closed before then; returns how many."""
        old = sa.select(cases.c.id).where(cases.c.closed_at < before).limit(limit)
        result = await self._connection.execute(sa.delete(cases).where(cases.c.id.in_(old)))
        return result.rowcount

    async def held(self, chat_id: int) -> int:
        """How many people we hold in this group."""
        query = sa.select(sa.func.count()).where(cases.c.chat_id == chat_id, cases.c.closed_at.is_(None))
        return await self._connection.scalar(query) or 0

    async def named_on(self, card: Card) -> Held:
        """Whom this card is to name: the newest few; how many there are, and all that they lack."""
        shown = (
            cases.c.chat_id == card.chat_id,
            cases.c.thread_id == card.thread_id,
            cases.c.closed_at.is_(None),
            cases.c.away.is_(False),
            cases.c.silent.is_(False),
            cases.c.private_at.is_(None),
        )
        newest = sa.select(cases).where(*shown).order_by(cases.c.opened_at.desc(), cases.c.id).limit(NAMED)
        named = tuple(case_of(row) for row in (await self._connection.execute(newest)).mappings())
        total = await self._connection.scalar(sa.select(sa.func.count()).select_from(cases).where(*shown))
        sets = (await self._connection.execute(sa.select(cases.c.missing).distinct().where(*shown))).scalars()
        missing = {id_ for text in sets for id_ in _split(text)}
        return Held(cases=named, total=total or 0, missing=tuple(sorted(missing)))

    async def touch(self, chat_id: int, thread_id: int, *, raised: bool = False) -> None:
        """
        Note that a card must change; make it if there is none.

        Args:
            raised: Somebody new is on it: show it anew at the bottom of the chat.
        """
        row = {
            "chat_id": chat_id,
            "thread_id": thread_id,
            "bot_id": self._bot_id,
            "id": opaque(),
            "message_id": None,
            "old_message_id": None,
            "wanted": 1,
            "raised": 1,
            "shown": 0,
        }
        wanted = cards.c.wanted + 1
        change = {"wanted": wanted, "raised": wanted} if raised else {"wanted": wanted}
        statement = insert_into(self._connection, cards).values(row)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["chat_id", "thread_id"], set_=change)
        )

    async def card(self, card_id: str) -> Card | None:
        """A card by what its button carries."""
        query = sa.select(cards).where(cards.c.id == card_id, cards.c.bot_id == self._bot_id)
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return _card(row) if row else None

    async def cards_behind(self) -> list[Card]:
        """Cards that do not show what they should, or that left an old message behind."""
        query = sa.select(cards).where(
            cards.c.bot_id == self._bot_id,
            (cards.c.shown < cards.c.wanted) | cards.c.old_message_id.is_not(None),
        )
        return [_card(row) for row in (await self._connection.execute(query)).mappings()]

    async def card_shown(
        self, card: Card, *, message_id: int | None, shown: int, old_message_id: int | None = None
    ) -> None:
        """Note what people see now: the card as it was at change `shown`; later ones stay wanted."""
        await self._connection.execute(
            sa.update(cards)
            .where(cards.c.id == card.id)
            .values(message_id=message_id, old_message_id=old_message_id, shown=shown)
        )

    async def card_removed(self, card: Card) -> None:
        """Forget a card that names nobody, unless somebody came while its message was deleted."""
        gone = await self._connection.execute(
            sa.delete(cards).where(cards.c.id == card.id, cards.c.wanted == card.wanted)
        )
        if not gone.rowcount:
            await self.card_shown(card, message_id=None, shown=card.shown)

    async def _touch_for(self, case: Case) -> None:
        """A card changes for those it names; people held without a word come and go unseen."""
        if not case.silent:
            await self.touch(case.chat_id, case.thread_id)

    async def _withdraw(self, case: Case) -> None:
        """What a private card says holds no more: it goes, and another comes if one is due."""
        mine = cases.c.id == case.id
        private_id = await self._connection.scalar(sa.select(cases.c.private_id).where(mine))
        if private_id:
            deletions = Deletions(self._connection, self._bot_id)
            await deletions.add(case.chat_id, private_id, case.opened_at, receiver_id=case.person_id)
            await self._connection.execute(sa.update(cases).where(mine).values(private_id=None))

    async def _change_case(self, case: Case, **values: object) -> None:
        await self._connection.execute(
            sa.update(cases).where(cases.c.id == case.id, cases.c.closed_at.is_(None)).values(values)
        )


def _whose(table: sa.Table, chat_id: int, person_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.chat_id == chat_id, table.c.person_id == person_id


def _names(permissions: Permissions) -> str:
    return ",".join(name for name, given in permissions.as_params().items() if given)


def _permissions(names: str) -> Permissions:
    return Permissions(**dict.fromkeys(filter(None, names.split(",")), True))


def _ids(ids: tuple[int, ...]) -> str:
    return ",".join(map(str, ids))


def _split(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def _restriction(row: sa.RowMapping) -> Restriction:
    return Restriction(
        chat_id=row["chat_id"],
        person_id=row["person_id"],
        state=RestrictionState(row["state"]),
        prior=_permissions(row["prior"]),
        prior_until=row["prior_until"],
        applied_at=row["applied_at"],
        due_at=row["due_at"],
        failures=row["failures"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        lift_at=row["lift_at"],
    )


def case_of(row: sa.RowMapping) -> Case:
    """The case in a row of `cases`."""
    return Case(
        id=row["id"],
        chat_id=row["chat_id"],
        person_id=row["person_id"],
        name=row["name"],
        thread_id=row["thread_id"],
        reason=Reason(row["reason"]),
        missing=_split(row["missing"]),
        opened_at=row["opened_at"],
        away=row["away"],
        language=row["language"],
        silent=row["silent"],
        private_id=row["private_id"],
        private_at=row["private_at"],
    )


def _card(row: sa.RowMapping) -> Card:
    return Card(**{name: row[name] for name in Card.__dataclass_fields__})
