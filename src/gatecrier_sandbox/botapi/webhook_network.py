"""What passes between a courier and a bot's server, and the way there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from msgspec import Struct

from gatecrier_sandbox.botapi.webhook_target import Target
from gatecrier_sandbox.world.model import Webhook


class Post(Struct, frozen=True):
    """One update on its way to a bot."""

    headers: dict[str, str]
    body: bytes


class Reply(Struct, frozen=True):
    """What the bot's server answered; `retry_after` in seconds, 0 if it did not say."""

    status: int
    reason: str = ""
    retry_after: int = 0
    content_type: bytes = b""
    body: bytes = b""


class Undelivered(Exception):
    """There was no answer; the text is what getWebhookInfo shows."""


Deliver = Callable[[Post], Awaitable[Reply]]
"""Posts to one webhook. Raises `Undelivered`."""


class Network(Protocol):
    """The way out to the bots' servers."""

    async def resolve(self, host: str) -> str:
        """The address of a name; OSError if it has none."""
        ...

    def connect(self, target: Target, hook: Webhook) -> AbstractAsyncContextManager[Deliver]:
        """Connections to one webhook, kept until the block ends."""
        ...


class Offline:
    """No network: no name has an address, and nothing arrives."""

    async def resolve(self, host: str) -> str:
        """OSError."""
        raise OSError(f"no network to find {host}")

    @asynccontextmanager
    async def connect(self, target: Target, hook: Webhook) -> AsyncIterator[Deliver]:
        """Each delivery fails."""
        del target, hook

        async def fail(post: Post) -> Reply:
            del post
            raise Undelivered("Network is unreachable")

        yield fail
