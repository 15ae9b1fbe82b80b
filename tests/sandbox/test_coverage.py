"""What the sandbox says of itself is true: a method is supported only if nothing of it is passed over."""

import inspect
from pathlib import Path

import pytest

import gatecrier_sandbox.botapi
from gatecrier_sandbox.botapi.api import METHODS
from gatecrier_sandbox.botapi.coverage import coverage
from gatecrier_sandbox.world import rights
from sandbox import schema

INVISIBLE = {"disable_notification", "is_big"}
"""Parameters no bot and no test could see the effect of: a sound, the size of an animation."""
FROM_TABLES = {*rights.EVERY_RIGHT}
"""Parameters that are read by the names of a table."""
NOWHERE = {"business_connection_id", "direct_messages_topic_id", "suggested_post_parameters"}
"""Parameters that no method knows: each must say so."""

SUPPORTED = [name for name in schema.METHODS if name.lower() in METHODS]


def source() -> str:
    """All code of the Bot API, without what it says is missing."""
    folder = Path(inspect.getfile(gatecrier_sandbox.botapi)).parent
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*.py")))


SOURCE = source()


@pytest.mark.parametrize("name", SUPPORTED)
def test_every_parameter_is_read_or_said_to_be_missing(name: str) -> None:
    """What the documentation lists and nothing here reads stands in `missing`."""
    missing = " ".join(METHODS[name.lower()].missing)
    for field in schema.METHODS[name]["fields"]:
        if field in missing or field in INVISIBLE | FROM_TABLES:
            continue
        assert field not in NOWHERE, f"{name}: {field}"
        assert f'"{field}"' in SOURCE, f"{name}: {field}"


def test_each_documented_method_stands_in_one_list() -> None:
    """Supported, partial and absent together are the documentation's 185 methods, each once."""
    told = coverage()
    named = [*told.supported, *told.partial, *told.absent]
    assert sorted(named) == sorted(schema.METHODS)
    assert all(told.partial.values())
