"""
Every error text of the Bot API that we know of, and what it means.

error_texts.txt is copied from facts/botapi.md §1 to §7, facts/broadcasting.md §3.2 and facts/gate.md
§3, which cite tdlib/telegram-bot-api and tdlib/td; its last lines quote content that reads like another
error. BALANCE_TOO_LOW is from core.telegram.org/api/errors. A line: method | status | text | class | code.
"""

import re
from pathlib import Path

import pytest

from gatecrier.kernel import errors
from gatecrier.telegram.translate import BEGINNINGS, MEANINGS, Meaning, Parameters, row_of, translate

TEXTS = Path(__file__).with_name("error_texts.txt").read_text(encoding="utf-8")
TABLE = (*BEGINNINGS, *MEANINGS)
ROWS = [[cell.strip() for cell in line.split(" | ")] for line in TEXTS.splitlines()]


def test_every_known_text_has_its_meaning() -> None:
    """What Telegram says becomes what the caller does next; only the unheard-of falls through."""
    wrong = []
    for method, status, text, kind, code in ROWS:
        error = translate(method, int(status), text)
        if (type(error).__name__, error.code) != (kind, code):
            wrong.append(f"{method} {text}: {type(error).__name__} {error.code}, not {kind} {code}")
    assert len(ROWS) > 200
    assert wrong == []


def test_only_unseen_texts_reach_the_catch_all() -> None:
    """A known text that is not in the table would hide as "unknown"."""
    fallen = [
        text for _, _, text, _, code in ROWS if code.startswith("unknown_4") and "nobody has seen" not in text
    ]
    assert fallen == [""]


def test_every_row_of_the_table_is_reached_by_a_known_text() -> None:
    """No row is dead: none stands behind another that catches its texts."""
    reached = {
        row_of(re.sub(r"^(bad request|forbidden|conflict): ", "", text.lower())) for _, _, text, _, _ in ROWS
    }
    assert set(TABLE) - reached == set()


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.error is errors.PeerGone], ids=lambda row: row.code
)
def test_nothing_that_is_quoted_suppresses_anybody(row: Meaning) -> None:
    """A fact about a person or chat is a text of its own, never a part of one, however unheard of."""
    for text in (
        f'Bad Request: something new about "{row.needle}"',
        f"Bad Request: URL '{row.needle}' is new",
    ):
        assert not isinstance(translate("sendMessage", 400, text), errors.PeerGone)


FACTS_OF_TWO_CHATS = [
    ("copyMessage", 5, "Bad Request: chat not found", errors.NotFound, "some_chat_not_found"),
    ("forwardMessages", -5, "Bad Request: chat not found", errors.NotFound, "some_chat_not_found"),
    ("sendMessage", 5, "Bad Request: chat not found", errors.PeerGone, "chat_not_found"),
    (
        "copyMessage",
        5,
        "Forbidden: bot was kicked from the channel chat",
        errors.Misconfigured,
        "source_lost",
    ),
    (
        "forwardMessage",
        5,
        "Forbidden: bot is not a member of the channel chat",
        errors.Misconfigured,
        "source_lost",
    ),
    ("copyMessages", 5, "Forbidden: the group chat was deleted", errors.Misconfigured, "source_lost"),
    (
        "copyMessage",
        5,
        "Bad Request: group chat was upgraded to a supergroup chat",
        errors.Misconfigured,
        "source_lost",
    ),
    ("copyMessage", -5, "Forbidden: bot was kicked from the group chat", errors.PeerGone, "kicked"),
    ("copyMessage", "@news", "Forbidden: bot was kicked from the channel chat", errors.PeerGone, "kicked"),
    ("copyMessage", 5, "Forbidden: bot was blocked by the user", errors.PeerGone, "blocked"),
]


@pytest.mark.parametrize(("method", "chat", "text", "kind", "code"), FACTS_OF_TWO_CHATS)
def test_a_copy_blames_its_recipient_only_for_what_can_be_theirs(
    method: str, chat: int | str, text: str, kind: type[errors.GatecrierError], code: str
) -> None:
    """Nobody can be kicked by a person: it is the source that is lost; "not found" may be either."""
    error = translate(method, 400, text, chat=chat)
    assert (type(error), error.code) == (kind, code)


def test_a_code_has_one_meaning() -> None:
    """Whoever groups errors by code mixes nothing: one code, one class for sends, one for the rest."""
    meanings: dict[str, set[tuple[object, object]]] = {}
    for row in TABLE:
        meanings.setdefault(row.code, set()).add((row.error, row.otherwise or row.error))
    assert {code for code, classes in meanings.items() if len(classes) > 1} == set()


def test_only_blocked_and_deactivated_are_for_good() -> None:
    """An unknown 403 carries its own code, so that no transient one unsubscribes anybody."""
    for_good = {row.code for row in TABLE if row.error is errors.PeerGone} - {"cannot_write_to_person"}
    assert translate("sendMessage", 403, "Forbidden: new").code not in for_good


def test_a_migration_says_where_to() -> None:
    """The new id travels with the error: follow it once."""
    error = translate(
        "sendMessage",
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        Parameters(migrate_to_chat_id=-100777),
    )
    assert isinstance(error, errors.PeerGone)
    assert error.migrate_to == -100777


@pytest.mark.parametrize(("told", "waits"), [(7, 7), (None, 1), (0, 1)])
def test_a_429_says_how_long(told: int | None, waits: int) -> None:
    """Seconds as told; one when Telegram says nothing."""
    error = translate("sendMessage", 429, "Too Many Requests", Parameters(retry_after=told))
    assert isinstance(error, errors.TryLater)
    assert error.retry_after == waits


def test_an_operator_is_told_what_to_do() -> None:
    """A misconfiguration comes with its remedy; its text is Telegram's without the prefix."""
    error = translate("getMe", 401, "Unauthorized: invalid token specified")
    assert "GATECRIER_BOT_TOKEN" in error.remedy
    assert error.text == "invalid token specified"


def test_a_long_text_is_cut() -> None:
    """Ledgers keep these texts by the million."""
    assert len(translate("sendMessage", 400, "x" * 5000).text) <= 300
