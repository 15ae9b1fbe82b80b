"""The right column: what bots asked, what they were told, what they heard; newest first."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice

import msgspec
from msgspec import Struct

from gatecrier_sandbox.page.faces import Calendar
from gatecrier_sandbox.page.place import Place
from gatecrier_sandbox.page.rich import plain
from gatecrier_sandbox.world.calls import CallRecord
from gatecrier_sandbox.world.model import Bot
from gatecrier_sandbox.world.state import State
from gatecrier_sandbox.world.updates import DAY, LIFETIMES, Update

SHOWN = 60
"""Lines of the log."""
LOOKED_THROUGH = 5_000
"""Calls looked through, newest first, for those that are wanted."""


class Line(Struct, frozen=True):
    """A line of the log. `sort` is call or update; `outcome` is ok, or an error code."""

    key: str
    sort: str
    time: str
    name: str
    bot: str
    detail: str
    outcome: str = ""
    error: str = ""
    at: float = 0


def lines(state: State, place: Place, calendar: Calendar) -> list[Line]:
    """The newest lines the place asks for."""
    calls = _calls(state, place, calendar) if place.log != "updates" else iter(())
    wants_updates = place.log != "calls" and not place.errors
    updates = _updates(state, place, calendar) if wants_updates else iter(())
    return list(islice(merge(calls, updates, key=lambda line: -line.at), SHOWN))


def _calls(state: State, place: Place, calendar: Calendar) -> Iterator[Line]:
    newest = islice(state.calls.latest(), LOOKED_THROUGH)
    for record in islice((record for record in newest if _is_wanted(record, place)), SHOWN):
        yield _call(state, record, calendar)


def _is_wanted(record: CallRecord, place: Place) -> bool:
    """The polls that went well are only in the list of calls: they would drown the rest."""
    if place.bot not in {0, record.bot_id} or (place.errors and record.ok):
        return False
    return place.log == "calls" or not (record.ok and record.method.lower() == "getupdates")


def _call(state: State, record: CallRecord, calendar: Calendar) -> Line:
    return Line(
        f"c{record.seq}",
        "call",
        calendar.seconds(record.time),
        record.method,
        username(state, record.bot_id),
        _params(record),
        "ok" if record.ok else str(record.error_code or "?"),
        record.description or "",
        record.time,
    )


def username(state: State, bot_id: int) -> str:
    """A bot's name in the log."""
    person = state.people.get(bot_id)
    return f"@{person.username}" if person else str(bot_id or "unknown token")


def _params(record: CallRecord) -> str:
    """The parameters that tell calls apart, in one line."""
    try:
        params = msgspec.json.decode(record.params)
    except msgspec.DecodeError:
        return ""
    told = [
        str(params[name]) for name in ("chat_id", "text", "caption", "user_id", "offset") if params.get(name)
    ]
    return plain(" · ".join(told), [])[:140]


def _updates(state: State, place: Place, calendar: Calendar) -> Iterator[Line]:
    bots = [bot for bot in state.bots.values() if place.bot in {0, bot.id}]
    newest = ((update, bot) for bot in bots for update in islice(reversed(bot.queue.recent), SHOWN))
    found = [_update(state, update, bot, calendar) for update, bot in newest]
    return iter(sorted(found, key=lambda line: -line.at))


def _update(state: State, update: Update, bot: Bot, calendar: Calendar) -> Line:
    content = msgspec.json.decode(update.body)
    kind = next((name for name in content if name != "update_id"), "")
    at = update.expires - LIFETIMES.get(kind, DAY)
    return Line(
        f"u{bot.id}-{update.update_id}",
        "update",
        calendar.seconds(at),
        kind,
        username(state, bot.id),
        _told(content.get(kind)),
        at=at,
    )


def _told(content: object) -> str:
    """What an update is about, in one line."""
    if not isinstance(content, dict):
        return ""
    chat = content.get("chat") or (content.get("message") or {}).get("chat") or {}
    sender = content.get("from") or {}
    said = content.get("text") or content.get("caption") or content.get("data") or ""
    told = [sender.get("first_name"), chat.get("title"), said]
    return plain(" · ".join(str(part) for part in told if part), [])[:140]


def whole(state: State, key: str) -> str:
    """A line's whole content as indented JSON; "" if it is forgotten."""
    found = _whole_call(state, key[1:]) if key.startswith("c") else _whole_update(state, key[1:])
    return msgspec.json.format(found, indent=2).decode("utf-8", "replace") if found else ""


def _whole_call(state: State, number: str) -> bytes:
    for record in state.calls.latest():
        if str(record.seq) == number:
            return msgspec.json.encode(record)
    return b""


def _whole_update(state: State, key: str) -> bytes:
    for bot in state.bots.values():
        for update in reversed(bot.queue.recent):
            if key == f"{bot.id}-{update.update_id}":
                return update.body
    return b""
