"""Bots that operators add: their tokens are sealed, and what is done to them is on record."""

import pytest
import sqlalchemy as sa

from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import Misconfigured, NotFound
from gatecrier.kernel.vault import Vault
from gatecrier.registry.bots import Bots, bots
from gatecrier.registry.store import audit_log
from gatecrier.storage.database import Database

TOKEN = "4242:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"
RENEWED = "4242:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw2"
KEY = "k" * 32


async def test_a_token_is_stored_sealed_and_told_only_to_who_has_the_key(
    database: Database, clock: FakeClock
) -> None:
    ours = Bots(database, Vault(KEY), clock=clock)
    record = await ours.add(TOKEN, username="news_bot", actor="test")
    assert (record.id, record.username) == (4242, "news_bot")
    assert await ours.tokens() == {4242: TOKEN}
    async with database.read() as connection:
        stored = str((await connection.execute(sa.select(bots))).mappings().one())
        audited = str((await connection.execute(sa.select(audit_log))).mappings().all())
    assert TOKEN.partition(":")[2] not in stored + audited + repr(record)
    with pytest.raises(Misconfigured, match="GATECRIER_SECRET_KEY"):
        await Bots(database, Vault("x" * 32), clock=clock).tokens()


async def test_adding_again_renews_the_token_and_the_name(database: Database, clock: FakeClock) -> None:
    ours = Bots(database, Vault(KEY), clock=clock)
    await ours.add(TOKEN, username="news_bot", actor="test")
    await ours.add(RENEWED, username="daily_bot", actor="test")
    assert await ours.tokens() == {4242: RENEWED}
    assert [record.username for record in await ours.list()] == ["daily_bot"]


async def test_what_is_no_token_or_has_no_key_is_not_stored(database: Database, clock: FakeClock) -> None:
    with pytest.raises(Misconfigured):
        await Bots(database, Vault(KEY), clock=clock).add("no token", username="", actor="test")
    keyless = Bots(database, Vault(""), clock=clock)
    with pytest.raises(Misconfigured, match="GATECRIER_SECRET_KEY"):
        await keyless.add(TOKEN, username="", actor="test")
    assert await keyless.list() == []


async def test_removing_ends_it_and_is_refused_for_who_is_not_there(
    database: Database, clock: FakeClock
) -> None:
    ours = Bots(database, Vault(KEY), clock=clock)
    await ours.add(TOKEN, username="news_bot", actor="test")
    await ours.remove(4242, actor="test")
    assert await ours.tokens() == {}
    with pytest.raises(NotFound, match="gatecrier bot list"):
        await ours.remove(4242, actor="test")
