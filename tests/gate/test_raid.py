"""Raids: many who come at once are held without a word; nobody is spammed, nothing grows, nobody is lost."""

from collections import Counter
from datetime import datetime

import pytest

from gate.conftest import World
from gate.fake_telegram import ANN, CHANNEL, GROUP, OTHER_GROUP, place
from gate.test_door import choose, waiting
from gatecrier.gate.model import Mode
from gatecrier.kernel.errors import TryLater
from gatecrier.registry.store import audit_log
from gatecrier.telegram.updates import Chat, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEAL = 10.0  # seconds between two runs of the healer
CARDS = 3.0  # between two changes of one card


def people(count: int, first: int = 1000) -> list[Person]:
    return [Person(id=first + number, first_name=f"Person {number}") for number in range(count)]


async def comes(world: World, person: Person, chat: Chat = GROUP) -> None:
    before = world.telegram.at(chat, person)
    status = "restricted" if before.status == "restricted" else "member"
    kept = before.permissions.as_params() if status == "restricted" else {}
    new = place(person, status, is_member=True, **kept)
    await world.keeper.handle_member_change(world.pen.change(chat, new))


async def goes(world: World, person: Person, chat: Chat = GROUP) -> None:
    before = world.telegram.at(chat, person)
    status = "restricted" if before.status == "restricted" else "left"
    kept = before.permissions.as_params() if status == "restricted" else {}
    new = place(person, status, is_member=False, **kept)
    await world.keeper.handle_member_change(world.pen.change(chat, new))


async def live_for(world: World, seconds: float) -> None:
    """Let time pass with the loops at work."""
    until = world.clock.monotonic() + seconds
    while world.clock.monotonic() < until:
        await world.healer.run_once()
        for _ in range(3):
            await world.cards.run_once()
            await world.clock.advance(HEAL / 3)


def loudest_minute(sent: list[datetime]) -> int:
    """The most messages in any sixty seconds."""
    return max((sum(0 <= (two - one).total_seconds() < 60 for two in sent) for one in sent), default=0)


def listen(world: World) -> list[datetime]:
    """When public messages are sent, from now on."""
    heard: list[datetime] = []
    send = world.telegram.send_message

    async def sending(chat_id: int, *args: object, **kwargs: object) -> int:
        heard.append(world.clock.now())
        return await send(chat_id, *args, **kwargs)  # type: ignore[arg-type]

    world.telegram.send_message = sending  # type: ignore[method-assign]
    return heard


async def noted(world: World) -> Counter[str]:
    async with world.database.read() as connection:
        rows = await connection.execute(audit_log.select())
        return Counter(row.action for row in rows)


@pytest.mark.long
async def test_attack_10_a_thousand_joins_a_minute(gated: World) -> None:
    """For some seconds: all are held, one public message a minute at most, one digest, one card."""
    await choose(gated, raid_lasts=60)
    sent = listen(gated)
    for number, person in enumerate(people(120)):
        await comes(gated, person)
        await gated.clock.advance(0.06)
        if number % 10 == 0:
            await gated.cards.run_once()
    assert all(gated.telegram.silent(GROUP, person) for person in people(120))
    assert gated.telegram.cards() == []
    await live_for(gated, 180)
    assert loudest_minute(sent) == 1
    (digest,) = gated.telegram.notices()
    assert "120 people came" in digest
    (card,) = gated.telegram.cards()
    assert "and 115 more" in card.text
    assert len(sent) == 3
    assert (await noted(gated))["gate.raid"] == (await noted(gated))["gate.calm"] == 1


@pytest.mark.long
async def test_attack_10_fifty_added_at_once(gated: World) -> None:
    """A mass-add is a raid: nobody of it goes free, and the group hears nothing of it yet."""
    sent = listen(gated)
    for person in people(50):
        await comes(gated, person)
    await gated.cards.run_once()
    assert sum(gated.telegram.silent(GROUP, person) for person in people(50)) == 50
    assert sent == []


@pytest.mark.long
async def test_attack_10_one_person_joins_and_leaves_a_hundred_times(gated: World) -> None:
    """One person is no raid, however often they come; while they do, the card says nothing of it."""
    cleo, sent = people(1)[0], listen(gated)
    for number in range(100):
        await comes(gated, cleo)
        await gated.cards.run_once()
        await gated.clock.advance(2)
        await goes(gated, cleo)
        await gated.cards.run_once()
        await gated.clock.advance(2)
        if number % 3 == 0:
            await gated.healer.run_once()
    assert loudest_minute(sent) == 1
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.gate.raid is None
    assert gated.telegram.count("restrict") == 1
    await comes(gated, cleo)
    await live_for(gated, 120)
    (card,) = gated.telegram.cards()
    assert "Person 0" in card.text


async def test_attack_10_memory_is_bounded_and_let_go(gated: World) -> None:
    """No more people are remembered than make a raid, and none when the window is over."""
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    date = int(gated.clock.now().timestamp())
    for person in people(200):
        await gated.keeper._raids.arrive(live, person.id, date)
    assert sum(map(len, gated.keeper._raids._came.values())) == 30
    await choose(gated, raid_joins=0)
    for person in people(2000):
        await gated.keeper._raids.arrive(live, person.id, date)
    assert sum(map(len, gated.keeper._raids._came.values())) == 1000
    await gated.clock.advance(60)
    await gated.healer.run_once()
    assert gated.keeper._raids._came == {}


