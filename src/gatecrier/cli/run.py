"""`gatecrier run` and `gatecrier migrate`: the process that does the work."""

import asyncio
import signal

from gatecrier.app import build
from gatecrier.cli.show import console
from gatecrier.kernel.settings import Role, Settings, load
from gatecrier.kernel.telemetry import configure
from gatecrier.storage.database import Database
from gatecrier.storage.migrate import migrate as bring_up_to_date


async def run(*, role: Role = Role.ALL) -> int:
    """
    Take updates, enforce gates and send campaigns until SIGTERM or Ctrl-C.

    Args:
        role: "web" only takes what Telegram posts, "worker" only acts; any number of each may run on
            one PostgreSQL database. "all" does both.
    """
    settings = load()
    configure(settings.log_level)
    await work(settings, role)
    return 0


async def work(settings: Settings, role: Role) -> None:
    """What a process does from its start on, until SIGTERM or Ctrl-C."""
    async with build(settings) as app:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, app.stop)
        await app.run(role)


async def migrate() -> int:
    """Bring the database to this version's schema. `run` does it by itself."""
    database = Database.at(load().database_url.get_secret_value())
    try:
        revision = await bring_up_to_date(database)
    finally:
        await database.close()
    console.print(f"The database is at revision {revision}.")
    return 0
