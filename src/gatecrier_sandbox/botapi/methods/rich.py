"""Sending rich messages: text with headings, lists, tables and media."""

from gatecrier_sandbox.botapi import media, rich_messages
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.sending import admit, arrive, begin
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import Wire

MISSING = (
    "business_connection_id",
    "direct_messages_topic_id",
    "suggested_post_parameters",
    "presses of buttons inside of the message",
    "the tags tg-button-row and tg-button",
    "Telegram's own texts for broken html and markdown",
)


@method("sendRichMessage", missing=MISSING)
def send_rich_message(call: Call) -> Wire:
    """Show a rich message."""
    written = rich_messages.read(call)
    draft = begin(call)
    rich_messages.check_rights(call, draft.room, written)
    carried = rich_messages.loaded(call, written)
    draft.message.content = carried.content
    admit(call, draft)
    media.keep(call, *carried.parcels)
    return wire.message(call.world, draft.room, arrive(call, draft))