@pytest.mark.long
async def test_attack_10_other_groups_notice_nothing(gated: World) -> None:
    """A raid is one group's; elsewhere a newcomer is named as always."""
    await gated.protect(chat=OTHER_GROUP)
    for person in people(40):
        await comes(gated, person)
    await comes(gated, people(1)[0], OTHER_GROUP)
    await gated.cards.run_once()
    (card,) = gated.telegram.cards(OTHER_GROUP)
    assert "Person 0" in card.text


async def raided(world: World, **chosen: int) -> None:
    await choose(world, raid_joins=3, raid_lasts=60, **chosen)
    for person in people(3):
        await comes(world, person)


async def test_a_raid_ends_with_one_digest_and_names_whom_it_silenced(gated: World) -> None:
    """The digest comes first; the card a minute later, for who is still held."""
    await raided(gated)
    await comes(gated, people(4)[3])
    await gated.join(people(1)[0])
    await gated.cards.run_once()
    await gated.clock.advance(61)
    assert (await gated.healer.run_once())["calmed"] == 1
    (digest,) = gated.telegram.notices()
    assert "4 people came" in digest
    assert "4 were held" in digest
    assert "1 has been freed" in digest
    await gated.clock.advance(61)
    await gated.healer.run_once()
    await gated.cards.run_once()
    (card,) = gated.telegram.cards()
    assert card.text.count("<a ") == 3
    assert (await gated.healer.run_once())["calmed"] == 0
    assert len(gated.telegram.notices()) == 1


@pytest.mark.long
async def test_a_raid_goes_on_while_they_keep_coming(gated: World) -> None:
    """Its end is counted from the last who made it one, and few writes tell so."""
    await raided(gated)
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    for person in people(60, first=5000):
        await gated.clock.advance(1)
        await comes(gated, person)
    assert live.is_raided(gated.clock.now())
    await gated.clock.advance(61)
    assert (await gated.healer.run_once())["calmed"] == 1


async def test_a_restart_in_a_raid_loses_nothing_but_the_counts(gated: World) -> None:
    """Who was silenced is named, and the digest has the numbers, whichever process ends it."""
    await raided(gated)
    restarted = await gated.restarted()
    await comes(restarted, people(4)[3])
    case = await restarted.case(people(4)[3])
    assert case is not None
    assert case.silent
    await gated.clock.advance(61)
    restarted = await restarted.restarted()
    assert (await restarted.healer.run_once())["calmed"] == 1
    assert "4 people came" in gated.telegram.notices()[0]
    await gated.clock.advance(61)
    await restarted.healer.run_once()
    await restarted.cards.run_once()
    (card,) = gated.telegram.cards()
    assert card.text.count("<a ") == 4


async def test_in_a_raid_requests_wait_without_a_private_word(gated: World) -> None:
    """A thousand who ask are not written to; who belongs is let in, and who joins the channel too."""
    await choose(gated, raid_joins=3)
    for person in people(5):
        await gated.keeper.handle_join_request(gated.pen.request(person))
    assert gated.telegram.count("send_message") == 2
    member, asked = people(2, first=7000)
    gated.telegram.put(CHANNEL, place(member))
    await gated.keeper.handle_join_request(gated.pen.request(member))
    await gated.keeper.handle_join_request(gated.pen.request(asked))
    assert gated.telegram.at(GROUP, member).belongs
    assert await waiting(gated, asked) is not None
    await gated.join(asked)
    assert gated.telegram.at(GROUP, asked).belongs
    assert (await noted(gated))["gate.queue"] == 4
    assert (await noted(gated))["gate.ask"] == 2


async def test_a_repeated_update_is_one_arrival(gated: World) -> None:
    """An outage that makes updates come again makes no raid of them, and nobody restless."""
    await choose(gated, raid_joins=2)
    change = gated.pen.change(GROUP, place(people(1)[0]))
    for _ in range(5):
        await gated.keeper.handle_member_change(change)
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.gate.raid is None
    assert not gated.keeper._raids.is_restless(GROUP.id, change.person.id)


async def test_what_waited_for_us_is_no_raid(gated: World) -> None:
    """After an hour of downtime an hour of joins comes at once; each has its own date."""
    await choose(gated, raid_joins=3)
    old = int(gated.clock.now().timestamp()) - 3600
    for person in people(5):
        await gated.keeper.handle_member_change(gated.pen.change(GROUP, place(person), date=old))
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.gate.raid is None


@pytest.mark.parametrize("joins", [0, 3])
async def test_no_raid_where_none_is_wanted_or_nobody_is_touched(world: World, joins: int) -> None:
    """Switched off, or a gate that only observes: newcomers are what they always are."""
    await world.keeper.protect(GROUP, Person(id=10), None, "@news", mode=Mode.OBSERVE if joins else None)
    await choose(world, raid_joins=joins)
    for person in people(5):
        await comes(world, person)
    live = world.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.gate.raid is None


async def test_a_digest_that_surely_was_not_sent_is_sent_again(gated: World) -> None:
    """A limit of Telegram postpones it; a refusal ends it."""
    await raided(gated)
    await gated.clock.advance(61)
    gated.telegram.faults["send_message"] = TryLater("too many requests")
    assert (await gated.healer.run_once())["calmed"] == 1
    gated.telegram.faults.clear()
    await gated.healer.run_once()
    assert len(gated.telegram.notices()) == 1


async def test_whom_we_held_before_stays_named_in_a_raid(gated: World) -> None:
    """Only who comes in a raid is held without a word."""
    await gated.write(ANN)
    await raided(gated)
    await comes(gated, people(4)[3])
    await gated.cards.run_once()
    (card,) = gated.telegram.cards()
    assert "Ann" in card.text
    assert "Person 3" not in card.text
