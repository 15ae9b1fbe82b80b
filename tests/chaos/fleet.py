"""The processes of the product under fire: started, killed, frozen, thawed, started again, asked to stop."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

NURSERY = Path(__file__).parent / "nursery.py"
SLOWEST_STOP = 10.0  # seconds after SIGTERM: supervisors kill then
LOOK = 0.02


@dataclass
class Post:
    """A place in the fleet: one process at a time, started again by `Fleet.keep`."""

    name: str
    role: str
    env: Mapping[str, str]
    pid: int = 0
    starts: int = 0

    @property
    def runs(self) -> bool:
        """Whether its process is there, frozen or not."""
        if not self.pid:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


@dataclass
class Fleet:
    """
    All of them.

    Args:
        rate: Messages a second of a bot.
        findings: What went wrong that no invariant would see.
    """

    folder: Path
    rate: float
    posts: list[Post]
    findings: list[str] = field(default_factory=list)
    _nursery: asyncio.subprocess.Process | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _thawing: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def at_work(cls, folder: Path, rate: float, posts: list[Post]) -> AsyncIterator["Fleet"]:
        """All posts are manned, and manned anew when a process ends, until the block ends."""
        fleet = cls(folder, rate, posts)
        fleet._nursery = await asyncio.create_subprocess_exec(
            sys.executable, str(NURSERY), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        keeping = asyncio.create_task(fleet._keep())
        try:
            yield fleet
        finally:
            ended = [keeping, *fleet._thawing]
            for task in ended:
                task.cancel()
            await asyncio.gather(*ended, return_exceptions=True)
            await fleet._stop()

    async def kill(self, post: Post, how: signal.Signals) -> None:
        """Send a signal to the process of a post."""
        if post.runs:
            os.kill(post.pid, how)

    def thaw_later(self, post: Post, after: float) -> None:
        """Let a frozen process go on after so many seconds, if it is still that one."""
        self._thawing.append(asyncio.create_task(self._thaw(post, post.pid, after)))

    async def thawed(self) -> None:
        """Return when nobody is frozen any more."""
        await asyncio.gather(*self._thawing)

    async def _thaw(self, post: Post, pid: int, after: float) -> None:
        await asyncio.sleep(after)
        if post.pid == pid:
            await self.kill(post, signal.SIGCONT)

    def log_of(self, post: Post) -> Path:
        """What its processes said, one after the other."""
        return self.folder / f"{post.name}.log"

    async def _keep(self) -> None:
        while True:
            for post in self.posts:
                if not post.runs:
                    await self._start(post)
            await asyncio.sleep(LOOK)

    async def _start(self, post: Post) -> None:
        nursery = self._nursery
        assert nursery is not None
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        order = {
            "role": post.role,
            "rate": self.rate,
            "env": dict(post.env),
            "log": str(self.log_of(post)),
        }
        async with self._asking:
            nursery.stdin.write(json.dumps(order).encode() + b"\n")
            post.pid = int(await nursery.stdout.readline())
        post.starts += 1
        if post.starts > 200:
            raise RuntimeError(f"{post.name} does not stay alive: see {self.log_of(post)}")

    async def _stop(self) -> None:
        began = asyncio.get_running_loop().time()
        for post in self.posts:
            await self.kill(post, signal.SIGCONT)
            await self.kill(post, signal.SIGTERM)
        while any(post.runs for post in self.posts):
            if asyncio.get_running_loop().time() - began > SLOWEST_STOP:
                for post in self.posts:
                    if post.runs:
                        self.findings.append(
                            f"{post.name} did not stop within {SLOWEST_STOP:.0f} s of SIGTERM"
                        )
                        os.kill(post.pid, signal.SIGKILL)
                break
            await asyncio.sleep(LOOK)
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        await self._nursery.wait()
