"""Campaigns by command line: each command's result, and the CSV."""

import json
from pathlib import Path

import pytest

from gatecrier.cli.main import run_command

pytestmark = pytest.mark.database

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATECRIER_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("GATECRIER_DATABASE_URL", f"sqlite:///{tmp_path}/gatecrier.db")


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    value: dict[str, object] = json.loads(capsys.readouterr().out)
    return value


def test_a_draft_is_made_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """What `create` made, `list` and `show` know."""
    assert run_command(["campaign", "create", "News", "Hello", "--output", "json"]) == 0
    told = result(capsys)
    assert (told["campaign"], told["audience"], told["excluded"]) == (1, 0, {})
    assert run_command(["campaign", "list"]) == 0
    assert "News" in capsys.readouterr().out
    assert run_command(["campaign", "show", "1", "--output", "json"]) == 0
    assert result(capsys)["state"] == "draft"


def test_a_campaign_to_nobody_does_not_start(capsys: pytest.CaptureFixture[str]) -> None:
    """It would finish at once and puzzle everybody; the remedy is named."""
    run_command(["campaign", "create", "News", "Hello"])
    assert run_command(["campaign", "start", "1"]) == 5
    assert "/start" in capsys.readouterr().err


def test_a_draft_cannot_be_paused(capsys: pytest.CaptureFixture[str]) -> None:
    """The state machine answers with the state it is in, exit code 4."""
    run_command(["campaign", "create", "News", "Hello"])
    assert run_command(["campaign", "pause", "1"]) == 4
    assert "draft" in capsys.readouterr().err


def test_the_report_is_csv_in_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A header even when there are no rows yet."""
    run_command(["campaign", "create", "News", "Hello"])
    assert run_command(["campaign", "report", "1", "--to", "report.csv"]) == 0
    assert (tmp_path / "report.csv").read_text().startswith("subscriber_id,person_id,")


def test_segments_are_saved_counted_and_used(capsys: pytest.CaptureFixture[str]) -> None:
    """A name for a query, its numbers, a campaign for it; a mistake is shown with a caret."""
    assert run_command(["segment", "save", "rich", "premium and active_30d", "--output", "json"]) == 0
    assert result(capsys) == {"matching": 0, "reachable": 0}
    assert run_command(["segment", "list", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["query"] == "premium and active_30d"
    arguments = ["campaign", "create", "For them", "Hi", "--segment", 'segment "rich"', "--output", "json"]
    assert run_command(arguments) == 0
    assert run_command(["campaign", "dry-run", "1", "--output", "json"]) == 0
    capsys.readouterr()
    assert run_command(["segment", "count", "premium and"]) == 5
    assert "\npremium and\n           ^" in capsys.readouterr().err
    assert run_command(["segment", "remove", "rich"]) == 0
    assert run_command(["segment", "remove", "rich"]) == 3


def test_a_request_with_a_key_makes_one_campaign(capsys: pytest.CaptureFixture[str]) -> None:
    """A script that is run twice sends once."""
    for _ in range(2):
        assert run_command(["campaign", "create", "Hello", "Hi", "--key", "today", "--output", "json"]) == 0
        assert result(capsys)["campaign"] == 1
    assert run_command(["campaign", "create", "Hello", "Other", "--key", "today"]) == 4


def test_statistics_begin_empty(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was sent, and nothing is divided by it."""
    assert run_command(["campaign", "statistics", "--output", "json"]) == 0
    assert result(capsys)["success"] is None
