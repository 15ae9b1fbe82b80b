"""A gateway over a scripted network, in simulated time."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from fake_transport import TOKEN, FakeTransport
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import GatecrierError
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.transport import Reply

HTML = b"<html>502 Bad Gateway</html>"
GROUP = -100500


class Telegram:
    """A gateway over a fake transport, and shorthand for its calls."""

    def __init__(self, clock: FakeClock, *script: Reply | Exception, observe: Any = None) -> None:
        self.clock = clock
        self.transport = FakeTransport(clock, *script)
        self.budgets = Budgets(clock)
        self.gateway = Gateway(
            self.transport,
            self.budgets,
            clock=clock,
            rng=random.Random(1),
            api_url="http://telegram.test",
            observe=observe,
        )

    async def call(
        self, method: str, chat: int | None = 5, *, lane: Lane = Lane.ANSWER, permit: bool = False
    ) -> Any:
        """Call `method` about `chat`."""
        params: dict[str, object] = {} if chat is None else {"chat_id": chat}
        return await self.gateway.call(TOKEN, method, params, lane=lane, result=object, permit=permit)

    async def fail(self, method: str, chat: int | None = 5, *, lane: Lane = Lane.ANSWER) -> GatecrierError:
        """The error that the call ends with."""
        with pytest.raises(GatecrierError) as error:
            await self.call(method, chat, lane=lane)
        return error.value


Maker = Callable[..., Telegram]


def automatic(*script: Reply | Exception, **more: Any) -> Telegram:
    """One whose clock jumps by itself."""
    return Telegram(FakeClock(auto=True), *script, **more)
