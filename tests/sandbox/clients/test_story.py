"""
Six libraries that are not ours, unmodified, believe the sandbox is Telegram.

Each is a program of its own beside this file: it is given an address, a token and ids, and prints one JSON
line per step. A failing step is repeated by hand with `python -m sandbox.clients.ptb "$SCENE"` in `tests/`.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatecrier_sandbox import Limits, Sandbox
from sandbox.clients import table
from sandbox.clients.libraries import HERE, LOCK, node
from sandbox.clients.scene import set_scene
from sandbox.clients.story import CLIENTS, STEPS

pytestmark = pytest.mark.story

SECONDS = 90.0
"""A story takes about six seconds; this many are given up on."""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[int, bool]]:
    """What was measured, by client and number of the step."""
    return {}


@pytest.mark.timeout(400)  # the first run on a machine installs Node's libraries
@pytest.mark.parametrize("client", CLIENTS)
async def test_a_library_plays_the_whole_story(
    client: str, tmp_path: Path, outcomes: dict[str, dict[int, bool]]
) -> None:
    """Every step comes back as the library expects it, and has happened in the world."""
    command = [*_program(client)]
    async with Sandbox.start(limits=Limits.off()) as sandbox:
        scene = await asyncio.to_thread(set_scene, sandbox.url, tmp_path)
        lines, words = await _play(*command, msgspec.json.encode(scene).decode())
    outcomes[client] = {line["step"]: line["ok"] for line in lines}
    failed = [
        f"{line['step']} {STEPS[line['step'] - 1].key}: {line['error']}" for line in lines if not line["ok"]
    ]
    assert not failed, "\n".join(failed)
    assert len(lines) == len(STEPS), words


def _program(client: str) -> tuple[str, ...]:
    script = HERE / f"{client}.mjs"
    if script.exists():
        return node(), str(script)
    return sys.executable, "-m", f"sandbox.clients.{client}"


async def _play(*command: str) -> tuple[list[dict[str, Any]], str]:
    """Run a program to its end: the lines it printed, and what it complained of."""
    program = await asyncio.create_subprocess_exec(
        *command,
        cwd=HERE.parents[1],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1]), "NO_PROXY": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(program.communicate(), SECONDS)
    except TimeoutError:
        program.kill()
        out, err = await program.communicate()
    return [msgspec.json.decode(line) for line in out.splitlines()], err.decode(errors="replace")[-4000:]


def test_the_document_shows_what_was_measured(outcomes: dict[str, dict[int, bool]]) -> None:
    """docs/sandbox.md claims no step that a library does not play."""
    if missing := CLIENTS.keys() - outcomes.keys():
        pytest.skip(f"not played in this run: {', '.join(sorted(missing))}")
    table.compare(outcomes)


def test_the_lock_names_no_address() -> None:
    """npm takes the locked versions from wherever the machine is set up to find packages."""
    packages = msgspec.json.decode(LOCK.read_bytes())["packages"]
    assert all("integrity" in package for path, package in packages.items() if path)
    assert not any("resolved" in package for package in packages.values())
