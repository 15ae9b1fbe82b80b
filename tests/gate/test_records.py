"""What operators look at: why a person is held, the log, the doctor's matrix, who would be held."""

import pytest

from gate.conftest import World
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, OWNER, SECOND, place
from gatecrier.gate.governing.doctor import Severity
from gatecrier.gate.model import Mode, Reason
from gatecrier.gate.standing import Standing
from gatecrier.kernel.errors import Misconfigured, NotFound
from gatecrier.telegram.updates import ChatInfo

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_why_somebody_is_held(gated: World) -> None:
    """What is missing, since when they are muted and what for, and the decisions about them."""
    await gated.write()
    await gated.healer.run_once()
    found = await gated.keeper.records.why(GROUP.id, ANN.id)
    assert (found.judgement.standing, found.judgement.missing) == (Standing.NOT_MEMBER, (CHANNEL.id,))
    assert found.restriction is not None
    assert found.case is not None
    assert found.case.reason is Reason.NOT_MEMBER
    assert [entry.action for entry in found.log] == ["gate.hold", "gate.delete"]
    assert found.places[0].known is not None
    assert found.exempt is None


async def test_why_somebody_may_write(gated: World) -> None:
    """An admin is told as an admin; a stranger as somebody of whom nothing is known."""
    assert (await gated.keeper.records.why(GROUP.id, OWNER.id)).exempt is Reason.ADMIN
    stranger = await gated.keeper.records.why(GROUP.id, 999)
    assert (stranger.judgement.standing, stranger.case, stranger.log) == (Standing.UNKNOWN, None, ())
    with pytest.raises(NotFound):
        await gated.keeper.records.why(-5, ANN.id)


async def test_the_log_is_read_in_pages_and_by_person(gated: World) -> None:
    """The newest first; the next page begins behind the last row."""
    await gated.write()
    await gated.write(BEN)
    first = await gated.keeper.records.log(GROUP.id, limit=2)
    rest = await gated.keeper.records.log(GROUP.id, before_id=first[-1].id)
    assert [entry.id for entry in first + rest] == sorted((e.id for e in first + rest), reverse=True)
    assert len(first + rest) == 5
    assert {e.about for e in await gated.keeper.records.log(GROUP.id, person_id=BEN.id)} == {
        f"person:{BEN.id}"
    }
    with pytest.raises(NotFound):
        await gated.keeper.records.log(-5)


async def test_a_healthy_gate_has_a_matrix_and_no_findings(gated: World) -> None:
    """One row for the group, one for each channel."""
    found = await gated.keeper.doctor.check()
    assert [(row.kind, row.is_admin) for row in found.rights] == [("group", True), ("channel", True)]
    assert found.findings == ()


async def test_each_missing_right_is_a_finding_with_a_remedy(gated: World) -> None:
    """Attack 16: what the gate cannot do, and the dialog that mends it."""
    gated.telegram.put(GROUP, place(gated.telegram.bot, "administrator", can_delete_messages=True))
    gated.telegram.put(CHANNEL, place(gated.telegram.bot, "left"))
    found = await gated.keeper.doctor.check(GROUP.id)
    assert [(one.severity, one.chat_id) for one in found.findings] == [
        (Severity.ERROR, GROUP.id),
        (Severity.ERROR, CHANNEL.id),
    ]
    assert "Ban users" in found.findings[0].text
    assert all("t.me/gate_bot?start" in one.link for one in found.findings)
    with pytest.raises(NotFound):
        await gated.keeper.doctor.check(-5)


async def test_a_renamed_channel_is_told_and_shown_by_its_new_name(gated: World) -> None:
    """Attack 20: the number binds; whoever takes the old name gets nothing by it."""
    gated.telegram.infos[CHANNEL.id] = ChatInfo(
        id=CHANNEL.id, type=CHANNEL.type, title="News now", username="newsnow"
    )
    gated.telegram.infos[-1001000000099] = ChatInfo(
        id=-1001000000099, type=CHANNEL.type, title="Thief", username="news"
    )
    (finding,) = (await gated.keeper.doctor.check()).findings
    assert (finding.severity, "@newsnow" in finding.text) == (Severity.WARNING, True)
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    assert [(one.id, one.username) for one in live.gate.channels] == [(CHANNEL.id, "newsnow")]
    await gated.write()
    await gated.cards.run_once()
    (card,) = gated.telegram.cards()
    assert card.buttons[0].url == "https://t.me/newsnow"


async def test_who_would_be_held_is_known_before_anybody_is(gated: World) -> None:
    """Observing first: members, intruders and admins are told apart, and nobody is touched."""
    await gated.keeper.steering.set_mode(GROUP.id, Mode.OBSERVE, actor="cli")
    gated.telegram.put(CHANNEL, place(BEN))
    for person in (ANN, BEN, OWNER):
        await gated.write(person)
    await gated.healer.run_once()
    found = await gated.keeper.simulator.run(GROUP.id)
    assert (found.seen, found.passing, found.held, found.exempt, found.unknown) == (3, 1, 1, 1, 0)
    assert found.examples == (ANN.id,)
    assert gated.telegram.count("restrict") == 0


async def test_another_policy_is_tried_without_being_demanded(gated: World) -> None:
    """Where nothing is known Telegram is asked only when wanted; the gate stays as it is."""
    await gated.keeper.steering.set_mode(GROUP.id, Mode.OBSERVE, actor="cli")
    gated.telegram.put(SECOND, place(ANN))
    await gated.write()
    await gated.healer.run_once()
    assert (await gated.keeper.simulator.run(GROUP.id, "@more")).unknown == 1
    assert (await gated.keeper.simulator.run(GROUP.id, "@more", ask=True)).passing == 1
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.channels == (CHANNEL.id,)
    gated.telegram.put(SECOND, place(gated.telegram.bot, "left"))
    with pytest.raises(Misconfigured):
        await gated.keeper.simulator.run(GROUP.id, "@more")
