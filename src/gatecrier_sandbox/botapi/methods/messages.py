"""Sending words."""

from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.sending import (
    LONGEST_TEXT,
    UNSUPPORTED,
    begin,
    check_preview,
    deliver_shown,
    written,
)
from gatecrier_sandbox.entities.formatted import need_visible
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world.model import Wire


@method("sendMessage", missing=UNSUPPORTED)
def send_message(call: Call) -> Wire:
    """Write a text into a chat."""
    check_preview(call)
    raw = call.text("text")
    if not raw:
        raise bad_request("message text is empty")
    text, entities = written(call, raw, "parse_mode", "entities")
    draft = begin(call)
    need_visible(text)
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    draft.message.text, draft.message.entities = text, entities
    return deliver_shown(call, draft)
