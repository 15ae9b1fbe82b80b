"""Commands given nonsense: each says what is wrong and what to do, and leaves with its exit code."""

from pathlib import Path

import pytest

from gatecrier.cli.main import run_command

pytestmark = pytest.mark.database

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("GATECRIER_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("GATECRIER_DATABASE_URL", f"sqlite:///{tmp_path}/gatecrier.db")
    monkeypatch.setenv("GATECRIER_TELEGRAM_API_URL", "http://127.0.0.1:1")


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_no_token(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer is told where tokens come from and how to try without one."""
    monkeypatch.delenv("GATECRIER_BOT_TOKEN")
    assert run_command(["run"]) == 1
    text = said(capsys)
    assert "GATECRIER_BOT_TOKEN" in text
    assert "@BotFather" in text
    assert "gatecrier demo" in text


def test_a_token_that_is_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A malformed token is refused before anything is opened, and not repeated."""
    monkeypatch.setenv("GATECRIER_BOT_TOKEN", "hunter2-is-no-token")
    assert run_command(["run"]) == 1
    text = said(capsys)
    assert "GATECRIER_BOT_TOKEN" in text
    assert "hunter2" not in text


def test_a_database_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is named, and what to do."""
    monkeypatch.setenv("GATECRIER_DATABASE_URL", "sqlite:////nowhere/at/all.db")
    assert run_command(["run"]) == 1
    text = said(capsys)
    assert "/nowhere/at/all.db cannot be written" in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["campaign", "show", "7"], 3, ["campaign 7"]),
        (["campaign", "start", "7"], 3, ["campaign 7"]),
        (["campaign", "create", "News"], 5, ["--text-file"]),
        (["campaign", "create", "News", "x" * 5000], 5, ["4096"]),
        (["campaign", "create", "News", "Hi", "--button", "no url"], 5, ["Label=https"]),
        (["demo", "--subscribers", "1"], 5, ["--subscribers"]),
        (["campaign", "frobnicate"], 2, ["frobnicate"]),
        (["campaign", "show", "seven"], 2, ["seven"]),
    ],
)
def test_arguments_that_make_no_sense(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: list[str]
) -> None:
    """The exit code is the contract; the sentence holds what a person needs to mend it."""
    assert run_command(arguments) == code
    text = said(capsys).lower()
    for word in words:
        assert word.lower() in text


@pytest.mark.story
def test_an_address_where_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Unreachable is "try later", and shows which address was asked, without the token."""
    assert run_command(["run"]) == 75
    text = said(capsys)
    assert "http://127.0.0.1:1" in text
    assert TOKEN.partition(":")[2] not in text


def test_config_show_hides_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Settings can be pasted into a question without giving anything away."""
    assert run_command(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert "GATECRIER_BROADCAST__RATE" in shown
    assert TOKEN.partition(":")[2] not in shown
