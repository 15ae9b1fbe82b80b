"""`gatecrier segment`: which subscribers a campaign is for."""

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from gatecrier.app import build
from gatecrier.broadcast.segments.service import Counted
from gatecrier.cli.show import Output, show_facts, show_json, show_table
from gatecrier.kernel.settings import load

app = cyclopts.App(name="segment", help="Which subscribers a campaign is for: queries with names.")

ACTOR = "cli"
Query = Annotated[str, Parameter(help="""Such as 'premium and last_seen < 30d ago'; see docs/segments.md.""")]


@app.command(name="list")
async def list_(*, output: Output = "table") -> int:
    """All saved segments."""
    async with build(load()) as gatecrier:
        saved = await gatecrier.segments.list(gatecrier.first.bot_id)
    rows = [(one.name, one.query, one.created_by, one.created_at) for one in saved]
    columns = ("name", "query", "by", "saved")
    if output == "json":
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table("Segments", columns, rows)
    return 0


@app.command
async def save(name: str, query: Query, *, output: Output = "table") -> int:
    """Keep a query under a name; campaigns made before keep what the name meant then."""
    async with build(load()) as gatecrier:
        await gatecrier.segments.save(gatecrier.first.bot_id, name, query, actor=ACTOR)
    return await count(query, output=output)


@app.command
async def show(name: str, *, output: Output = "table") -> int:
    """What a saved segment says, who saved it, and how many subscribers belong to it now."""
    async with build(load()) as gatecrier:
        saved = await gatecrier.segments.get(gatecrier.first.bot_id, name)
        counted = await gatecrier.segments.count(gatecrier.first.bot_id, saved.query)
    facts: dict[str, object] = {"query": saved.query, "by": saved.created_by, "saved": saved.created_at}
    _show_counted({"name": saved.name, **facts}, counted, output)
    return 0


@app.command
async def count(query: Query, *, output: Output = "table") -> int:
    """How many subscribers belong to it now, and how many of them may be messaged."""
    async with build(load()) as gatecrier:
        counted = await gatecrier.segments.count(gatecrier.first.bot_id, query)
    _show_counted({"query": query}, counted, output)
    return 0


@app.command
async def remove(name: str) -> int:
    """Forget a saved segment."""
    async with build(load()) as gatecrier:
        await gatecrier.segments.remove(gatecrier.first.bot_id, name, actor=ACTOR)
    return 0


def _show_counted(facts: dict[str, object], counted: Counted, output: Output) -> None:
    if output == "json":
        show_json(facts | {"matching": counted.matching, "reachable": counted.reachable})
    else:
        show_facts("Segment", facts | {"subscribers": counted.matching, "reachable": counted.reachable})
