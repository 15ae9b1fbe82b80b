"""`gatecrier schedule`: campaigns that are made again and again."""

from datetime import date
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from gatecrier.app import App, build
from gatecrier.broadcast.timing.model import Misfire, Schedule
from gatecrier.cli.show import Output, show_facts, show_json, show_table
from gatecrier.kernel.duration import in_words
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.settings import load

app = cyclopts.App(name="schedule", help="Campaigns that are made again and again.")

ACTOR = "cli"
Number = Annotated[int, Parameter(help="The schedule's number, as `schedule list` shows it.")]


@app.command
async def add(
    name: str,
    rule: Annotated[
        str, Parameter(help='Five fields of cron ("0 9 * * 1"), or an RRULE ("FREQ=WEEKLY;BYDAY=MO").')
    ],
    *,
    like: Annotated[int, Parameter(help="The campaign of which each is a copy: content, options, segment.")],
    zone: Annotated[
        str | None, Parameter(help="Whose clock; GATECRIER_BROADCAST__TIME_ZONE if left out.")
    ] = None,
    blackout: Annotated[
        tuple[str, ...], Parameter(help="A date without a campaign, 2026-12-25; may be repeated.")
    ] = (),
    misfire: Annotated[
        Misfire, Parameter(help="When nothing ran: one campaign for all that were missed, or none.")
    ] = Misfire.ONCE,
    output: Output = "table",
) -> int:
    """Make campaigns by a rule; an hour lies between two of them at least."""
    settings = load()
    async with build(settings) as gatecrier:
        made = await gatecrier.timing.add(
            like,
            name,
            rule,
            zone=zone or settings.broadcast.time_zone,
            actor=ACTOR,
            blackout=[_day(day) for day in blackout],
            misfire=misfire,
        )
        return await _show(gatecrier, made, output)


@app.command(name="list")
async def list_(*, output: Output = "table") -> int:
    """All schedules."""
    async with build(load()) as gatecrier:
        found = await gatecrier.timing.list(gatecrier.first.bot_id)
        now = gatecrier.clock.now()
    columns = ("number", "name", "rule", "state", "next", "in", "made")
    rows = [
        (
            one.id,
            one.name,
            one.rhythm.rule,
            one.state,
            one.next_at,
            in_words((one.next_at - now).total_seconds()) if one.next_at else "",
            one.made,
        )
        for one in found
    ]
    if output == "json":
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table("Schedules", columns, rows)
    return 0


@app.command
async def show(number: Number, *, output: Output = "table") -> int:
    """One schedule, and its next moments."""
    async with build(load()) as gatecrier:
        return await _show(gatecrier, await gatecrier.timing.get(number), output)


@app.command
async def pause(number: Number, *, output: Output = "table") -> int:
    """Make no campaign until `resume`."""
    async with build(load()) as gatecrier:
        return await _show(gatecrier, await gatecrier.timing.pause(number, actor=ACTOR), output)


@app.command
async def resume(number: Number, *, output: Output = "table") -> int:
    """Go on with the next moment."""
    async with build(load()) as gatecrier:
        return await _show(gatecrier, await gatecrier.timing.resume(number, actor=ACTOR), output)


@app.command
async def remove(number: Number) -> int:
    """Forget it; its campaigns stay."""
    async with build(load()) as gatecrier:
        await gatecrier.timing.remove(number, actor=ACTOR)
    return 0


async def _show(gatecrier: App, one: Schedule, output: Output) -> int:
    ahead = await gatecrier.timing.ahead(one.id)
    facts: dict[str, object] = {
        "rule": one.rhythm.rule,
        "zone": one.rhythm.zone,
        "state": one.state,
        "campaigns made": one.made,
        "when missed": one.misfire,
        "without": ", ".join(day.isoformat() for day in one.rhythm.blackout),
    }
    if output == "json":
        show_json(facts | {"schedule": one.id, "next": ahead})
        return 0
    now = gatecrier.clock.now()
    for number, moment in enumerate(ahead, 1):
        facts[f"next {number}"] = (
            f"{moment:%Y-%m-%d %H:%M} UTC, in {in_words((moment - now).total_seconds())}"
        )
    show_facts(f"Schedule {one.id}: {one.name}", facts)
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text} is no date.", remedy="Such as 2026-12-25.", field="--blackout") from None
