"""A stage with its own copy of a migrated file."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gate_world.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Stage]:
    """Nobody and nothing yet but the bot."""
    stage = Stage(Path(shutil.copy(migrated_file, tmp_path / "stage.db")))
    await stage.open()
    yield stage
    await stage.close()
