"""Rows 5: updates through a real HTTP webhook, to gates that hold strangers, each in its own process."""

import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field

import aiohttp
import msgspec

from benchmarks.gatehouse import PATH
from benchmarks.measure import MICRO, Ratio, Row, Size, Work, medians
from benchmarks.peers import AIOGRAM, PTB
from benchmarks.servers import GATEHOUSE, TRAFFIC, Server, serving
from benchmarks.traffic import Report, Run

GROUP = "webhook"
BARE = "bare uvicorn"
OURS = "ours"
CONTENDERS = {OURS: "ours", PTB: "ptb", AIOGRAM: "aiogram", BARE: "bare"}
PEERS = (PTB, AIOGRAM)
AGAINST_PTB = 8.0
"""The budget of design.md §11."""
STRANGERS = 0.05
"""Share of messages by people of whom Telegram must be asked, and who are then deleted and muted."""
LOAD = 0.7
"""Of the rate seen at saturation, or of that by CPU time where it is less: there answers are timed."""
REFERENCE_P95 = 0.1  # seconds
REFERENCE_VERIFICATIONS = 1_000 / 60  # a second


@dataclass
class Contender:
    """
    A gate behind a webhook.

    Args:
        rates: Updates a second of wall time that it got through, run by run.
    """

    server: Server
    expected: int = 0
    rates: list[float] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.url.rpartition(":")[2])

    @property
    def rate(self) -> float:
        """Updates a second, at the median."""
        return statistics.median(self.rates)


class Driver:
    """Lets the far side post runs of updates, to one contender at a time."""

    def __init__(self, session: aiohttp.ClientSession, traffic: Server) -> None:
        self._session = session
        self._url = f"{traffic.url}/run"

    async def run(
        self, contender: Contender, number: int, *, count: int, share: float, rate: float = 0.0
    ) -> Report:
        """
        One run, until nothing is left to do.

        Raises:
            RuntimeError: an update was refused or lost: a contender that does that is none.
        """
        wish = Run(contender.port, PATH, number, count, share, rate)
        async with self._session.post(self._url, data=msgspec.json.encode(wish)) as answer:
            body = await answer.read()
        if body.startswith(b'{"error"'):
            raise RuntimeError(f"{contender.server.process.args!r}: {body.decode()}")
        report = msgspec.json.decode(body, type=Report)
        contender.expected += report.members
        seen = msgspec.json.decode(contender.server.ask(str(contender.expected)))["members"]
        if report.statuses.keys() != {"200"} or seen != contender.expected:
            raise RuntimeError(
                f"{report.statuses} answers; {contender.expected} members wrote, {seen} passed"
            )
        return report

    def posting(self, contender: Contender, count: int, share: float, first: int) -> Work:
        """Runs at saturation, as rounds; their rates are noted."""

        async def work(number: int) -> int:
            report = await self.run(contender, first + number, count=count, share=share)
            contender.rates.append(count / report.seconds)
            return count

        return work


async def rows(size: Size, responder: Server) -> list[Row]:
    """At saturation: known members only, then with strangers; then how long answers take at 70 % of that."""
    if not responder.tells_cpu:
        return []
    crowd = str(size.groups), str(size.people)
    with ExitStack() as stack:
        traffic = stack.enter_context(serving((TRAFFIC, *crowd), responder.core))
        contenders = {
            name: Contender(stack.enter_context(serving((GATEHOUSE, module, traffic.url, *crowd), None)))
            for name, module in CONTENDERS.items()
        }
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            driver = Driver(session, traffic)
            found = await _members(size, driver, contenders)
            del contenders[BARE]
            for contender in contenders.values():
                await driver.run(contender, 100, count=size.groups, share=1)
            return found + await _mixed(size, driver, contenders)


async def _members(size: Size, driver: Driver, contenders: dict[str, Contender]) -> list[Row]:
    taken = await _saturated(size, driver, contenders, share=0.0, first=200)
    what, note = "webhook, known members, per update", _rates(taken, contenders)
    return [
        _row(what, taken[OURS], PTB, taken[PTB], budget=AGAINST_PTB, note=note),
        _row(what, taken[OURS], AIOGRAM, taken[AIOGRAM], note=note),
        _row(what, taken[OURS], BARE, taken[BARE], note=note, reads=Ratio.OVERHEAD),
    ]


async def _mixed(size: Size, driver: Driver, contenders: dict[str, Contender]) -> list[Row]:
    taken = await _saturated(size, driver, contenders, share=STRANGERS, first=300)
    rates = {name: LOAD * min(each.rate, MICRO / taken[name]) for name, each in contenders.items()}
    what, note = f"webhook, {STRANGERS:.0%} strangers, per update", _rates(taken, contenders)
    found = [_row(what, taken[OURS], peer, taken[peer], note=note) for peer in PEERS]
    found.append(
        _row(
            "webhook, 5% strangers, per stranger",
            taken[OURS] / STRANGERS,
            "1,000 a minute, the reference's",
            MICRO / REFERENCE_VERIFICATIONS,
            note=f"{MICRO / taken[OURS] * STRANGERS * 60:,.0f}/min",
        )
    )
    return found + await _waits(size, driver, contenders, rates)


async def _waits(
    size: Size, driver: Driver, contenders: dict[str, Contender], rates: dict[str, float]
) -> list[Row]:
    """Each at 70 % of what it reaches itself, seen or by CPU time: wall time, not CPU time."""
    reports: dict[str, Report] = {}
    for number, (name, contender) in enumerate(contenders.items()):
        rate = rates[name]
        count = max(100, round(rate * size.seconds))
        reports[name] = await driver.run(contender, 400 + number, count=count, share=STRANGERS, rate=rate)
    note = f"wall, {rates[OURS]:,.0f}/s"
    found: list[Row] = []
    for what, times in (("answer", "answered"), ("deletion of a stranger's", "deleted")):
        for place, quantile in enumerate(("p50", "p95", "p99")):
            mine = getattr(reports[OURS], times)[place] * MICRO
            title = f"webhook at 70 %, {quantile} of the {what}"
            for peer in PEERS:
                theirs = getattr(reports[peer], times)[place] * MICRO
                name = f"{peer}, {rates[peer]:,.0f}/s"
                found.append(_row(title, mine, name, theirs, note=note))
    mine = reports[OURS].deleted[1] * MICRO
    limit = "100 ms, the reference's"
    what = "webhook at 70 %, p95 of the deletion of a stranger's"
    return [*found, _row(what, mine, limit, REFERENCE_P95 * MICRO, note=note)]


async def _saturated(
    size: Size, driver: Driver, contenders: dict[str, Contender], *, share: float, first: int
) -> dict[str, float]:
    for contender in contenders.values():
        contender.rates.clear()
    return await medians(
        {name: driver.posting(each, size.posted, share, first) for name, each in contenders.items()},
        rounds=size.rounds,
        cpu={name: each.server.cpu for name, each in contenders.items()},
    )


def _rates(taken: dict[str, float], contenders: dict[str, Contender]) -> str:
    return f"{MICRO / taken[OURS]:,.0f}/s by CPU time, {contenders[OURS].rate:,.0f}/s seen"


def _row(
    what: str,
    ours: float,
    peer: str,
    theirs: float,
    *,
    budget: float | None = None,
    note: str = "",
    reads: Ratio = Ratio.CHEAPER,
) -> Row:
    return Row(
        group=GROUP, what=what, ours=ours, peer=peer, theirs=theirs, reads=reads, budget=budget, note=note
    )
