"""What the healer and the looks at gates cost, and what they leave alone."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gate.conftest import World
from gate.fake_telegram import (
    ANN,
    BEN,
    BOT,
    CHANNEL,
    FULL_RIGHTS,
    GROUP,
    OTHER_GROUP,
    OWNER,
    SECOND,
    place,
)
from gatecrier.gate import rules
from gatecrier.gate.model import Cause, Mode, Reason, Source, Suspension
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore
from gatecrier.gate.tables import cases
from gatecrier.kernel.errors import Misconfigured, NotFound, PeerGone
from gatecrier.registry.store import expire_log

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_telegram_forbids_is_tried_ever_more_rarely(gated: World) -> None:
    """A group that threw the bot out is asked about seven times on the first day, then once a day."""
    await gated.write()
    gated.telegram.faults["restrict"] = PeerGone("bot was kicked")
    await gated.keeper.unprotect(GROUP, OWNER)
    tries = []
    for _ in range(3):
        before = gated.telegram.count("restrict")
        for _ in range(24 * 60 // 5):
            await gated.clock.advance(300)
            await gated.keeper.finish_half_done()
        tries.append(gated.telegram.count("restrict") - before)
    assert tries[0] <= 10
    assert tries[1:] in ([1, 1], [2, 1], [1, 2])


async def test_waits_double_up_to_a_day() -> None:
    """Five minutes at first: an admin may be about to mend it."""
    minutes = [rules.wait_after(failures) / timedelta(minutes=1) for failures in (1, 2, 3, 9, 10, 1000)]
    assert minutes == [5, 10, 20, 1280, 1440, 1440]


async def test_rights_given_back_make_what_waits_due(gated: World) -> None:
    """Nobody stays muted for a day because the bot was away for a week."""
    await gated.write()
    gated.telegram.faults["restrict"] = Misconfigured("no right")
    await gated.keeper.unprotect(GROUP, OWNER)
    await gated.clock.advance(120)
    await gated.keeper.finish_half_done()
    gated.telegram.faults.clear()
    await gated.keeper.finish_half_done()
    assert gated.telegram.silent(GROUP, ANN)
    promoted = gated.pen.change(GROUP, place(BOT, "administrator", **FULL_RIGHTS), by=OWNER)
    await gated.keeper.handle_member_change(promoted)
    await gated.healer.run_once()
    assert not gated.telegram.silent(GROUP, ANN)


async def test_closed_cases_are_forgotten_after_a_month(gated: World) -> None:
    """Open ones stay, however old they are."""
    await gated.write()
    await gated.write(BEN)
    await gated.join()
    await gated.clock.advance(29 * 86400)
    assert (await gated.healer.run_once())["forgotten"] == 0
    await gated.clock.advance(2 * 86400)
    assert (await gated.healer.run_once())["forgotten"] == 1
    async with gated.database.read() as connection:
        left = (await connection.execute(sa.select(cases.c.person_id))).scalars().all()
    assert left == [BEN.id]


async def test_the_log_expires_after_a_month(gated: World) -> None:
    """What was decided is kept for thirty days, and not for ever."""
    await gated.clock.advance(29 * 86400)
    assert await expire_log(gated.database, now=gated.clock.now()) == 0
    await gated.clock.advance(2 * 86400)
    assert await expire_log(gated.database, now=gated.clock.now()) == 1
    with pytest.raises(NotFound):
        await gated.keeper.records.log(-1)
    assert await gated.keeper.records.log(GROUP.id) == []


async def test_a_change_of_one_gate_reads_that_gate_only(gated: World) -> None:
    """Losing a channel of 300 groups must not read 300 gates 300 times; the healer reads all of them."""
    await gated.protect(chat=OTHER_GROUP)
    live, other = gated.keeper.gates.get(GROUP.id), gated.keeper.gates.get(OTHER_GROUP.id)
    assert live is not None
    assert other is not None
    since = Suspension(cause=Cause.LOST_RIGHTS, since=gated.clock.now())
    async with gated.database.transaction() as connection:
        store = GateStore(connection, BOT.id)
        await store.suspend(OTHER_GROUP.id, since, forget_telling_before=gated.clock.now())
    await gated.keeper._suspensions.suspend(live, Cause.LOST_RIGHTS)
    assert live.gate.suspension is not None
    assert live.gate.suspension.told
    assert await gated.keeper._suspensions.look(live)
    assert live.gate.suspension is None
    await gated.keeper.protect(GROUP, OWNER, None, "@more", mode=Mode.OBSERVE)
    assert gated.keeper.gates.requiring(SECOND.id) == [live]
    assert other.gate.suspension is None
    await gated.keeper.gates.load()
    assert other.gate.suspension is not None


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_what_a_removed_gate_decided_is_counted_on(gated: World, elsewhere: bool) -> None:
    """Counters never fall, and a channel nobody requires is forgotten, whichever process removed the gate."""
    await gated.write()
    remover = (await gated.restarted()) if elsewhere else gated
    gated.keeper.standings.put(CHANNEL.id, BEN.id, Standing.MEMBER, date=1_790_000_000, source=Source.UPDATE)
    await remover.keeper.unprotect(GROUP, OWNER)
    await gated.healer.run_once()
    assert gated.keeper.decisions() == {Reason.NOT_MEMBER: 1}
    assert gated.keeper.gates.channels() == set()
    assert len(gated.keeper.standings) == 0


async def test_an_update_during_the_question_is_newer_than_its_answer(gated: World) -> None:
    """Asked, joined, answered "no" in one second: the answer does not overrule the update."""
    original = gated.telegram.get_member

    async def overtaken(chat_id: int, person_id: int, **fields: Any) -> Any:
        answer = await original(chat_id, person_id, **fields)
        date = int(gated.clock.now().timestamp()) + 1
        gated.keeper.standings.put(CHANNEL.id, ANN.id, Standing.MEMBER, date=date, source=Source.UPDATE)
        return answer

    gated.telegram.get_member = overtaken  # type: ignore[method-assign]
    assert await gated.keeper._verifier.verify([CHANNEL.id], ANN.id) == {CHANNEL.id: Standing.MEMBER}
    assert gated.keeper.standings.standing(CHANNEL.id, ANN.id) is Standing.MEMBER


async def test_a_gate_resumes_only_when_the_question_that_failed_is_answered(gated: World) -> None:
    """The bot administers the channel, and yet Telegram does not tell it about people."""
    original = gated.telegram.get_member

    async def blind(chat_id: int, person_id: int, **fields: Any) -> Any:
        if (chat_id, person_id) == (CHANNEL.id, ANN.id):
            raise Misconfigured("member list is inaccessible")
        return await original(chat_id, person_id, **fields)

    gated.telegram.get_member = blind  # type: ignore[method-assign]
    assert await gated.write()
    await gated.clock.advance(61)
    assert (await gated.healer.run_once())["resumed"] == 0
    gated.telegram.get_member = original  # type: ignore[method-assign]
    await gated.clock.advance(61)
    assert (await gated.healer.run_once())["resumed"] == 1
