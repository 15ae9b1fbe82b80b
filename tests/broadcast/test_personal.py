"""What is kept of a person is shown to them, and forgotten at their word, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from broadcast.stage import BOT, NOW, PERSON, Stage, ended, people
from gatecrier.broadcast import snapshot
from gatecrier.broadcast.amending.service import Amendments
from gatecrier.broadcast.amending.worker import Amender
from gatecrier.broadcast.clicks import Clicks, Press
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.ledger import Ledger
from gatecrier.broadcast.model import Options, Text
from gatecrier.broadcast.personal import Personal
from gatecrier.kernel.errors import NotFound, OutcomeUnknown, TryLater
from gatecrier.registry.model import SuppressionReason
from gatecrier.registry.store import SubscriberStore, audit_log
from gatecrier.registry.subscribers import Subscribers
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import Person

ANN = PERSON + 1
LATER = timedelta(minutes=5)


@pytest.fixture
async def stage(database: Database) -> Stage:
    """A bot with three subscribers; the first is Ann."""
    stage = Stage(database)
    await stage.subscribe(3)
    return stage


@pytest.fixture
def personal(stage: Stage) -> Personal:
    return Personal(stage.database, clock=stage.clock)


async def test_an_erased_person_is_nowhere_and_the_sums_stay(stage: Stage, personal: Personal) -> None:
    """No row names them but the one that keeps messages away; the campaign's numbers are what they were."""
    subscribers = Subscribers(stage.database)
    await subscribers.tag(BOT, [ANN], "vip")
    await subscribers.choose(BOT, ANN, "offers", wanted=False, at=stage.clock.now())
    campaign = await stage.begin(Options(canary=0))
    await stage.sender().run()
    before = await ended(stage, campaign)
    assert await Clicks(stage.database, clock=stage.clock).press(BOT, ANN, Press(campaign.id, 0))
    told = await personal.kept(BOT, ANN)
    assert [row["campaign_id"] for row in told["deliveries"]] == [campaign.id]
    assert [row["link"] for row in told["clicks"]] == [0]
    assert [row["tag"] for row in told["subscriber_tags"]] == ["vip"]
    assert "gates" in told["left_out"]
    await personal.erase(BOT, ANN, actor="subscriber")
    assert await ended(stage, campaign) == before
    assert ANN not in {row["person_id"] for row in await stage.rows(campaign)}
    left = await personal.kept(BOT, ANN)
    assert {name: len(rows) for name, rows in left.items() if rows and name != "left_out"} == {
        "suppressions": 1
    }
    async with stage.database.read() as connection:
        entries = (await connection.execute(sa.select(audit_log))).mappings().all()
    assert [row["action"] for row in entries][-1] == "subscriber.erase"
    assert str(ANN) not in str([dict(row) for row in entries])


async def test_a_message_to_come_does_not_reach_who_was_erased(stage: Stage, personal: Personal) -> None:
    """Erased while another worker leases the row: it ends as suppressed at once, and names nobody."""
    campaign = await stage.begin(Options(canary=0))
    until = stage.clock.now() + timedelta(minutes=10)
    async with stage.database.transaction() as connection:
        assert await snapshot.write_chunk(connection, campaign)
        held = await Ledger(connection, "w1").lease(campaign, now=stage.clock.now(), until=until, limit=9)
    assert len(held) == 3
    await personal.erase(BOT, ANN, actor="subscriber")
    async with stage.database.transaction() as connection:
        marked = await Ledger(connection, "w1").mark_sending(
            campaign, held, now=stage.clock.now(), lasting=stage.clock.now(), consent=Consent()
        )
        await Ledger(connection, "w1").release(held)
    assert (len(marked.sending), marked.suppressed) == (2, {})
    tally = await stage.check_laws(campaign)
    assert tally.suppressed == {"erased": 1}
    assert ANN not in {row["person_id"] for row in await stage.rows(campaign)}


async def test_a_row_written_while_somebody_was_being_erased_forgets_them_when_its_turn_comes(
    stage: Stage,
) -> None:
    """A snapshot that ran beside the erasure has their number still: the fence takes it away."""
    campaign = await stage.begin(Options(canary=0))
    async with stage.database.transaction() as connection:
        assert await snapshot.write_chunk(connection, campaign)
    await stage.suppress([ANN], SuppressionReason.ERASED)
    await stage.suppress(people(2), SuppressionReason.STOPPED)
    await stage.sender().run()
    assert (await ended(stage, campaign)).suppressed == {"erased": 1, "stopped": 1}
    assert {row["person_id"] for row in await stage.rows(campaign)} == {0, *people(2, 3)}


