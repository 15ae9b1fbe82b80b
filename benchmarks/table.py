"""The table, and the machine it was made on."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Ratio, Row

WIDTH = 150
"""Columns where the output is no terminal: a wrapped table is hard to read."""
COLOURS = {"ok": "green", "below": "red", "above": "red", "": ""}


def machine() -> str:
    """What it ran on, in one line."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} × {model or platform.processor()}, {system}"


def show(rows: Sequence[Row]) -> None:
    """Print all rows, a line between groups."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    table = Table(title=f"CPU µs per operation, on {machine()}", title_justify="left")
    table.add_column("what")
    table.add_column("ours µs", justify="right")
    table.add_column("peer")
    table.add_column("peer µs", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("budget", justify="right")
    table.add_column("verdict")
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        table.add_row(
            row.what + (f" ({row.note})" if row.note else ""),
            _number(row.ours),
            row.peer,
            _number(row.theirs),
            _ratio(row),
            _budget(row),
            row.verdict,
            style=COLOURS[row.verdict],
            end_section=following is None or following.group != row.group,
        )
    console.print(table)
    console.print("× less: peer ÷ ours, more is better. × as much: ours ÷ peer, less is better.")


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _ratio(row: Row) -> str:
    return f"{row.ratio:.1f} × less" if row.reads is Ratio.CHEAPER else f"{row.ratio:.2f} × as much"


def _budget(row: Row) -> str:
    if row.budget is None:
        return "–"
    return f"{'≥' if row.reads is Ratio.CHEAPER else '≤'} {row.budget:g} ×"
