"""
Rows of our catalogue of attacks (1 to 24) and of others' defects (N1 to N16) that no other file tells of.

Each test is named after its row; `test_catalogue.py` sees that none is missing.
"""

import asyncio
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gate.conftest import World, make_telegram, make_world
from gate.fake_telegram import ADA, ANN, BEN, CHANNEL, GROUP, OTHER_GROUP, OWNER, SECOND, place
from gatecrier.gate.model import Cause, Reason
from gatecrier.gate.standing import Standing
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, PeerGone, Refused, TryLater
from gatecrier.storage.database import Database
from gatecrier.telegram.updates import ChatInfo, Permissions, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_attack_8_a_foreign_channel_cannot_be_probed(world: World) -> None:
    """The bot serves the channel's owners too: a stranger's group learns nothing of its members."""
    world.telegram.put(OTHER_GROUP, place(ADA, "creator"))
    with pytest.raises(Refused) as refusal:
        await world.keeper.protect(OTHER_GROUP, ADA, None, "@news")
    assert refusal.value.code == "channel_not_yours"
    assert world.keeper.gates.get(OTHER_GROUP.id) is None
    asked = {
        about for method, chat, about in world.telegram.calls if (method, chat) == ("get_member", CHANNEL.id)
    }
    assert asked == {world.telegram.bot.id, ADA.id}


async def test_attack_11_one_update_on_two_workers_has_one_effect(gated: World) -> None:
    """At the same moment, and once more after a restart: one mute, one case, one row of each kind."""
    other = await gated.restarted()
    message = gated.pen.message()
    await asyncio.gather(*(each.keeper.handle_message(message) for each in (gated, other, gated, other)))
    await (await gated.restarted()).keeper.handle_message(message)
    actions = [entry.action for entry in await gated.keeper.records.log(GROUP.id, person_id=ANN.id)]
    assert actions.count("gate.hold") == 1
    assert gated.telegram.at(GROUP, ANN).permissions == Permissions()
    restriction = await gated.restriction()
    assert restriction is not None
    assert restriction.prior == Permissions.all()


class Jumping(FakeClock):
    """A machine whose wall clock somebody sets while we run."""

    jump = timedelta()

    def now(self) -> datetime:
        return super().now() + self.jump


@pytest.mark.parametrize("hours", [-1, 1])
async def test_attack_13_a_clock_that_jumps_holds_nobody(stories: Database, hours: int) -> None:
    """What is known lasts by the monotonic clock; what happened is ordered by Telegram's dates."""
    clock = Jumping()
    world = await make_world(clock, stories, make_telegram())
    await world.protect(chat=OTHER_GROUP)
    world.telegram.put(CHANNEL, place(ANN))
    assert await world.write(chat=OTHER_GROUP)
    clock.jump = timedelta(hours=hours)
    calls = len(world.telegram.calls)
    assert await world.write(chat=OTHER_GROUP)
    assert len(world.telegram.calls) == calls
    await world.healer.run_once()
    await world.keeper.sweeper.run_once()
    assert world.telegram.count("restrict") == 0
    await world.keeper.unprotect(OTHER_GROUP, OWNER)


FAILURES: list[tuple[str, GatecrierError]] = [
    ("get_member", TryLater("Too Many Requests", retry_after=3600, code="rate_limited")),
    ("get_member", TryLater("server error", code="server_error")),
    ("restrict", TryLater("Too Many Requests", retry_after=3600, code="rate_limited")),
    ("delete_message", TryLater("server error", code="server_error")),
]


@pytest.mark.parametrize(("method", "error"), FAILURES)
async def test_attack_15_what_passes_is_repeated_and_mutes_nobody_who_belongs(
    gated: World, method: str, error: GatecrierError
) -> None:
    """429 for an hour, a storm of 5xx: the update stays open; a member is never muted by it."""
    gated.telegram.faults[method] = error
    with pytest.raises(TryLater):
        await gated.write()
    gated.telegram.put(CHANNEL, place(ANN))
    gated.telegram.faults.clear()
    await gated.clock.advance(120)
    await gated.healer.run_once()
    await gated.join()
    await gated.healer.run_once()
    assert not gated.telegram.silent(GROUP, ANN)


async def test_attack_15_what_is_final_is_not_repeated(gated: World) -> None:
    """Defect N14: "user is an administrator" is said once and believed; a bot thrown out rests."""
    gated.telegram.faults["restrict"] = Refused("user is an administrator", code="member_is_admin")
    await gated.write()
    assert gated.telegram.count("restrict") == 1
    gated.telegram.faults = {("get_member", GROUP.id): PeerGone("bot was kicked", code="kicked")}
    await gated.write(BEN)
    live = gated.keeper.gates.get(GROUP.id)
    assert live is not None
    assert live.gate.suspension is not None
    assert live.gate.suspension.cause is Cause.PARKED


