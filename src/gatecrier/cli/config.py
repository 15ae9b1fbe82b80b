"""`gatecrier config`: what the settings are now."""

import cyclopts
from pydantic import BaseModel, SecretStr

from gatecrier.cli.show import Output, show_json, show_table
from gatecrier.kernel.settings import PREFIX, load

app = cyclopts.App(name="config", help="Show the settings this process would run with.")


@app.command
def show(*, output: Output = "table") -> int:
    """Print every setting with its variable; secrets only as set or not set."""
    rows = list(_rows(load(), PREFIX))
    if output == "json":
        show_json(dict(rows))
    else:
        show_table("Settings", ("variable", "value"), rows)
    return 0


def _rows(settings: BaseModel, prefix: str) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            rows += _rows(value, f"{prefix}{name.upper()}__")
        elif isinstance(value, SecretStr):
            rows.append((f"{prefix}{name.upper()}", "(set)" if value.get_secret_value() else "(not set)"))
        else:
            rows.append((f"{prefix}{name.upper()}", value if value is not None else "(not set)"))
    return rows
