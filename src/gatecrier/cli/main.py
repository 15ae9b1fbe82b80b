"""The command `gatecrier`: its sub-commands, and how an error leaves a process."""

import asyncio
import sys
from collections.abc import Sequence

import cyclopts
import uvloop

from gatecrier import __version__
from gatecrier.cli import (
    bot,
    campaign,
    config,
    demo,
    doctor,
    gate,
    run,
    sandbox,
    schedule,
    segment,
    subscriber,
)
from gatecrier.cli.show import complain
from gatecrier.kernel.errors import Conflict, GatecrierError, NotFound, Refused, TryLater

app = cyclopts.App(
    name="gatecrier",
    help="Gate groups, broadcast campaigns, post politely: a self-hosted Telegram operations platform.",
    version=__version__,
    version_flags=["--version"],
    result_action="return_value",
)
app.command(demo.demo)
app.command(run.run)
app.command(run.migrate)
app.command(doctor.doctor)
app.command(sandbox.sandbox)
app.command(bot.app)
app.command(gate.app)
app.command(campaign.app)
app.command(schedule.app)
app.command(segment.app)
app.command(subscriber.app)
app.command(config.app)

USAGE = 2
INTERRUPTED = 130  # as shells count Ctrl-C


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run_command(arguments))


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command; every error of ours becomes a sentence and an exit code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(app.run_async(arguments, exit_on_error=False))
    except cyclopts.CycloptsError:
        return USAGE  # cyclopts has said what is wrong
    except KeyboardInterrupt:
        return INTERRUPTED
    except GatecrierError as error:
        complain(error)
        return exit_code(error)
    return result if isinstance(result, int) else 0


def exit_code(error: GatecrierError) -> int:
    """The contract of the package's docstring."""
    match error:
        case NotFound():
            return 3
        case Conflict():
            return 4
        case Refused():
            return 5
        case TryLater():
            return 75
        case _:
            return 1
