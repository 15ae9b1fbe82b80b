"""`gatecrier demo`: both main jobs, seen at work on a local Telegram, and counted afterwards."""

from gatecrier.cli.demo.command import demo

__all__ = ["demo"]
