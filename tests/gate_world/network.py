"""The way from the product to the sandbox inside one process; a witness stands beside it."""

import asyncio
import random
from collections.abc import Mapping
from typing import Protocol

from gatecrier.kernel.clock import Clock
from gatecrier.telegram.transport import ConnectFailed, ConnectionLost, Reply
from gatecrier_sandbox.botapi.api import Answer, BotApi
from gatecrier_sandbox.botapi.params import read

MOST_TURNS = 3
"""Turns of the event loop that a call may take on its way, by chance: who overtakes whom is not fixed."""


class Watcher(Protocol):
    """Somebody who sees every call at the moment it is done."""

    def before(self, method: str, params: Mapping[str, str]) -> object:
        """A call arrives; what this returns is handed to `after`."""

    def after(self, method: str, params: Mapping[str, str], seen: object, answer: Answer) -> None:
        """It was done, or refused, or met a fault."""


class Network:
    """
    A transport that hands each request to the sandbox's Bot API.

    Args:
        rng: By how many turns of the event loop each call is late.
    Attributes:
        slow: Method → seconds that its next call takes, half of them on the way there.
        cut: Nothing gets out.
    """

    def __init__(self, api: BotApi, clock: Clock, rng: random.Random) -> None:
        self.slow: dict[str, float] = {}
        self.cut = False
        self.watcher: Watcher | None = None
        self._api = api
        self._clock = clock
        self._rng = rng

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109
        """As `Transport.post`."""
        if self.cut:
            raise ConnectFailed("the network is cut")
        token, _, method = url.rpartition("/bot")[2].partition("/")
        half = self.slow.pop(method, 0.0) / 2
        if 2 * half > timeout:
            await self._clock.sleep(timeout)
            raise ConnectionLost("timed out")
        await self._travel(half)
        answer = await self._done(token, method, body)
        await self._travel(half)
        if answer.is_dropped or self.cut:
            raise ConnectionLost("dropped")
        return Reply(answer.status, answer.body, answer.retry_after or None)

    async def close(self) -> None:
        """Nothing is open."""

    async def _done(self, token: str, method: str, body: bytes) -> Answer:
        params = read(b"", b"application/json", b"", body)
        if self.watcher is None:
            return await self._api.answer(token, method, params)
        seen = self.watcher.before(method, params.values)
        answer = await self._api.answer(token, method, params)
        self.watcher.after(method, params.values, seen, answer)
        return answer

    async def _travel(self, seconds: float) -> None:
        if seconds:
            await self._clock.sleep(seconds)
        for _ in range(self._rng.randrange(MOST_TURNS)):
            await asyncio.sleep(0)
