"""Sending words, and copying what stands somewhere."""

from gatecrier_sandbox.botapi.access import Access
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.sending import (
    LONGEST_TEXT,
    begin,
    caption,
    check_preview,
    deliver,
    deliver_shown,
    message_id,
    written,
)
from gatecrier_sandbox.entities.formatted import need_visible
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world.model import Message, Wire


@method("sendMessage")
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


@method("copyMessage")
def copy_message(call: Call) -> Wire:
    """Write again what stands somewhere, without saying where it came from."""
    words = caption(call) if "caption" in call.params.values else None
    original = _original(call)
    draft = begin(call)
    copy = draft.message
    copy.text, copy.entities, copy.content = original.text, original.entities, original.content
    if words is not None and original.is_media:
        copy.text, copy.entities = words
    return {"message_id": deliver(call, draft).message_id}


def _original(call: Call) -> Message:
    source = call.room(Access.READ, "from_chat_id")
    original = source.messages.get(message_id(call))
    if original is None:
        raise bad_request("message to copy not found")
    if original.service is not None:
        raise bad_request("the message can't be copied")
    return original
