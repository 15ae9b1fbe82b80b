"""Subscribers by command line: what is kept, erased, imported; each exit code."""

import json
from pathlib import Path

import pytest

from gatecrier.cli.main import run_command

pytestmark = pytest.mark.database

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"
PEOPLE = "person_id,first_name,language\n11,Ann,de\n12,Bea,en\nx,Cy,en\n11,Ann,de\n"


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATECRIER_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("GATECRIER_DATABASE_URL", f"sqlite:///{tmp_path}/gatecrier.db")
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8-sig")


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    value: dict[str, object] = json.loads(capsys.readouterr().out)
    return value


def test_an_import_reports_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Findings are an exit code of their own; the lines that are right are in."""
    assert run_command(["subscriber", "import", "people.csv"]) == 6
    printed = capsys.readouterr()
    assert "accepted" in printed.out
    assert "line 4 the first column is no person's id" in printed.err
    assert run_command(["subscriber", "import", "people.csv", "--output", "json"]) == 6
    told = result(capsys)
    assert (told["accepted"], told["duplicates"], told["failed"]) == (0, 3, 1)


@pytest.mark.parametrize("content", [None, b"1,\xff,de\n"])
def test_a_file_that_cannot_be_read_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None
) -> None:
    """It is not there, or is no UTF-8."""
    if content is not None:
        (tmp_path / "bad.csv").write_bytes(content)
    assert run_command(["subscriber", "import", "bad.csv"]) == 5
    assert "UTF-8" in capsys.readouterr().err


def test_a_person_is_shown_banned_tagged_and_erased(capsys: pytest.CaptureFixture[str]) -> None:
    """From the import to the last trace; erasing has to be said twice."""
    run_command(["subscriber", "import", "people.csv"])
    assert run_command(["subscriber", "ban", "11"]) == 0
    assert run_command(["subscriber", "tag", "vip", "11", "12"]) == 0
    capsys.readouterr()
    assert run_command(["subscriber", "show", "11"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("Ann", "banned", "vip"))
    assert run_command(["subscriber", "erase", "11"]) == 5
    assert run_command(["subscriber", "erase", "11", "--yes"]) == 0
    capsys.readouterr()
    assert run_command(["subscriber", "export", "11"]) == 0
    told = result(capsys)
    assert told["subscribers"] == told["subscriber_tags"] == []
    assert "groups" in str(told["left_out"])
    assert run_command(["subscriber", "show", "99"]) == 3


def test_a_campaign_of_no_known_category_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could opt out of it in /settings."""
    monkeypatch.setenv("GATECRIER_BROADCAST__CATEGORIES", '["news"]')
    assert run_command(["campaign", "create", "News", "Hello", "--category", "offers"]) == 5
    assert "news" in capsys.readouterr().err
    assert run_command(["campaign", "create", "News", "Hello", "--category", "news", "--service"]) == 0
