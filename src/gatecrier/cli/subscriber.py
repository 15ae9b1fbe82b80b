"""`gatecrier subscriber`: what is kept of a person, and what they or an operator want of it."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.markup import escape

from gatecrier.app import App, build
from gatecrier.cli.show import Output, console, show_facts, show_json
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.settings import load

app = cyclopts.App(name="subscriber", help="What is kept of a person, and what they want of it.")

ACTOR = "cli"
FINDINGS = 6
"""The exit code of an import in which lines failed; the others are in."""
SHOWN = 20
"""Faults that are printed."""
Who = Annotated[int, Parameter(help="The person's id in Telegram.")]


@app.command
async def show(person: Who, *, output: Output = "table") -> int:
    """A person in a few lines."""
    async with build(load()) as gatecrier:
        found = await _kept(gatecrier, person)
    if output == "json":
        show_json(found)
        return 0
    facts: dict[str, object] = {}
    for row in found["subscribers"]:
        facts |= {name: row[name] for name in row if name not in ("id", "bot_id")}
    facts["must not be messaged"] = _listed(found["suppressions"], "reason")
    facts["opted out of"] = _listed(found["opt_outs"], "category")
    facts["tags"] = _listed(found["subscriber_tags"], "tag")
    facts |= {"deliveries": len(found["deliveries"]), "clicks": len(found["clicks"])}
    show_facts(f"Person {person}", facts)
    return 0


@app.command
async def export(person: Who) -> int:
    """
    Everything that is kept of a person, as JSON.

    What the gate keeps of group members (standings, cases) is not theirs as subscribers, and left out.
    """
    async with build(load()) as gatecrier:
        show_json(await _kept(gatecrier, person))
    return 0


@app.command
async def erase(
    person: Who, *, yes: Annotated[bool, Parameter(help="It cannot be taken back: say so.")] = False
) -> int:
    """Forget a person; the sums of campaigns stay true. Their own /start makes them a new subscriber."""
    if not yes:
        raise Refused("Erasing cannot be taken back.", remedy="Say --yes.", field="--yes")
    async with build(load()) as gatecrier:
        await gatecrier.personal.erase(gatecrier.first.bot_id, person, actor=ACTOR)
    return 0


@app.command(name="import")
async def import_(
    file: Annotated[Path, Parameter(help="CSV in UTF-8: person_id,first_name,language.")],
    *,
    output: Output = "table",
) -> int:
    """Add people who started this same bot elsewhere: Telegram lets it write to nobody else."""
    async with build(load()) as gatecrier:
        done = await gatecrier.subscribers.import_(
            gatecrier.first.bot_id, _lines(file), actor=ACTOR, at=gatecrier.clock.now()
        )
    if output == "json":
        show_json(asdict(done))
        return FINDINGS if done.failed else 0
    counts = {"accepted": done.accepted, "duplicates": done.duplicates, "failed": done.failed}
    show_facts(f"Import of {file.name}", counts)
    for fault in done.faults[:SHOWN]:
        console.print(f"line {fault.number} {escape(fault.text)}")
    if done.failed > SHOWN:
        console.print(f"… and {done.failed - SHOWN} more: --output json")
    return FINDINGS if done.failed else 0


@app.command
async def ban(person: Who) -> int:
    """Send them nothing until `unban`, whatever they press."""
    async with build(load()) as gatecrier:
        await gatecrier.subscribers.ban(gatecrier.first.bot_id, person, actor=ACTOR, at=gatecrier.clock.now())
    return 0


@app.command
async def unban(person: Who) -> int:
    """Lift a ban."""
    async with build(load()) as gatecrier:
        await gatecrier.subscribers.unban(
            gatecrier.first.bot_id, person, actor=ACTOR, at=gatecrier.clock.now()
        )
    return 0


@app.command
async def tag(tag: str, *people: Who) -> int:
    """Give people a tag, by which segments find them."""
    async with build(load()) as gatecrier:
        await gatecrier.subscribers.tag(gatecrier.first.bot_id, people, tag)
    return 0


@app.command
async def untag(tag: str, *people: Who) -> int:
    """Take a tag away."""
    async with build(load()) as gatecrier:
        await gatecrier.subscribers.untag(gatecrier.first.bot_id, people, tag)
    return 0


async def _kept(gatecrier: App, person: int) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(await gatecrier.personal.kept(gatecrier.first.bot_id, person))
    return found


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from lines
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"{file} cannot be read: {error}", remedy="It must be a CSV file in UTF-8.", field="file"
        ) from error


def _listed(rows: list[dict[str, object]], column: str) -> str:
    return ", ".join(str(row[column]) for row in rows)
