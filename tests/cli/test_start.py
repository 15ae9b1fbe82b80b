"""What a command pays before it does anything."""

import subprocess
import sys

import pytest


@pytest.mark.story
def test_a_command_does_not_pay_for_screens() -> None:
    """aiogram takes two seconds and a hundred megabytes to import: only `gatecrier run` needs it."""
    program = "import sys, gatecrier.cli.main; print('aiogram' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
