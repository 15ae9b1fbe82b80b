"""The command itself: start both programs, play both stories, print what came of them."""

import asyncio
import signal
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from gatecrier.app import App, build
from gatecrier.broadcast.model import Progress
from gatecrier.cli.demo import gate_story
from gatecrier.cli.demo.broadcast_story import BroadcastResult, BroadcastStory
from gatecrier.cli.demo.gate_story import GateResult
from gatecrier.cli.demo.scene import set_up
from gatecrier.cli.demo.stage import Stage
from gatecrier.cli.progress import delivery_rows
from gatecrier.cli.show import Output, console, show_json, show_table
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.settings import Settings, load
from gatecrier.kernel.telemetry import configure
from gatecrier_sandbox import Sandbox

FEWEST = 50  # below, 3 % and 1 % of the audience round to nobody


async def demo(
    *,
    once: Annotated[bool, Parameter(help="End by itself; exit code 0 only if every count is right.")] = False,
    subscribers: Annotated[int, Parameter(help="How many people the campaign is for.")] = 1000,
    output: Output = "table",
) -> int:
    """See both jobs at work on a Telegram of its own: no token, no network, nothing to set up."""
    if subscribers < FEWEST:
        raise Refused(f"{subscribers} subscribers are too few to show anything.",
                      remedy=f"Give {FEWEST} or more.", field="--subscribers")  # fmt: skip
    configure("warning")
    with tempfile.TemporaryDirectory(prefix="gatecrier-demo-") as folder:
        async with Sandbox.start(port=0) as sandbox:
            scene = set_up(sandbox)
            async with build(_settings(sandbox, scene.token, Path(folder))) as app:
                stage = Stage(app, sandbox, scene, console)
                return await _perform(stage, subscribers, once=once, output=output)


def _settings(sandbox: Sandbox, token: str, folder: Path) -> Settings:
    return load(
        bot_token=token, telegram_api_url=sandbox.url, database_url=f"sqlite:///{folder}/gatecrier.db"
    )


async def _perform(stage: Stage, subscribers: int, *, once: bool, output: Output) -> int:
    console.print(f"[bold]Gatecrier demo[/bold]: a Telegram of its own at {stage.sandbox.url}")
    working = asyncio.create_task(stage.app.run())
    playing = asyncio.create_task(_play(stage, subscribers))
    try:
        await asyncio.wait([working, playing], return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            await working  # it ended first: only an error does that
        gate, campaign, progress = playing.result()
        _print(stage, gate, campaign, progress, output)
        if not once:
            await _stay_up(stage)
    finally:
        playing.cancel()
        stage.app.stop()
        await asyncio.gather(working, playing, return_exceptions=True)
    return 1 if stage.mistakes else 0


async def _play(stage: Stage, subscribers: int) -> tuple[GateResult, BroadcastResult, Progress]:
    """Both stories at once: the gate acts while the campaign runs at full rate."""
    story = BroadcastStory(stage, subscribers)
    await story.people_come()
    async with asyncio.TaskGroup() as both:
        campaign = both.create_task(story.run())
        gate = both.create_task(gate_story.play(stage))
    progress = campaign.result()
    return gate.result(), story.settle(progress), progress


def _print(
    stage: Stage, gate: GateResult, campaign: BroadcastResult, progress: Progress, output: Output
) -> None:
    table_to: Console | None = console if output == "json" else None
    show_table("Deliveries", ("state", "reason", "deliveries", "share"), delivery_rows(progress), to=table_to)
    decisions = sorted(gate.decisions.items(), key=lambda item: -item[1])
    show_table("Gate decisions", ("reason", "decisions"), decisions, to=table_to)
    console.print(
        f"Campaign: {campaign.seconds:.1f} s at {campaign.rate:.1f} a second. Gate: {gate.seconds:.1f} s."
    )
    if output == "json":
        show_json({"gate": gate.as_json(), "broadcast": campaign.as_json()})
    for mistake in stage.mistakes:
        console.print(f"[red]✗[/red] {mistake}")
    if not stage.mistakes:
        console.print("[green]✓[/green] Every count is as the world says.")


async def _stay_up(stage: Stage) -> None:
    """Leave both programs running until Ctrl-C."""
    app: App = stage.app
    console.print(f"\nBoth keep running. Sandbox: {stage.sandbox.url}/sandbox")
    console.print(f"Database: {app.database}")
    console.print("Ctrl-C ends it.")
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    await ended.wait()
