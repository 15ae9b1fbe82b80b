"""`gatecrier campaign`: one message to every eligible subscriber, from a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TextIO

import cyclopts
from cyclopts import Parameter

from gatecrier.app import App, build
from gatecrier.broadcast.clicks import labels
from gatecrier.broadcast.consent import known_zone
from gatecrier.broadcast.content.lint import warnings
from gatecrier.broadcast.dry_run import DryRun
from gatecrier.broadcast.model import Campaign, CampaignState, Options, ParseMode, Text, UnknownPolicy
from gatecrier.broadcast.timing.when import parse_when
from gatecrier.cli.content import Said, button_of, content_of, text_of
from gatecrier.cli.progress import show_progress, watch_campaign
from gatecrier.cli.show import Output, show_facts, show_json, show_table, warn
from gatecrier.kernel.duration import in_words
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.settings import load

app = cyclopts.App(name="campaign", help="One message to every eligible subscriber, and what became of it.")

ACTOR = "cli"
Number = Annotated[int, Parameter(help="The campaign's number, as `campaign list` shows it.")]


@app.command
async def create(
    name: str,
    text: Annotated[
        str | None,
        Parameter(help="The message, or a file's caption; {first_name|friend} is the reader's name."),
    ] = None,
    *,
    said: Said | None = None,
    only: Annotated[
        tuple[int, ...], Parameter(help="A test: send only to these person ids; may be repeated.")
    ] = (),
    segment: Annotated[
        str, Parameter(help="Whom it is for, such as 'premium'; see `gatecrier segment`. Empty: everybody.")
    ] = "",
    rate: Annotated[float, Parameter(help="Messages a second of this campaign, at most; 0: no cap.")] = 0.0,
    local_time: Annotated[
        str, Parameter(help='Each gets it when their own clock next shows this time, such as "10:00".')
    ] = "",
    category: Annotated[
        str, Parameter(help="What it is about, as subscribers may opt out of it: one of the setting's.")
    ] = "",
    service: Annotated[bool, Parameter(help="A receipt or the like: no frequency cap holds it.")] = False,
    urgent: Annotated[bool, Parameter(help="Quiet hours do not hold it.")] = False,
    track: Annotated[
        bool, Parameter(help="Count who presses which button (addresses: if GATECRIER_PUBLIC_URL is set).")
    ] = False,
    delete_after: Annotated[
        float, Parameter(help="Hours after which each message is deleted again, 47 at most; 0: never.")
    ] = 0.0,
    stars: Annotated[
        int, Parameter(help="Send faster for Stars (0.1 each above the free rate), so many at most.")
    ] = 0,
    key: Annotated[
        str | None, Parameter(help="A name for this request: asked twice, it makes one campaign.")
    ] = None,
    at_least_once: Annotated[
        bool, Parameter(help="Repeat calls whose outcome is unknown: some people may get it twice.")
    ] = False,
    output: Output = "table",
) -> int:
    """Make a draft. Nothing is sent before `campaign start`."""
    settings = load()
    content = content_of(text, said or Said())
    options = Options(
        canary=settings.broadcast.canary,
        window=settings.broadcast.window,
        only=only,
        rate=rate,
        track=track,
        local_time=local_time,
        service=service,
        urgent=urgent,
        delete_after=round(delete_after * 3600),
        paid=stars > 0,
        stars=stars,
        unknown=UnknownPolicy.AT_LEAST_ONCE if at_least_once else UnknownPolicy.AT_MOST_ONCE,
    )
    async with build(settings) as gatecrier:
        campaign = await gatecrier.broadcast.create(
            gatecrier.first.bot_id,
            name,
            content,
            actor=ACTOR,
            options=options,
            segment=segment,
            category=category,
            key=key,
        )
        told = await gatecrier.broadcast.dry_run(campaign.id)
    for warning in warnings(content):
        warn(warning)
    _show_dry_run(told, output)
    return 0


@app.command
async def dry_run(number: Number, *, output: Output = "table") -> int:
    """Whom it would reach if it began now, whom not and why, and how long it would take. Sends nothing."""
    async with build(load()) as gatecrier:
        _show_dry_run(await gatecrier.broadcast.dry_run(number), output)
    return 0


@app.command
async def approve(number: Number, *, output: Output = "table") -> int:
    """Say yes, as a second operator, to a campaign with a large audience; then start it."""
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.approve(number, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=False, output=output)


@app.command
async def retry(number: Number, *, watch: bool = False, output: Output = "table") -> int:
    """Send again to everybody for whom it failed, and to nobody else."""
    async with build(load()) as gatecrier:
        await gatecrier.broadcast.retry_failed(number, actor=ACTOR)
        return await _after(gatecrier, await gatecrier.broadcast.get(number), watch=watch, output=output)


@app.command
async def resend(number: Number, *, watch: bool = False, output: Output = "table") -> int:
    """Send again where nobody knows whether it arrived: some will get it twice."""
    async with build(load()) as gatecrier:
        await gatecrier.broadcast.resend_unknown(number, actor=ACTOR)
        return await _after(gatecrier, await gatecrier.broadcast.get(number), watch=watch, output=output)


@app.command
async def stars(number: Number, most: int, *, output: Output = "table") -> int:
    """Let a paid campaign cost so many Stars in all; then resume it."""
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.allow_stars(number, most, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=False, output=output)


@app.command
async def undo(number: Number, *, output: Output = "table") -> int:
    """Delete its messages everywhere; Telegram allows it for 48 hours. A running `gatecrier run` does it."""
    async with build(load()) as gatecrier:
        await gatecrier.amendments.undo(number, actor=ACTOR)
        return await _show_amendments(gatecrier, number, output)


@app.command
async def edit(
    number: Number,
    text: Annotated[str | None, Parameter(help="The new message; leave it out to use --text-file.")] = None,
    *,
    text_file: Annotated[
        Path | None, Parameter(help='A UTF-8 file with the message; "-" reads it here.')
    ] = None,
    parse_mode: Annotated[
        ParseMode, Parameter(help="How Telegram reads the text's markup.")
    ] = ParseMode.PLAIN,
    button: Annotated[
        tuple[str, ...], Parameter(help='A button under the message: "Label=https://…"; may be repeated.')
    ] = (),
    output: Output = "table",
) -> int:
    """Change its messages everywhere. A running `gatecrier run` does it."""
    content = Text(
        text=text_of(text, text_file),
        parse_mode=parse_mode,
        buttons=tuple((button_of(one),) for one in button),
    )
    async with build(load()) as gatecrier:
        await gatecrier.amendments.edit(number, content, actor=ACTOR)
        return await _show_amendments(gatecrier, number, output)


@app.command
async def clicks(number: Number, *, output: Output = "table") -> int:
    """How many people pressed which button."""
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.get(number)
        found, people = await gatecrier.clicks.of(number), await gatecrier.clicks.people(number)
    names = labels(campaign.content)
    rows = [(names[link] if link < len(names) else f"link {link}", count) for link, count in found.items()]
    if output == "json":
        show_json({"people": people, "buttons": [{"button": label, "people": n} for label, n in rows]})
    else:
        show_table(f"Campaign {number}: {people} people pressed a button", ("button", "people"), rows)
    return 0


@app.command
async def amendments(number: Number, *, output: Output = "table") -> int:
    """How far its deletion or change has come."""
    async with build(load()) as gatecrier:
        return await _show_amendments(gatecrier, number, output)


@app.command
async def statistics(*, output: Output = "table") -> int:
    """What all campaigns came to."""
    async with build(load()) as gatecrier:
        found = await gatecrier.broadcast.statistics(gatecrier.first.bot_id)
    if output == "json":
        show_json(asdict(found) | {"success": found.success})
        return 0
    facts: dict[str, object] = {f"campaigns: {state}": count for state, count in found.campaigns.items()}
    facts |= {f"deliveries: {state}": count for state, count in found.deliveries.items()}
    facts["success"] = "–" if found.success is None else f"{100 * found.success:.1f} %"
    facts["mean duration"] = in_words(found.mean_seconds)
    show_facts("All campaigns", facts)
    if found.errors:
        show_table("Commonest errors", ("error", "deliveries"), list(found.errors.items()))
    return 0


@app.command(name="list")
async def list_(*, output: Output = "table") -> int:
    """All campaigns, newest first."""
    async with build(load()) as gatecrier:
        campaigns = await gatecrier.broadcast.list(gatecrier.first.bot_id)
    rows = [(one.id, one.name, one.state, one.audience, one.created_at) for one in campaigns]
    columns = ("number", "name", "state", "audience", "created")
    if output == "json":
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table("Campaigns", columns, rows)
    return 0


@app.command
async def show(number: Number, *, output: Output = "table") -> int:
    """How far a campaign has come, and what failed and why."""
    async with build(load()) as gatecrier:
        progress = await gatecrier.broadcast.progress(number)
        show_progress(progress, output, echo=await gatecrier.broadcast.echo(number))
    return 0


@app.command
async def start(number: Number, *, watch: bool = False, output: Output = "table") -> int:
    """
    Start sending. A running `gatecrier run` does the work; with --watch, see it happen.
    """
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.start(number, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=watch, output=output)


@app.command
async def schedule(
    number: Number,
    when: Annotated[str, Parameter(help='Such as "18:00", "tomorrow 9:00", "in 2h", "2026-12-01 18:00".')],
    *,
    zone: Annotated[
        str | None, Parameter(help="Whose clock; GATECRIER_BROADCAST__TIME_ZONE if left out.")
    ] = None,
    output: Output = "table",
) -> int:
    """Let it start by itself; again, at another moment. A running `gatecrier run` does it."""
    settings = load()
    async with build(settings) as gatecrier:
        clock = known_zone(zone or settings.broadcast.time_zone)
        moment, rest = parse_when(when, gatecrier.clock.now(), clock)
        if rest:
            raise Refused(f'"{rest}" was not understood.', field="when")
        campaign = await gatecrier.broadcast.schedule(number, moment, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=False, output=output)


@app.command
async def unschedule(number: Number, *, output: Output = "table") -> int:
    """Let it not start by itself: it is a draft again."""
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.unschedule(number, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=False, output=output)


@app.command
async def pause(number: Number, *, output: Output = "table") -> int:
    """Send no more until `campaign resume`."""
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.pause(number, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=False, output=output)


@app.command
async def resume(number: Number, *, watch: bool = False, output: Output = "table") -> int:
    """Go on where it paused."""
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.resume(number, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=watch, output=output)


@app.command
async def cancel(number: Number, *, output: Output = "table") -> int:
    """End it for good; who has not got it yet will not."""
    async with build(load()) as gatecrier:
        campaign = await gatecrier.broadcast.cancel(number, actor=ACTOR)
        return await _after(gatecrier, campaign, watch=False, output=output)


@app.command
async def watch(number: Number, *, output: Output = "table") -> int:
    """See a campaign's progress until it stops. Ctrl-C leaves it running."""
    async with build(load()) as gatecrier:
        return await _after(gatecrier, await gatecrier.broadcast.get(number), watch=True, output=output)


