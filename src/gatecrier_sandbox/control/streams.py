"""Events that go on and on: Server-Sent Events, or a JSON object per line if that is accepted."""

from collections.abc import AsyncIterator, Callable
from itertools import takewhile

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world.calls import CallFilter
from gatecrier_sandbox.world.feed import Feed, Watch
from gatecrier_sandbox.world.model import Bot
from gatecrier_sandbox.world.world import World

NDJSON = "application/x-ndjson"
HEARTBEAT = 15.0
"""Real seconds of silence after which a comment (or an empty line) shows that we are still there."""
MOST_AT_ONCE = 10_000
"""Events a reader may be behind; who is further behind is told how many were dropped."""


class Entry(Struct, frozen=True):
    """One event: its number in the stream, its name, its JSON."""

    number: int
    name: str
    data: bytes


class Batch(Struct, frozen=True):
    """Events, oldest first; how many before them are lost; the number up to which all was looked at."""

    entries: list[Entry]
    lost: int
    last: int


Newer = Callable[[int], Batch]
"""What came after a number."""


def calls(world: World, request: Request, wanted: CallFilter) -> Response:
    """The stream of calls that pass a filter."""
    log = world.calls

    def newer(after: int) -> Batch:
        fresh = list(takewhile(lambda record: record.seq > after, log.latest()))
        kept = fresh[:MOST_AT_ONCE]
        lost = kept[-1].seq - after - 1 if kept else 0
        entries = [
            Entry(record.seq, "call", msgspec.json.encode(record))
            for record in reversed(kept)
            if wanted.wants(record)
        ]
        return Batch(entries, lost, kept[0].seq if kept else after)

    return _stream(world.feed, request, newer, "call", _start(request, wanted.after, log.total))


def updates(world: World, request: Request, bot: Bot, after: int) -> Response:
    """The stream of a bot's updates as they are made."""
    queue = bot.queue

    def newer(after: int) -> Batch:
        fresh = [update for update in queue.recent if update.update_id > after]
        is_cut = fresh and len(fresh) == queue.recent.maxlen
        lost = fresh[0].update_id - after - 1 if is_cut and after else 0
        entries = [Entry(update.update_id, "update", update.body) for update in fresh]
        return Batch(entries, lost, fresh[-1].update_id if fresh else after)

    return _stream(world.feed, request, newer, "update", _start(request, after, queue.next_id - 1))


def _start(request: Request, after: int, newest: int) -> int:
    """Where to begin: behind what the reader has seen, else behind everything."""
    seen = request.headers.get("last-event-id", "")
    if not seen:
        return after or newest
    if not (seen.isascii() and seen.isdecimal() and len(seen) < 19):
        raise Refused("not the id of an event", field="Last-Event-ID")
    return int(seen)


def _stream(feed: Feed, request: Request, newer: Newer, kind: str, start: int) -> Response:
    as_lines = NDJSON in request.headers.get("accept", "")
    content = _follow(feed, newer, kind, start, _Lines() if as_lines else _Events())
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(content, headers=headers, media_type=NDJSON if as_lines else "text/event-stream")


class _Events:
    """Server-Sent Events."""

    silence = b": still here\n\n"

    @staticmethod
    def write(entry: Entry) -> bytes:
        """One event."""
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (entry.number, entry.name.encode(), entry.data)


class _Lines:
    """A JSON object per line."""

    silence = b"\n"

    @staticmethod
    def write(entry: Entry) -> bytes:
        """One event."""
        return b'{"id":%d,"event":"%b","data":%b}\n' % (entry.number, entry.name.encode(), entry.data)


async def _follow(
    feed: Feed, newer: Newer, kind: str, after: int, form: _Events | _Lines
) -> AsyncIterator[bytes]:
    """What is there already, then what comes; a sign of life where nothing does. Ends with the server."""
    with feed.listen() as watch:
        yield form.silence
        while True:
            batch = newer(after)
            after = batch.last
            if batch.lost:
                data = msgspec.json.encode({"dropped": batch.lost})
                yield form.write(Entry(after, "dropped", data))
            if batch.entries:
                yield b"".join(map(form.write, batch.entries))
            if watch.is_closed:
                return
            while not await _arrives(watch, kind):
                yield form.silence


async def _arrives(watch: Watch, kind: str) -> bool:
    """Wait for an event of this kind, or the end; False after a long silence."""
    while await watch.wait(HEARTBEAT):
        if watch.is_closed or any(event.kind == kind for event in watch.take()):
            return True
    return False
