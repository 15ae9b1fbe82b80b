"""Answers to inline queries and to those who call a guest bot."""

import re

from gatecrier_sandbox.botapi import inline_results
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.fields import Fields
from gatecrier_sandbox.botapi.media import keep
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import guests, inline
from gatecrier_sandbox.world.model import Wire

LONGEST_OFFSET = 64
"""Bytes."""
LONGEST_CACHE = 86_400
"""Seconds."""
START_PARAMETER = re.compile(r"[A-Za-z0-9_-]*")


@method("answerInlineQuery", missing=inline_results.MISSING)
def answer_inline_query(call: Call) -> bool:
    """Give an inline query its results, once and in time."""
    button = _button(call)
    answer = inline_results.results(call)
    if len(call.text("next_offset").encode()) > LONGEST_OFFSET:
        raise bad_request("NEXT_OFFSET_INVALID")
    asked = inline.pending(call.world, call.bot.id, call.text("inline_query_id"))
    seconds = call.params.integer("cache_time", 300, low=0, high=LONGEST_CACHE)
    keep(call, *answer.parcels)
    asked.results, asked.shown, asked.button = answer.messages, answer.shown, button
    asked.next_offset, asked.is_personal = call.text("next_offset"), call.flag("is_personal")
    asked.cached_until = call.world.clock.now() + seconds
    return True


@method("answerGuestQuery", missing=inline_results.MISSING)
def answer_guest_query(call: Call) -> Wire:
    """Write into the chat the bot was called into, though it is no member of it."""
    answer = inline_results.result(call)
    (template,) = answer.messages.values()
    query = guests.pending(call.world, call.bot.id, call.text("guest_query_id"))
    keep(call, *answer.parcels)
    message = inline.answer_as_guest(call.world, query, template)
    return {"inline_message_id": message.inline_id}


def _button(call: Call) -> Wire | None:
    """The InlineQueryResultsButton, also as it was before 6.7."""
    raw = call.text("button")
    if not raw:
        text = call.text("switch_pm_text")
        return _start_button(text, call.text("switch_pm_parameter")) if text else None
    value = decode(raw, "inline query results button")
    prefix = "can't parse inline query results button: "
    if not isinstance(value, dict):
        raise bad_request(prefix + "InlineQueryResultsButton must be an Object")
    fields = Fields(value, prefix)
    text = fields.need_text("text")
    if fields.has("start_parameter"):
        return _start_button(text, fields.text("start_parameter"))
    if not fields.has("web_app"):
        raise bad_request(prefix + "InlineQueryResultsButton must have exactly one optional field")
    app = Fields(fields.nested("web_app") or {}, prefix)
    return {"text": text, "web_app": {"url": app.need_text("url")}}


def _start_button(text: str, parameter: str) -> Wire:
    """A button that starts the bot in private."""
    problem = ""
    if not parameter:
        problem = "can't use empty start_parameter"
    elif len(parameter) > LONGEST_OFFSET:
        problem = "too long start_parameter specified"
    elif START_PARAMETER.fullmatch(parameter) is None:
        problem = "unallowed characters in start_parameter are used"
    if problem:
        raise bad_request(problem)
    return {"text": text, "start_parameter": parameter}
