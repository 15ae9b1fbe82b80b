"""Subscribers: how people come, leave and return, on both databases."""

from datetime import timedelta

import pytest

from gatecrier.kernel.clock import FakeClock
from gatecrier.registry.model import Audience, SuppressionReason
from gatecrier.registry.store import SubscriberStore
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database
from make import make_person

BOT = 42


@pytest.fixture
def subscribers(database: Database) -> Subscribers:
    return Subscribers(database)


async def test_starting_twice_is_one_subscriber_who_keeps_their_first_source(
    subscribers: Subscribers, database: Database, clock: FakeClock
) -> None:
    """The first /start tells where a person came from; later ones only renew what is known of them."""
    first = clock.now()
    await subscribers.start(BOT, make_person(1, username="ada"), source="ad7", at=first)
    await clock.advance(60)
    await subscribers.start(BOT, make_person(1, first_name="Ada L."), source="friend", at=clock.now())
    async with database.read() as connection:
        found = await SubscriberStore(connection).find(BOT, 1)
    assert found is not None
    assert (found.source, found.started_at, found.first_name) == ("ad7", first, "Ada L.")
    assert found.last_seen_at == clock.now()
    assert await subscribers.audience(BOT) == Audience(total=1)


async def test_each_way_of_leaving_has_its_way_back(
    subscribers: Subscribers, database: Database, clock: FakeClock
) -> None:
    """/start lifts /stop and a block; unblocking alone does not undo /stop; a ban stays."""
    await subscribers.start(BOT, make_person(1), at=clock.now())
    await subscribers.stop(BOT, 1, at=clock.now())
    await subscribers.blocked(BOT, 1, at=clock.now())
    await subscribers.unblocked(BOT, 1, at=clock.now())
    assert (await subscribers.audience(BOT)).suppressed == {"stopped": 1}
    async with database.transaction() as connection:
        await SubscriberStore(connection).suppress(BOT, [1], SuppressionReason.BANNED, since=clock.now())
    await subscribers.start(BOT, make_person(1), at=clock.now())
    assert (await subscribers.audience(BOT)).suppressed == {"banned": 1}


async def test_the_audience_counts_each_person_once_under_the_strongest_reason(
    subscribers: Subscribers, clock: FakeClock
) -> None:
    """Two reasons for one person are one exclusion; eligible + excluded = total."""
    for id_ in (1, 2, 3):
        await subscribers.start(BOT, make_person(id_), at=clock.now())
    await subscribers.stop(BOT, 1, at=clock.now())
    await subscribers.blocked(BOT, 1, at=clock.now())
    await subscribers.stop(BOT, 2, at=clock.now())
    await subscribers.stop(BOT, 999, at=clock.now())  # never started: counts nowhere
    audience = await subscribers.audience(BOT)
    assert audience == Audience(total=3, suppressed={"blocked": 1, "stopped": 1})
    assert audience.eligible == 1


async def test_bots_do_not_share_subscribers(subscribers: Subscribers, clock: FakeClock) -> None:
    """Stopping one bot says nothing to another."""
    for bot in (BOT, 43):
        await subscribers.start(bot, make_person(1), at=clock.now())
    await subscribers.stop(BOT, 1, at=clock.now())
    assert (await subscribers.audience(43)).eligible == 1


async def test_what_a_person_did_last_holds_in_whichever_order_we_hear_of_it(
    subscribers: Subscribers, clock: FakeClock
) -> None:
    """A /start that comes late lifts no newer /stop; a /stop that comes late undoes no newer /start."""
    early, late = clock.now(), clock.now() + timedelta(seconds=5)
    await subscribers.start(BOT, make_person(1), at=early)
    await subscribers.stop(BOT, 1, at=late)
    await subscribers.start(BOT, make_person(1), at=early)
    assert (await subscribers.audience(BOT)).eligible == 0
    await subscribers.start(BOT, make_person(2), at=late)
    await subscribers.stop(BOT, 2, at=early)
    assert (await subscribers.audience(BOT)).eligible == 1


async def test_writing_shows_that_somebody_can_be_reached(
    subscribers: Subscribers, database: Database, clock: FakeClock
) -> None:
    """A block and its like are over; /stop, an erasure and a ban are not."""
    S = SuppressionReason  # noqa: N806
    for person, reason in enumerate(S, 1):
        async with database.transaction() as connection:
            await SubscriberStore(connection).suppress(BOT, [person], reason, since=clock.now())
        await subscribers.wrote(BOT, person, at=clock.now())
    async with database.read() as connection:
        store = SubscriberStore(connection)
        left = {reason for person in range(1, len(S) + 1) for reason in await store.reasons(BOT, person)}
    assert left == {S.STOPPED, S.ERASED, S.BANNED}


async def test_who_has_not_accepted_the_terms_is_not_eligible(database: Database, clock: FakeClock) -> None:
    """Under their strongest reason, as everywhere; where there are no terms nobody is asked."""
    strict = Subscribers(database, terms=True)
    for id_ in (1, 2, 3):
        await strict.start(BOT, make_person(id_), at=clock.now())
    await strict.accept_terms(BOT, 1, at=clock.now())
    await strict.stop(BOT, 2, at=clock.now())
    assert (await strict.audience(BOT)).suppressed == {"stopped": 1, "no_terms": 1}
    assert (await Subscribers(database).audience(BOT)).suppressed == {"stopped": 1}