@app.command
async def report(
    number: Number,
    *,
    to: Annotated[Path | None, Parameter(help="A file; standard output if left out.")] = None,
) -> int:
    """Write a CSV with a row for every recipient."""
    async with build(load()) as gatecrier:
        pieces = gatecrier.broadcast.report(number)
        with _opened(to) as file:
            async for piece in pieces:
                file.write(piece)
    return 0


async def _show_amendments(gatecrier: App, number: int, output: Output) -> int:
    found = await gatecrier.amendments.list(number)
    columns = ("what", "done", "failed", "by", "begun", "finished")
    rows = [
        (one.kind, one.done, one.failed, one.created_by, one.created_at, one.finished_at) for one in found
    ]
    if output == "json":
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table(f"Campaign {number}, afterwards", columns, rows)
    return 0


def _show_dry_run(told: DryRun, output: Output) -> None:
    campaign = told.campaign
    if output == "json":
        show_json(
            {
                "campaign": campaign.id,
                "audience": told.audience,
                "reachable": told.reachable,
                "excluded": told.excluded,
                "seconds": round(told.seconds, 1),
                "last_campaign": told.last.id if told.last else None,
                "got_it_too": told.repeated,
                "stars": told.stars,
            }
        )
        return
    facts: dict[str, object] = {"audience": told.audience, "reachable": told.reachable}
    facts |= {f"left out: {reason}": count for reason, count in told.excluded.items()}
    facts["time"] = f"about {in_words(told.seconds)}"
    if told.stars:
        facts["cost"] = f"{told.stars:,} Stars at most"
    if told.last is not None:
        facts[f"got campaign {told.last.id}, too"] = told.repeated
    if campaign.state is CampaignState.DRAFT:
        facts["to send it"] = f"gatecrier campaign start {campaign.id} --watch"
    show_facts(f"Campaign {campaign.id} is a {campaign.state}", facts)


async def _after(gatecrier: App, campaign: Campaign, *, watch: bool, output: Output) -> int:
    if watch:
        await watch_campaign(gatecrier, campaign.id)
    show_progress(await gatecrier.broadcast.progress(campaign.id), output)
    return 0


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise Refused(f"{path} cannot be written.", field="--to") from error
