"""`gatecrier bot …`: the bots of this deployment, besides the one of GATECRIER_BOT_TOKEN."""

import sys

import cyclopts

from gatecrier.app import build
from gatecrier.cli.show import Output, console, show_json, show_table
from gatecrier.homes import lease_of
from gatecrier.kernel.errors import Misconfigured
from gatecrier.kernel.settings import load
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.token import bot_id_of

app = cyclopts.App(name="bot", help="The bots that this deployment hosts.")

ACTOR = "cli"


@app.command
async def add() -> int:
    """Host a bot: its token is read from standard input, so that no shell remembers it."""
    if sys.stdin.isatty():
        console.print("Paste the token from @BotFather, then press Enter:")
    token = sys.stdin.readline().strip()
    _ = bot_id_of(token)  # before anything else: what was pasted may be anything
    async with build(load()) as gatecrier:
        me = await Bot(token, gatecrier.gateway).get_me()
        record = await gatecrier.bots.add(token, username=me.username, actor=ACTOR)
    console.print(
        f"@{record.username} ({record.id}) is hosted; running processes take it up within ten seconds."
    )
    return 0


@app.command(name="list")
async def list_(*, output: Output = "table") -> int:
    """Every bot, and which process is its home."""
    async with build(load()) as gatecrier:
        added = {record.id: record for record in await gatecrier.bots.list()}
        homes = await gatecrier.instances.holders()
        rows = []
        for bot_id in sorted(gatecrier.hosted):
            home = homes.get(lease_of(bot_id), "")
            record = added.get(bot_id)
            name = f"@{record.username}" if record else ""
            rows.append((bot_id, name, "added" if record else "GATECRIER_BOT_TOKEN", home))
    if output == "json":
        show_json([dict(zip(("id", "username", "from", "home"), row, strict=True)) for row in rows])
    else:
        shown = [(str(id_), name, origin, home or "nobody works") for id_, name, origin, home in rows]
        show_table("Bots", ("id", "name", "from", "home"), shown)
    return 0


@app.command
async def remove(bot_id: int) -> int:
    """Host a bot no longer; what is known of its people and groups stays."""
    settings = load()
    if settings.bot_token and bot_id == bot_id_of(settings.token):
        raise Misconfigured(
            "This bot is hosted because its token is set.",
            remedy="Take the token out of the settings.",
            field="GATECRIER_BOT_TOKEN",
        )
    async with build(settings) as gatecrier:
        await gatecrier.bots.remove(bot_id, actor=ACTOR)
    console.print(f"Bot {bot_id} is not hosted any more; running processes let it go within ten seconds.")
    return 0
