"""
The Bot API's door takes anything: random methods, parameters, bodies and encodings end in an envelope.

`FUZZ_REQUESTS` sets how many (2,500 unless set), `FUZZ_SEED` where chance begins.
"""

import os
import random

import msgspec
import pytest

from gatecrier_sandbox.world.faults import Fault, FaultKind
from sandbox.fuzzer import HEALING, Fuzzer, make_town

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "2500"))
SEED = int(os.environ.get("FUZZ_SEED", "20261124"))
FRESH = 500
"""Requests after which the world is made anew."""


@pytest.mark.long
async def test_whatever_is_asked_is_answered_with_an_envelope() -> None:
    """No 500, no hang, no answer the documentation does not know, however odd the request."""
    fuzzer = Fuzzer(random.Random(SEED))
    for number in range(REQUESTS):
        if number % FRESH == 0:
            await fuzzer.move()
        if number % HEALING == 0:
            fuzzer.heal()
        await fuzzer.shoot()
    await fuzzer.move()
    assert fuzzer.statuses[200] > REQUESTS / 10
    assert len(fuzzer.good) > 60


async def test_only_an_injected_fault_is_a_500() -> None:
    """The fuzzer would see one: a world that is told to fail does."""
    town = make_town()
    town.world.faults.add(Fault(FaultKind.SERVER_ERROR))
    answer = await town.api.answer(town.bot.token, "getMe", town.params({}))
    assert answer.status == msgspec.json.decode(answer.body)["error_code"] == 500
