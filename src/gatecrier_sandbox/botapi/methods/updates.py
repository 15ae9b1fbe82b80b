"""How the bot hears: getUpdates, and webhooks."""

import re

import msgspec
from msgspec import Raw

from gatecrier_sandbox.botapi import long_poll
from gatecrier_sandbox.botapi.api import Call, Described, method
from gatecrier_sandbox.botapi.webhook_target import LARGEST_CERTIFICATE
from gatecrier_sandbox.errors import ApiError, bad_request, conflict, too_many_requests
from gatecrier_sandbox.structured import BROKEN
from gatecrier_sandbox.world.model import Webhook, Wire
from gatecrier_sandbox.world.updates import DEFAULT, KINDS

LONGEST_SECRET = 256
SECRET = re.compile(r"[A-Za-z0-9_-]*")
HOOKED = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
LAUNCH = 600
"""Seconds after its launch in which a bot may not be closed."""


@method("getUpdates")
async def get_updates(call: Call) -> list[Raw]:
    """Wait for the next updates; a new `allowed_updates` holds from now on."""
    queue, clock = call.bot.queue, call.world.clock
    if call.bot.webhook is not None:
        error = conflict(HOOKED)
        await long_poll.pace(queue, clock, error)
        raise error
    _subscribe(call)
    found = await long_poll.poll(
        queue,
        clock,
        offset=call.integer("offset"),
        limit=call.params.integer("limit", 100, low=1, high=100),
        timeout=call.params.integer("timeout", 0, low=0, high=50),
    )
    return [Raw(body) for body in found]


def _subscribe(call: Call) -> None:
    """Absent or unreadable allowed_updates change nothing."""
    raw = call.params.values.get("allowed_updates", "")
    if not raw:
        return
    try:
        names = msgspec.json.decode(raw, type=list[str])
    except BROKEN:
        return
    call.bot.queue.subscribe(names)


@method("setWebhook")
async def set_webhook(call: Call) -> Described:
    """
    Send updates to a URL; an empty one deletes. The old webhook is gone even if the new one is refused.

    Source: telegram-bot-api Client::process_set_webhook_query.
    """
    url = call.text("url")
    if not url:
        return await _delete(call)
    _check_pace(call)
    hook = _wish(call, url)
    drop = call.flag("drop_pending_updates")
    if not drop and "certificate" not in call.params.values and _is_same(call.bot.webhook, hook):
        _subscribe(call)
        return Described(result=True, description="Webhook is already set")
    await call.webhooks.install(call.bot, hook, drop=drop, ready=lambda: _subscribe(call))
    return Described(result=True, description="Webhook was set")


def _check_pace(call: Call) -> None:
    """Once a second, while this world has limits."""
    now, bot = call.world.clock.now(), call.bot
    if call.world.meter.limits.per_bot and now < bot.next_webhook_set:
        raise too_many_requests(1)
    bot.next_webhook_set = now + 1


def _wish(call: Call, url: str) -> Webhook:
    secret, address = call.text("secret_token"), call.text("ip_address")
    if len(secret.encode()) > LONGEST_SECRET:
        raise bad_request("secret token is too long")
    if SECRET.fullmatch(secret) is None:
        raise bad_request("secret token contains unallowed characters")
    most = call.params.integer("max_connections", 40, low=1, high=100)
    return Webhook(url, secret, most, address, bool(address), _certificate(call))


def _certificate(call: Call) -> bytes:
    name = call.text("certificate")
    upload = call.params.files.get("certificate") or call.params.files.get(name.removeprefix("attach://"))
    if upload is None:
        return b""
    if len(upload.data) > LARGEST_CERTIFICATE:
        raise bad_request(f"certificate size is too big ({len(upload.data)} bytes)")
    return upload.data


def _is_same(old: Webhook | None, new: Webhook) -> bool:
    """Whether nothing would change; with a certificate one cannot tell."""
    if old is None or old.certificate or new.certificate:
        return False
    return _settings(old) == _settings(new)


def _settings(hook: Webhook) -> tuple[object, ...]:
    address = hook.ip_address if hook.has_fixed_address else ""
    return hook.url, hook.secret_token, hook.max_connections, address


@method("deleteWebhook")
async def delete_webhook(call: Call) -> Described:
    """Back to getUpdates; what is pending is kept unless it is to be dropped."""
    return await _delete(call)


async def _delete(call: Call) -> Described:
    had_one = call.bot.webhook is not None
    await call.webhooks.remove(call.bot, drop=call.flag("drop_pending_updates"))
    return Described(result=True, description=f"Webhook {'was' if had_one else 'is already'} deleted")


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Wire:
    """The webhook, how many updates wait, and what went wrong last."""
    queue, hook = call.bot.queue, call.bot.webhook
    info: Wire = {
        "url": hook.url if hook else "",
        "has_custom_certificate": bool(hook and hook.certificate),
        "pending_update_count": len(queue.updates),
    }
    if hook is not None:
        info |= _details(hook)
    if queue.allowed != DEFAULT:
        info["allowed_updates"] = [kind for kind in KINDS if kind in queue.allowed]
    return info


def _details(hook: Webhook) -> Wire:
    details: Wire = {"ip_address": hook.ip_address}
    if hook.last_error_date:
        details["last_error_date"] = hook.last_error_date
        details["last_error_message"] = hook.last_error_message
    return details | {"max_connections": hook.max_connections}


@method("logOut")
async def log_out(call: Call) -> bool:
    """Leave this server: from now on every call is answered 400, and the webhook is gone."""
    call.bot.queue.wake(ApiError(400, "Logged out"))
    call.bot.logged_out = True
    await call.webhooks.remove(call.bot, drop=False)
    return True


@method("close")
def close(call: Call) -> bool:
    """
    Close the bot's instance, which begins anew with the next call; a poll that waits ends.

    Raises:
        ApiError: 429 in the first ten minutes after its launch.
    """
    wait = call.bot.launched_at + LAUNCH - call.world.clock.now()
    if wait > 0:
        raise too_many_requests(int(wait) + 1)
    call.bot.launched_at = call.world.clock.now()
    call.bot.queue.wake(ApiError(500, "Internal Server Error: restart"))
    return True
