"""What the commands of `gatecrier gate` share: the command itself, its arguments, and a gate at rest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from gatecrier.app import App, build
from gatecrier.gate.cards.texts import explain
from gatecrier.gate.model import Gate, Subject
from gatecrier.kernel.settings import load

app = cyclopts.App(name="gate", help="Which groups are protected, how, and who is held and why.")

ACTOR = "cli"

Group = Annotated[
    int, Parameter(help="The group's id (-100…), as `gate list` shows it.", allow_leading_hyphen=True)
]
Person = Annotated[int, Parameter(help="A person's id.")]


@asynccontextmanager
async def opened() -> AsyncIterator[App]:
    """The gates, loaded; nothing runs."""
    async with build(load()) as gatecrier:
        await gatecrier.first.gate.start()
        yield gatecrier


def subject_of(text: str) -> Subject:
    """A number as a number, anything else as it is."""
    return int(text) if text.lstrip("-").isdecimal() else text


def required(gate: Gate) -> str:
    """The policy in words."""
    return explain("en", gate.policy, gate.channels)
