"""`gatecrier gate`: which groups are protected, how, and who is held and why."""

from gatecrier.cli.gate import demanding, looking, steering
from gatecrier.cli.gate.arguments import app

__all__ = ["app", "demanding", "looking", "steering"]
