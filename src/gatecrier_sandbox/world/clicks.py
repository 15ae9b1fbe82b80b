"""Presses of inline buttons, and the bots' answers to them."""

from gatecrier_sandbox.errors import Refused, bad_request
from gatecrier_sandbox.world import ephemerals, wire
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.model import Chat, Click, Message, Room, Wire
from gatecrier_sandbox.world.state import State

LIFETIME = 150
"""Seconds within which a press can be answered."""
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


def press(
    state: State,
    user_id: int,
    chat_id: int,
    message_id: int,
    *,
    ephemeral_message_id: int = 0,
    data: str,
    text: str,
    force: bool,
) -> Click:
    """
    Press a button: the bot that sent the message, or through which it was sent, gets a callback_query.

    Args:
        ephemeral_message_id: the button stands under this ephemeral message; `message_id` is 0 then.
    Raises:
        Refused: no such message or button, or the button is none that calls back.
    """
    person = state.need_person(user_id)
    room = state.room(user_id, chat_id)
    message = _pressed(state, room, user_id, message_id, ephemeral_message_id)
    data = data if force else _button(message, data, text)
    bot = state.bots.get(message.bot_id or message.via_bot_id)
    if bot is None:
        raise Refused("the message is not a bot's", field="message_id")
    click = Click(str(state.rng.getrandbits(62)), bot.id, person.id, state.clock.now(), chat_id)
    click.message_id = 0 if message.receiver_id else message.message_id
    _forget_stale(state)
    state.clicks[click.id] = click
    query: Wire = {"id": click.id, "from": wire.user(person)}
    if message.inline_id:
        query["inline_message_id"] = message.inline_id
    else:
        query["message"] = wire.message(state, room, message)
    query |= {"chat_instance": str(hash((chat_id, bot.id)) & (2**62 - 1)), "data": data}
    state.emit(bot, "callback_query", query)
    _tell(state, click)
    return click


def _tell(state: State, click: Click) -> None:
    """Let those who watch know that a button was pressed, or the press answered."""
    if state.feed.watches:
        where = {"chat_id": click.chat_id, "bot_id": click.bot_id, "message_id": click.message_id}
        state.feed.publish(Event("click", person_id=click.user_id, **where))


def _pressed(state: State, room: Room, user_id: int, message_id: int, ephemeral_message_id: int) -> Message:
    """The message the person sees there; an ephemeral one only its receiver."""
    message = room.messages.get(message_id)
    if ephemeral_message_id:
        message = ephemerals.find(state, room, ephemeral_message_id) if isinstance(room, Chat) else None
    if message is None or (message.receiver_id and message.receiver_id != user_id):
        raise Refused("there is no such message", field="message_id", status=404)
    return message


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
    under = [button for row in rows for button in row] if isinstance(rows, list) else []
    return [*under, *_within((message.content or {}).get("rich_message"))]


def _within(part: object) -> list[Wire]:
    """The buttons inside of an article, however deep."""
    if isinstance(part, list):
        return [button for one in part for button in _within(one)]
    if not isinstance(part, dict):
        return []
    return [part] if "callback_data" in part else [one for value in part.values() for one in _within(value)]


def answer(state: State, bot_id: int, query_id: str, *, text: str, show_alert: bool, url: str) -> None:
    """
    Give a press its answer, once, and in time.

    Raises:
        ApiError: 400 unknown, another bot's, answered before, or older than `LIFETIME` seconds; or a `url`
            that does not open this bot with a parameter.
    """
    click = state.clicks.get(query_id)
    if click is None or click.bot_id != bot_id or click.answered or _is_stale(state, click):
        raise bad_request(TOO_OLD)
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not _opens(state.people[bot_id].username, url):
        raise bad_request("URL_INVALID")
    click.answered, click.text, click.show_alert, click.url = True, text, show_alert, url
    _tell(state, click)


def _opens(username: str, url: str) -> bool:
    """Whether a link starts this bot with a parameter; only games may lead elsewhere."""
    address = url.removeprefix("https://").removeprefix("http://").lower()
    host, _, rest = address.partition("/")
    return host in {"t.me", "telegram.me"} and rest.startswith(f"{username.lower()}?start=")
