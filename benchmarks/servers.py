"""The far side: server processes of our own, pinned to the other core, and the CPU time they take."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import pin

ADDRESS = re.compile(r"http://[\d.]+:\d+")
RESPONDER = ("benchmarks.responder",)
TRAFFIC = "benchmarks.traffic"
GATEHOUSE = "benchmarks.gatehouse"
SANDBOX = ("gatecrier_sandbox", "--port", "0", "--no-limits")


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    url: str
    process: "subprocess.Popen[str]"
    core: int | None

    @property
    def process_id(self) -> int:
        """As the system counts."""
        return self.process.pid

    def ask(self, question: str) -> str:
        """
        A line to its standard input, and the line that it answers.

        Raises:
            RuntimeError: it is gone, and what it said last.
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("no pipes")
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.startswith("{"):
            raise RuntimeError(f"{self.url} answered: {answer.strip() or 'nothing'}")
        return answer

    @property
    def tells_cpu(self) -> bool:
        """Whether `cpu` works here."""
        return Path(f"/proc/{self.process_id}/schedstat").exists()

    def cpu(self) -> float:
        """CPU seconds taken so far, by all its threads; Linux tells them by the nanosecond."""
        threads = Path(f"/proc/{self.process_id}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def most_memory(self) -> int:
        """Bytes of memory it had at its largest; Linux only."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10


@contextmanager
def serving(module: tuple[str, ...], core: int | None) -> Iterator[Server]:
    """
    Run `python -m module` until the block ends; it says its address in its first line.

    Raises:
        RuntimeError: it said something else.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        pin(process.pid, core)
        line = process.stdout.readline() if process.stdout else ""
        address = ADDRESS.search(line)
        if address is None:
            raise RuntimeError(f"{module[0]} did not start: {line.strip() or 'it said nothing'}")
        yield Server(address[0], process, core)
    finally:
        process.terminate()
        process.communicate(timeout=10)
