"""The laws of this world: its time, its limits, what goes wrong; saving it, and beginning anew."""

import asyncio

from gatecrier_sandbox.control import answers, requests
from gatecrier_sandbox.control.endpoint import endpoint
from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import worldfile
from gatecrier_sandbox.world.clock import Reading, SteeredClock
from gatecrier_sandbox.world.faults import Fault
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.world import World

TURNS = 20
"""How often the loop goes round after time has moved, so that what fell due is done when we answer."""
LAST_DAY = 2_147_483_647
"""Unix seconds that fit the dates of the Bot API."""


def _clock(world: World) -> SteeredClock:
    if not isinstance(world.clock, SteeredClock):
        raise Refused("this sandbox was given a clock of its own", status=409)
    return world.clock


@endpoint("GET", "/clock", Reading)
def show_clock(world: World) -> Reading:
    """What time it is here, and how it goes on."""
    return _clock(world).read()


@endpoint("PUT", "/clock", Reading)
def set_clock(world: World, body: requests.ClockWish) -> Reading:
    """Freeze the time, set it, let it run at another speed, or give it back to the machine."""
    clock = _clock(world)
    if body.mode == "real":
        clock.set_real()
    else:
        clock.set_manual(now=body.now if isinstance(body.now, float) else None, speed=body.speed)
    world.feed.publish(Event("law"))
    return clock.read()


@endpoint("POST", "/clock/advance", Reading)
async def advance_clock(world: World, body: requests.Advance) -> Reading:
    """Move the time forward; what falls due happens. The machine's time becomes one set by hand."""
    clock = _clock(world)
    if clock.now() + body.seconds > LAST_DAY:
        raise Refused("dates end in 2038", field="seconds")
    clock.advance(body.seconds)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    world.feed.publish(Event("law"))
    return clock.read()


@endpoint("GET", "/limits", Limits)
def show_limits(world: World) -> Limits:
    """How fast bots may send."""
    return world.meter.limits


@endpoint("PUT", "/limits", Limits)
def set_limits(world: World, body: Limits) -> Limits:
    """Other rates; what is left out has its default, null or 0 is off. What was counted is forgotten."""
    world.set_limits(body)
    return body


@endpoint("GET", "/faults", list[Fault])
def list_faults(world: World) -> list[Fault]:
    """What goes wrong, and how often it did."""
    return world.faults.rules


@endpoint("POST", "/faults", Fault)
def add_fault(world: World, body: Fault) -> Fault:
    """From now on something goes wrong; `id` and `hits` are set here."""
    world.feed.publish(Event("law"))
    return world.faults.add(body)


@endpoint("DELETE", "/faults/{fault_id}", answers.Deleted)
def delete_fault(world: World, fault_id: int) -> answers.Deleted:
    """One thing works again."""
    if not world.faults.remove(fault_id):
        raise Refused("there is no such fault", field="fault_id", status=404)
    world.feed.publish(Event("law"))
    return answers.Deleted(1)


@endpoint("DELETE", "/faults", answers.Deleted)
def clear_faults(world: World) -> answers.Deleted:
    """Everything works again."""
    count = len(world.faults.rules)
    world.faults.clear()
    world.feed.publish(Event("law"))
    return answers.Deleted(count)


@endpoint("GET", "/webhooks", answers.WebhookLaw)
def show_webhook_law(world: World) -> answers.WebhookLaw:
    """Whether webhooks must look as Telegram wants them."""
    return answers.WebhookLaw(world.webhooks_strict)


@endpoint("PUT", "/webhooks", answers.WebhookLaw)
def set_webhook_law(world: World, body: answers.WebhookLaw) -> answers.WebhookLaw:
    """Demand HTTPS, Telegram's ports and public addresses of webhooks set from now on, or do not."""
    world.webhooks_strict = body.strict
    return body


@endpoint("POST", "/save", answers.Saved)
def save(world: World) -> answers.Saved:
    """Write the world into its file."""
    if world.file is None:
        raise Refused("this sandbox has no world file; start it with --world FILE", status=409)
    return answers.Saved(str(world.file), worldfile.save(world, world.file))


@endpoint("DELETE", "", answers.Deleted)
def reset(world: World) -> answers.Deleted:
    """Begin anew: everybody and everything is gone, as the seed made it. Clock and limits stay."""
    count = len(world.people) + len(world.chats)
    world.reset()
    return answers.Deleted(count)
