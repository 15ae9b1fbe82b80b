"""What is kept of a person is shown to them, and forgotten at their word."""

import pytest

from broadcast.stage import BOT, PERSON, Stage, ended
from gatecrier.broadcast import personal, snapshot
from gatecrier.broadcast.clicks import Clicks, Press
from gatecrier.broadcast.model import DeliveryState, Options
from gatecrier.kernel.errors import NotFound
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

ANN = PERSON + 1


async def test_an_erased_person_is_nowhere_and_the_sums_stay(database: Database) -> None:
    """No row names them but the one that keeps messages away; the campaign's numbers are what they were."""
    stage, subscribers = Stage(database), Subscribers(database)
    await stage.subscribe(3)
    await subscribers.tag(BOT, [ANN], "vip")
    await subscribers.choose(BOT, ANN, "offers", wanted=False, at=stage.clock.now())
    campaign = await stage.begin(Options(canary=0))
    await stage.sender().run()
    before = await ended(stage, campaign)
    assert await Clicks(database, clock=stage.clock).press(BOT, ANN, Press(campaign.id, 0))
    told = await personal.kept(database, BOT, ANN)
    assert [row["campaign_id"] for row in told["deliveries"]] == [campaign.id]
    assert [row["link"] for row in told["clicks"]] == [0]
    assert await personal.forget(database, BOT, ANN) == 1
    await subscribers.erase(BOT, ANN, actor="person", at=stage.clock.now())
    assert await ended(stage, campaign) == before
    assert ANN not in {row["person_id"] for row in await stage.rows(campaign)}
    left = await subscribers.kept(BOT, ANN)
    assert {name: len(rows) for name, rows in left.items() if rows} == {"suppressions": 1}
    assert await personal.kept(database, BOT, ANN) == {"deliveries": [], "clicks": []}


async def test_a_message_on_its_way_does_not_reach_who_was_erased(database: Database) -> None:
    """Erased between the snapshot and the sending."""
    stage, subscribers = Stage(database), Subscribers(database)
    await stage.subscribe(3)
    campaign = await stage.begin(Options(canary=0, window=1))
    async with database.transaction() as connection:
        assert await snapshot.write_chunk(connection, campaign)
    await personal.forget(database, BOT, ANN)
    await subscribers.erase(BOT, ANN, actor="person", at=stage.clock.now())
    await stage.sender().run()
    assert ANN not in stage.telegram.got
    tally = await ended(stage, campaign)
    assert (tally.of(DeliveryState.SENT), tally.suppressed) == (2, {"erased": 1})


async def test_whoever_comes_back_is_new_and_a_ban_stays(database: Database) -> None:
    """/start is a new wish; erasing is no way around an operator's ban."""
    stage, subscribers = Stage(database), Subscribers(database)
    await stage.subscribe(2)
    now = stage.clock.now()
    await subscribers.ban(BOT, PERSON + 2, actor="cli", at=now)
    for person in (ANN, PERSON + 2):
        await subscribers.erase(BOT, person, actor="person", at=now)
        await subscribers.start(BOT, Person(id=person, first_name="Ann"), at=now)
    audience = await subscribers.audience(BOT)
    assert (audience.total, audience.suppressed) == (2, {"banned": 1})


async def test_of_a_stranger_nothing_is_kept(database: Database) -> None:
    """And that is said."""
    with pytest.raises(NotFound):
        await Subscribers(database).kept(BOT, ANN)
