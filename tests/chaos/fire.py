"""What both scenarios do to the product, and how they wait for the end of it."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

from chaos.fleet import Fleet, Post
from chaos.proxy import Mode, Proxy
from chaos.report import Report

LOOK = 0.1
LONGEST_FREEZE = 14.0  # seconds: longer than a lease, so that some wake as nobody's home


async def strike(fleet: Fleet, post: Post, how: signal.Signals, rng: random.Random, report: Report) -> None:
    """Send a signal to the process of a post; one that is frozen is thawed by and by."""
    report.fault(f"{how.name} to {post.name}")
    await fleet.kill(post, how)
    if how is signal.SIGSTOP:
        fleet.thaw_later(post, rng.uniform(0.5, LONGEST_FREEZE))


async def cut(proxy: Proxy, name: str, seconds: float, rng: random.Random, report: Report) -> None:
    """Take a server away for so long, in one of three ways."""
    mode = rng.choice([Mode.REFUSE, Mode.RESET, Mode.HANG])
    report.fault(f"{name}: {mode.value} for {seconds:.0f} s")
    await proxy.set(mode)
    await asyncio.sleep(seconds)
    await proxy.set(Mode.PASS)


async def comes(holds: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Whether something comes true within so many seconds; returns when it does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await holds():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(LOOK)
    return True
