"""Texts: what a person reads of facts and errors."""

from datetime import UTC, datetime

import pytest

from gatecrier.bot import refusals, screens
from gatecrier.gate.model import Cause, Channel, Gate, GateStatus, Mode, Suspension, Unprotected
from gatecrier.gate.policy import InChannel
from gatecrier.kernel.errors import Refused

NEWS = Channel(id=-1, title="News <3", username="", join_url="https://t.me/+abc")
MORE = Channel(id=-2, title="More", username="more", join_url="https://t.me/more")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def make_gate(**fields: object) -> Gate:
    defaults = {
        "chat_id": -5, "bot_id": 1, "title": "Group", "mode": Mode.ENFORCE,
        "policy": InChannel(-1), "channels": (NEWS,), "created_at": NOON,
    }  # fmt: skip
    return Gate(**{**defaults, **fields})  # type: ignore[arg-type]


def test_status_escapes_titles_and_shows_a_suspension() -> None:
    """A channel's title is hostile text; why a gate does not act is said."""
    suspension = Suspension(cause=Cause.CHANNEL, since=NOON, channel_id=-1)
    text = screens.status(GateStatus(gate=make_gate(suspension=suspension), held=3))
    assert "News &lt;3" in text
    assert "Held now</b>: 3" in text
    assert "belongs to \u2068News &lt;3\u2069" in text


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (
            Unprotected(gate=None, removed=(NEWS,), freed=1, waiting=0),
            ["nothing any more", "1 person is free"],
        ),
        (Unprotected(gate=None, removed=(NEWS,), freed=3, waiting=2), ["3 people are free", "2 more"]),
        (
            Unprotected(gate=make_gate(), removed=(MORE,), freed=0, waiting=0),
            ["@more</a> is no longer required", "News &lt;3</a>\u2069 still is"],
        ),
    ],
)
def test_unprotect_says_what_is_left_and_who_is_free(done: Unprotected, words: list[str]) -> None:
    """The admin sees the whole effect of the command."""
    text = screens.unprotected(done)
    for word in words:
        assert word in text


def test_a_refusal_is_two_lines() -> None:
    """What is wrong, then what to do, both escaped."""
    assert refusals.refused(Refused("<no>", remedy="do & try")) == "&lt;no&gt;\ndo &amp; try"
