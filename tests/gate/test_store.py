"""What the gate's tables promise, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

from gate.fake_telegram import ANN, BEN, BOT, CHANNEL, GROUP, SECOND
from gatecrier.gate.cards.deletions import Deletion, Deletions
from gatecrier.gate.holding.ledger import NAMED, Ledger
from gatecrier.gate.holding.private import PrivateLedger
from gatecrier.gate.knowledge.requests import RequestStore
from gatecrier.gate.model import (
    Card,
    Case,
    Cause,
    Channel,
    Gate,
    Known,
    Mode,
    Outcome,
    Reason,
    Restriction,
    RestrictionState,
    Source,
    Suspension,
)
from gatecrier.gate.policy import AllOf, InChannel
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore, StandingStore
from gatecrier.kernel.clock import FakeClock
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import InviteLink, JoinRequest, Permissions, Person

NEWS = Channel(id=CHANNEL.id, title="News", username="news", join_url="https://t.me/news")
MORE = Channel(id=SECOND.id, title="More", username="more", join_url="https://t.me/more")
CLOCK = FakeClock()
NOW = CLOCK.now()


def make_gate(**fields: Any) -> Gate:
    given = {"chat_id": GROUP.id, "bot_id": BOT.id, "title": "G", "mode": Mode.ENFORCE, **fields}
    return Gate(policy=BOTH, channels=(), created_at=NOW, **given)


BOTH = AllOf((InChannel(SECOND.id), InChannel(CHANNEL.id)))


def make_restriction(person_id: int = ANN.id, **fields: Any) -> Restriction:
    given = {
        "state": RestrictionState.APPLYING,
        "prior": Permissions(can_send_messages=True, can_send_polls=True),
        "prior_until": None,
        "applied_at": NOW,
        "due_at": NOW,
        **fields,
    }
    return Restriction(chat_id=GROUP.id, person_id=person_id, **given)


def make_case(person_id: int = ANN.id, **fields: Any) -> Case:
    given = {
        "id": f"case {person_id}",
        "name": "Ann",
        "thread_id": 0,
        "reason": Reason.NOT_MEMBER,
        "missing": (CHANNEL.id,),
        "opened_at": NOW,
        **fields,
    }
    return Case(chat_id=GROUP.id, person_id=person_id, **given)


async def test_a_gate_comes_back_as_it_was_put(database: Database) -> None:
    """Channels in the order they were added, the policy as it was; putting it again keeps them."""
    async with database.transaction() as connection:
        store = GateStore(connection, BOT.id)
        await store.put(make_gate(linked_chat_id=-5), now=NOW)
        await store.demand(GROUP.id, [MORE], by="person:1", now=NOW)
        await store.demand(GROUP.id, [NEWS, MORE], by="person:1", now=NOW + timedelta(seconds=1))
        await store.put(make_gate(title="H"), now=NOW)
        (gate,) = await store.gates()
        assert await GateStore(connection, 2).gates() == []
        assert await store.owner(GROUP.id) == BOT.id
    assert gate.channels == (MORE, NEWS)
    assert gate.policy == BOTH
    assert (gate.title, gate.linked_chat_id, gate.suspension) == ("H", None, None)


async def test_a_removed_gate_leaves_nothing_behind(database: Database) -> None:
    """After /unprotect the group can be protected anew, by any bot (defects N1, N2)."""
    async with database.transaction() as connection:
        store = GateStore(connection, BOT.id)
        await store.put(make_gate(), now=NOW)
        await store.demand(GROUP.id, [NEWS], by="x", now=NOW)
        await store.exempt(GROUP.id, ANN.id, by="x", now=NOW)
        assert await store.exemptions() == {GROUP.id: {ANN.id: None}}
        await store.remove(GROUP.id)
        assert await store.gates() == []
        assert await store.exemptions() == {}
        assert await store.owner(GROUP.id) is None


async def test_a_suspension_is_found_and_told_once(database: Database) -> None:
    """Of many who find the fault one suspends and one tells; back and forth within the hour is not retold."""
    suspension = Suspension(cause=Cause.LOST_RIGHTS, since=NOW, channel_id=CHANNEL.id, person_id=ANN.id)
    async with database.transaction() as connection:
        store = GateStore(connection, BOT.id)
        await store.put(make_gate(), now=NOW)
        before = NOW - timedelta(hours=1)
        assert await store.suspend(GROUP.id, suspension, forget_telling_before=before)
        assert not await store.suspend(GROUP.id, suspension, forget_telling_before=before)
        assert (await store.gates())[0].suspension == suspension
        assert await store.claim_telling(GROUP.id, now=NOW)
        assert not await store.claim_telling(GROUP.id, now=NOW)
        assert await store.resume(GROUP.id)
        assert not await store.resume(GROUP.id)
        assert await store.suspend(GROUP.id, suspension, forget_telling_before=before)
        assert not await store.claim_telling(GROUP.id, now=NOW)
        await store.resume(GROUP.id)
        assert await store.suspend(GROUP.id, suspension, forget_telling_before=NOW + timedelta(seconds=1))
        assert await store.claim_telling(GROUP.id, now=NOW)


async def test_the_newer_standing_stays(database: Database) -> None:
    """Telegram's date decides, not who writes last."""

    def known(standing: Standing, date: int) -> Known:
        return Known(
            chat_id=CHANNEL.id,
            person_id=ANN.id,
            standing=standing,
            date=date,
            source=Source.UPDATE,
            checked_at=NOW,
        )

    async with database.transaction() as connection:
        store = StandingStore(connection)
        await store.put([known(Standing.NOT_MEMBER, 12)])
        await store.put([known(Standing.MEMBER, 10)])
        assert await store.find(CHANNEL.id, ANN.id) == known(Standing.NOT_MEMBER, 12)
        await store.put([known(Standing.MEMBER, 13)])
        assert [each async for each in store.since(NOW)] == [
            [(CHANNEL.id, ANN.id, Standing.MEMBER, 13, int(NOW.timestamp()))]
        ]
        assert [each async for each in store.since(NOW + timedelta(seconds=1))] == []


