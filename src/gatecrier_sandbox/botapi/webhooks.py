"""Webhooks: which bots have one, and how it is set up and taken down. facts/botapi.md §7."""

import asyncio
from collections.abc import Callable

from gatecrier_sandbox.botapi.courier import Answering, Courier
from gatecrier_sandbox.botapi.webhook_network import Network
from gatecrier_sandbox.botapi.webhook_target import (
    Target,
    bad_webhook,
    check_address,
    check_place,
    literal_address,
    parse,
    trust,
)
from gatecrier_sandbox.errors import ApiError, conflict
from gatecrier_sandbox.world.model import Bot, Webhook
from gatecrier_sandbox.world.world import World


class Webhooks:
    """The webhooks of one world, and the couriers that serve them."""

    def __init__(self, world: World, answer: Answering, network: Network) -> None:
        self.world = world
        self.network = network
        self._answer = answer
        self._couriers: dict[int, asyncio.Task[None]] = {}
        self._is_closed = False

    async def install(self, bot: Bot, hook: Webhook, *, drop: bool, ready: Callable[[], None]) -> None:
        """
        Put a webhook in the place of whatever the bot had; if that fails it has none.

        Args:
            ready: called when the URL proved readable, before the address is looked up.
        Raises:
            ApiError: 400 the URL, address or certificate is bad; 409 another setWebhook came meanwhile.
        Source: telegram-bot-api Client::do_set_webhook, WebhookActor::start_up.
        """
        bot.queue.wake(conflict("terminated by setWebhook request"))
        await self.remove(bot, drop=drop)
        target = parse(hook.url)
        bot.webhook = hook
        ready()
        try:
            hook.ip_address = await self._verified(target, hook)
        except ApiError:
            if bot.webhook is hook:
                bot.webhook = None
            raise
        if bot.webhook is not hook:
            raise conflict("terminated by other setWebhook")
        self.start(bot, hook)

    async def _verified(self, target: Target, hook: Webhook) -> str:
        """The address to deliver to."""
        strict = self.world.webhooks_strict
        if strict:
            check_place(target)
        if hook.certificate and target.scheme == "https":
            trust(hook.certificate, target.host)
        given = hook.ip_address if hook.has_fixed_address else literal_address(target.host)
        if given:
            return check_address(given, strict=strict)
        try:
            return check_address(await self.network.resolve(target.host), strict=strict)
        except OSError:
            raise bad_webhook("Failed to resolve host: Name or service not known") from None

    async def remove(self, bot: Bot, *, drop: bool) -> None:
        """Take a bot's webhook away; what was not delivered stays, unless it is dropped."""
        bot.webhook = None
        courier = self._couriers.pop(bot.id, None)
        if courier is not None:
            await _end(courier)
        if drop:
            bot.queue.clear()

    def start(self, bot: Bot, hook: Webhook) -> None:
        """Begin to deliver, unless the sandbox stops."""
        if self._is_closed:
            return
        courier = Courier(self.world, bot, hook, self._answer)
        self._couriers[bot.id] = asyncio.create_task(courier.run(self.network), name=f"webhook of {bot.id}")

    def resume(self) -> None:
        """Begin to deliver for every bot that has a webhook (a world that was loaded)."""
        for bot in self.world.bots.values():
            if bot.webhook is not None and bot.id not in self._couriers:
                self.start(bot, bot.webhook)

    async def close(self) -> None:
        """Stop delivering; what is under way is cut off and stays pending."""
        self._is_closed = True
        while self._couriers:
            await _end(self._couriers.popitem()[1])


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
