"""The live page: one stream of frames; a frame holds only what has changed since the last one."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter

from gatecrier_sandbox.page.render import Parts
from gatecrier_sandbox.world.feed import Watch

PACE = 0.1
"""Seconds between two frames at least."""
SHARE = 4
"""A frame that took long to make is followed by a pause this many times as long."""
KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment shows that the stream lives."""
RETRY = b"retry: 1000\n\n"
BREAK = re.compile(r"\r\n|\r|\n")


def partial(target: str, swap: str, html: str = "") -> str:
    """One change of the page, as htmx reads it."""
    return f'<hx-partial hx-target="#{target}" hx-swap="{swap}">{html}</hx-partial>'


class Changes:
    """What differs between the page as it was last sent and as it is."""

    def __init__(self) -> None:
        self._sent: Parts | None = None

    def since(self, made: Parts) -> str:
        """The changes as one message; "" if there are none. The first time it is everything."""
        old, self._sent = self._sent, made
        if old is None:
            everything = made.regions | {name: "".join(lines.values()) for name, lines in made.lists.items()}
            return "".join(partial(name, "innerMorph", html) for name, html in everything.items())
        changed = [
            partial(name, "innerMorph", html)
            for name, html in made.regions.items()
            if old.regions[name] != html
        ]
        changed += [list_changes(name, old.lists[name], lines) for name, lines in made.lists.items()]
        return "".join(changed)


def list_changes(name: str, old: dict[str, str], new: dict[str, str]) -> str:
    """
    Which lines to take away, to replace and to add.

    Lines are added at the end ("messages") or the top ("log"); any other change of order sends the list.
    """
    if list(old.items()) == list(new.items()):
        return ""
    kept = [key for key in old if key in new]
    keys = list(new)
    grows_down = name == "messages"
    stays = keys[: len(kept)] if grows_down else keys[len(keys) - len(kept) :]
    if kept != stays:
        return partial(name, "innerMorph", "".join(new.values()))
    added = keys[len(kept) :] if grows_down else keys[: len(keys) - len(kept)]
    changes = [partial(key, "delete") for key in old if key not in new]
    changes += [partial(key, "outerMorph", new[key]) for key in kept if old[key] != new[key]]
    if added:
        html = "".join(new[key] for key in added)
        changes.append(partial(name, "beforeend" if grows_down else "afterbegin", html))
    return "".join(changes)


def message(data: str, event: str = "") -> bytes:
    """A message of the stream."""
    head = f"event: {event}\n" if event else ""
    return (head + "".join(f"data: {line}\n" for line in BREAK.split(data)) + "\n").encode("utf-8", "replace")


async def frames(
    watch: Watch,
    render: Callable[[], Parts],
    notices: Callable[[], str],
    *,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[bytes]:
    """
    What a page is sent until the server stops or the reader goes.

    A frame is made only when the reader took the last one, so a slow reader gets fewer, never older ones.
    """
    changes = Changes()
    yield RETRY
    while True:
        started = perf_counter()
        html = changes.since(render()) + notices()
        if html:
            yield message(html)
        await pause(max(PACE, SHARE * (perf_counter() - started)))
        async for beat in _beats(watch):
            yield beat
        if not watch.take() and watch.is_closed:
            return


async def _beats(watch: Watch) -> AsyncIterator[bytes]:
    """A comment every `KEEP_ALIVE` seconds until something has arrived."""
    while not await watch.wait(KEEP_ALIVE):
        yield b": still here\n\n"