async def test_nobody_is_erased_while_a_message_to_them_is_going_out(
    stage: Stage, personal: Personal
) -> None:
    """Its outcome would write their number back: they are asked to repeat it, and nothing is half done."""
    campaign = await stage.begin(Options(canary=0))
    now = stage.clock.now()
    async with stage.database.transaction() as connection:
        assert await snapshot.write_chunk(connection, campaign)
        ledger = Ledger(connection, "w1")
        held = await ledger.lease(campaign, now=now, until=now + LATER, limit=1)
        await ledger.mark_sending(campaign, held, now=now, lasting=now, consent=Consent())
    with pytest.raises(TryLater):
        await personal.erase(BOT, ANN, actor="subscriber")
    assert (await Subscribers(stage.database).audience(BOT)).suppressed == {}
    await stage.check_laws(campaign)


async def test_what_failed_for_somebody_erased_is_not_tried_again(stage: Stage, personal: Personal) -> None:
    """Nor is it changed or deleted: their chat is not known any more."""
    stage.telegram.answer([ANN], OutcomeUnknown("x", code="timeout"))
    campaign = await stage.begin(Options(canary=0))
    await stage.sender().run()
    await personal.erase(BOT, ANN, actor="subscriber")
    await personal.erase(BOT, PERSON + 2, actor="subscriber")
    assert await stage.broadcast.resend_unknown(campaign.id, actor="cli") == 0
    amendments = Amendments(stage.database, clock=stage.clock, jobs=stage.jobs)
    await amendments.edit(campaign.id, Text(text="better"), actor="cli")
    edited: list[int] = []

    class Editor:
        async def edit_text(self, chat_id: int, *arguments: object, **options: object) -> None:
            edited.append(chat_id)

        async def delete_message(self, chat_id: int, *arguments: object, **options: object) -> bool:
            return True

    await Amender({BOT: Editor()}, stage.database, clock=stage.clock).run(f"bot:{BOT}")
    assert edited == people(3)


async def test_whoever_comes_back_is_new_and_a_ban_stays(stage: Stage, personal: Personal) -> None:
    """/start is a new wish, with a new number; erasing is no way around an operator's ban."""
    subscribers, last = Subscribers(stage.database), PERSON + 3
    campaign = await stage.begin(Options(canary=0))
    await stage.sender().run()
    await subscribers.ban(BOT, last, actor="cli", at=NOW)
    for person in (ANN, last):
        await personal.erase(BOT, person, actor="subscriber")
        await subscribers.start(BOT, Person(id=person, first_name="Ann"), at=stage.clock.now())
    audience = await subscribers.audience(BOT)
    assert (audience.total, audience.suppressed) == (3, {"banned": 1})
    async with stage.database.read() as connection:
        numbers = {(await SubscriberStore(connection).find(BOT, person)) for person in (ANN, last)}
    taken = {row["subscriber_id"] for row in await stage.rows(campaign)}
    assert not taken & {found.id for found in numbers if found}
    assert (await personal.kept(BOT, last))["deliveries"] == []


async def test_a_start_that_comes_late_subscribes_nobody_who_was_erased_since(
    stage: Stage, personal: Personal
) -> None:
    """After a crash an update is worked on again: it is no new wish."""
    subscribers, early = Subscribers(stage.database), stage.clock.now()
    await stage.clock.sleep(60)
    await personal.erase(BOT, ANN, actor="subscriber")
    await subscribers.start(BOT, Person(id=ANN, first_name="Ann"), at=early)
    assert (await subscribers.audience(BOT)).total == 2
    await subscribers.start(BOT, Person(id=ANN, first_name="Ann"), at=stage.clock.now())
    assert (await subscribers.audience(BOT)).total == 3


async def test_of_a_stranger_nothing_is_kept(personal: Personal) -> None:
    """And that is said."""
    with pytest.raises(NotFound):
        await personal.kept(BOT, PERSON + 99)
    with pytest.raises(NotFound):
        await personal.erase(BOT, PERSON + 99, actor="cli")
