"""The engine: transactions, moments in time, and what a person is told when it cannot work."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from gatecrier.kernel.errors import Misconfigured, TryLater
from gatecrier.registry.store import audit_log, record_audit
from gatecrier.storage.database import Database, after_commit
from gatecrier.storage.migrate import migrate
from postgres import Postgres

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def count(database: Database) -> int:
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(audit_log)) or 0


async def write(database: Database, *, fail: bool = False, ran: list[str] | None = None) -> None:
    async with database.transaction() as connection:
        await record_audit(connection, at=NOON, actor="test", action="test", subject="test")

        async def note() -> None:
            (ran if ran is not None else []).append("ran")

        after_commit(connection, note)
        if fail:
            raise ValueError("half way")


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    """What raised half way left no row and ran nothing; what ended well did both."""
    ran: list[str] = []
    with pytest.raises(ValueError, match="half way"):
        await write(database, fail=True, ran=ran)
    assert (await count(database), ran) == (0, [])
    await write(database, ran=ran)
    assert (await count(database), ran) == (1, ["ran"])


async def test_many_writers_at_once_all_get_through(database: Database) -> None:
    """SQLite's single writer is queued for, not collided with."""
    await asyncio.gather(*(write(database) for _ in range(20)))
    assert await count(database) == 20


async def test_a_moment_comes_back_aware_and_a_naive_one_is_refused(database: Database) -> None:
    """Times keep their zone on both databases; a guess at a zone is an error."""
    await write(database)
    async with database.read() as connection:
        assert await connection.scalar(sa.select(audit_log.c.at)) == NOON
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        async with database.transaction() as connection:
            await record_audit(connection, at=NOON.replace(tzinfo=None), actor="", action="", subject="")


@pytest.mark.parametrize("url", ["mysql://host/db", "no url", "sqlite"])
def test_an_address_we_cannot_use_says_what_one_looks_like(url: str) -> None:
    """The error names the setting and gives two examples."""
    with pytest.raises(Misconfigured, match=r"GATECRIER_DATABASE_URL.*sqlite:///.*postgresql://"):
        Database.at(url)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A missing folder is the commonest first mistake: the error shows the path and the remedy."""
    with pytest.raises(Misconfigured, match=r"missing/gate\.db cannot be written.*folder"):
        Database.at(f"sqlite:///{tmp_path}/missing/gate.db")


async def test_a_server_that_does_not_answer_is_worth_another_try() -> None:
    """PostgreSQL that is down may come back: TryLater, with its address and no password."""
    database = Database.at("postgresql://me:hunter2@127.0.0.1:1/db")
    with pytest.raises(TryLater, match=r"127\.0\.0\.1:1") as caught:
        await migrate(database)
    assert "hunter2" not in str(caught.value)
    await database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("state", ["08006", "40001", "40P01", "53300", "55000", "57P03"])
async def test_what_postgresql_says_will_pass_is_worth_another_try(postgres: Postgres, state: str) -> None:
    """Lost connection, deadlock, too many clients, starting up: none of them may close an update."""
    database = Database.at(postgres.url)
    with pytest.raises(TryLater):
        await run(database, f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
    await database.close()


@pytest.mark.postgres
async def test_what_is_wrong_for_good_is_not_tried_again(postgres: Postgres) -> None:
    """A statement that makes no sense is a defect and must be seen."""
    database = Database.at(postgres.url)
    with pytest.raises(sa.exc.ProgrammingError):
        await run(database, "SELECT nothing FROM nowhere")
    await database.close()


@pytest.mark.postgres
async def test_a_reader_sees_one_moment(postgres: Postgres) -> None:
    """Two queries of one reading agree, whatever is written between them."""
    database = Database.at(postgres.url)
    await migrate(database)
    async with database.read() as connection:
        counted = sa.select(sa.func.count()).select_from(audit_log)
        before = await connection.scalar(counted)
        await write(database)
        assert await connection.scalar(counted) == before
    assert await count(database) == (before or 0) + 1
    await database.close()


async def run(database: Database, statement: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(sa.text(statement))
