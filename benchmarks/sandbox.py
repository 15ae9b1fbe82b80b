"""Rows 3: what a message and a subscriber cost the sandbox, limits off, log on; clients are not counted."""

import itertools
import time
from typing import Any

import aiohttp
import msgspec

from benchmarks import samples
from benchmarks.calls import in_flight
from benchmarks.measure import Ratio, Row, Size, Work, medians
from benchmarks.servers import SANDBOX, Server, serving

GROUP = "sandbox"
WIDTH = 25
SUBSCRIBERS = 1_000


class Poster:
    """Posts sendMessage to one server, to one chat after the other; counts the refusals."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str, first: int) -> None:
        self._session = session
        self._url = f"{url}/bot{token}/sendMessage"
        bodies = (msgspec.json.encode(samples.send_params(first + n)) for n in range(SUBSCRIBERS))
        self._bodies = itertools.cycle(list(bodies))
        self.refused = 0

    async def call(self) -> None:
        """One call."""
        async with self._session.post(self._url, data=next(self._bodies)) as answer:
            await answer.read()
            self.refused += answer.status != 200


async def rows(size: Size, responder: Server) -> list[Row]:
    """The sandbox against the responder, both seen from outside: CPU time of their processes."""
    if not responder.tells_cpu:
        return []
    headers = {"Content-Type": "application/json"}
    with serving(SANDBOX, responder.core) as sandbox:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            token, first = await _populate(session, sandbox.url)
            speaking = Poster(session, sandbox.url, token, first)
            rate = Stopwatch(in_flight(speaking.call, WIDTH, size.calls))
            theirs = in_flight(Poster(session, responder.url, token, first).call, WIDTH, size.calls)
            mine = await medians({"sandbox": rate.work}, rounds=size.rounds, cpu=sandbox.cpu)
            trivial = await medians({"responder": theirs}, rounds=size.rounds, cpu=responder.cpu)
    if speaking.refused:
        raise RuntimeError(f"the sandbox refused {speaking.refused} calls")
    return [
        Row(
            group=GROUP,
            what=f"sandbox, sendMessage, {WIDTH} in flight",
            note=f"{1e6 / mine['sandbox']:,.0f}/s, {rate.best:,.0f}/s seen",
            ours=mine["sandbox"],
            peer="trivial responder",
            theirs=trivial["responder"],
            reads=Ratio.OVERHEAD,
        ),
        await _crowd(size, responder),
    ]


async def _crowd(size: Size, responder: Server) -> Row:
    """A crowd made at once by a fresh sandbox: seconds of wall time, and the most memory it ever took."""
    count = size.standings
    with serving(SANDBOX, responder.core) as sandbox:
        async with aiohttp.ClientSession() as session:
            bot_id = (await _ask(session, sandbox.url, "bots", {"username": "bench_bot"}))["id"]
            wish = {"bot_id": bot_id, "count": count}
            cpu, began = sandbox.cpu(), time.perf_counter()
            await _ask(session, sandbox.url, "subscribers", wish)
            taken, wall = sandbox.cpu() - cpu, time.perf_counter() - began
        memory = sandbox.most_memory()
    return Row(
        group=GROUP,
        what=f"sandbox, {count:,} subscribers at once, each",
        note=f"{wall:.1f} s, {memory >> 20:,} MiB in all",
        ours=taken / count * 1e6,
        peer="30 s a million",
        theirs=30.0,
        reads=Ratio.OVERHEAD,
        budget=1.0,
    )


async def _ask(
    session: aiohttp.ClientSession, url: str, path: str, wish: dict[str, object]
) -> dict[str, Any]:
    """One act of the control API."""
    async with session.post(f"{url}/sandbox/{path}", json=wish) as answer:
        answer.raise_for_status()
        made: dict[str, Any] = await answer.json()
        return made


class Stopwatch:
    """The same work, and how many operations a second of wall time its best round reached."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.best = 0.0

    async def work(self, number: int) -> int:
        """One round."""
        began = time.perf_counter()
        operations = await self._work(number)
        self.best = max(self.best, operations / (time.perf_counter() - began))
        return operations


async def _populate(session: aiohttp.ClientSession, url: str) -> tuple[str, int]:
    """A bot with subscribers: its token, and the first of their ids, which follow each other."""
    bot = await _ask(session, url, "bots", {"username": "bench_bot"})
    wish = {"bot_id": bot["id"], "count": SUBSCRIBERS, "announce": False}
    cohort = await _ask(session, url, "subscribers", wish)
    return str(bot["token"]), int(cohort["first_id"])
