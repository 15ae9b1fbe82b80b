"""`gatecrier gate`: which groups are protected, and who is held."""

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from gatecrier.app import App, build
from gatecrier.cli.show import Output, console, show_facts, show_json, show_table
from gatecrier.gate.cards.texts import cause
from gatecrier.gate.model import GateStatus
from gatecrier.kernel.settings import load

app = cyclopts.App(name="gate", help="Which groups are protected, and who is held.")

Group = Annotated[
    int, Parameter(help="The group's id (-100…), as `gate list` shows it.", allow_leading_hyphen=True)
]
Person = Annotated[int | None, Parameter(help="One person's id; everybody if left out.")]


@app.command(name="list")
async def list_(*, output: Output = "table") -> int:
    """All protected groups."""
    async with build(load()) as gatecrier:
        found = await _all(gatecrier)
    rows = [(one.gate.chat_id, one.gate.title, one.gate.mode, _required(one), one.held) for one in found]
    columns = ("group", "title", "mode", "required", "held")
    if output == "json":
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table("Gates", columns, rows)
    return 0


@app.command
async def show(group: Group, *, output: Output = "table") -> int:
    """What a group requires, and how many people are held."""
    async with build(load()) as gatecrier:
        await gatecrier.gate.start()
        status = await gatecrier.gate.status(group)
    facts = {
        "group": status.gate.chat_id,
        "title": status.gate.title,
        "mode": status.gate.mode,
        "required": _required(status),
        "held": status.held,
        "suspended": cause(status.gate),
    }
    if output == "json":
        show_json(facts)
    else:
        show_facts("Gate", facts)
    return 0


@app.command
async def release(group: Group, person: Person = None, *, output: Output = "table") -> int:
    """Free one person, or everybody the gate holds in a group; the gate goes on."""
    async with build(load()) as gatecrier:
        await gatecrier.gate.start()
        freed, waiting = await gatecrier.gate.release(group, person, actor="cli")
    if output == "json":
        show_json({"freed": freed, "waiting": waiting})
    else:
        console.print(f"{freed} freed, {waiting} will be as soon as Telegram allows it.")
    return 0


async def _all(gatecrier: App) -> list[GateStatus]:
    await gatecrier.gate.start()
    return [await gatecrier.gate.status(live.gate.chat_id) for live in gatecrier.gate.gates.all()]


def _required(status: GateStatus) -> str:
    return ", ".join(channel.label for channel in status.gate.channels)
