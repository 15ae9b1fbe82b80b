"""A campaign's numbers in a terminal: a bar while it runs, tables afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from gatecrier.app import App
from gatecrier.broadcast.echo import Echo
from gatecrier.broadcast.model import FINAL, DeliveryState, Progress, Tally
from gatecrier.cli.show import Output, console, show_facts, show_json, show_table
from gatecrier.kernel.duration import in_words

REFRESH_SECONDS = 0.5


async def watch_campaign(gatecrier: App, campaign_id: int) -> Progress:
    """A live bar on standard error until the campaign stops (finished, paused, cancelled or failed)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Bar(*columns, console=console) as bar:
        line = bar.add_task(f"campaign {campaign_id}", total=None, pace="")
        while True:
            progress = await gatecrier.broadcast.progress(campaign_id)
            done = progress.tally.of(*FINAL)
            bar.update(line, completed=done, total=progress.tally.audience or None, pace=pace(progress))
            if not progress.campaign.is_active:
                return progress
            await gatecrier.clock.sleep(REFRESH_SECONDS)


def pace(progress: Progress) -> str:
    """Rate and time left in a few words."""
    if not progress.campaign.is_active:
        return str(progress.campaign.state)
    return f"{progress.rate:.1f}/s, {in_words(progress.eta_seconds)} left"


def show_progress(progress: Progress, output: Output, *, echo: Echo | None = None) -> None:
    """A campaign's numbers: by state, by reason where there is one, and what came back of it."""
    if output == "json":
        show_json(numbers(progress) | (asdict(echo) if echo else {}))
        return
    campaign = progress.campaign
    facts: dict[str, object] = {"state": campaign.state}
    if campaign.cause:
        facts["why"] = campaign.cause
    facts |= {
        "audience": progress.tally.audience,
        "rate, per second": progress.rate,
        "elapsed": in_words(progress.elapsed),
        "remaining": in_words(progress.eta_seconds),
    }
    if campaign.scheduled_at:
        facts["starts"] = campaign.scheduled_at
    if echo is not None and (echo.clicked or echo.blocked_after):
        facts |= {"pressed a button": echo.clicked, "blocked the bot after it": echo.blocked_after}
    show_facts(f"Campaign {campaign.id}: {campaign.name}", facts)
    show_table("Deliveries", ("state", "reason", "deliveries", "share"), delivery_rows(progress))


def delivery_rows(progress: Progress) -> Sequence[tuple[str, str, int, str]]:
    """Deliveries by state and reason; their sum is the audience."""
    tally = progress.tally
    rows = []
    for state, total in tally.states.items():
        reasons = dict(_reasons(tally).get(state, {}))
        if (rest := total - sum(reasons.values())) or not reasons:
            reasons = {"": rest, **reasons}
        parts = list(reasons.items())
        rows += [
            (str(state), reason, count, share(count, tally.audience)) for reason, count in parts if count
        ]
    return rows


def _reasons(tally: Tally) -> Mapping[str, Mapping[str, int]]:
    """State → code → deliveries; of those sent only the ones that lack a part."""
    return {
        "sent": tally.sent,
        "failed": tally.failed,
        "suppressed": tally.suppressed,
        "unknown": tally.unknown,
    }


def share(part: int, whole: int) -> str:
    """A percentage, one decimal."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def numbers(progress: Progress) -> dict[str, object]:
    """The same for programs."""
    tally = progress.tally
    return {
        "campaign": progress.campaign.id,
        "state": progress.campaign.state,
        "cause": progress.campaign.cause,
        "audience": tally.audience,
        **{str(state): tally.of(state) for state in DeliveryState},
        "reasons": _reasons(tally),
        "seconds": round(progress.elapsed, 3),
        "rate": round(progress.rate, 2),
        "eta_seconds": progress.eta_seconds,
    }