async def test_the_first_announcement_of_a_mute_stays(database: Database) -> None:
    """What was there before us is written once: a repeat would note our own mute as the prior state."""
    async with database.transaction() as connection:
        ledger = Ledger(connection, BOT.id)
        assert await ledger.add_restriction(make_restriction(prior_until=NOW))
        assert not await ledger.add_restriction(make_restriction(prior=Permissions()))
        assert await ledger.restriction(GROUP.id, ANN.id) == make_restriction(prior_until=NOW)
        await ledger.activate(GROUP.id, ANN.id, now=NOW)
        assert await ledger.half_done(now=NOW, limit=9) == []
        await ledger.begin_lifting(GROUP.id, [ANN.id], Outcome.RELEASED, due_at=NOW)
        await ledger.begin_lifting(GROUP.id, [ANN.id], Outcome.VERIFIED, due_at=NOW + timedelta(1))
        await ledger.activate(GROUP.id, ANN.id, now=NOW)
        (left,) = await ledger.half_done(now=NOW, limit=9)
        assert (left.state, left.outcome) == (RestrictionState.LIFTING, Outcome.RELEASED)
        assert await Ledger(connection, 2).half_done(now=NOW, limit=9) == []


async def test_one_open_case_whoever_comes_first(database: Database) -> None:
    """I4: messages handled at the same moment open one case; once closed, another may be opened."""

    async def open_one(number: int) -> bool:
        async with database.transaction() as connection:
            return await Ledger(connection, BOT.id).open_case(make_case(id=f"case {number}"))

    assert sum(await asyncio.gather(*map(open_one, range(5)))) == 1
    async with database.transaction() as connection:
        ledger = Ledger(connection, BOT.id)
        case = await ledger.case(GROUP.id, ANN.id)
        assert case is not None
        assert await ledger.held(GROUP.id) == 1
        assert await ledger.cases_of(ANN.id, [GROUP.id, -7]) == [case]
        await ledger.close_case(case, Outcome.VERIFIED, now=NOW)
        assert await ledger.case(GROUP.id, ANN.id) is None
        assert await ledger.open_case(make_case(id="another"))


