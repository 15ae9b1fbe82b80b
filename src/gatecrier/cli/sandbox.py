"""`gatecrier sandbox`: a Telegram of your own on this machine, for trying and testing."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatecrier.cli.show import console
from gatecrier.kernel.errors import Refused
from gatecrier_sandbox import Limits, Sandbox, World
from gatecrier_sandbox.opening import opened
from gatecrier_sandbox.world.worldfile import BrokenWorldFile


async def sandbox(
    *,
    port: Annotated[int, Parameter(help="Where to listen on 127.0.0.1; 0 takes a free port.")] = 8081,
    limits: Annotated[bool, Parameter(help="Answer 429 as Telegram does.")] = True,
    seed: Annotated[
        str, Parameter(help='A number makes tokens and ids repeatable; "demo" makes the demo\'s world.')
    ] = "1",
    world: Annotated[
        Path | None, Parameter(help="A world file: loaded if it exists, saved at the end and on demand.")
    ] = None,
) -> int:
    """Serve a local Telegram until Ctrl-C: a chat page, the Bot API for any bot, and /sandbox for scripts."""
    begun = _opened(world, seed, Limits() if limits else Limits.off())
    try:
        async with Sandbox.start(port=port, world=begun) as running:
            _greet(running)
            await _until_terminated()
    except OSError as error:
        if error.filename is not None:
            raise _unwritable(error) from error
        raise Refused(f"Port {port} is taken.", remedy="Give another one, or 0.", field="--port") from error
    return 0


async def _until_terminated() -> None:
    """Until SIGTERM; Ctrl-C cancels us anyway."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()


def _opened(file: Path | None, seed: str, limits: Limits) -> World:
    try:
        return opened(file, seed=seed, limits=limits)
    except BrokenWorldFile as error:
        raise Refused(
            f"This is no world file: {error}", remedy="Give another one.", field="--world"
        ) from error
    except ValueError as error:
        raise Refused(f"{error}.".capitalize(), remedy="Give a number, or demo.", field="--seed") from error
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> Refused:
    text = f"{error.filename}: {error.strerror}."
    return Refused(text, remedy="Give a file that can be written.", field="--world")


def _greet(running: Sandbox) -> None:
    """Say where it is, and which bots there are."""
    console.print(f"A Telegram of your own is at [bold]{running.url}[/bold] (Ctrl-C ends it).")
    console.print("Open it in a browser; docs/sandbox.md says how to point your bot at it.")
    for bot in running.world.bots.values():
        console.print(f"Bot @{running.world.people[bot.id].username}: {bot.token}", highlight=False)
    if not running.world.bots:
        order = f'curl -X POST {running.url}/sandbox/bots -d \'{{"username": "my_bot"}}\''
        console.print(f"Make a bot: {order}", soft_wrap=True, highlight=False)
    console.print("Then: GATECRIER_TELEGRAM_API_URL and GATECRIER_BOT_TOKEN, and gatecrier run.")
