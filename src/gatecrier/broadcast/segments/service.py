"""What an operator can do with segments."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.segments.language import BUILT_IN, as_text, parse
from gatecrier.broadcast.segments.model import And, Everyone, Not, Or, Saved, Segment
from gatecrier.broadcast.segments.selection import condition
from gatecrier.broadcast.segments.store import SavedSegment, SegmentStore
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import NotFound, Refused
from gatecrier.kernel.names import CONTROL
from gatecrier.registry.store import record_audit, subscribers, suppressions
from gatecrier.storage.database import Database

LONGEST_NAME = 64
MOST_PARTS = 500  # facts and operators of a segment, names replaced


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many subscribers belong to a segment, and how many of them may be messaged now."""

    matching: int
    reachable: int


class Segments:
    """
    The segments of all bots.

    Args:
        terms: Nobody may be messaged who has not accepted them.
    """

    def __init__(self, database: Database, *, clock: Clock, terms: bool = False) -> None:
        self._terms = terms
        self._database = database
        self._clock = clock

    async def save(self, bot_id: int, name: str, query: str, *, actor: str) -> SavedSegment:
        """
        Keep a segment under a name; campaigns made before are not changed by a new meaning.

        Raises:
            Refused: the name or the query is wrong, or it would contain itself.
        """
        _check_name(name.strip())
        saved = SavedSegment(
            bot_id=bot_id,
            name=name.strip(),
            query=query.strip(),
            created_at=self._clock.now(),
            created_by=actor,
        )
        async with self._database.transaction() as connection:
            store = SegmentStore(connection, bot_id)
            _resolve(parse(query), {**await store.all(), saved.name: saved})
            await store.put(saved)
            await record_audit(
                connection,
                at=saved.created_at,
                actor=actor,
                action="segment.save",
                subject=f"bot:{bot_id}",
                detail=f"{saved.name}: {saved.query}",
            )
        return saved

    async def list(self, bot_id: int) -> list[SavedSegment]:
        """All of a bot's, by name."""
        async with self._database.read() as connection:
            return list((await SegmentStore(connection, bot_id).all()).values())

    async def get(self, bot_id: int, name: str) -> SavedSegment:
        """
        One of them.

        Raises:
            NotFound: there is none of that name.
        """
        async with self._database.read() as connection:
            found = (await SegmentStore(connection, bot_id).all()).get(name)
        if found is None:
            raise _unknown(name)
        return found

    async def remove(self, bot_id: int, name: str, *, actor: str) -> None:
        """
        Forget it; campaigns that were made with it keep what it meant.

        Raises:
            NotFound: there is none of that name. Refused: another one is made of it.
        """
        async with self._database.transaction() as connection:
            store = SegmentStore(connection, bot_id)
            others = await store.all()
            if others.pop(name, None) is None:
                raise _unknown(name)
            for other in others.values():
                if name in _named_in(parse(other.query)):
                    raise Refused(f'The segment "{other.name}" is made of it.', field="name")
            await store.remove(name)
            await record_audit(
                connection,
                at=self._clock.now(),
                actor=actor,
                action="segment.remove",
                subject=f"bot:{bot_id}",
                detail=name,
            )

    async def count(self, bot_id: int, query: str) -> Counted:
        """
        How many belong to it now.

        Raises:
            Refused: the query is wrong.
        """
        async with self._database.read() as connection:
            tree = await resolved(connection, bot_id, query)
            mine = sa.and_(subscribers.c.bot_id == bot_id, condition(tree, now=self._clock.now()))
            silent: sa.ColumnElement[bool] = sa.exists().where(
                suppressions.c.bot_id == bot_id, suppressions.c.person_id == subscribers.c.person_id
            )
            if self._terms:
                silent = sa.or_(silent, subscribers.c.terms_at.is_(None))
            counts = sa.select(sa.func.count(), sa.func.count().filter(~silent)).where(mine)
            matching, reachable = (await connection.execute(counts.select_from(subscribers))).one()
        return Counted(matching=matching, reachable=reachable)


async def resolved(connection: AsyncConnection, bot_id: int, query: str) -> Segment:
    """
    The tree of a query, with what its saved names mean now.

    Raises:
        Refused: it is wrong, or a name in it is unknown or contains itself.
    """
    tree = parse(query)
    return _resolve(tree, await SegmentStore(connection, bot_id).all()) if _named_in(tree) else tree


async def resolved_text(connection: AsyncConnection, bot_id: int, query: str) -> str:
    """The same as text, as a campaign keeps it; "" is everyone."""
    tree = await resolved(connection, bot_id, query)
    return "" if isinstance(tree, Everyone) else as_text(tree)


def _resolve(tree: Segment, saved: Mapping[str, SavedSegment]) -> Segment:
    """With names replaced; what it says then keeps to the same limits as what a person writes."""
    whole = _Resolver(saved).tree(tree, ())
    return parse(as_text(whole))


class _Resolver:
    """Puts what saved segments say in the place of their names."""

    def __init__(self, saved: Mapping[str, SavedSegment]) -> None:
        self._saved = saved
        self._left = MOST_PARTS  # names within names double: stopped before they fill the memory

    def tree(self, tree: Segment, path: tuple[str, ...]) -> Segment:
        self._left -= 1
        if self._left < 0:
            raise Refused("With what its names stand for, the segment is too long.", field="segment")
        match tree:
            case Saved(name):
                return self._meaning(name, path)
            case Not(part):
                return Not(self.tree(part, path))
            case And(parts):
                return And(tuple(self.tree(part, path) for part in parts))
            case Or(parts):
                return Or(tuple(self.tree(part, path) for part in parts))
        return tree

    def _meaning(self, name: str, path: tuple[str, ...]) -> Segment:
        if name not in self._saved:
            raise Refused(f'There is no segment "{name}".', field="segment")
        if name in path:
            raise Refused(f'The segment "{name}" would contain itself.', field="segment")
        return self.tree(parse(self._saved[name].query), (*path, name))


def _check_name(name: str) -> None:
    if name in BUILT_IN:
        raise Refused(f"A segment's name is none of {', '.join(BUILT_IN)}.", field="name")
    if not 0 < len(name) <= LONGEST_NAME or CONTROL.search(name):
        raise Refused(
            f"A segment's name has 1 to {LONGEST_NAME} characters, none of them a control character.",
            field="name",
        )


def _named_in(tree: Segment) -> set[str]:
    match tree:
        case Saved(name):
            return {name}
        case Not(part):
            return _named_in(part)
        case And(parts) | Or(parts):
            return set[str]().union(*map(_named_in, parts))
    return set()


def _unknown(name: str) -> NotFound:
    return NotFound(f'There is no segment "{name}".', field="name")
