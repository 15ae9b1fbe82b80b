"""Subscribers from a file: every line is accepted, a duplicate or failed, and says which it is."""

import pytest

from gatecrier.kernel.clock import FakeClock
from gatecrier.registry import importing
from gatecrier.registry.importing import Fault, Imported
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.store import SubscriberStore, read_audit
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database
from make import make_person

BOT = 42


async def imported(database: Database, clock: FakeClock, text: str) -> Imported:
    lines = text.splitlines(keepends=True)
    return await Subscribers(database).import_(BOT, lines, actor="cli", at=clock.now())


async def test_each_line_is_counted_once(database: Database, clock: FakeClock) -> None:
    """Accepted + duplicates + failed = lines; what is known of a subscriber already is not overwritten."""
    await Subscribers(database).start(BOT, make_person(2, first_name="Bea"), at=clock.now())
    people = '1,Ann,de\n2,Other,en\n1,Ann again,de\n\n"3","Cy, ""the"" third",\n4\nx,Y,en\n'
    done = await imported(database, clock, f"person_id,first_name,language\n{people}")
    assert (done.accepted, done.duplicates, done.failed) == (3, 2, 1)
    assert done.faults == [Fault(8, "the first column is no person's id: a whole number above 0")]
    async with database.read() as connection:
        store = SubscriberStore(connection)
        found = [await store.find(BOT, person) for person in (1, 2, 3, 4)]
        (entry,) = await read_audit(connection, subject=f"bot:{BOT}", limit=9)
    assert [one and (one.first_name, one.language_code, one.source) for one in found] == [
        ("Ann", "de", "import"),
        ("Bea", "", ""),
        ('Cy, "the" third', "", "import"),
        ("", "", "import"),
    ]
    assert (await Subscribers(database).audience(BOT)).eligible == 4
    assert (entry.action, entry.detail) == ("subscriber.import", "3 accepted, 2 duplicates, 1 failed")


async def test_doing_it_again_changes_nothing(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches or whole: a run that was killed is simply repeated."""
    monkeypatch.setattr(importing, "BATCH", 2)
    text = "".join(f"{person},P,en\n" for person in range(1, 6))
    assert (await imported(database, clock, text)).accepted == 5
    again = await imported(database, clock, text)
    assert (again.accepted, again.duplicates, again.failed) == (0, 5, 0)


async def test_whoever_was_erased_is_not_brought_back(database: Database, clock: FakeClock) -> None:
    """Only their own /start does that; other reasons stay as they are."""
    async with database.transaction() as connection:
        store = SubscriberStore(connection)
        await store.suppress(BOT, [1], SuppressionReason.ERASED, since=clock.now())
        await store.suppress(BOT, [2], SuppressionReason.STOPPED, since=clock.now())
    done = await imported(database, clock, "1,Ann,de\n2,Bea,de\n")
    assert (done.accepted, [fault.number for fault in done.faults]) == (1, [1])
    audience = await Subscribers(database).audience(BOT)
    assert (audience.total, audience.suppressed) == (1, {"stopped": 1})


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("0,Ann,de", "id"),
        ("-5,Ann,de", "id"),
        ("4503599627370496,Ann,de", "id"),
        ("٣,Ann,de", "id"),
        (f"1,{'x' * 65},de", "name"),
        ("1,Ann,german", "language"),
        ("1,Ann,de,more", "three columns"),
        (f"1,{'x' * 200_000},de", "no CSV"),
    ],
)
async def test_a_line_that_is_wrong_says_what(
    sqlite_database: Database, clock: FakeClock, line: str, what: str
) -> None:
    """And the lines around it are taken."""
    done = await imported(sqlite_database, clock, f"8,Ann,de\n{line}\n9,Bea,en\n")
    assert (done.accepted, done.failed, done.faults[0].number) == (2, 1, 2)
    assert what in done.faults[0].text


async def test_a_million_faults_do_not_fill_the_memory(
    sqlite_database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are counted, the first ones shown."""
    monkeypatch.setattr(importing, "MOST_FAULTS", 3)
    done = await imported(sqlite_database, clock, "x\n" * 10)
    assert (done.failed, len(done.faults)) == (10, 3)
