"""
Telegram's side of a webhook: posts updates, and answers the calls that they cause.

`python -m benchmarks.traffic GROUPS PEOPLE` prints its address and ends when stdin closes. It is a Bot
API that knows one bot and one `Crowd`; a POST to /run, with the fields of `Run` as JSON, lets it post
one run of updates, and answers with a `Report` when all they cause has been seen.
"""

import asyncio
import itertools
import random
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import httptools
import msgspec
import uvloop

from benchmarks import crowd, samples
from benchmarks.crowd import Crowd, Update

CONNECTIONS = 40
"""As many as Telegram opens unless told otherwise."""
TICK = 0.001  # seconds; uvloop's timers are no finer
PATIENCE = 60.0  # seconds for everything to be seen
QUANTILES = (0.5, 0.95, 0.99)

_CHAT = re.compile(rb"chat_id\D*?(-?\d+)")
_PERSON = re.compile(rb"user_id\D+(\d+)")
_MESSAGE = re.compile(rb"message_id\D+(\d+)")
"""In JSON, in forms and in multipart bodies alike."""


class Run(msgspec.Struct):
    """
    What to post.

    Args:
        share: Of messages by strangers; 1: one stranger's in each group, `count` being left aside.
        rate: Updates a second, at random moments; 0: as fast as they are answered.
    """

    port: int
    path: str
    number: int
    count: int
    share: float
    rate: float = 0.0


class Report(msgspec.Struct):
    """
    What came of it.

    Args:
        seconds: Until all was answered, and every stranger's message deleted and its sender muted.
        answered, deleted: Seconds from posting to the answer, and to the call that deletes a stranger's
            message: median, 95 and 99 in a hundred.
    """

    seconds: float
    members: int
    strangers: int
    answered: list[float]
    deleted: list[float]
    statuses: dict[str, int]


class Calls:
    """The calls that a run is to cause, and when they came."""

    def __init__(self) -> None:
        self.complete = asyncio.Event()
        self.expect([])

    def expect(self, updates: Sequence[Update]) -> None:
        """From now on wait for these."""
        strangers = [each for each in updates if each.stranger]
        self._to_delete = {each.number for each in strangers}
        self._to_mute = {each.stranger for each in strangers}
        self.deleted: dict[int, float] = {}
        self.complete.clear()
        self._look()

    def note(self, method: bytes, body: bytes) -> None:
        """A call has come."""
        if method == b"deleteMessage" and (number := _number(_MESSAGE, body)) in self._to_delete:
            self._to_delete.discard(number)
            self.deleted[number] = time.perf_counter()
            self._look()
        elif method == b"restrictChatMember":
            self._to_mute.discard(_number(_PERSON, body))
            self._look()

    @property
    def missing(self) -> str:
        """What has not come."""
        return f"{len(self._to_delete)} deletions and {len(self._to_mute)} mutes did not come"

    def _look(self) -> None:
        if not self._to_delete and not self._to_mute:
            self.complete.set()


