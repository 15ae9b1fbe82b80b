"""
Where Node's libraries come from: npm puts the locked ones beside the programs, once.

The lock is renewed in this folder, without addresses, by
`npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved`.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
STAMP = HERE / "node_modules" / ".installed-lock"
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
INSTALL_SECONDS = 300
OLDEST_NODE = 18
UNPLAYED = "grammY, telegraf and node-telegram-bot-api did not play"


def node() -> str:
    """
    The path of Node, with the libraries of the lock file in reach.

    Without Node, or npm to fetch them, the test is skipped with one line; where CI=true it fails: a green run
    must mean all six libraries.
    """
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None or _version(found) < OLDEST_NODE:
        _missing(f"no Node {OLDEST_NODE} or newer with npm here, so {UNPLAYED}")
    if not STAMP.exists() or STAMP.read_bytes() != LOCK.read_bytes():
        _install(npm)
    return found


def _version(binary: str) -> int:
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.lstrip("v").partition(".")[0])


def _install(npm: str) -> None:
    done = subprocess.run(
        [npm, *INSTALL], cwd=HERE, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[0]
        _missing(f"npm ci failed ({last}), so {UNPLAYED}")
    STAMP.write_bytes(LOCK.read_bytes())


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
