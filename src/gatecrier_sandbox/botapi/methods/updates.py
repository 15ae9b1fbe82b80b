"""How the bot hears: getUpdates, and webhooks as far as they exist here."""

import msgspec
from msgspec import Raw

from gatecrier_sandbox.botapi import long_poll
from gatecrier_sandbox.botapi.api import Call, Described, method
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import BROKEN
from gatecrier_sandbox.world.model import Wire
from gatecrier_sandbox.world.updates import DEFAULT, KINDS


@method("getUpdates")
async def get_updates(call: Call) -> list[Raw]:
    """Wait for the next updates; a new `allowed_updates` holds from now on."""
    _subscribe(call)
    found = await long_poll.poll(
        call.bot.queue,
        call.world.clock,
        offset=call.integer("offset"),
        limit=call.params.integer("limit", 100, low=1, high=100),
        timeout=call.params.integer("timeout", 0, low=0, high=50),
    )
    return [Raw(body) for body in found]


def _subscribe(call: Call) -> None:
    """Absent or unreadable allowed_updates change nothing."""
    raw = call.text("allowed_updates")
    if not raw:
        return
    try:
        names = msgspec.json.decode(raw, type=list[object])
    except BROKEN:
        return
    call.bot.queue.subscribe([name for name in names if isinstance(name, str)])


@method("deleteWebhook")
def delete_webhook(call: Call) -> object:
    """There is never one; pending updates may be dropped."""
    if call.flag("drop_pending_updates"):
        call.bot.queue.clear()
    return Described(result=True, description="Webhook is already deleted")


@method("setWebhook")
def set_webhook(call: Call) -> object:
    """An empty url deletes; anything else is refused: this sandbox delivers no webhooks yet."""
    if not call.text("url"):
        return delete_webhook(call)
    raise bad_request("bad webhook: this sandbox delivers no webhooks yet; use getUpdates")


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Wire:
    """No webhook, and how many updates wait."""
    queue = call.bot.queue
    info: Wire = {"url": "", "has_custom_certificate": False, "pending_update_count": len(queue.updates)}
    if queue.allowed != DEFAULT:
        info["allowed_updates"] = [kind for kind in KINDS if kind in queue.allowed]
    return info