async def card_of(ledger: Ledger) -> Card:
    (card,) = await ledger.cards_behind()
    return card


async def test_a_card_names_the_newest_few_who_are_here(database: Database) -> None:
    """Five names and a count, without who left the group or was freed; missing is what anyone lacks."""
    async with database.transaction() as connection:
        ledger = Ledger(connection, BOT.id)
        for person_id in range(1, 9):
            opened_at = NOW + timedelta(seconds=person_id)
            missing = (SECOND.id,) if person_id == 3 else (CHANNEL.id,)
            case = make_case(person_id, opened_at=opened_at, missing=missing)
            await ledger.open_case(case)
            if person_id == 8:
                await ledger.set_away(case, away=True)
            if person_id == 7:
                await ledger.close_case(case, Outcome.VERIFIED, now=NOW)
        await ledger.open_case(make_case(BEN.id, thread_id=4))
        held = await ledger.named_on(await card_of(ledger))
    assert [case.person_id for case in held.cases] == [6, 5, 4, 3, 2]
    assert len(held.cases) == NAMED
    assert held.total == 6
    assert set(held.missing) == {CHANNEL.id, SECOND.id}


async def test_a_change_wanted_while_a_card_is_shown_is_not_lost(database: Database) -> None:
    """Showing notes the change it showed; one that came meanwhile stays wanted, and keeps the row."""
    async with database.transaction() as connection:
        ledger = Ledger(connection, BOT.id)
        await ledger.touch(GROUP.id, 0, raised=True)
        card = await card_of(ledger)
        assert (card.wanted, card.raised, card.shown) == (1, 1, 0)
        await ledger.touch(GROUP.id, 0)
        await ledger.card_shown(card, message_id=7, shown=card.wanted)
        again = await card_of(ledger)
        assert (again.id, again.message_id, again.wanted, again.raised) == (card.id, 7, 2, 1)
        await ledger.card_removed(card)
        assert (await card_of(ledger)).message_id is None
        await ledger.card_removed(again)
        assert await ledger.card(card.id) is None
        assert await ledger.cards_behind() == []


async def test_more_people_are_freed_than_a_statement_takes(database: Database) -> None:
    """PostgreSQL takes 32,767 parameters: a great group is freed all the same."""
    many = range(1, 33_001)
    async with database.transaction() as connection:
        ledger = Ledger(connection, BOT.id)
        await ledger.add_restriction(make_restriction(1))
        await ledger.add_restriction(make_restriction(33_000))
        await ledger.begin_lifting(GROUP.id, many, Outcome.RELEASED, due_at=NOW)
        assert {left.state for left in await ledger.half_done(now=NOW, limit=9)} == {RestrictionState.LIFTING}


async def test_a_gate_holds_people_only_while_it_enforces(database: Database) -> None:
    """What it demands is empty while it observes, is suspended, is another bot's, or is gone."""
    suspension = Suspension(cause=Cause.LOST_RIGHTS, since=NOW)
    async with database.transaction() as connection:
        store = GateStore(connection, BOT.id)
        assert await store.enforced(GROUP.id) == ()
        await store.put(make_gate(), now=NOW)
        await store.demand(GROUP.id, [NEWS], by="x", now=NOW)
        assert await store.enforced(GROUP.id) == (CHANNEL.id,)
        assert await GateStore(connection, 2).enforced(GROUP.id) == ()
        await store.suspend(GROUP.id, suspension, forget_telling_before=NOW)
        assert await store.enforced(GROUP.id) == ()
        await store.resume(GROUP.id)
        await store.put(make_gate(mode=Mode.OBSERVE), now=NOW)
        assert await store.enforced(GROUP.id) == ()


