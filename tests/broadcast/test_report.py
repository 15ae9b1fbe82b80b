"""The report: every recipient, in a file that does no harm."""

import csv
import io
from datetime import UTC, datetime

import pytest

from broadcast.stage import PERSON, Stage, make_subscriber, people
from gatecrier.broadcast import report
from gatecrier.kernel.errors import PeerGone
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database


async def test_the_report_tells_of_every_recipient(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for each row of the ledger, page by page, with state and reason."""
    monkeypatch.setattr(report, "PAGE", 4)
    stage = Stage(database)
    await stage.subscribe(9)
    await stage.suppress(people(2))
    stage.telegram.answer(people(3), PeerGone("x", code="blocked"))
    async with database.transaction() as connection:
        await SubscriberStore(connection).put([make_subscriber(5, first_name='=cmd|"/c calc"!A1')])
    campaign = await stage.begin()
    await stage.sender().run()
    text = "".join([piece async for piece in stage.broadcast.report(campaign.id)])
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [int(row["subscriber_id"]) for row in rows] == list(range(1, 10))
    assert {row["state"] for row in rows} == {"sent", "failed", "suppressed"}
    assert (rows[1]["reason"], rows[2]["reason"], rows[2]["attempts"]) == ("stopped", "blocked", "1")
    assert rows[0]["person_id"] == str(PERSON + 1)
    assert rows[0]["sent_at"].startswith("2026-11-21T12:")
    assert rows[4]["first_name"] == '\'=cmd|"/c calc"!A1'


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+7", "'+7"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("Ann", "Ann"),
        (None, ""),
        (-5, "-5"),
        (datetime(2026, 11, 21, 12, tzinfo=UTC), "2026-11-21T12:00:00+00:00"),
    ],
)
def test_no_name_becomes_a_formula(value: object, shown: str) -> None:
    """A stranger's name opened in a spreadsheet stays a name."""
    assert report.cell(value) == shown
