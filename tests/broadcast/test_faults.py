"""
The fault table: what Telegram and the network may answer to one recipient, and where that row ends.

Through the whole way out: gateway, budgets, breaker, translation, sender, ledger. The people between the
faults get the message, so that no three faults in a row open the breaker.
"""

import random
from dataclasses import dataclass, field

import pytest

from broadcast.stage import BOT, PERSON, JumpingClock, Stage, ended
from fake_transport import TOKEN, FakeTransport, Posted, ok, refusal, too_many
from gatecrier.broadcast.model import DeliveryState, Options, UnknownPolicy
from gatecrier.broadcast.worker import Sender
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database
from gatecrier.telegram.bot import Bot
from gatecrier.telegram.budgets import Budgets
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.transport import ConnectFailed, ConnectionLost, Reply

S = DeliveryState
SENT = ok({"message_id": 1})


@dataclass
class Row:
    """
    One recipient's bad day.

    Args:
        answers: To the calls for them, in turn; afterwards all is well.
        state, code: Where the row ends.
        suppressed: What is remembered of the person.
        calls: How many were made for them.
    """

    name: str
    answers: list[Reply | Exception]
    state: DeliveryState
    code: str = ""
    suppressed: SuppressionReason | None = None
    calls: int = 1
    made: int = field(default=0, compare=False)


def forbidden(text: str) -> Reply:
    return refusal(403, f"Forbidden: {text}")


def bad(text: str) -> Reply:
    return refusal(400, f"Bad Request: {text}")


BLOCKED, GONE, NEEDS = (
    SuppressionReason.BLOCKED,
    SuppressionReason.DEACTIVATED,
    SuppressionReason.NEEDS_START,
)
TABLE = [
    Row("429 for a second", [too_many(1)], S.SENT, calls=2),
    Row("429 for half a minute", [too_many(30)], S.SENT, calls=2),
    Row("429 again and again", [too_many(n) for n in (1, 5, 30, 2, 9, 3, 1)], S.SENT, calls=8),
    Row("500", [refusal(500, "Internal Server Error")], S.UNKNOWN, "server_error"),
    Row("500: restart", [refusal(500, "Internal Server Error: restart")], S.UNKNOWN, "server_error"),
    Row("502 of a proxy", [Reply(502, b"<html>Bad Gateway")], S.UNKNOWN, "server_error"),
    Row("reset before the request", [ConnectFailed("refused")], S.SENT, calls=2),
    Row("a line that is down for a while", [ConnectFailed("refused")] * 12, S.SENT, calls=13),
    Row("reset after the request", [ConnectionLost("reset")], S.UNKNOWN, "no_answer"),
    Row("no JSON", [Reply(200, b"hello")], S.UNKNOWN, "bad_answer"),
    Row("JSON of another shape", [Reply(200, b'{"ok":true,"result":[]}')], S.UNKNOWN, "bad_answer"),
    Row("ok without a result", [Reply(200, b'{"ok":true}')], S.UNKNOWN, "bad_answer"),
    Row("blocked", [forbidden("bot was blocked by the user")], S.FAILED, "blocked", BLOCKED),
    Row("deactivated", [forbidden("user is deactivated")], S.FAILED, "deactivated", GONE),
    Row(
        "never started",
        [forbidden("bot can't initiate conversation with a user")],
        S.FAILED,
        "needs_start",
        NEEDS,
    ),
    Row("not found", [bad("chat not found")], S.FAILED, "chat_not_found", NEEDS),
    Row(
        "an unknown 403",
        [forbidden("bot can't send messages to the user")],
        S.FAILED,
        "cannot_write_to_person",
    ),
    Row("a 403 nobody has seen", [forbidden("a full moon")], S.FAILED, "cannot_write_to_person"),
    Row(
        "migrated",
        [refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100)],
        S.FAILED,
        "migrated",
    ),
    Row("an unknown 400", [bad("the tea is cold")], S.FAILED, "unknown_400"),
]
APART = 5  # people between two faults


class Weather(FakeTransport):
    """A network on which each person has the day that the table says."""

    def __init__(self, clock: JumpingClock, rows: dict[int, Row]) -> None:
        super().__init__(clock, default=SENT)
        self.rows = rows
        self.rule = self._day
        self.got: list[int] = []

    def _day(self, posted: Posted) -> Reply | Exception:
        person = int(posted.params["chat_id"])
        row = self.rows.get(person)
        if row is None or row.made >= len(row.answers):
            if row is not None:
                row.made += 1
            self.got.append(person)
            return SENT
        row.made += 1
        return row.answers[row.made - 1]


def world(stage: Stage) -> tuple[Weather, Sender, dict[int, Row]]:
    rows = {
        PERSON + APART * (number + 1): Row(**{**vars(row), "answers": list(row.answers), "made": 0})
        for number, row in enumerate(TABLE)
    }
    assert isinstance(stage.clock, JumpingClock)
    network = Weather(stage.clock, rows)
    budgets = Budgets(stage.clock)
    gateway = Gateway(network, budgets, clock=stage.clock, rng=random.Random(1), api_url="http://tg")
    sender = Sender(BOT, Bot(TOKEN, gateway), budgets, stage.database, clock=stage.clock, worker="w")
    return network, sender, rows


@pytest.mark.long
async def test_each_fault_ends_where_the_table_says(database: Database) -> None:
    """Nobody lost, nobody twice, and one person's trouble is nobody else's."""
    stage = Stage(database)
    await stage.subscribe(APART * (len(TABLE) + 1))
    network, sender, rows = world(stage)
    campaign = await stage.begin(Options(canary=0, window=1))
    for _ in range(40):  # the job returns when nothing is due for a while; the reconciler wakes it
        await sender.run()
        if not (await stage.tally(campaign)).open:
            break
        await stage.clock.sleep(60)
    await ended(stage, campaign)
    found = {row["person_id"]: (row["state"], row["code"]) for row in await stage.rows(campaign)}
    assert {row.name: found[person] for person, row in rows.items()} == {
        row.name: (row.state, row.code) for row in rows.values()
    }
    assert {row.name: row.made for row in rows.values()} == {row.name: row.calls for row in rows.values()}
    others = [state for person, state in found.items() if person not in rows]
    assert set(others) == {(S.SENT, "")}
    assert len(network.got) == len(set(network.got))
    async with database.read() as connection:
        remembered = (await SubscriberStore(connection).audience(BOT)).suppressed
    assert remembered == {BLOCKED: 1, GONE: 1, NEEDS: 2}


async def test_at_least_once_repeats_what_is_in_doubt(sqlite_database: Database) -> None:
    """Where a campaign would rather write twice, doubt is tried again until an answer comes."""
    stage = Stage(sqlite_database)
    await stage.subscribe(APART * (len(TABLE) + 1))
    _, sender, rows = world(stage)
    campaign = await stage.begin(Options(canary=0, window=1, unknown=UnknownPolicy.AT_LEAST_ONCE))
    for _ in range(40):
        await sender.run()
        if not (await stage.tally(campaign)).open:
            break
        await stage.clock.sleep(60)
    tally = await stage.tally(campaign)
    assert (tally.open, tally.of(S.UNKNOWN)) == (0, 0)
    doubtful = [row for row in rows.values() if row.state is S.UNKNOWN]
    found = {row["person_id"]: row["state"] for row in await stage.rows(campaign)}
    assert doubtful
    assert {found[person] for person, row in rows.items() if row in doubtful} == {S.SENT}