async def test_attack_23_logs_tell_no_secrets(world: World) -> None:
    """Neither names, nor what people wrote, nor invite links: ids and codes are enough to find out."""
    invite, name, words = "https://t.me/+SecretInvite", "Ann-Secret-Name", "what I wrote in confidence"
    world.telegram.infos[CHANNEL.id] = ChatInfo(
        id=CHANNEL.id, type=CHANNEL.type, title="News", username="", invite_link=invite
    )
    await world.keeper.order(GROUP.id, str(CHANNEL.id), actor="test")
    ann = Person(id=ANN.id, first_name=name)
    with capture_logs() as logs:
        await world.write(ann, text=words)
        world.telegram.faults["restrict"] = Misconfigured("no right", code="no_rights")
        await world.write(Person(id=BEN.id, first_name=name), text=words)
        world.telegram.faults.clear()
        await world.healer.run_once()
        await world.cards.run_once()
    for secret in (invite, name, words):
        assert secret not in str(logs)


async def test_defect_n3_verify_is_bound_to_the_person_we_hold(gated: World) -> None:
    """Somebody whom a human muted presses another's Verify: still muted, and the other's card is there."""
    await gated.write()
    gated.telegram.put(GROUP, place(BEN, "restricted", is_member=True))
    gated.telegram.put(CHANNEL, place(BEN))
    assert not (await gated.press(BEN)).freed
    assert gated.telegram.silent(GROUP, BEN)
    assert await gated.case() is not None
    assert len(gated.telegram.cards()) == 1


async def test_defect_n4_an_error_is_no_absence(gated: World) -> None:
    """The message goes, nobody is muted, and nothing is remembered against anybody."""
    gated.telegram.faults["get_member", CHANNEL.id] = TryLater("server error")
    with pytest.raises(TryLater):
        await gated.write()
    assert gated.telegram.count("restrict") == 0
    assert gated.keeper.standings.standing(CHANNEL.id, ANN.id) is Standing.UNKNOWN


async def test_defect_n5_a_lifted_mute_leaves_no_trace(gated: World) -> None:
    """All sixteen rights come back, so that nobody stays in the group's exceptions."""
    await gated.write()
    await gated.join()
    assert gated.telegram.at(GROUP, ANN) == place(ANN)


async def test_defect_n8_joins_are_heard_by_chat_member(gated: World) -> None:
    """The service message that big groups leave out does nothing; the update holds the newcomer."""
    newcomer = Person(id=77, first_name="New")
    assert await gated.write(newcomer, text="", new_chat_members=(newcomer,))
    assert gated.telegram.count("restrict") == 0
    await gated.keeper.handle_member_change(gated.pen.change(GROUP, place(newcomer)))
    assert gated.telegram.silent(GROUP, newcomer)


async def test_defect_n12_what_failed_comes_back_without_a_restart(gated: World) -> None:
    """A channel that could not be asked for a while suspends the gate for as long, and no longer."""
    gated.telegram.put(CHANNEL, place(gated.telegram.bot, "left"))
    assert await gated.write()
    gated.telegram.put(CHANNEL, place(gated.telegram.bot, "administrator"))
    await gated.clock.advance(61)
    assert (await gated.healer.run_once())["resumed"] == 1
    assert not await gated.write()


async def test_defect_n15_known_members_cost_no_call(gated: World) -> None:
    """A hundred messages of somebody known: not one question, about the channel or the group."""
    await gated.join()
    await gated.write()
    calls = len(gated.telegram.calls)
    for _ in range(100):
        assert await gated.write()
    assert len(gated.telegram.calls) == calls
    assert gated.keeper.decisions()[Reason.MEMBER] == 101


async def test_defect_n7_what_is_promised_runs(gated: World) -> None:
    """The sweep asks about real people: no placeholder answers that all is well."""
    await gated.protect("@more")
    await gated.join()
    await gated.write()
    await gated.clock.advance(700)
    counts = await gated.keeper.sweeper.run_once()
    assert counts["held"] == 1
    assert gated.telegram.count("get_member", SECOND) > 1


@pytest.mark.parametrize("code", ["unknown_person", "not_participant"])
async def test_defect_n16_a_stranger_is_judged_by_real_channels(gated: World, code: str) -> None:
    """Telegram says twice that there is no such person: then, and only then, they are none of its members."""
    gated.telegram.faults["get_member", CHANNEL.id] = NotFound("user not found", code=code)
    before = gated.telegram.count("get_member", CHANNEL)
    assert not await gated.write()
    assert gated.telegram.count("get_member", CHANNEL) - before == 2


async def test_nothing_of_a_story_is_left_behind(gated: World) -> None:
    """After /unprotect no row of the gate's tables speaks of anybody (defects N1, N2)."""
    await gated.write()
    await gated.keeper.unprotect(GROUP, OWNER)
    assert await gated.restriction() is None
    assert await gated.case() is None
    assert await gated.write()
    await gated.protect()
    assert not await gated.write()
