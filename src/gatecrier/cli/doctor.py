"""`gatecrier doctor`: whether this deployment can work, and what to mend if not."""

from gatecrier.app import build
from gatecrier.cli.show import Output, show_json, show_table
from gatecrier.kernel.errors import GatecrierError
from gatecrier.kernel.settings import load

FINDINGS = 6


async def doctor(*, output: Output = "table") -> int:
    """Check settings, database and token. Sends nothing to anybody."""
    checks = await _checks()
    rows = [("ok" if fine else "FAIL", name, detail) for name, fine, detail in checks]
    if output == "json":
        show_json([{"name": name, "ok": fine, "detail": detail} for name, fine, detail in checks])
    else:
        show_table("Doctor", ("", "what", "found"), rows)
    return 0 if all(fine for _, fine, _ in checks) else FINDINGS


async def _checks() -> list[tuple[str, bool, str]]:
    """Each check needs the one before it: the first that fails is the one to mend."""
    done: list[tuple[str, bool, str]] = []
    step = "settings and database"
    try:
        async with build(load()) as app:
            place = str(app.database)
            done.append((step, True, f"{place}, schema up to date"))
            step = "Telegram and token"
            me = await app.first.check()
            done.append((step, True, f"@{me.username} at {app.settings.telegram_api_url}"))
    except GatecrierError as error:
        done.append((step, False, str(error)))
    return done
