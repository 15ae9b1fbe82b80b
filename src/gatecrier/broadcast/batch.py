"""
Many rows as one parameter, and a table in SQL: arrays on PostgreSQL, JSON on SQLite.

A statement with a VALUES list has another text for every number of rows, so neither SQLAlchemy nor
the database could keep it prepared; these have one text for all.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

Columns = Mapping[str, sa.types.TypeEngine[Any]]


def batch(dialect: str, columns: Columns, name: str = "batch") -> sa.FromClause:
    """A table of `columns` whose rows come with `parameters`; `name` is part of the parameters' names."""
    return _json(columns, name) if dialect == "sqlite" else _arrays(columns, name)


def is_in(dialect: str, column: sa.ColumnElement[int], name: str) -> sa.ColumnElement[bool]:
    """
    `column` is one of the integers of the parameter `name` (see `integers`).

    PostgreSQL takes an array, not a join: its planner cannot know how few rows a new campaign's keys are,
    and has been seen to read the whole campaign for each window.
    """
    if dialect == "sqlite":
        values = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued(
            "value", name=f"{name}_json"
        )
        return column.in_(sa.select(values.c.value))
    return column == sa.func.any(sa.bindparam(name, type_=ARRAY(sa.BigInteger)))


def integers(dialect: str, values: Iterable[int]) -> object:
    """The parameter for `is_in`."""
    return json.dumps(list(values)) if dialect == "sqlite" else list(values)


def is_picked(dialect: str, column: sa.ColumnElement[int], picked: sa.Select[int]) -> sa.ColumnElement[bool]:
    """`column` is one of `picked`, which is evaluated once and first (an array on PostgreSQL, as above)."""
    if dialect == "sqlite":
        return column.in_(picked)
    return column == sa.func.any(sa.func.array(picked.scalar_subquery()))


def parameters(
    dialect: str, columns: Columns, rows: Iterable[Sequence[object]], name: str = "batch"
) -> dict[str, object]:
    """The parameters that fill a `batch` with `rows`, their values in the order of `columns`."""
    if dialect == "sqlite":
        return {name: json.dumps([[_plain(value) for value in row] for row in rows])}
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return {f"{name}_{column}": list(values[place]) for place, column in enumerate(columns)}


def _arrays(columns: Columns, name: str) -> sa.FromClause:
    arrays = [sa.bindparam(f"{name}_{column}", type_=ARRAY(type_)) for column, type_ in columns.items()]
    listed = [sa.column(column, type_) for column, type_ in columns.items()]
    return sa.func.unnest(*arrays).table_valued(*listed, name=name).render_derived()


def _json(columns: Columns, name: str) -> sa.FromClause:
    rows = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value", name=f"{name}_json")
    listed = [
        sa.func.json_extract(rows.c.value, sa.literal_column(f"'$[{place}]'"), type_=type_).label(column)
        for place, (column, type_) in enumerate(columns.items())
    ]
    return sa.select(*listed).subquery(name)


def _plain(value: object) -> object:
    """JSON has no moments: the text under which SQLite keeps one."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
