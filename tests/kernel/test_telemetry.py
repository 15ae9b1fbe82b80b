"""Logs: their form, and that no secret gets into them."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gatecrier.kernel.telemetry import configure, redact

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("info", stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_off_a_terminal_is_json(stream: io.StringIO) -> None:
    """Machines read logs: each line is one object with event, level, logger and time."""
    structlog.get_logger("gatecrier.test").info("campaign.started", campaign=4)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["campaign"], line["level"]) == ("campaign.started", 4, "info")
    assert line["timestamp"].endswith("Z")


def test_no_logger_writes_a_token(stream: io.StringIO) -> None:
    """Ours, a library's, its arguments, a traceback: the token is cut wherever it stands."""
    structlog.get_logger("gatecrier.test").info("call", url=f"https://host/bot{TOKEN}/getMe")
    logging.getLogger("aiohttp.client").warning("GET /bot%s/getMe", TOKEN)
    error = RuntimeError(f"cannot reach http://host/bot{TOKEN}/getMe")
    logging.getLogger("httpx").error("failed", exc_info=error)
    written = stream.getvalue()
    assert written.count("[redacted]") >= 3
    assert TOKEN.partition(":")[2] not in written


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_traceback_on_a_terminal_shows_no_local_variables() -> None:
    """A variable cut to the terminal's width would hide from the search for tokens."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = Terminal()
    configure("info", stream=stream)
    try:
        url = "https://host/" + "x" * 60 + f"/bot{TOKEN}/sendMessage"
        try:
            url.index("nothing like it")
        except ValueError:
            structlog.get_logger("gatecrier.test").exception("failed")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    assert "ValueError" in stream.getvalue()
    assert TOKEN.partition(":")[2][:8] not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"/bot{TOKEN}/getMe", "/bot123456789:[redacted]/getMe"),
        ("postgresql://me:hunter2@host/db", "postgresql://me:[redacted]@host/db"),
        ("at 12:30:59 nothing happens", "at 12:30:59 nothing happens"),
    ],
)
def test_redaction_cuts_secrets_and_nothing_else(text: str, expected: str) -> None:
    """What identifies the bot stays readable, what opens it goes."""
    assert redact(text) == expected
