"""The process's memory of standings."""

import asyncio
import random

import pytest

from gate.conftest import make_telegram, make_world
from gate.fake_telegram import CHANNEL, GROUP, SECOND, place
from gatecrier.gate.knowledge.standings import Standings
from gatecrier.gate.model import Source
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import FakeClock
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

MEMBER, NOT_MEMBER, UNKNOWN = Standing.MEMBER, Standing.NOT_MEMBER, Standing.UNKNOWN


def make_standings(clock: FakeClock, **fields: int) -> Standings:
    return Standings(clock, random.Random(1), **fields)


def put(standings: Standings, person_id: int, standing: Standing, date: int = 1_790_000_000) -> Standing:
    return standings.put(CHANNEL.id, person_id, standing, date=date, source=Source.UPDATE)


async def test_membership_is_believed_for_ten_minutes_absence_for_one(clock: FakeClock) -> None:
    """Give or take 15 %: what joined together is not asked about together."""
    standings = make_standings(clock)
    for person_id in range(100):
        put(standings, person_id, MEMBER)
        put(standings, 100 + person_id, NOT_MEMBER)

    def known(start: int) -> list[Standing]:
        return [standings.standing(CHANNEL.id, id_) for id_ in range(start, start + 100)]

    await clock.advance(50)
    assert set(known(0)) == {MEMBER}
    assert set(known(100)) == {NOT_MEMBER}
    await clock.advance(21)
    assert set(known(100)) == {UNKNOWN}
    await clock.advance(529)
    assert set(known(0)) == {MEMBER, UNKNOWN}
    await clock.advance(92)
    assert set(known(0)) == {UNKNOWN}


def test_newer_wins_and_a_tie_is_forgotten(clock: FakeClock) -> None:
    """Of two words about the same second neither can be trusted: the next message asks Telegram."""
    standings = make_standings(clock)
    assert put(standings, 1, MEMBER, 1_790_000_010) is MEMBER
    assert put(standings, 1, NOT_MEMBER, 1_790_000_009) is MEMBER
    assert put(standings, 1, NOT_MEMBER, 1_790_000_011) is NOT_MEMBER
    assert put(standings, 1, MEMBER, 1_790_000_011) is MEMBER
    assert standings.standing(CHANNEL.id, 1) is UNKNOWN
    assert standings.unsaved() == []


async def test_order_is_remembered_after_the_knowledge_expired(clock: FakeClock) -> None:
    """A very late update does not revive what was newer, only because that has expired."""
    standings = make_standings(clock)
    put(standings, 1, NOT_MEMBER, 1_790_000_010)
    await clock.advance(100)
    assert standings.last(CHANNEL.id, 1) == (NOT_MEMBER, 1_790_000_010)
    assert put(standings, 1, MEMBER, 1_790_000_009) is NOT_MEMBER


async def test_memory_is_bounded(clock: FakeClock) -> None:
    """What expired goes first, then what was learnt first; the dictionaries stay the same ones."""
    standings = make_standings(clock, most=50)
    entries = standings.of(CHANNEL.id)
    for person_id in range(40):
        put(standings, person_id, NOT_MEMBER)
    await clock.advance(80)
    for person_id in range(40, 100):
        put(standings, person_id, MEMBER)
    assert standings.trim() == 50
    assert list(entries) == list(range(50, 100))
    assert standings.of(CHANNEL.id) is entries


def test_entries_stay_small_integers(clock: FakeClock) -> None:
    """A million entries: one integer of 32 bytes each, no object for the collector to visit."""
    standings = make_standings(clock)
    put(standings, 1, MEMBER)
    (entry,) = standings.of(CHANNEL.id).values()
    assert entry < 1 << 60


def test_what_was_learnt_while_saving_stays_unsaved(clock: FakeClock) -> None:
    """Writing behind loses nothing."""
    standings = make_standings(clock)
    put(standings, 1, MEMBER, 1_790_000_001)
    learnt = standings.unsaved()
    put(standings, 1, NOT_MEMBER, 1_790_000_002)
    standings.saved(learnt)
    assert [known.standing for known in standings.unsaved()] == [NOT_MEMBER]
    standings.saved(standings.unsaved())
    assert standings.unsaved() == []


@pytest.mark.long
async def test_a_thousand_people_at_once_are_asked_about_once_each(
    clock: FakeClock, sqlite_database: Database
) -> None:
    """With a cold cache: one question for each person and channel, never two at once, however they write."""
    world = await make_world(clock, sqlite_database, make_telegram())
    await world.protect("@news @more")
    people = [Person(id=1000 + number, first_name="P") for number in range(1000)]
    for person in people:
        for chat in (GROUP, CHANNEL, SECOND):
            world.telegram.put(chat, place(person))
    before = {chat.id: world.telegram.count("get_member", chat) for chat in (CHANNEL, SECOND)}
    written = await asyncio.gather(*(world.write(person) for person in people + people))
    assert all(written)
    for chat in (CHANNEL, SECOND):
        assert world.telegram.count("get_member", chat) - before[chat.id] == 1000
