"""Where the tests' PostgreSQL comes from: one that runs here, else a private one, else a clear word."""

import contextlib
import getpass
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from ports import free_port

BINARIES = Path("/usr/lib/postgresql")
START_SECONDS = 60


class PostgresMissing(Exception):
    """There is no PostgreSQL to test on."""

    def report(self) -> NoReturn:
        """Skip on a developer's machine; fail where CI=true: a green run must mean both databases."""
        if os.environ.get("CI") == "true":
            pytest.fail(str(self), pytrace=False)
        pytest.skip(str(self))


class Postgres:
    """A database of our own on some server; `close()` drops it, and stops the server if it is ours."""

    def __init__(
        self, host: str, port: int, user: str, *, data: Path | None = None, binaries: Path | None = None
    ):
        self.host, self.port, self._user = host, port, user
        self._data, self._binaries = data, binaries
        self._name = f"gatecrier_test_{os.getpid()}_{secrets.token_hex(3)}"
        self._psql(f"CREATE DATABASE {self._name}")

    @property
    def url(self) -> str:
        """As GATECRIER_DATABASE_URL would be."""
        return self.at(self.port)

    def at(self, port: int) -> str:
        """As `url`, by a proxy at another port of this machine."""
        host = self.host if port == self.port else "127.0.0.1"
        return f"postgresql://{self._user}@{host}:{port}/{self._name}"

    def close(self) -> None:
        self._psql(f"DROP DATABASE {self._name} WITH (FORCE)")
        if self._data and self._binaries:
            _run([str(self._binaries / "pg_ctl"), "-D", str(self._data), "-m", "immediate", "stop"])

    def _psql(self, statement: str) -> None:
        where = ["-h", self.host, "-p", str(self.port), "-U", self._user, "-d", "postgres"]
        _run([_psql_binary(), *where, "-q", "-v", "ON_ERROR_STOP=1", "-c", statement])


def find_postgres(tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    """
    The server at GATECRIER_TEST_POSTGRES (host:port:user), else one on 127.0.0.1:5432, else a private one.

    Raises:
        PostgresMissing: none runs here, and Debian's binaries are not installed.
    """
    named = os.environ.get("GATECRIER_TEST_POSTGRES")
    if named:
        host, port, user = named.split(":")
        return Postgres(host, int(port), user)
    if _psql_binary() and _listens(5432):
        for user in ("postgres", getpass.getuser()):
            with contextlib.suppress(subprocess.CalledProcessError):
                return Postgres("127.0.0.1", 5432, user)
    return _private(tmp_path_factory.mktemp("postgres"))


def _private(folder: Path) -> Postgres:
    versions = sorted(BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise PostgresMissing("No PostgreSQL runs here and none is installed: apt-get install postgresql")
    binaries, data, port = versions[-1].parent, folder / "data", free_port()
    if os.geteuid() == 0:  # initdb refuses root; Debian's package made the user postgres
        for path in (folder, *folder.parents):
            if path.stat().st_uid == 0 and path.parts[:2] == ("/", "tmp") and path != Path("/tmp"):
                path.chmod(path.stat().st_mode | 0o011)
        shutil.chown(folder, "postgres")
    _run([str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    log = str(folder / "log")
    _run(
        [
            str(binaries / "pg_ctl"),
            "-D",
            str(data),
            "-o",
            options,
            "-l",
            log,
            "-w",
            "-t",
            str(START_SECONDS),
            "start",
        ]
    )
    return Postgres("127.0.0.1", port, "postgres", data=data, binaries=binaries)


def _run(command: Sequence[str]) -> None:
    as_user: list[str] = []
    if os.geteuid() == 0 and Path(command[0]).name in ("initdb", "pg_ctl"):
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    subprocess.run(
        [*as_user, *command], check=True, capture_output=True, text=True, cwd="/", timeout=START_SECONDS
    )


def _psql_binary() -> str:
    return shutil.which("psql") or next(map(str, BINARIES.glob("*/bin/psql")), "")


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
