"""The table client x step of docs/sandbox.md, written from what was measured."""

import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import msgspec

from sandbox.clients.libraries import HERE, LOCK
from sandbox.clients.story import CLIENTS, STEPS

DOCUMENT = Path(__file__).parents[3] / "docs" / "sandbox.md"
BEGIN, END = "<!-- clients:begin -->", "<!-- clients:end -->"
WRITE = "GATECRIER_WRITE_DOCS"
"""Set to 1, the test writes the table instead of comparing it."""

Outcomes = Mapping[str, Mapping[int, bool]]
"""By client, by number of the step: whether it held."""


def drawn(outcomes: Outcomes) -> str:
    """The table in Markdown."""
    names = " | ".join(f"{name} {_version(client)}" for client, name in CLIENTS.items())
    lines = [f"| | step | {names} |", f"|---|---|{':-:|' * len(CLIENTS)}"]
    for number, step in enumerate(STEPS, 1):
        marks = " | ".join("✓" if outcomes[client].get(number) else "✗" for client in CLIENTS)
        lines.append(f"| {number} | {step.name} | {marks} |")
    return "\n".join(lines)


def _version(client: str) -> str:
    name = CLIENTS[client]
    if not (HERE / f"{client}.mjs").exists():
        return version(name)
    packages = msgspec.json.decode(LOCK.read_bytes())["packages"]
    return str(packages[f"node_modules/{name.lower()}"]["version"])


def compare(outcomes: Outcomes) -> None:
    """`AssertionError` unless the document shows just this; with GATECRIER_WRITE_DOCS=1 it is written."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{DOCUMENT.name} has no {BEGIN}"
    assert end, f"{DOCUMENT.name} has no {END}"
    wanted = f"{before}{BEGIN}\n{drawn(outcomes)}\n{END}{after}"
    if os.environ.get(WRITE) == "1":
        DOCUMENT.write_text(wanted, encoding="utf-8")
    else:
        assert text == wanted, (
            f"the table is out of date: run `{WRITE}=1 make test ARGS=tests/sandbox/clients`"
        )
