"""What a command prints: tables for people or JSON for programs on standard output, errors beside it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gatecrier.kernel.errors import GatecrierError
from gatecrier.kernel.telemetry import redact

Output = Annotated[Literal["table", "json"], Parameter(help="How to print the result.")]

console = Console(stderr=True)  # progress and errors; standard output holds only the result
_results = Console()


def show_json(value: Any) -> None:
    """One JSON document."""
    _results.print_json(msgspec.json.encode(value).decode())


def show_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, to: Console | None = None
) -> None:
    """Rows under headings; numbers stand right. Cells are hostile text and never read as markup."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    if not rows:
        table.caption = "nothing yet"
    (to or _results).print(table)


def show_facts(title: str, facts: Mapping[str, object], *, to: Console | None = None) -> None:
    """One thing's facts, a line each."""
    show_table(title, ("", ""), list(facts.items()), to=to)


def cell(value: object) -> str:
    """A value as a person reads it."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case timedelta():
            return str(timedelta(seconds=round(value.total_seconds())))
        case _:
            return escape("".join(letter for letter in str(value) if letter.isprintable()))


def complain(error: GatecrierError) -> None:
    """An error as a person reads it: what is wrong, where, what to do; never a secret."""
    where = f"[bold]{escape(error.field)}[/bold]: " if error.field else ""
    console.print(f"[red]✗[/red] {where}{escape(redact(error.text))}")
    if error.remedy:
        console.print(f"  {escape(redact(error.remedy))}")


def warn(text: str) -> None:
    """What is no error, and yet may not be meant."""
    console.print(f"[yellow]![/yellow] {escape(text)}")
