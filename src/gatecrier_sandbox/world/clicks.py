"""Presses of inline buttons, and the bots' answers to them."""

from gatecrier_sandbox.errors import Refused, bad_request
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import Click, Message, Wire
from gatecrier_sandbox.world.state import State

LIFETIME = 150
"""Seconds within which a press can be answered."""
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


def press(
    state: State, user_id: int, chat_id: int, message_id: int, *, data: str, text: str, force: bool
) -> Click:
    """
    Press a button: the bot that sent the message gets a callback_query.

    Raises:
        Refused: no such message or button, or the button is none that calls back.
    """
    person = state.need_person(user_id)
    room = state.room(user_id, chat_id)
    message = room.messages.get(message_id)
    if message is None:
        raise Refused("there is no such message", field="message_id", status=404)
    data = data if force else _button(message, data, text)
    bot = state.bots.get(message.bot_id)
    if bot is None:
        raise Refused("the message is not a bot's", field="message_id")
    click = Click(str(state.rng.getrandbits(62)), bot.id, person.id, state.clock.now(), chat_id)
    _forget_stale(state)
    state.clicks[click.id] = click
    query: Wire = {"id": click.id, "from": wire.user(person)}
    query["message"] = wire.message(state, room, message)
    query |= {"chat_instance": str(hash((chat_id, bot.id)) & (2**62 - 1)), "data": data}
    state.emit(bot, "callback_query", query)
    return click


def _is_stale(state: State, click: Click) -> bool:
    return click.date + LIFETIME < state.clock.now()


def _forget_stale(state: State) -> None:
    """Drop the presses nobody can answer any more; they stand in the order of their time."""
    while (oldest := next(iter(state.clicks.values()), None)) and _is_stale(state, oldest):
        del state.clicks[oldest.id]


def _button(message: Message, data: str, text: str) -> str:
    """The data of the button that has this data, or this text."""
    for button in _buttons(message):
        if (data and button.get("callback_data") == data) or (text and button.get("text") == text):
            if "callback_data" not in button:
                raise Refused("this button calls nobody back", field="text")
            return str(button["callback_data"])
    raise Refused("there is no such button", field="data" if data else "text", status=404)


def _buttons(message: Message) -> list[Wire]:
    rows = (message.markup or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row] if isinstance(rows, list) else []


def answer(state: State, bot_id: int, query_id: str, *, text: str, show_alert: bool, url: str) -> None:
    """
    Give a press its answer, once, and in time.

    Raises:
        ApiError: 400 unknown, another bot's, answered before, or older than `LIFETIME` seconds.
    """
    click = state.clicks.get(query_id)
    if click is None or click.bot_id != bot_id or click.answered or _is_stale(state, click):
        raise bad_request(TOO_OLD)
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    click.answered, click.text, click.show_alert, click.url = True, text, show_alert, url
