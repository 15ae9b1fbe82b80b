"""
The control API does what its own description says, whatever it is asked: no 500, answers as described.

`SCHEMATHESIS_EXAMPLES` sets how many requests each endpoint gets (10 unless set).
"""

import os
import random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gatecrier_sandbox.control import openapi
from gatecrier_sandbox.control.endpoint import TABLE
from gatecrier_sandbox.control.routes import control
from sandbox.town import Town

pytestmark = pytest.mark.story

DOCUMENT = openapi.document(TABLE)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
ENDLESS = "stream$"
"""Streams do not end; test_control.py reads them."""
schema = schemathesis.openapi.from_dict(DOCUMENT).exclude(path_regex=ENDLESS)


def known(town: Town) -> dict[str, list[Any]]:
    """Things that exist, by the names of the fields that mean them."""
    people = [town.reader.id, town.owner.id, town.bot.id]
    chats = [town.group.id, town.channel.id, town.bot.id, town.reader.id]
    numbers = list(town.group.messages)[-3:]
    return {
        "user_id": people,
        "from_id": people,
        "by": people,
        "bot_id": [town.bot.id],
        "chat_id": chats,
        "message_id": numbers,
        "message_thread_id": numbers,
        "reply_to_message_id": numbers,
        "linked_chat_id": chats,
        "sender_chat_id": chats,
        "fault_id": [1],
        "count": [3],
    }


def lead_further(town: Town, given: Any, rng: random.Random) -> None:
    """Put what exists into most of the fields that name something, so that more than 404 is seen."""
    if not isinstance(given, dict):
        return
    for name, values in known(town).items():
        value = given.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and (name == "count" or rng.random() < 0.7):
            given[name] = rng.choice(values)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_control_api_keeps_its_word(case: schemathesis.Case[Any]) -> None:
    """Whatever fits the description is answered as described, and what does not is refused."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    town.world.say(town.group.id, town.reader.id, "hello")
    if case.meta is not None and case.meta.generation.mode.is_positive:
        rng = random.Random(repr(case.body) + repr(case.path_parameters))
        for given in (case.body, case.query, case.path_parameters):
            lead_further(town, given, rng)
    case.call_and_validate(app=control(town.world), checks=CHECKS)
