"""Campaigns by command line: each command's result, and the CSV."""

import asyncio
import json
from pathlib import Path

import pytest

from gatecrier.app import build
from gatecrier.broadcast.model import (
    Album,
    Button,
    Content,
    Copy,
    Media,
    MediaKind,
    Text,
    Variant,
    Variants,
)
from gatecrier.cli.main import run_command
from gatecrier.kernel.settings import load

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
    told = {"query": "premium and active_30d", "matching": 0, "reachable": 0}
    assert result(capsys) == told
    assert run_command(["segment", "show", "rich", "--output", "json"]) == 0
    assert result(capsys).items() >= (told | {"name": "rich", "by": "cli"}).items()
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
    assert run_command(["segment", "show", "rich"]) == 3


def test_what_is_named_like_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets and quotation marks in names and tags are text, to the terminal and to the language."""
    assert run_command(["segment", "save", 'the "[/b]" ones', 'tag "[/b]"']) == 0
    assert 'tag "[/b]"' in capsys.readouterr().out
    assert run_command(["segment", "show", 'the "[/b]" ones']) == 0
    assert 'the "[/b]" ones' in capsys.readouterr().out


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


LONG_ID = "AgACAgIAAxkBAAIBY2"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["Hi", "--pin", "--effect", "510"], Text(text="Hi", pin=True, effect="510")),
        (["Hi", "--no-link-preview"], Text(text="Hi", link_preview=False)),
        (
            ["--photo", LONG_ID, "--spoiler", "--caption-above"],
            Media(kind=MediaKind.PHOTO, file=LONG_ID, spoiler=True, above=True),
        ),
        (["Cap", "--voice", LONG_ID], Media(kind=MediaKind.VOICE, file=LONG_ID, caption="Cap")),
        (["--copy", "-1001", "7"], Copy(from_chat_id=-1001, message_id=7)),
        (["--copy", "-1001", "9", "7"], Album(from_chat_id=-1001, message_ids=(7, 9))),
        (
            ["More", "--copy", "-1001", "7", "--button", "Go=https://a.bc", "--pin"],
            Album(
                from_chat_id=-1001,
                message_ids=(7,),
                follow_up=Text(text="More", buttons=((Button(text="Go", url="https://a.bc"),),)),
                pin=True,
            ),
        ),
        (
            ["Hi", "--button", "A=copy:c=d", "--button", "B=app:https://a.bc", "--button", "C=data:x"],
            Text(
                text="Hi",
                buttons=(
                    (Button(text="A", copy="c=d"),),
                    (Button(text="B", web_app="https://a.bc"),),
                    (Button(text="C", data="x"),),
                ),
            ),
        ),
        (
            ["Hi", "--variant", "de=de.txt", "--variant", "*=de.txt", "--hold-out", "10"],
            Variants(
                variants=(
                    Variant(content=Text(text="Hi")),
                    Variant(content=Text(text="Hallo"), language="de"),
                    Variant(content=Text(text="Hallo")),
                ),
                hold_out=10,
            ),
        ),
    ],
)
async def test_what_is_said_is_what_is_made(arguments: list[str], expected: Content, tmp_path: Path) -> None:
    """Each option arrives in the campaign, and nothing else does."""
    (tmp_path / "de.txt").write_text("Hallo")
    assert await asyncio.to_thread(run_command, ["campaign", "create", "News", *arguments]) == 0
    async with build(load()) as gatecrier:
        assert (await gatecrier.broadcast.get(1)).content == expected


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["Hi", "--text-file", "x"], "--text-file"),
        (["--photo", LONG_ID, "--copy", "1", "2"], "--copy"),
        (["--copy", "1"], "--copy"),
        (["--copy", "1", "2", "3", "--button", "Go=https://a.bc"], "Give a TEXT"),
        (["Hi", "--spoiler"], "--spoiler"),
        (["Hi", "--variant", "de"], "LANG=FILE"),
        (["Hi", "--variant", "de=missing.txt"], "missing.txt"),
        (["--copy", "1", "2", "--variant", "de=missing.txt"], "no text to vary"),
        (["<b>Hi", "--parse-mode", "html"], "Line 1, column 1"),
        (["--photo", "picture.jpg"], "file_id"),
    ],
)
def test_what_cannot_be_said_is_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 5, and the option at fault."""
    assert run_command(["campaign", "create", "News", *arguments]) == 5
    assert told in capsys.readouterr().err


def test_much_markup_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """It is made all the same."""
    arguments = ["campaign", "create", "News", "<b>x</b> " * 101, "--parse-mode", "html"]
    assert run_command(arguments) == 0
    assert "first 100" in capsys.readouterr().err
