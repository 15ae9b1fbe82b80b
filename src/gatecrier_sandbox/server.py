"""A sandbox that runs: world, doors, and a listening socket in the running event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from gatecrier_sandbox.botapi.api import BotApi
from gatecrier_sandbox.botapi.webhook_http import Internet
from gatecrier_sandbox.control.routes import control
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.http import Door
from gatecrier_sandbox.prompt import PromptProtocol
from gatecrier_sandbox.world import worldfile
from gatecrier_sandbox.world.clock import Clock
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.world import World

KEEP_ALIVE = 75
"""Seconds an idle connection is kept."""
GRACE = 1.0
"""Seconds requests get to end when the sandbox stops."""


class Sandbox:
    """
    A Telegram on this machine.

    Use `Sandbox.start`; `url` is the base of the Bot API (`{url}/bot{token}/getMe`) and of the control API
    (`{url}/sandbox`).
    """

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        limits: Limits | None = None,
        seed: int = 1,
        clock: Clock | None = None,
        world: World | None = None,
    ) -> AsyncIterator["Sandbox"]:
        """
        Listen until the block ends; port 0 takes a free one. No signal handlers are installed.

        A world that has a file (`opening.opened`) is saved when the block ends, however it ends.

        Raises:
            OSError: the port is taken; at the end: the world's file cannot be written.
        """
        world = world or World(clock, limits=limits or Limits(), seed=seed)
        listener = _Listener(world)
        port = await listener.open(host, port)
        world.base_url = f"http://{host}:{port}"
        try:
            yield cls(world, world.base_url)
        finally:
            await listener.close()
            if world.file is not None:
                worldfile.save(world, world.file)


class _Listener:
    """uvicorn's protocol without its process management (signal handlers, a stop that polls)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = ServerState()
        self.server: asyncio.Server | None = None
        self.api = BotApi(world, Internet())
        self.door = Door(self.api, control(world))
        self.config = Config(
            cast(Any, self.door),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
        )

    async def open(self, host: str, port: int) -> int:
        """Listen; the port that was taken."""
        self.config.load()
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(self._protocol, host, port, backlog=2048)
        self.api.webhooks.resume()
        sockets: tuple[socket.socket, ...] = tuple(self.server.sockets)
        return int(sockets[0].getsockname()[1])

    def _protocol(self) -> PromptProtocol:
        return PromptProtocol(self.door, config=self.config, server_state=self.state, app_state={})

    async def close(self) -> None:
        """Take nothing new, end the polls, let requests finish, cut what is left."""
        if self.server is not None:
            self.server.close()
        await self.api.webhooks.close()
        self.world.feed.close()
        for bot in self.world.bots.values():
            bot.queue.wake(ApiError(500, "Internal Server Error: restart"))
        for connection in list(self.state.connections):
            connection.shutdown()
        if self.state.tasks:
            _, late = await asyncio.wait(list(self.state.tasks), timeout=GRACE)
            for task in late:
                task.cancel()
            if late:  # each says that the server restarts
                await asyncio.wait(late, timeout=GRACE)
        for connection in list(self.state.connections):
            transport = connection.transport
            if transport is not None:
                transport.abort()
        await self._settle()

    async def _settle(self) -> None:
        """Give the closed connections their turns to be gone."""
        for _ in range(10):
            await asyncio.sleep(0)
            if not self.state.connections:
                return
