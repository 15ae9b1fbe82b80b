"""An operator adds a second bot by hand, in real processes: it is hosted, shown by doctor, and let go."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from gatecrier.storage.database import Database
from gatecrier_sandbox import Limits, Sandbox
from journeys.conftest import until

pytestmark = pytest.mark.story

TOOK_BOTH = "it is the home of both bots"


@dataclass(frozen=True)
class Terminal:
    """A shell in which the settings are exported."""

    environment: Mapping[str, str]

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gatecrier",
            *words,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        process = await self.start(*words)
        out, err = await process.communicate(typed.encode())
        return process.returncode or 0, out.decode(), err.decode()

    async def told(self, *words: str) -> Any:
        """What a command answers in JSON."""
        return json.loads((await self.run(*words, "--output", "json"))[1])


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_second_bot_is_added_hosted_seen_and_removed(database: Database) -> None:
    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        first, second = sandbox.world.bot("first_bot"), sandbox.world.bot("second_bot")
        terminal = Terminal(
            {
                **os.environ,
                "GATECRIER_BOT_TOKEN": first.token,
                "GATECRIER_TELEGRAM_API_URL": sandbox.url,
                "GATECRIER_DATABASE_URL": database.url.render_as_string(hide_password=False),
                "GATECRIER_SECRET_KEY": "k" * 32,
            }
        )
        code, _, err = await terminal.run("bot", "add", typed="no token\n")
        assert code
        assert "GATECRIER_BOT_TOKEN" in err or "token" in err
        code, out, err = await terminal.run("bot", "add", typed=f"{second.token}\n")
        assert code == 0, err
        assert "@second_bot" in out + err
        assert second.token not in out + err
        checks = await terminal.told("doctor")
        assert [check["ok"] for check in checks] == [True] * len(checks)
        assert "none runs" in checks[-1]["detail"]

        worker = await terminal.start("run", "--role", "worker")
        try:

            async def took_both() -> bool:
                rows = await terminal.told("bot", "list")
                return {row["id"] for row in rows if row["home"]} == {first.id, second.id}

            await until(took_both, TOOK_BOTH)
            process = (await terminal.told("doctor"))[-1]
            assert process["ok"]
            assert all(str(word) in process["detail"] for word in ("worker", first.id, second.id))
        finally:
            worker.terminate()
            _, err_bytes = await asyncio.wait_for(worker.communicate(), 15)
        assert worker.returncode == 0
        assert second.token.encode() not in err_bytes

        assert (await terminal.run("bot", "remove", str(first.id)))[0] != 0  # its token is set
        assert (await terminal.run("bot", "remove", str(second.id)))[0] == 0
        assert [row["id"] for row in await terminal.told("bot", "list")] == [first.id]
