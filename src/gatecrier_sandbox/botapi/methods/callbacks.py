"""Answers to presses of inline buttons."""

from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.world import clicks


@method("answerCallbackQuery", missing=("cache_time: every press reaches the bot", "URLs of games"))
def answer_callback_query(call: Call) -> bool:
    """Answer a press, once and in time."""
    clicks.answer(
        call.world,
        call.bot.id,
        call.text("callback_query_id"),
        text=call.text("text"),
        show_alert=call.flag("show_alert"),
        url=call.text("url"),
    )
    return True