async def test_a_mute_and_the_end_of_its_gate_come_one_after_the_other(database: Database) -> None:
    """Whoever reads the gate to hold somebody keeps it until that is written; then it may end."""
    done: list[str] = []
    async with database.transaction() as connection:
        await GateStore(connection, BOT.id).put(make_gate(), now=NOW)
        await GateStore(connection, BOT.id).demand(GROUP.id, [NEWS], by="x", now=NOW)

    async def end() -> None:
        async with database.transaction() as connection:
            await GateStore(connection, BOT.id).lock(GROUP.id)
            done.append("ended")

    async with database.transaction() as connection:
        assert await GateStore(connection, BOT.id).enforced(GROUP.id)
        ending = asyncio.create_task(end())
        await asyncio.wait([ending], timeout=0.2)
        done.append("held")
    await ending
    assert done == ["held", "ended"]


async def test_freeing_all_and_freeing_one_never_wait_for_each_other(database: Database) -> None:
    """One order of locks: /unprotect and single liftings at the same moment end in no deadlock."""
    people = range(1, 31)
    for round_ in range(4):
        async with database.transaction() as connection:
            ledger = Ledger(connection, BOT.id)
            for person_id in people:
                await ledger.add_restriction(make_restriction(person_id))
                await ledger.open_case(
                    make_case(person_id, id=f"{round_} {person_id}", thread_id=person_id % 3)
                )
            cases = await ledger.cases_in(GROUP.id)

        async def free_one(case: Case) -> None:
            async with database.transaction() as connection:
                ledger = Ledger(connection, BOT.id)
                await ledger.remove_restriction(GROUP.id, case.person_id)
                await ledger.close_case(case, Outcome.VERIFIED, now=NOW)

        async def change_all(cases: list[Case] = cases) -> None:
            async with database.transaction() as connection:
                ledger = Ledger(connection, BOT.id)
                await ledger.begin_lifting(GROUP.id, people, Outcome.UNPROTECTED, due_at=NOW)
                await ledger.set_all_missing(GROUP.id, dict.fromkeys(cases, (SECOND.id,)))

        await asyncio.gather(change_all(), *map(free_one, cases))


def make_request(person: Person = ANN, **fields: Any) -> JoinRequest:
    given = {"private_chat_id": person.id, "date": int(NOW.timestamp()), **fields}
    return JoinRequest(chat=GROUP, person=person, **given)


async def test_a_request_waits_once_and_is_told_once(database: Database) -> None:
    """Asked again it keeps its card; of two who would tell, one does; another bot sees none of it."""
    async with database.transaction() as connection:
        store = RequestStore(connection, BOT.id)
        first, is_new = await store.wait(make_request())
        again, is_new_again = await store.wait(make_request(invite_link=InviteLink("https://t.me/+x")))
        assert (is_new, is_new_again, first.id) == (True, False, again.id)
        assert await store.claim_telling(first)
        assert not await store.claim_telling(again)
        await store.give_back_telling(first)
        assert await store.claim_telling(first)
        assert await store.told(first, 77)
        assert [each.card_id for each in await store.waiting_of(ANN.id, [GROUP.id, SECOND.id])] == [77]
        assert await store.named(first.id, BEN.id) is None
        assert await RequestStore(connection, 9).waiting_in(GROUP.id, ANN.id) is None
        assert await store.end(GROUP.id, ANN.id)
        assert not await store.told(first, 78)


