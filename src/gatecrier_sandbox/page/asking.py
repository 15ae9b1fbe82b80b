"""Inline mode on the page: what one types behind a bot's name, and the results above where one writes."""

import re

from msgspec import Struct

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.page.faces import Face, of_person
from gatecrier_sandbox.page.media import SNIPPETS, Media, kind_of, media_of
from gatecrier_sandbox.page.place import Memory, Place
from gatecrier_sandbox.page.rich import href_of
from gatecrier_sandbox.world.asked import InlineQuery
from gatecrier_sandbox.world.inline import PATIENCE
from gatecrier_sandbox.world.model import Message, Wire
from gatecrier_sandbox.world.state import State
from gatecrier_sandbox.world.world import World

TYPED = re.compile(r"@([A-Za-z][A-Za-z0-9_]{2,31})\s(.{0,256})", re.DOTALL)
"""A bot's name, and the query. Source: a query has up to 256 characters."""
GALLERY = frozenset({"photo", "gif", "mpeg4_gif", "sticker"})
"""Types of results that are shown as a grid of pictures."""
MOST_RESULTS = 50


class Result(Struct, frozen=True):
    """One thing that can be sent. `picture` is None where the sandbox has no picture of it."""

    id: str
    title: str
    description: str
    picture: Media | None


class Panel(Struct, frozen=True):
    """What stands above where one writes; `state` is waiting, late or here."""

    id: str
    bot: Face
    query: str
    state: str
    results: list[Result]
    is_grid: bool = False
    button: str = ""
    button_href: str = ""
    next_offset: str = ""


def ask(world: World, memory: Memory, place: Place, text: str, offset: str) -> None:
    """Ask the bot whose name the text begins with; what asks nobody ends the last query."""
    memory.asked.pop((place.person, place.chat), None)
    typed = TYPED.fullmatch(text)
    bot_id = world.usernames.get(typed[1].lower(), 0) if typed else 0
    if typed is None or bot_id not in world.bots:
        return
    try:
        asked = world.inline_query(place.person, bot_id, typed[2], offset=offset, chat_id=place.chat)
    except Refused:
        return
    memory.asks(place.person, place.chat, asked.id)


def panel(state: State, memory: Memory, place: Place) -> Panel | None:
    """What the person's query in this room has come to; None if they ask nobody."""
    asked = state.inline_queries.get(memory.asked.get((place.person, place.chat), ""))
    if asked is None:
        return None
    bot = of_person(state.people[asked.bot_id])
    if asked.results is None:
        is_late = asked.date + PATIENCE < state.clock.now()
        return Panel(asked.id, bot, asked.query, "late" if is_late else "waiting", [])
    results = [_result(state, asked.results, shown) for shown in asked.shown[:MOST_RESULTS]]
    button, href = _button(asked, bot, place)
    is_grid = bool(results) and all(one.get("type") in GALLERY for one in asked.shown)
    return Panel(asked.id, bot, asked.query, "here", results, is_grid, button, href, asked.next_offset)


def _result(state: State, messages: dict[str, Message], shown: Wire) -> Result:
    key, kind = str(shown.get("id", "")), str(shown.get("type", ""))
    message = messages.get(key)
    content = (message.content if message is not None else None) or {}
    name = str(shown.get("title") or shown.get("first_name") or "")
    said = str(shown.get("description") or shown.get("address") or shown.get("phone_number") or "")
    words = message.text if message is not None else ""
    fallback = SNIPPETS.get(kind_of(content) or kind, kind.capitalize())
    return Result(key, name or fallback, said or words[:120], _picture(state, content))


def _picture(state: State, content: Wire) -> Media | None:
    drawn = media_of(content, state.files.by_id)
    is_picture = drawn is not None and drawn.address and drawn.mime.startswith("image/")
    return drawn if is_picture else None


def _button(asked: InlineQuery, bot: Face, place: Place) -> tuple[str, str]:
    """The button above the results, and where it leads: a private chat with the bot, started."""
    button = asked.button or {}
    start = button.get("start_parameter")
    link = f"https://t.me/{bot.username}?start={start}" if isinstance(start, str) else ""
    return str(button.get("text") or ""), href_of(link, place.go) if link else ""
