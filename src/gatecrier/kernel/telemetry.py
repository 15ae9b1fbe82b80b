"""
Logs: lines for people on a terminal, JSON elsewhere, and never a token.

Every logger of the process, ours or a library's, ends in one handler; what it is about to write is
searched for bot tokens last of all, so a traceback or a URL of the HTTP client cannot leak one.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

TOKEN = re.compile(r"(?<!\d)(\d{3,20})(?::|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]+):[^/\s@]+@")

Event = MutableMapping[str, Any]


def redact(text: str) -> str:
    """The text with each bot token cut down to its public number, and passwords in URLs removed."""
    return PASSWORD_IN_URL.sub(r"\1:[redacted]@", TOKEN.sub(r"\1:[redacted]", text))


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(level: str, *, stream: TextIO | None = None) -> None:
    """
    Send every log record of the process to `stream` (standard error by default).

    Args:
        level: debug, info, warning or error.
    """
    stream = stream or sys.stderr
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_RedactingFormatter(processors=_rendering(stream), foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("pgqueuer", "aiogram", "aiosqlite", "alembic", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _rendering(stream: TextIO) -> list[structlog.types.Processor]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if stream.isatty():
        # Not rich's tracebacks: they show local variables, cut to the width, where no token is recognised.
        return [remove, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [remove, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
