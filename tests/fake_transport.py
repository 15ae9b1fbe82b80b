"""A transport that answers from a script and keeps what was posted."""

from collections.abc import Callable
from typing import Any

import msgspec

from gatecrier.kernel.clock import Clock
from gatecrier.telegram.transport import Reply

TOKEN = "123456:the-secret-part"
BOT_ID = 123456

Answer = Reply | Exception


def ok(result: object = True) -> Reply:
    """A success."""
    return Reply(200, msgspec.json.encode({"ok": True, "result": result}))


def refusal(status: int, description: str = "", **parameters: int) -> Reply:
    """An error of the Bot API."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Reply(status, msgspec.json.encode(body))


def too_many(seconds: int) -> Reply:
    """A 429."""
    return refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


class Posted(msgspec.Struct):
    """A request as it went out, and when (monotonic seconds)."""

    method: str
    params: dict[str, Any]
    at: float
    timeout: float


class FakeTransport:
    """
    Answers the scripted replies in turn, then `default`; a script entry may be an exception.

    `rule`, when set, decides instead; None from it means: go on with the script.
    """

    def __init__(self, clock: Clock, *script: Answer, default: Answer | None = None) -> None:
        self._clock = clock
        self.script = list(script)
        self.default = ok() if default is None else default
        self.rule: Callable[[Posted], Answer | None] | None = None
        self.latency = 0.0
        self.posted: list[Posted] = []
        self.closed = False

    async def post(self, url: str, body: bytes, *, timeout: float) -> Reply:  # noqa: ASYNC109
        posted = Posted(url.rpartition("/")[2], msgspec.json.decode(body), self._clock.monotonic(), timeout)
        self.posted.append(posted)
        if self.latency:
            await self._clock.sleep(self.latency)
        answer = self._answer(posted)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True

    @property
    def methods(self) -> list[str]:
        """The names of what was posted, in order."""
        return [posted.method for posted in self.posted]

    @property
    def moments(self) -> list[float]:
        """When, rounded to milliseconds."""
        return [round(posted.at, 3) for posted in self.posted]

    def _answer(self, posted: Posted) -> Answer:
        ruled = self.rule(posted) if self.rule else None
        if ruled is not None:
            return ruled
        return self.script.pop(0) if self.script else self.default
