"""What there is to see of a gate: log, why, simulate, doctor."""

from datetime import timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from gatecrier.cli.gate.arguments import Group, Person, app, opened, required
from gatecrier.cli.show import Output, console, show_facts, show_json, show_table
from gatecrier.gate.cards.texts import explain
from gatecrier.gate.governing.records import Explanation, Place
from gatecrier.gate.standing import Standing
from gatecrier.registry.model import AuditEntry

FINDINGS = 6  # the exit code when there is something to mend


@app.command
async def log(
    group: Group,
    *,
    person: Annotated[int | None, Parameter(help="Only what concerns this person.")] = None,
    limit: Annotated[int, Parameter(help="Rows, at most.")] = 30,
    before: Annotated[int | None, Parameter(help="Only rows with a smaller number: the next page.")] = None,
    output: Output = "table",
) -> int:
    """Every decision that touched somebody, and every change, the newest first."""
    async with opened() as gatecrier:
        found = await gatecrier.first.gate.records.log(group, person_id=person, before_id=before, limit=limit)
    if output == "json":
        show_json([vars(entry) for entry in found])
    else:
        show_table(f"Log of {group}", ("no.", "when, UTC", "what", "whom", "why", "by"), _log_rows(found))
    return 0


@app.command
async def why(group: Group, person: Person, *, output: Output = "table") -> int:
    """Why one person may or may not write in a group just now."""
    async with opened() as gatecrier:
        found = await gatecrier.first.gate.records.why(group, person)
    if output == "json":
        show_json(_as_json(found))
        return 0
    show_facts(f"Person {person} in {found.gate.title or group}", _facts(found))
    columns = ("channel", "belongs", "known for", "from")
    show_table("Channels", columns, [_place(found, place) for place in found.places])
    show_table("Lately", ("no.", "when, UTC", "what", "whom", "why", "by"), _log_rows(found.log))
    return 0


@app.command
async def simulate(
    group: Group,
    *policy: str,
    ask: Annotated[bool, Parameter(help="Ask Telegram where nothing is known; may take a while.")] = False,
    output: Output = "table",
) -> int:
    """Of the people seen in a group: who would be held? By what it requires now, or by another policy."""
    async with opened() as gatecrier:
        with console.status("Looking at everybody …"):
            found = await gatecrier.first.gate.simulator.run(group, " ".join(policy), ask=ask)
        await gatecrier.first.gate.save_standings()
    if output == "json":
        show_json(vars(found))
    else:
        facts = {name.replace("_", " "): value for name, value in vars(found).items() if name != "examples"}
        facts["for example"] = ", ".join(map(str, found.examples))
        show_facts(f"Would be, of {found.seen} people seen", facts)
        if found.unknown and not ask:
            console.print("Of some nothing is known yet: --ask finds out.")
    return 0


@app.command
async def doctor(
    group: Annotated[
        int | None, Parameter(help="One group's id; all if left out.", allow_leading_hyphen=True)
    ] = None,
    *,
    output: Output = "table",
) -> int:
    """Rights in every group and channel, and what to mend; exit code 6 when there is something."""
    async with opened() as gatecrier:
        found = await gatecrier.first.gate.doctor.check(group)
    if output == "json":
        show_json(
            {"rights": [vars(row) for row in found.rights], "findings": [vars(f) for f in found.findings]}
        )
    else:
        columns = ("chat", "kind", "admin", "delete", "ban", "invite")
        rows = [
            (row.label, row.kind, row.is_admin, row.deletes, row.restricts, row.invites)
            for row in found.rights
        ]
        show_table("Rights", columns, rows)
        for finding in found.findings:
            console.print(f"[bold]{finding.severity}[/bold] ", end="")
            console.print(f"{finding.label}: {finding.text} {finding.remedy} {finding.link}", markup=False)
    return FINDINGS if found.findings else 0


def _log_rows(entries: "list[AuditEntry] | tuple[AuditEntry, ...]") -> list[tuple[str, ...]]:
    return [
        (
            str(entry.id),
            f"{entry.at:%m-%d %H:%M:%S}",
            entry.action.removeprefix("gate."),
            entry.about.removeprefix("person:"),
            entry.detail,
            entry.actor,
        )
        for entry in entries
    ]


def _facts(found: Explanation) -> dict[str, object]:
    history = found.history
    return {
        "verdict": _verdict(found),
        "the group requires": required(found.gate),
        "still missing": _missing(found),
        "muted by us since": _moment(found.restriction.applied_at if found.restriction else None),
        "until": _moment(found.restriction.lift_at if found.restriction else None),
        "held because": found.case.reason if found.case else None,
        "seen first": _moment(history.first_seen_at),
        "seen last": _moment(history.last_seen_at),
        "came": _moment(history.came_at),
        "strikes": history.strikes,
        "mutes that ran out": history.mutes,
    }


def _verdict(found: Explanation) -> str:
    if found.restriction is not None or found.case is not None:
        return "held"
    if found.exempt is not None:
        return f"may write: {found.exempt}"
    if found.judgement.standing is Standing.MEMBER:
        return "may write: belongs"
    if found.in_grace:
        return "may write for now: in a period of grace"
    if found.judgement.standing is Standing.NOT_MEMBER:
        return "would be held at the next message"
    return "not known: would be asked about at the next message"


def _missing(found: Explanation) -> str:
    remainder = found.judgement.remainder
    return explain("en", remainder, found.gate.channels) if remainder is not None else ""


def _place(found: Explanation, place: Place) -> tuple[object, ...]:
    age = found.at - place.known.checked_at if place.known else None
    standing = place.standing.name.lower().replace("_", " ")
    return (
        place.channel.label,
        standing,
        timedelta(seconds=round(age.total_seconds())) if age else None,
        place.known.source if place.known else None,
    )


def _moment(at: Any) -> str | None:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else None


def _as_json(found: Explanation) -> dict[str, object]:
    return {
        "group": found.gate.chat_id,
        "person": found.person_id,
        **_facts(found),
        "channels": [
            {
                "channel": place.channel.id,
                "label": place.channel.label,
                "standing": place.standing.name.lower(),
                "checked_at": place.known.checked_at if place.known else None,
                "source": place.known.source if place.known else None,
            }
            for place in found.places
        ],
        "log": [vars(entry) for entry in found.log],
    }
