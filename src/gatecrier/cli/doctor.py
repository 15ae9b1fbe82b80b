"""`gatecrier doctor`: whether this deployment can work, who works, and what to mend if not."""

from datetime import datetime

from gatecrier.app import App, build
from gatecrier.cli.show import Output, show_json, show_table
from gatecrier.homes import lease_of
from gatecrier.kernel.errors import GatecrierError
from gatecrier.kernel.settings import load
from gatecrier.registry.instances import Instance

FINDINGS = 6


async def doctor(*, output: Output = "table") -> int:
    """Check settings, database, tokens, and which processes work. Sends nothing to anybody."""
    checks = await _checks()
    rows = [("ok" if fine else "FAIL", name, detail) for name, fine, detail in checks]
    if output == "json":
        show_json([{"name": name, "ok": fine, "detail": detail} for name, fine, detail in checks])
    else:
        show_table("Doctor", ("", "what", "found"), rows)
    return 0 if all(fine for _, fine, _ in checks) else FINDINGS


async def _processes(app: App) -> list[tuple[str, bool, str]]:
    """Who works, and whether every bot has a home where anybody works."""
    now = app.clock.now()
    alive = [one for one in await app.instances.all() if one.lives(now)]
    if not alive:
        return [("processes", True, "none runs; start one with: gatecrier run")]
    homes = await app.instances.holders()
    done = [_process(one, homes, app, now) for one in alive]
    homeless = [bot_id for bot_id in app.hosted if lease_of(bot_id) not in homes]
    remedy = "none; start a worker with: gatecrier run --role worker"
    return done + [(f"home of bot {bot_id}", False, remedy) for bot_id in homeless]


def _process(one: Instance, homes: dict[str, str], app: App, now: datetime) -> tuple[str, bool, str]:
    theirs = [str(bot_id) for bot_id in app.hosted if homes.get(lease_of(bot_id)) == one.id]
    seconds = round((now - one.seen_at).total_seconds())
    home = f"home of {', '.join(theirs) or 'no bot'}"
    told = f"{one.role}, version {one.version}, heard of {seconds} s ago, {home}"
    return f"process {one.pid} on {one.host}", True, told


async def _checks() -> list[tuple[str, bool, str]]:
    """Each check needs the one before it: the first that fails is the one to mend."""
    done: list[tuple[str, bool, str]] = []
    step = "settings and database"
    try:
        async with build(load()) as app:
            place = str(app.database)
            done.append((step, True, f"{place}, schema up to date"))
            step = "bots"
            _ = app.hosted or app.first  # says what to do when there is none
            for bot_id, hosted in app.hosted.items():
                step = f"bot {bot_id}"
                me = await hosted.check()
                done.append((step, True, f"@{me.username} at {app.settings.telegram_api_url}"))
            step = "processes"
            done += await _processes(app)
    except GatecrierError as error:
        done.append((step, False, str(error)))
    return done
