"""What groups demand: list, show, protect, unprotect, release."""

from typing import Annotated

from cyclopts import Parameter

from gatecrier.cli.gate.arguments import ACTOR, Group, app, opened, required
from gatecrier.cli.show import Output, console, show_facts, show_json, show_table
from gatecrier.gate.cards.texts import suspension_cause
from gatecrier.gate.model import GateStatus, Mode
from gatecrier.gate.options import as_json


@app.command(name="list")
async def list_(*, output: Output = "table") -> int:
    """All protected groups."""
    async with opened() as gatecrier:
        found = [
            await gatecrier.first.gate.status(live.gate.chat_id) for live in gatecrier.first.gate.gates.all()
        ]
    rows = [(one.gate.chat_id, one.gate.title, _state(one), required(one.gate), one.held) for one in found]
    columns = ("group", "title", "state", "required", "held")
    if output == "json":
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table("Gates", columns, [(str(group), *rest) for group, *rest in rows])
    return 0


@app.command
async def show(group: Group, *, output: Output = "table") -> int:
    """What a group requires, how it treats people, and how many are held."""
    async with opened() as gatecrier:
        status = await gatecrier.first.gate.status(group)
        age = await gatecrier.first.gate.sweeper.oldest_verification_age()
    gate = status.gate
    facts: dict[str, object] = {
        "group": gate.chat_id,
        "title": gate.title,
        "mode": gate.mode,
        "required": required(gate),
        "held": status.held,
        "suspended": suspension_cause("en", gate),
        "raid until": gate.raid.until if gate.raid else None,
        "oldest knowledge, seconds": age,
        **{f"option {name}": value for name, value in as_json(gate.options).items()},
    }
    if output == "json":
        show_json(facts)
    else:
        show_facts("Gate", {**facts, "group": str(gate.chat_id)})
    return 0


@app.command
async def protect(group: Group, *channels: str, mode: Mode | None = None, output: Output = "table") -> int:
    """
    Let a group require channels, those it requires already included.

    The bot must be an administrator of the group and of each channel.
    Combine them: "@a @b" (both), "@a or @b", "2 of @a @b @c", "@a not @b", "@a and (@b or @c)".
    """
    async with opened() as gatecrier:
        done = await gatecrier.first.gate.order(group, " ".join(channels), mode=mode, actor=ACTOR)
    if output == "json":
        show_json({"group": group, "mode": done.gate.mode, "required": required(done.gate)})
    else:
        console.print(f"{group} requires: {required(done.gate)} ({done.gate.mode}).", markup=False)
    return 0


@app.command
async def unprotect(group: Group, *channels: str, output: Output = "table") -> int:
    """Let a group require some channels no more, or none at all, and free whom that frees."""
    async with opened() as gatecrier:
        done = await gatecrier.first.gate.give_up(group, " ".join(channels), actor=ACTOR)
    left = required(done.gate) if done.gate else ""
    if output == "json":
        show_json({"group": group, "required": left, "freed": done.freed, "waiting": done.waiting})
    else:
        console.print(f"{group} requires {left or 'nothing any more'}.", markup=False)
        _say_freed(done.freed, done.waiting)
    return 0


@app.command
async def release(
    group: Group,
    person: Annotated[int | None, Parameter(help="One person's id; everybody if left out.")] = None,
    *,
    output: Output = "table",
) -> int:
    """Free one person, or everybody the gate holds in a group; the gate goes on."""
    async with opened() as gatecrier:
        freed, waiting = await gatecrier.first.gate.release(group, person, actor=ACTOR)
    if output == "json":
        show_json({"freed": freed, "waiting": waiting})
    else:
        _say_freed(freed, waiting)
    return 0


def _say_freed(freed: int, waiting: int) -> None:
    later = f", {waiting} will be as soon as Telegram allows it" if waiting else ""
    console.print(f"{freed} freed{later}.")


def _state(status: GateStatus) -> str:
    return f"suspended ({status.gate.suspension.cause})" if status.gate.suspension else status.gate.mode
