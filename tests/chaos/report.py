"""What a run under fire did, and whether what must hold held: tables, and the seed that plays it again."""

import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Report:
    """
    Of one run.

    Args:
        seed: Plays the same faults again, as far as a machine does anything twice.
    """

    title: str
    seed: int
    began: float = field(default_factory=time.time)
    faults: list[tuple[float, str]] = field(default_factory=list)
    laws: list[tuple[str, bool, str]] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """One more fault, now."""
        self.faults.append((time.time() - self.began, text))

    def at(self, moment: float) -> float:
        """Seconds since the run began, of a moment in Unix seconds."""
        return moment - self.began

    def law(self, name: str, holds: bool, detail: str) -> None:
        """Whether something that must hold holds, and the figures."""
        self.laws.append((name, holds, detail))

    @property
    def broken(self) -> list[str]:
        """The laws that do not hold."""
        return [f"{name}: {detail}" for name, holds, detail in self.laws if not holds]

    def show(self) -> None:
        """To the terminal."""
        console = Console()
        seconds = time.time() - self.began
        console.print(f"\n[bold]{self.title}[/bold] · seed {self.seed} · {seconds:.0f} s")
        faults = Table("at", "fault", box=None)
        for at, text in self.faults:
            faults.add_row(f"{at:6.1f} s", text)
        console.print(faults)
        laws = Table("", "what must hold", "found", box=None)
        for name, holds, detail in self.laws:
            laws.add_row("ok" if holds else "BROKEN", name, detail)
        console.print(laws)