async def test_requests_in_channels_are_apart_and_the_old_are_forgotten(database: Database) -> None:
    """Whoever waits at a channel waits at no group; each kind has its own life."""
    week, month = timedelta(days=7), timedelta(days=30)
    async with database.transaction() as connection:
        store = RequestStore(connection, BOT.id)
        await store.pend(CHANNEL.id, ANN.id, NOW)
        await store.pend(CHANNEL.id, BEN.id, NOW - 2 * week)
        await store.wait(make_request(date=int((NOW - 2 * week).timestamp())))
        assert await store.waiting_in(CHANNEL.id, ANN.id) is None
        assert await store.pending(since=NOW - week) == [(CHANNEL.id, ANN.id, NOW)]
        assert await store.forget(pending=NOW - week, waiting=NOW - month) == 1
        assert await store.waiting_in(GROUP.id, ANN.id) is not None
        assert await store.asked_since(GROUP.id, NOW - week) == 0


async def test_whom_a_raid_silences_is_named_later(database: Database) -> None:
    """Newcomers since its start are, others are not; each card is raised once when it is over."""
    async with database.transaction() as connection:
        ledger = Ledger(connection, BOT.id)
        await ledger.open_case(make_case(ANN.id, reason=Reason.CAME))
        await ledger.open_case(make_case(BEN.id, reason=Reason.NOT_MEMBER))
        await ledger.touch(GROUP.id, 0, raised=True)
        await ledger.hush_newcomers(GROUP.id, NOW)
        (card,) = await ledger.cards_behind()
        assert card.raised == card.shown == 0
        assert [case.person_id for case in (await ledger.named_on(card)).cases] == [BEN.id]
        assert await ledger.hushed() == {GROUP.id}
        assert await ledger.opened_since(GROUP.id, NOW) == (2, 0)
        assert await ledger.speak_of(GROUP.id) == 1
        assert await ledger.speak_of(GROUP.id) == 0
        (card,) = await ledger.cards_behind()
        assert card.raised == card.wanted
        assert (await ledger.named_on(card)).total == 2


async def test_a_case_is_private_until_it_is_overdue(database: Database) -> None:
    """Claimed once; closed, its card is to be deleted; too long private, it is named, of this bot only."""
    async with database.transaction() as connection:
        await GateStore(connection, BOT.id).put(make_gate(), now=NOW)
        ledger, private = Ledger(connection, BOT.id), PrivateLedger(connection, BOT.id)
        stranger = PrivateLedger(connection, BOT.id + 1)
        for person in (ANN, BEN):
            await ledger.open_case(make_case(person.id, private_at=NOW))
        ann, ben = await private.waiting()
        assert (await stranger.waiting(), await stranger.named(ann.id)) == ([], None)
        assert await private.named(ann.id) == ann
        assert await private.waiting_in(GROUP.id) == 2
        assert await private.claim(ann)
        assert not await private.claim(ann)
        await private.shown(ann, 7, now=NOW)
        assert await private.waiting() == [ben]
        assert await private.overdue(before=NOW - timedelta(seconds=1), limit=9) == []
        await private.make_public(await private.overdue(before=NOW, limit=9))
        assert (await ledger.named_on(await card_of(ledger))).total == 2
        await ledger.close_case(ann, Outcome.VERIFIED, now=NOW)
        due = await Deletions(connection, BOT.id).due(now=NOW, limit=9)
        assert due == [Deletion(chat_id=GROUP.id, message_id=7, receiver_id=ANN.id)]


async def test_a_deletion_is_one_row_and_the_earlier_moment_holds(database: Database) -> None:
    """Postponed it is due later; done it is gone; another bot's is not ours."""
    later = NOW + timedelta(minutes=1)
    async with database.transaction() as connection:
        deletions = Deletions(connection, BOT.id)
        for due_at in (later, NOW, later):
            await deletions.add(GROUP.id, 5, due_at)
        assert await Deletions(connection, BOT.id + 1).due(now=later, limit=9) == []
        (deletion,) = await deletions.due(now=NOW, limit=9)
        await deletions.postpone([deletion], later)
        assert await deletions.due(now=NOW, limit=9) == []
        (again,) = await deletions.due(now=later, limit=9)
        assert again.failures == 1
        await deletions.done([again])
        assert await deletions.due(now=later, limit=9) == []
