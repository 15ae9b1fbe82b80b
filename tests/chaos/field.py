"""What both scenarios stand on: a sandbox, databases behind proxies, and an idle app that reads the truth."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.proxy import Proxy
from gatecrier.kernel.settings import Settings, load
from gatecrier_sandbox import Limits, Sandbox
from gatecrier_sandbox.world.model import Bot
from ports import free_port
from postgres import Postgres

SECRET_KEY = "k" * 32
SECRET = "s3cret"
START_SECONDS = 10.0


@dataclass
class Field:
    """
    The ground of one run.

    Args:
        settings: Of an app that reads the truth: it goes to the database itself, not by the proxy.
        env: Of the processes under fire, which go by the proxies.
    """

    sandbox: Sandbox
    bots: list[Bot]
    settings: Settings
    env: dict[str, str]
    database: Proxy
    redis: Proxy


@asynccontextmanager
async def field(
    postgres: Postgres, redis_port: int, *, bots: int, public_port: int = 0
) -> AsyncIterator[Field]:
    """Bots without limits in the sandbox; all go by webhook to `public_port`, or poll when it is 0."""
    async with (
        Sandbox.start(port=0, limits=Limits.off()) as sandbox,
        Proxy.before(lambda: [(postgres.host, postgres.port)]) as database,
        Proxy.before(lambda: [("127.0.0.1", redis_port)]) as redis,
    ):
        made = [sandbox.world.bot(f"fire{number}_bot") for number in range(bots)]
        public = f"http://127.0.0.1:{public_port}" if public_port else ""
        settings = load(
            bot_token=made[0].token,
            telegram_api_url=sandbox.url,
            database_url=postgres.url,
            secret_key=SECRET_KEY,
            webhook_secret=SECRET,
            public_url=public,
        )
        env = {
            "GATECRIER_BOT_TOKEN": made[0].token,
            "GATECRIER_TELEGRAM_API_URL": sandbox.url,
            "GATECRIER_DATABASE_URL": postgres.at(database.port),
            "GATECRIER_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "GATECRIER_SECRET_KEY": SECRET_KEY,
            "GATECRIER_WEBHOOK_SECRET": SECRET,
            "GATECRIER_PUBLIC_URL": public,
        }
        yield Field(sandbox, made, settings, env, database, redis)


@contextmanager
def private_redis(folder: Path) -> Iterator[int]:
    """A Redis server of our own that keeps nothing; its port."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise FileNotFoundError("No redis-server is installed: apt-get install redis-server")
    port = free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (
        (folder / "redis.log").open("wb") as log,
        subprocess.Popen([*command, "--dir", str(folder)], stdout=log, stderr=log) as server,
    ):
        try:
            _await_port(port)
            yield port
        finally:
            server.kill()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            os.sched_yield()
        else:
            return
