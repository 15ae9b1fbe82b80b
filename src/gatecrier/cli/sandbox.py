"""`gatecrier sandbox`: a Telegram of your own on this machine, for trying and testing."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from gatecrier.cli.show import console
from gatecrier.kernel.errors import Refused
from gatecrier_sandbox import Limits, Sandbox


async def sandbox(
    *,
    port: Annotated[int, Parameter(help="Where to listen on 127.0.0.1; 0 takes a free port.")] = 8081,
    limits: Annotated[bool, Parameter(help="Answer 429 as Telegram does.")] = True,
    seed: Annotated[int, Parameter(help="Makes tokens and ids repeatable.")] = 1,
) -> int:
    """Serve a local Telegram until Ctrl-C: Bot API on /bot<token>/<method>, control on /sandbox/."""
    try:
        async with Sandbox.start(
            port=port, limits=Limits() if limits else Limits.off(), seed=seed
        ) as running:
            console.print(f"A Telegram of your own is at [bold]{running.url}[/bold] (Ctrl-C ends it).")
            console.print(
                f'Make a bot: curl -X POST {running.url}/sandbox/bots -d \'{{"username": "my_bot"}}\''
            )
            console.print("Then: GATECRIER_TELEGRAM_API_URL and GATECRIER_BOT_TOKEN, and gatecrier run.")
            await asyncio.Event().wait()
    except OSError as error:
        raise Refused(f"Port {port} is taken.", remedy="Give another one, or 0.", field="--port") from error
    return 0
