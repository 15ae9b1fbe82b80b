"""`gatecrier gate` against a sandbox: each command as an operator types it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gatecrier.cli.main import run_command
from journeys.serving import Served, served

pytestmark = pytest.mark.story


@dataclass
class Shell:
    """A terminal, and the sandbox behind it."""

    sandbox: Served
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        assert run_command(["gate", *arguments, "--output", "json"]) == 0
        return json.loads(self.capsys.readouterr().out)

    def fail(self, *arguments: str) -> tuple[int, str]:
        """The exit code of a command, and what it complains of."""
        self.capsys.readouterr()
        code = run_command(["gate", *arguments])
        return code, " ".join(self.capsys.readouterr().err.split())


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    with served() as sandbox:
        monkeypatch.setenv("GATECRIER_BOT_TOKEN", sandbox.token)
        monkeypatch.setenv("GATECRIER_TELEGRAM_API_URL", sandbox.url)
        monkeypatch.setenv("GATECRIER_DATABASE_URL", f"sqlite:///{tmp_path}/gatecrier.db")
        yield Shell(sandbox, capsys)


def test_a_day_of_an_operator(shell: Shell) -> None:
    """Protect, look, choose, exempt, try another policy, and give it all up again."""
    group = str(shell.sandbox.group)
    assert shell.run("protect", group, "@daily", "or", "@weekly")["required"] == "one of @daily, @weekly"
    (listed,) = shell.run("list")
    assert (listed["group"], listed["state"], listed["held"]) == (shell.sandbox.group, "enforce", 0)
    assert shell.run("set", group, "grace", "600") == {"grace": 600}
    assert shell.run("options", group)["grace"] == 600
    assert shell.run("show", group)["option grace"] == 600
    assert shell.run("template", group, "en", "{people}: {channels}") == {"en": "{people}: {channels}"}
    assert shell.run("exempt", group, "7", "--until", "2099-01-01")["subject"] == "7"
    assert [row["subject"] for row in shell.run("exemptions", group)] == ["7"]
    assert shell.run("unexempt", group, "7")["subject"] == "7"
    assert shell.run("simulate", group, "@daily")["seen"] == 0
    assert shell.run("doctor")["findings"] == []
    assert shell.run("why", group, "7")["verdict"] == "may write for now: in a period of grace"
    assert shell.run("mode", group, "observe")["mode"] == "observe"
    assert [row["action"] for row in shell.run("log", group)][-1] == "gate.protect"
    assert shell.run("unprotect", group, "@weekly")["required"] == "@daily"
    assert shell.run("unprotect", group)["required"] == ""


WRONG = [
    (("show", "GROUP"), 3, "not protected"),
    (("protect", "GROUP", "@nowhere"), 3, "no channel @nowhere"),
    (("protect", "GROUP", "2 of", "@daily"), 5, "2 of 1"),
    (("protect", "GROUP"), 5, "Which channel"),
    (("protect", "-1001999999999", "@daily"), 3, "-1001999999999"),
    (("release", "GROUP"), 3, "hold nobody"),
    (("set", "GROUP", "grace", "1"), 3, "not protected"),
    (("exempt", "GROUP", "@name"), 3, "not protected"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG)
def test_what_is_wrong_is_said(shell: Shell, arguments: tuple[str, ...], code: int, words: str) -> None:
    """Each with the exit code of the contract."""
    given = [str(shell.sandbox.group) if each == "GROUP" else each for each in arguments]
    found, text = shell.fail(*given)
    assert found == code
    assert words in text


def test_findings_have_an_exit_code_of_their_own(shell: Shell) -> None:
    """Monitoring may call the doctor: 6 is not an error of ours."""
    group = str(shell.sandbox.group)
    shell.run("protect", group, "@daily")
    shell.sandbox.demote()
    code, text = shell.fail("doctor")
    assert code == 6
    assert "Ban users" in text
