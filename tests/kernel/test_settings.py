"""Settings: where a value comes from, and what a wrong one says."""

from pathlib import Path

import pytest

from gatecrier.kernel.errors import Misconfigured
from gatecrier.kernel.settings import load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_environment_beats_the_files_and_the_command_line_beats_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CLI > environment > .env > gatecrier.toml > default."""
    assert load().broadcast.rate == 25
    (tmp_path / "gatecrier.toml").write_text("[broadcast]\nrate = 11\n")
    assert load().broadcast.rate == 11
    (tmp_path / ".env").write_text("GATECRIER_BROADCAST__RATE=12\n")
    assert load().broadcast.rate == 12
    monkeypatch.setenv("GATECRIER_BROADCAST__RATE", "13")
    assert load().broadcast.rate == 13
    assert load(broadcast={"rate": 14}).broadcast.rate == 14


def test_a_secret_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GATECRIER_BOT_TOKEN_FILE is read, its last newline is not part of the secret."""
    (tmp_path / "token").write_text("42:secret\n")
    monkeypatch.setenv("GATECRIER_BOT_TOKEN_FILE", str(tmp_path / "token"))
    assert load().token == "42:secret"


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong path says which variable names it."""
    monkeypatch.setenv("GATECRIER_BOT_TOKEN_FILE", "/nowhere/token")
    with pytest.raises(Misconfigured, match=r"GATECRIER_BOT_TOKEN_FILE.*/nowhere/token"):
        load()


def test_no_token_says_where_to_get_one() -> None:
    """A newcomer without a token learns of @BotFather and of the demo."""
    with pytest.raises(Misconfigured, match=r"GATECRIER_BOT_TOKEN.*BotFather.*gatecrier demo"):
        _ = load().token


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATECRIER_BROADCAST__RATE", "31"),
        ("GATECRIER_BROADCAST__RATE", "fast"),
        ("GATECRIER_LOG_LEVEL", "loud"),
        ("GATECRIER_TELEGRAM_API_URL", "api.telegram.org"),
        ("GATECRIER_ENVIRONMENT", "moon"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """Whoever set it can find it; the value itself is not repeated, it might be a secret."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(Misconfigured) as caught:
        load()
    assert caught.value.field == variable
    assert value not in str(caught.value)


def test_secrets_do_not_show_in_a_repr() -> None:
    """Printing the settings, in a log or a traceback, shows neither token nor database password."""
    shown = repr(
        load(bot_token="42:s3cr3t", webhook_secret="h00k", database_url="postgresql://me:hunter2@host/db")
    )
    assert "s3cr3t" not in shown
    assert "h00k" not in shown
    assert "hunter2" not in shown