class Api(asyncio.Protocol):
    """One connection to the Bot API."""

    def __init__(self, calls: Calls, run: "Callable[[bytes, Api], None]") -> None:
        self._calls = calls
        self._run = run

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._method, self._body = b"", b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """httptools tells."""
        self._method, self._body = url.rpartition(b"/")[2], b""

    def on_body(self, body: bytes) -> None:
        """httptools tells: some more of it."""
        self._body += body

    def on_message_complete(self) -> None:
        """httptools tells: all of it is here."""
        if self._method == b"run":
            self._run(self._body, self)
            return
        self._calls.note(self._method, self._body)
        self.answer(_result(self._method, self._body))

    def answer(self, body: bytes) -> None:
        """Send an answer."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


class Line(asyncio.Protocol):
    """One connection to a webhook, on which one update at a time is under way."""

    def __init__(self, posting: "Posting") -> None:
        self._posting = posting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)

    def post(self, number: int, request: bytes) -> None:
        """Post the update that is so many in its run."""
        self._number = number
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """httptools tells: the answer is here."""
        self._posting.answered(self, self._number, self._parser.get_status_code())

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


class Posting:
    """Posts the updates of one run."""

    def __init__(self, requests: list[bytes], rate: float, rng: random.Random) -> None:
        self._requests = requests
        self._due = _moments(rate, rng) if rate else itertools.repeat(0.0)
        self._next_due = next(self._due)
        self._next = 0
        self._free: deque[Line] = deque()
        self._waiting: deque[int] = deque()
        self.posted: list[float] = []
        self.took: list[float] = []
        self.statuses: Counter[str] = Counter()
        self._all = asyncio.Event()

    async def go(self, port: int) -> None:
        """Post all, and wait for the answers."""
        loop = asyncio.get_running_loop()
        lines = [
            (await loop.create_connection(lambda: Line(self), "127.0.0.1", port))[1]
            for _ in range(CONNECTIONS)
        ]
        self._free.extend(lines)
        began = time.perf_counter()
        while self._next < len(self._requests):
            self._release(time.perf_counter() - began)
            await asyncio.sleep(TICK)
        await self._all.wait()
        for line in lines:
            line.close()

    def answered(self, line: Line, number: int, status: int) -> None:
        """An answer came; the line takes what waits."""
        self.took.append(time.perf_counter() - self.posted[number])
        self.statuses[str(status)] += 1
        if self._waiting:
            waited = self._waiting.popleft()
            line.post(waited, self._requests[waited])
        else:
            self._free.append(line)
        if len(self.took) == len(self._requests):
            self._all.set()

    def _release(self, now: float) -> None:
        """Post what is due by now; what finds no free line waits, and its time counts from now."""
        while self._next < len(self._requests) and self._next_due <= now:
            self.posted.append(time.perf_counter())
            if self._free:
                self._free.popleft().post(self._next, self._requests[self._next])
            else:
                self._waiting.append(self._next)
            self._next += 1
            self._next_due = next(self._due)


class Telegram:
    """Runs one after the other."""

    def __init__(self, people: Crowd) -> None:
        self._crowd = people
        self.calls = Calls()
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, body: bytes, asker: Api) -> None:
        """Begin a run; its report goes to whoever asked."""
        task = asyncio.create_task(self._run(msgspec.json.decode(body, type=Run), asker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, run: Run, asker: Api) -> None:
        updates = (
            self._crowd.one_stranger_each(run.number)
            if run.share == 1
            else self._crowd.run(run.number, run.count, run.share)
        )
        try:
            report: Report | dict[str, str] = await self._post(run, updates)
        except (TimeoutError, OSError) as error:
            report = {"error": f"{type(error).__name__}: {self.calls.missing}"}
        asker.answer(msgspec.json.encode(report))

    async def _post(self, run: Run, updates: list[Update]) -> Report:
        self.calls.expect(updates)
        requests = list(crowd.requests(updates, run.path))
        posting = Posting(requests, run.rate, random.Random(run.number))
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            await posting.go(run.port)
            await self.calls.complete.wait()
        seconds = time.perf_counter() - began
        first, came = updates[0].number, self.calls.deleted
        return Report(
            seconds=seconds,
            members=len(updates) - len(came),
            strangers=len(came),
            answered=_quantiles(posting.took),
            deleted=_quantiles([at - posting.posted[number - first] for number, at in came.items()]),
            statuses=dict(posting.statuses),
        )


def _moments(rate: float, rng: random.Random) -> Iterator[float]:
    """Seconds from the beginning, at random, as those of people who know nothing of each other."""
    at = 0.0
    while True:
        at += rng.expovariate(rate)
        yield at


def _quantiles(seconds: list[float]) -> list[float]:
    ordered = sorted(seconds)
    return [ordered[min(len(ordered) - 1, int(each * len(ordered)))] for each in QUANTILES if ordered]


def _number(pattern: re.Pattern[bytes], body: bytes) -> int:
    found = pattern.search(body)
    return int(found[1]) if found else 0


_TRUE = b'{"ok":true,"result":true}'
_SENT = samples.sent()
_WHISPERED = _SENT.replace(b'"message_id":48213', b'"message_id":0,"ephemeral_message_id":71')
_ADMINS = (
    b'{"ok":true,"result":[{"status":"creator","is_anonymous":false,'
    b'"user":{"id":777001,"is_bot":false,"first_name":"Olga"}}]}'
)


def _result(method: bytes, body: bytes) -> bytes:
    match method:
        case b"getMe":
            return samples.GET_ME
        case b"getChatMember":
            return _member(_number(_CHAT, body), _number(_PERSON, body))
        case b"getChatAdministrators":
            return _ADMINS
        case b"sendMessage" if b"ephemeral_message_parameters" in body:
            return _WHISPERED
        case b"sendMessage":
            return _SENT
        case _:
            return _TRUE


def _member(chat_id: int, person_id: int) -> bytes:
    """Everybody is in the group they write in; strangers are in no channel."""
    is_out = person_id >= crowd.FIRST_STRANGER and chat_id <= crowd.FIRST_CHANNEL
    status = "left" if is_out else "member"
    person = f'{{"id":{person_id},"is_bot":false,"first_name":"Ann"}}'
    return f'{{"ok":true,"result":{{"status":"{status}","user":{person}}}}}'.encode()


async def main() -> None:
    """Serve until whoever started us is gone."""
    groups, people = map(int, sys.argv[1:])
    telegram = Telegram(Crowd(groups, people))
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), gone.set)
    server = await loop.create_server(lambda: Api(telegram.calls, telegram.run), "127.0.0.1", 0, backlog=512)
    host, port = server.sockets[0].getsockname()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    await gone.wait()


if __name__ == "__main__":
    uvloop.run(main())
