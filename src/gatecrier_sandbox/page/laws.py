"""What a reader does in the engine room: faults, limits, the clock."""

from starlette.datastructures import FormData

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page.outcome import DONE, Act, Outcome, id_of, text_of
from gatecrier_sandbox.page.place import Place
from gatecrier_sandbox.world.faults import Fault, FaultKind
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.world import World

LONGEST_DAYS = 366


def add_fault(world: World, place: Place, form: FormData) -> Outcome:
    """From now on something goes wrong."""
    seconds = min(max(float(text_of(form, "seconds") or 1), 0), 3600)
    times = text_of(form, "times")
    kind = text_of(form, "kind")
    if kind not in set(FaultKind):
        raise Refused("there is no such fault", field="kind")
    world.faults.add(
        Fault(
            FaultKind(kind),
            method=text_of(form, "method").strip(),
            bot_id=place.bot or None,
            retry_after=round(seconds),
            seconds=seconds,
            times=int(times) if times.isdecimal() else None,
        )
    )
    return _changed(world)


def drop_fault(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """One fault is over; all are with no number."""
    if number := id_of(form, "number"):
        world.faults.remove(number)
    else:
        world.faults.clear()
    return _changed(world)


def set_limits(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Telegram's rates, or none."""
    world.set_limits(Limits() if form.get("on") == "1" else Limits.off())
    return DONE


def advance(world: World, place: Place, form: FormData) -> Outcome:  # noqa: ARG001
    """Let time pass."""
    seconds = id_of(form, "seconds")
    if not 0 < seconds <= LONGEST_DAYS * 86_400:
        raise Refused("from 1 second to 366 days", field="seconds")
    move = getattr(world.clock, "advance", None)
    if move is None:
        raise Refused("this sandbox runs on the real clock")
    move(seconds)
    return _changed(world)


def _changed(world: World) -> Outcome:
    world.feed.publish(Event("law"))
    return DONE


ACTS: dict[str, Act] = {
    "fault": add_fault,
    "unfault": drop_fault,
    "limits": set_limits,
    "advance": advance,
}
