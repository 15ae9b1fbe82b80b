"""A segment selects the same people on both databases as in plain Python."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from broadcast.stage import BOT, NOW, PERSON, Stage, ended, make_subscriber, people
from gatecrier.broadcast import snapshot
from gatecrier.broadcast.echo import Echo
from gatecrier.broadcast.model import DeliveryState, Options, Text
from gatecrier.broadcast.segments.language import parse
from gatecrier.broadcast.segments.selection import condition, is_in_sample
from gatecrier.broadcast.segments.service import Segments
from gatecrier.broadcast.snapshot import write_chunk
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.tables import clicks
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import Conflict, NotFound, PeerGone, Refused
from gatecrier.registry.model import Subscriber
from gatecrier.registry.store import SubscriberStore, subscribers
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database

RNG = random.Random(5)
COUNT = 60


def somebody(number: int) -> Subscriber:
    return replace(
        make_subscriber(number),
        language_code=RNG.choice(["de", "de-AT", "en", "", "DE"]),
        is_premium=RNG.random() < 0.3,
        source=RNG.choice(["", "ad7", "ad8"]),
        started_at=NOW - timedelta(days=RNG.uniform(0, 60)),
        last_seen_at=NOW - timedelta(days=RNG.uniform(0, 60)),
    )


EVERYBODY = [somebody(number) for number in range(1, COUNT + 1)]


async def selected(database: Database, query: str, now: datetime = NOW) -> set[int]:
    async with database.read() as connection:
        rows = await connection.execute(
            sa.select(subscribers.c.person_id).where(condition(parse(query), now=now))
        )
        return set(rows.scalars())


@pytest.fixture
async def filled(database: Database) -> Database:
    """Sixty people of all kinds; the first ten are tagged."""
    async with database.transaction() as connection:
        await SubscriberStore(connection).put(EVERYBODY)
    await Subscribers(database).tag(BOT, people(*range(1, 11)), "vip")
    return database


async def test_facts_select_who_they_say(filled: Database) -> None:
    """Each fact of a subscriber, alone and combined."""

    def who(test: object) -> set[int]:
        assert callable(test)
        return {one.person_id for one in EVERYBODY if test(one)}

    month, week = NOW - timedelta(days=30), NOW - timedelta(days=7)
    expected = {
        "everyone": who(lambda one: True),
        "premium": who(lambda one: one.is_premium),
        'language = "de"': who(lambda one: one.language_code in ("de", "de-AT", "DE")),
        'language in ("en","de-at")': who(lambda one: one.language_code in ("en", "de-AT")),
        "last_seen > 30d ago": who(lambda one: one.last_seen_at < month),
        "active_30d": who(lambda one: one.last_seen_at > month),
        "new_users": who(lambda one: one.started_at > week),
        'source "ad7"': who(lambda one: one.source == "ad7"),
        'tag "vip"': set(people(*range(1, 11))),
        'premium and not tag "vip"': who(lambda one: one.is_premium and one.person_id > PERSON + 10),
        'source "ad7" or source "ad8"': who(lambda one: one.source),
    }
    assert {query: await selected(filled, query) for query in expected} == expected


async def test_a_sample_is_the_same_people_every_time(filled: Database) -> None:
    """Both databases and Python agree, and a larger sample holds the smaller one."""
    async with filled.read() as connection:
        rows = (await connection.execute(sa.select(subscribers.c.id, subscribers.c.person_id))).all()
    for percent in (10, 50, 100):
        expected = {person for id_, person in rows if is_in_sample(id_, percent)}
        assert await selected(filled, f"sample {percent}%") == expected
    assert await selected(filled, "sample 10%") <= await selected(filled, "sample 50%")


def test_a_sample_is_as_large_as_it_says() -> None:
    """Of a hundred thousand numbers in a row, within a tenth."""
    for percent in (1, 10, 33):
        found = sum(is_in_sample(number, percent) for number in range(1, 100_001))
        assert found == pytest.approx(percent * 1000, rel=0.1)


async def test_what_people_did_with_a_campaign(database: Database) -> None:
    """Got, clicked, blocked afterwards: by the ledger."""
    stage = Stage(database)
    await stage.subscribe(10)
    stage.telegram.answer(people(1), PeerGone("x", code="blocked"))
    stage.telegram.answer(people(2), PeerGone("x", code="cannot_write_to_person"))
    campaign = await stage.begin(Options(canary=0))
    await stage.sender().run()
    await ended(stage, campaign)
    async with database.transaction() as connection:
        (third,) = (
            await connection.execute(sa.select(subscribers.c.id).where(subscribers.c.person_id == PERSON + 3))
        ).scalars()
        await connection.execute(
            sa.insert(clicks).values(
                campaign_id=campaign.id, subscriber_id=third, link=0, first_at=NOW, count=1
            )
        )
    await Subscribers(database).blocked(BOT, PERSON + 4, at=stage.clock.now() + timedelta(days=1))
    await Subscribers(database).blocked(BOT, PERSON + 5, at=NOW - timedelta(days=1))
    number = campaign.id
    assert await selected(database, f"got campaign {number}") == set(people(*range(3, 11)))
    assert await selected(database, f"clicked campaign {number}") == set(people(3))
    assert await selected(database, f"blocked after campaign {number}") == set(people(1, 4))
    assert await selected(database, "got campaign 999") == set()
    assert await stage.broadcast.echo(number) == Echo(clicked=1, blocked_after=2)


async def test_a_campaign_reaches_its_segment_alone(database: Database) -> None:
    """Dry run, ledger and Telegram agree; a later meaning of the saved name changes nothing."""
    stage = Stage(database)
    await stage.subscribe(20)
    await Subscribers(database).tag(BOT, people(3, 4, 5), "vip")
    await stage.suppress(people(4))
    segments = Segments(database, clock=stage.clock)
    await segments.save(BOT, "friends", 'tag "vip"', actor="cli")
    campaign = await stage.broadcast.create(
        BOT, "news", Text(text="x"), actor="cli", segment='segment "friends"'
    )
    await segments.save(BOT, "friends", "everyone", actor="cli")
    assert campaign.segment == 'tag "vip"'
    told = await stage.broadcast.dry_run(campaign.id)
    assert (told.audience, told.reachable) == (3, 2)
    await stage.broadcast.start(campaign.id, actor="cli")
    await stage.sender().run()
    tally = await ended(stage, campaign)
    assert (tally.audience, tally.of(DeliveryState.SENT), tally.suppressed) == (3, 2, {"stopped": 1})
    assert set(stage.telegram.got) == set(people(3, 5))


async def test_saved_segments_are_named_counted_and_removed(database: Database, clock: FakeClock) -> None:
    """By bot; none contains itself, none is removed under another."""
    stage = Stage(database, clock)
    await stage.subscribe(10)
    await stage.suppress(people(1))
    segments = Segments(database, clock=clock)
    await segments.save(BOT, "half", "sample 50%", actor="cli")
    await segments.save(BOT, "other", 'not segment "half"', actor="cli")
    half, other = [await segments.count(BOT, f'segment "{name}"') for name in ("half", "other")]
    assert half.matching + other.matching == 10
    assert half.reachable + other.reachable == 9
    assert [one.name for one in await segments.list(BOT)] == ["half", "other"]
    assert await segments.list(8) == []
    with pytest.raises(Refused, match="contain itself"):
        await segments.save(BOT, "half", 'segment "other"', actor="cli")
    with pytest.raises(Refused, match='"other" is made of it'):
        await segments.remove(BOT, "half", actor="cli")
    with pytest.raises(Refused, match='no segment "nobody"'):
        await segments.count(BOT, 'segment "nobody"')
    with pytest.raises(Refused, match="is none of"):
        await segments.save(BOT, "new_users", "premium", actor="cli")
    await segments.remove(BOT, "other", actor="cli")
    with pytest.raises(NotFound):
        await segments.get(BOT, "other")


async def test_names_within_names_do_not_grow_without_end(
    sqlite_database: Database, clock: FakeClock
) -> None:
    """Ten names, each twice the one before, would be a thousand parts: refused, not computed."""
    segments = Segments(sqlite_database, clock=clock)
    await segments.save(BOT, "s0", "premium and new_users", actor="cli")

    async def double() -> None:
        for number in range(1, 30):
            before = f'segment "s{number - 1}"'
            await segments.save(BOT, f"s{number}", f"{before} or not {before}", actor="cli")

    with pytest.raises(Refused, match=r"too long|2000 characters"):
        await double()


async def test_a_key_is_for_one_audience(database: Database) -> None:
    """Asked again for others, it must not hand back a campaign to the first ones."""
    stage = Stage(database)

    async def create(segment: str) -> int:
        made = await stage.broadcast.create(
            BOT, "news", Text(text="x"), actor="cli", segment=segment, key="today"
        )
        return made.id

    assert await create("premium") == await create("PREMIUM")
    with pytest.raises(Conflict, match="for others"):
        await create("everyone")


async def test_a_segment_of_few_is_written_in_short_transactions(database: Database) -> None:
    """Each looks at so many subscribers, whoever belongs; together they find everybody who does."""
    stage = Stage(database)
    await stage.subscribe(25)
    await Subscribers(database).tag(BOT, people(2, 24), "vip")
    campaign = await stage.broadcast.create(BOT, "news", Text(text="x"), actor="cli", segment='tag "vip"')
    campaign = await stage.broadcast.start(campaign.id, actor="cli")
    seen = []
    while not campaign.is_prepared:
        async with database.transaction() as connection:
            assert await write_chunk(connection, campaign, limit=10)
            campaign = await CampaignStore(connection).get(campaign.id)
        seen.append((campaign.snapshot_cursor, campaign.audience))
    assert seen == [(10, 1), (20, 1), (25, 2)]


async def test_chunks_that_nobody_belongs_to_end_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever belongs may be the last of all: the campaign looks on, and reaches them."""
    monkeypatch.setattr(snapshot, "write_chunk", partial(write_chunk, limit=3))
    stage = Stage(database)
    await stage.subscribe(25)
    await Subscribers(database).tag(BOT, people(24, 25), "vip")
    campaign = await stage.broadcast.create(
        BOT, "news", Text(text="x"), actor="cli", segment='tag "vip"', options=Options(canary=1)
    )
    await stage.broadcast.start(campaign.id, actor="cli")
    await stage.sender().run()
    tally = await ended(stage, campaign)
    assert (tally.audience, tally.of(DeliveryState.SENT)) == (2, 2)
    assert set(stage.telegram.got) == set(people(24, 25))


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\x00b", "a\ud800b", "a\nb"])
async def test_names_and_tags_are_words(database: Database, clock: FakeClock, name: str) -> None:
    """What no query could name, or no database keeps, is refused and not an error of the database's."""
    with pytest.raises(Refused, match="1 to 64 characters"):
        await Segments(database, clock=clock).save(BOT, name, "premium", actor="cli")
    for change in (Subscribers(database).tag, Subscribers(database).untag):
        with pytest.raises(Refused, match="1 to 64 characters"):
            await change(BOT, people(1), name)
