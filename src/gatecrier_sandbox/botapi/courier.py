"""The courier of one webhook: posts its updates, tries again, obeys the replies. facts/botapi.md §7."""

import asyncio
import base64
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice

from gatecrier_sandbox.botapi.lanes import Lane, lane_of
from gatecrier_sandbox.botapi.params import Params, read
from gatecrier_sandbox.botapi.webhook_network import Deliver, Network, Post, Reply, Undelivered
from gatecrier_sandbox.botapi.webhook_target import Target, parse
from gatecrier_sandbox.errors import ApiError
from gatecrier_sandbox.world import clock as clocks
from gatecrier_sandbox.world.model import Bot, Webhook
from gatecrier_sandbox.world.updates import Update
from gatecrier_sandbox.world.world import World

LONGEST_WAIT = 60
"""Seconds between two attempts at most: a random number from this to its double."""
LONGEST_RETRY_AFTER = 3600
GONE = 410
GONE_FOR = 23 * 3600
"""Seconds of nothing but HTTP 410 after which a webhook is given up."""
FORBIDDEN = frozenset({"setwebhook", "deletewebhook", "close", "logout"})
"""Methods a reply may not call, beside all that begin with get."""
Answering = Callable[[str, str, Params], Awaitable[object]]
"""Token, method, parameters: how a reply's method is called."""


class GivenUp(Exception):
    """The webhook is no more."""


class Courier:
    """Serves one webhook: one update at a time per lane, as many lanes at a time as it has connections."""

    def __init__(self, world: World, bot: Bot, hook: Webhook, answer: Answering) -> None:
        self.world = world
        self.bot = bot
        self.hook = hook
        self._answer = answer
        self._target = parse(hook.url)
        self._headers = _headers(self._target, hook)
        self._lanes: dict[Lane, deque[Update]] = {}
        self._loaded = 0
        self._stirred = asyncio.Event()
        self._connections = asyncio.Semaphore(hook.max_connections)

    async def run(self, network: Network) -> None:
        """Deliver until cancelled, the bot has another webhook, or its server said 410 for too long."""
        queue = self.bot.queue
        queue.on_arrival = self._stirred.set
        try:
            async with network.connect(self._target, self.hook) as deliver, asyncio.TaskGroup() as lanes:
                while True:
                    self._load(lanes, deliver)
                    await self._stirred.wait()
                    self._stirred.clear()
        except* GivenUp:
            if self.bot.webhook is self.hook:
                self.bot.webhook = None
        finally:
            queue.on_arrival = None

    def _load(self, lanes: asyncio.TaskGroup, deliver: Deliver) -> None:
        """Take in what is pending, at most twice as much as there are connections."""
        if self.bot.webhook is not self.hook:
            raise GivenUp
        room = 2 * self.hook.max_connections - self._loaded
        for update in list(islice(self.bot.queue.updates, self._loaded, self._loaded + room)):
            lane = lane_of(update)
            self._loaded += 1
            if lane in self._lanes:
                self._lanes[lane].append(update)
            else:
                self._lanes[lane] = deque([update])
                lanes.create_task(self._serve(lane, deliver))

    async def _serve(self, lane: Lane, deliver: Deliver) -> None:
        waiting = self._lanes[lane]
        while waiting:
            await self._bring(waiting[0], deliver)
            with suppress(ValueError):  # somebody else may have dropped it
                self.bot.queue.updates.remove(waiting[0])
            waiting.popleft()
            self._loaded -= 1
            self._stirred.set()
        del self._lanes[lane]

    async def _bring(self, update: Update, deliver: Deliver) -> None:
        """Try until it is taken or dead. Source: telegram-bot-api WebhookActor::on_update_error."""
        clock, delay, failures = self.world.clock, 1, 0
        while clock.now() <= update.expires:
            wait = await self._attempt(update, deliver)
            if wait is None:
                return
            if not wait and failures:
                longest = self.world.rng.randint(LONGEST_WAIT, 2 * LONGEST_WAIT)
                wait = delay = min(longest, 2 * delay)
            failures += 1
            if clock.now() + wait > update.expires:
                return
            if wait:
                await clocks.sleep(clock, wait)

    async def _attempt(self, update: Update, deliver: Deliver) -> int | None:
        """One post: None if it was taken, else the seconds the server asked for."""
        try:
            async with self._connections:
                reply = await deliver(Post(self._headers, update.body))
            if 200 <= reply.status <= 299:
                await self._obey(reply)
                self.hook.gone_since = 0.0
                return None
        except (Undelivered, ApiError) as error:
            self._blame(str(error))
            return 0
        self._blame(f"Wrong response from the webhook: {reply.status} {reply.reason}")
        self._count_gone(reply.status)
        return min(max(reply.retry_after, 0), LONGEST_RETRY_AFTER)

    async def _obey(self, reply: Reply) -> None:
        """Do what the reply asks for; the result is discarded."""
        if not reply.body:
            return
        params = read(b"", reply.content_type, b"", reply.body)
        name = params.values.get("method", "").lower()
        if name and name not in FORBIDDEN and not name.startswith("get"):
            await self._answer(self.bot.token, name, params)

    def _blame(self, text: str) -> None:
        self.hook.last_error_date = self.world.today
        self.hook.last_error_message = text

    def _count_gone(self, status: int) -> None:
        now = self.world.clock.now()
        if status != GONE:
            self.hook.gone_since = 0.0
        elif not self.hook.gone_since:
            self.hook.gone_since = now
        elif now > self.hook.gone_since + GONE_FOR:
            raise GivenUp


def _headers(target: Target, hook: Webhook) -> dict[str, str]:
    headers = {"Host": target.host, "Content-Type": "application/json", "Connection": "keep-alive"}
    headers["Accept-Encoding"] = "gzip, deflate"
    if target.userinfo:
        headers["Authorization"] = f"Basic {base64.b64encode(target.userinfo.encode()).decode()}"
    if hook.secret_token:
        headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret_token
    return headers
