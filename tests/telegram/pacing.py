"""A campaign's loop in simulated time, and how to judge its pace."""

from collections.abc import Callable

from gatecrier.kernel.clock import FakeClock
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.lanes import Lane

BOT = 1
GROUP = -100500


def most_in(seconds: float, moments: list[float]) -> int:
    """The most of `moments` that any half-open window of `seconds` holds."""
    best = first = 0
    for last, moment in enumerate(moments):
        while moments[first] + seconds <= moment + 1e-4:
            first += 1
        best = max(best, last - first + 1)
    return best


async def campaign(
    clock: FakeClock, budgets: Budgets, seconds: float, busy: Callable[[], float]
) -> list[float]:
    """A campaign's loop: reserve, send that many to new people, be busy; answer when each message left."""
    left: list[float] = []
    person = 0
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        for _ in range(await budgets.reserve(BOT, upto=100)):
            person += 1
            await budgets.wait(BOT, person, "sendMessage", Lane.CAMPAIGN, permit=True)
            left.append(clock.monotonic())
            budgets.landed(BOT, "sendMessage")
        await clock.sleep(busy())
    return left


async def call(budgets: Budgets, person: int, lane: Lane) -> None:
    """A message that leaves when it may, and is answered at once."""
    await budgets.wait(BOT, person, "sendMessage", lane, permit=False)
    budgets.landed(BOT, "sendMessage")
