"""A glance settles only what all of the update would settle the same way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecrier.telegram.glance import nobody, passed
from gatecrier.telegram.updates import decode
from make import make_update

GROUP = -1001234567890
PLAIN: dict[str, Any] = {
    "message_id": 1,
    "date": 1,
    "chat": {"id": GROUP, "type": "supergroup"},
    "from": {"id": 7, "is_bot": False, "first_name": "Ada"},
    "text": "hello",
}


def everybody(chat_id: int, person_id: int) -> bool:
    return (chat_id, person_id) == (GROUP, 7)


def body(kind: str = "message", **fields: Any) -> bytes:
    message = {name: value for name, value in (PLAIN | fields).items() if value is not None}
    return json.dumps({"update_id": 5, kind: message}).encode()


@pytest.mark.parametrize("kind", ["message", "edited_message"])
def test_a_plain_message_of_somebody_known_passes(kind: str) -> None:
    """New or edited, text or picture: its number is all that is needed."""
    assert passed(body(kind), everybody) == 5
    assert passed(body(kind, text=None, photo=[{"file_id": "x"}]), everybody) == 5
    assert passed(body(kind, text="\u043f\u0440\u0438\u0432\u0435\u0442"), everybody) == 5
    assert passed(body(kind), nobody) is None


SPECIAL = [
    {"text": "/protect @news"},
    {"sender_chat": {"id": -5, "type": "channel"}},
    {"guest_bot_caller_user": {"id": 8, "is_bot": False, "first_name": "Ben"}},
    {"is_automatic_forward": True},
    {"from": None},
    {"from": {"id": 7, "is_bot": True, "first_name": "Bot"}},
    {"chat": {"id": 7, "type": "private"}},
    {"text": None},
    {"text": None, "new_chat_members": [{"id": 8, "is_bot": False, "first_name": "Ben"}]},
    {"text": None, "migrate_to_chat_id": -100},
    {"text": None, "poll": {"id": "1"}},
    {"text": 5, "chat": "x"},
]


@pytest.mark.parametrize("fields", SPECIAL)
def test_whatever_is_special_is_decoded_whole(fields: dict[str, Any]) -> None:
    """Attack 18: a channel, a guest, a bot, a command, a service message do not pass at a glance."""
    assert passed(body(**fields), everybody) is None


@pytest.mark.parametrize("text", [b'"/x"', b'"\\/x"', b'"\\u002fx"', b'"\\u002Fx"'])
def test_a_slash_is_seen_however_it_is_written(text: bytes) -> None:
    """JSON has four ways to begin a command."""
    assert passed(body().replace(b'"hello"', text), everybody) is None


@given(st.text(min_size=1), st.booleans())
def test_no_text_hides_a_command(text: str, ascii_only: bool) -> None:
    """Whatever passes at a glance is no command when decoded whole."""
    entity = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    message = PLAIN | {"text": text, "entities": entity}
    try:
        raw = json.dumps({"update_id": 5, "message": message}, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no JSON in UTF-8
    if passed(raw, everybody) is not None:
        whole = decode(raw).message
        assert whole is not None
        assert not whole.text.startswith("/")


def test_other_updates_are_not_glanced_at() -> None:
    """Presses, changes of members, private messages, and what is no update at all."""
    assert passed(make_update(1).body, everybody) is None
    assert passed(b'{"update_id": 1, "callback_query": {"id": "1"}}', everybody) is None
    assert passed(b"[]", everybody) is None
    assert passed(b"\xff", everybody) is None
