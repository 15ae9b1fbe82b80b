"""How groups treat people: mode, set, template, exempt."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from gatecrier.cli.gate.arguments import ACTOR, Group, app, opened, subject_of
from gatecrier.cli.show import Output, console, show_facts, show_json, show_table
from gatecrier.gate.model import Mode
from gatecrier.gate.options import as_json

Subject = Annotated[
    str,
    Parameter(
        help="A person's, bot's or channel's id, or an invite link (https://t.me/+…).",
        allow_leading_hyphen=True,
    ),
]


@app.command(name="mode")
async def mode_(group: Group, mode: Mode, *, output: Output = "table") -> int:
    """Let a gate enforce, observe (count, touch nobody) or rest; the latter two free whoever is held."""
    async with opened() as gatecrier:
        done = await gatecrier.first.gate.steering.set_mode(group, mode, actor=ACTOR)
    if output == "json":
        show_json({"group": group, "mode": done.gate.mode, "freed": done.freed, "waiting": done.waiting})
    else:
        console.print(f"{group}: {done.gate.mode}. {done.freed} freed, {done.waiting} will be.")
    return 0


@app.command(name="set")
async def set_(
    group: Group,
    option: Annotated[str, Parameter(help="Its name; `gate options GROUP` lists all.")],
    value: Annotated[str, Parameter(help="Durations in whole seconds; on or off; a word of its list.")],
    *,
    output: Output = "table",
) -> int:
    """Choose one option of a gate."""
    async with opened() as gatecrier:
        gate = await gatecrier.first.gate.steering.set_option(group, option, value, actor=ACTOR)
    if output == "json":
        show_json(as_json(gate.options))
    else:
        console.print(f"{option} is {getattr(gate.options, option)}.", markup=False)
    return 0


@app.command
async def options(group: Group, *, output: Output = "table") -> int:
    """Every option of a gate, with its value."""
    async with opened() as gatecrier:
        gate = await gatecrier.first.gate.steering.administer(group, ACTOR)
    facts = {name: getattr(gate.options, name) for name in gate.options.__dataclass_fields__}
    facts["templates"] = ", ".join(sorted(gate.options.templates))
    if output == "json":
        show_json({**facts, "templates": dict(gate.options.templates)})
    else:
        show_facts(f"Options of {group}", facts)
    return 0


@app.command
async def template(group: Group, language: str, text: str = "", *, output: Output = "table") -> int:
    """Give the card a text of the group's own, with {people} and {channels}; no text takes ours again."""
    async with opened() as gatecrier:
        gate = await gatecrier.first.gate.steering.set_template(group, language, text, actor=ACTOR)
    if output == "json":
        show_json(dict(gate.options.templates))
    else:
        own = "a text of its own" if language in gate.options.templates else "our text"
        console.print(f"The card has {own} in {language}.")
    return 0


@app.command
async def exempt(
    group: Group,
    subject: Subject,
    *,
    until: Annotated[
        datetime | None, Parameter(help="A date, or a date with a time, in UTC; for good if left out.")
    ] = None,
    output: Output = "table",
) -> int:
    """Leave a person, bot or channel alone, or whoever comes by an invite link; who is held is freed."""
    moment = until.replace(tzinfo=UTC) if until is not None and until.tzinfo is None else until
    async with opened() as gatecrier:
        await gatecrier.first.gate.steering.exempt(group, subject_of(subject), until=moment, actor=ACTOR)
    if output == "json":
        show_json({"group": group, "subject": subject, "until": moment})
    else:
        console.print(
            f"{subject} is exempt{f' until {moment:%Y-%m-%d %H:%M} UTC' if moment else ''}.", markup=False
        )
    return 0


@app.command
async def unexempt(group: Group, subject: Subject, *, output: Output = "table") -> int:
    """Let the channels decide about them again."""
    async with opened() as gatecrier:
        await gatecrier.first.gate.steering.unexempt(group, subject_of(subject), actor=ACTOR)
    if output == "json":
        show_json({"group": group, "subject": subject})
    else:
        console.print(f"{subject} is exempt no more.", markup=False)
    return 0


@app.command
async def exemptions(group: Group, *, output: Output = "table") -> int:
    """Who is exempt in a group, since when, and by whom."""
    async with opened() as gatecrier:
        found = await gatecrier.first.gate.steering.exemptions(group)
    columns = ("subject", "until", "since", "by")
    rows = [(str(one.subject), one.until, one.added_at, one.added_by) for one in found]
    if output == "json":
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table(f"Exempt in {group}", columns, [_in_words(row) for row in rows])
    return 0


def _in_words(row: tuple[str, datetime | None, datetime, str]) -> tuple[str, str, str, str]:
    subject, until, since, by = row
    return subject, f"{until:%Y-%m-%d %H:%M}" if until else "for good", f"{since:%Y-%m-%d %H:%M}", by
