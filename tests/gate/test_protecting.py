"""/protect, /unprotect, /status: who may change a gate, what is refused and how, and what it frees."""

from typing import Any

import pytest
import sqlalchemy as sa

from gate.conftest import World
from gate.fake_telegram import (
    ADA,
    ANN,
    BEN,
    BOT,
    CHANNEL,
    GROUP,
    OTHER_GROUP,
    OWNER,
    SECOND,
    place,
)
from gatecrier.gate.model import Mode, Reason
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, TryLater
from gatecrier.registry.store import audit_log
from gatecrier.telegram.updates import Chat, ChatType, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRIVATE = Chat(id=5, type=ChatType.PRIVATE)
ANONYMOUS = Person(id=1087968824, is_bot=True)
CHANNEL_BOT = Person(id=136817688, is_bot=True)
MODERATOR = Person(id=12, first_name="Mo")
SOMEBODY = Chat(id=77, type=ChatType.PRIVATE, username="somebody")
CLUB = Chat(id=-1077, type=ChatType.SUPERGROUP, title="Club", username="theclub")
SECRET = Chat(id=-1001234567890, type=ChatType.CHANNEL, title="Secret")


async def refusal(world: World, text: str = "@news", **fields: Any) -> GatecrierError:
    given = {"chat": GROUP, "actor": OWNER, "sender_chat": None, **fields}
    with pytest.raises(GatecrierError) as caught:
        await world.keeper.protect(given["chat"], given["actor"], given["sender_chat"], text)
    return caught.value


ACTORS: list[tuple[dict[str, Any], str]] = [
    ({"chat": PRIVATE}, "not_a_group"),
    ({"chat": CHANNEL}, "not_a_group"),
    ({"actor": ANONYMOUS, "sender_chat": GROUP}, "anonymous_admin"),
    ({"actor": CHANNEL_BOT, "sender_chat": CHANNEL}, "not_a_person"),
    ({"actor": ANONYMOUS, "sender_chat": SECOND}, "not_a_person"),
    ({"actor": ANONYMOUS}, "not_a_person"),
    ({"actor": None}, "not_a_person"),
    ({"actor": Person(id=777000, first_name="Telegram")}, "not_admin"),
    ({"actor": ANN}, "not_admin"),
    ({"actor": Person(id=99, first_name="Olga")}, "not_admin"),
    ({"actor": MODERATOR}, "not_admin"),
    ({"text": ""}, "no_argument"),
    ({"text": "/protect"}, "no_argument"),
    ({"text": "@nosuch"}, "channel_not_found"),
    ({"text": "@somebody"}, "not_a_channel"),
    ({"text": "@theclub"}, "not_a_channel"),
    ({"text": "t.me/+abc"}, "invite_link"),
    ({"text": str(SECRET.id)}, "no_invite_link"),
    ({"actor": ADA, "text": "@more"}, "channel_not_yours"),
]


@pytest.mark.parametrize(("fields", "code"), ACTORS)
async def test_what_protect_refuses(world: World, fields: dict[str, Any], code: str) -> None:
    """Attacks 6, 7, 8, 24: nobody but a proven admin of group and channel, and nothing but a channel."""
    for chat in (SOMEBODY, CLUB, SECRET):
        world.telegram.add(chat)
    world.telegram.put(GROUP, place(MODERATOR, "administrator", can_delete_messages=True))
    world.telegram.put(GROUP, place(ADA, "administrator", can_restrict_members=True))
    error = await refusal(world, **fields)
    assert error.code == code
    assert error.text
    assert error.remedy
    with pytest.raises(NotFound):
        await world.keeper.status(GROUP.id)


@pytest.mark.parametrize(
    ("rights", "named"),
    [
        ({"can_delete_messages": True}, '"ban users"'),
        ({"can_restrict_members": True}, '"delete messages"'),
        ({}, '"delete messages" and "ban users"'),
    ],
)
async def test_protect_names_the_right_the_bot_lacks(
    world: World, rights: dict[str, bool], named: str
) -> None:
    """A gate that could not act is not made."""
    world.telegram.put(GROUP, place(BOT, "administrator", **rights))
    error = await refusal(world)
    assert error.code == "bot_lacks_rights"
    assert named in error.text


async def test_protect_wants_the_bot_in_the_channel(world: World) -> None:
    """Without it Telegram does not say who belongs; whichever call tells, the sentence is the same."""
    world.telegram.put(CHANNEL, place(BOT, "left"))
    assert (await refusal(world)).code == "bot_not_in_channel"
    world.telegram.faults["get_chat"] = Misconfigured("bot is not a member of the channel chat")
    assert (await refusal(world)).code == "bot_not_in_channel"


async def test_an_outage_is_not_a_refusal(world: World) -> None:
    """The command may be repeated unchanged."""
    world.telegram.faults["get_member"] = TryLater("server error")
    with pytest.raises(TryLater):
        await world.protect()


async def test_a_just_demoted_admin_is_refused(gated: World) -> None:
    """Attack 7: rights are asked for at that moment, whatever is remembered."""
    assert await gated.write(OWNER)
    gated.telegram.put(GROUP, place(OWNER))
    assert (await refusal(gated, "@more")).code == "not_admin"


async def test_channels_add_up_and_one_is_not_added_twice(gated: World) -> None:
    """Defect N2: several channels by command; a second time is said, in whatever spelling."""
    assert (await refusal(gated, "t.me/NEWS")).code == "already_protected"
    await gated.clock.advance(1)
    done = await gated.keeper.protect(GROUP, OWNER, None, "@more")
    assert [channel.label for channel in done.added] == ["@more"]
    assert [channel.label for channel in done.gate.channels] == ["@news", "@more"]
    assert done.gate.mode is Mode.ENFORCE


async def test_a_group_belongs_to_one_bot(gated: World) -> None:
    """Two bots would each take the other's mute for an admin's."""
    keeper = Gatekeeper(gated.database, gated.clock, gated.telegram, 2, rng=gated.keeper.standings._rng)
    await keeper.start()
    other = place(
        Person(id=2, is_bot=True), "administrator", can_restrict_members=True, can_delete_messages=True
    )
    gated.telegram.put(GROUP, other)
    gated.telegram.put(SECOND, other)
    with pytest.raises(GatecrierError) as caught:
        await keeper.protect(GROUP, OWNER, None, "@more")
    assert caught.value.code == "other_bot"


async def test_unprotect_stops_and_frees_everybody_exactly(gated: World) -> None:
    """Defects N1, N2: nothing is enforced afterwards, nobody stays muted, and it can be protected anew."""
    before = place(BEN, "restricted", is_member=True, can_send_messages=True)
    gated.telegram.put(GROUP, before)
    await gated.write()
    await gated.write(BEN)
    done = await gated.keeper.unprotect(GROUP, OWNER)
    assert (done.gate, done.freed, done.waiting) == (None, 2, 0)
    assert gated.telegram.at(GROUP, ANN) == place(ANN)
    assert gated.telegram.at(GROUP, BEN) == before
    assert await gated.write()
    await gated.leave()
    assert not gated.telegram.silent(GROUP, ANN)
    await gated.protect()
    assert not await gated.write()


async def test_unprotect_of_one_channel_frees_whom_only_it_held(gated: World) -> None:
    """Who still lacks another one stays held for that."""
    await gated.protect("@more")
    gated.telegram.put(SECOND, place(ANN))
    await gated.write()
    await gated.write(BEN)
    done = await gated.keeper.unprotect(GROUP, OWNER, text="@news")
    assert done.freed == 1
    assert not gated.telegram.silent(GROUP, ANN)
    case = await gated.case(BEN)
    assert case is not None
    assert case.missing == (SECOND.id,)
    assert await gated.write()


async def test_unprotect_leaves_an_admins_mute_alone(gated: World) -> None:
    """I2 holds for mass liftings too."""
    await gated.write()
    by_admin = place(ANN, "restricted", is_member=True, until_date=2_000_000_000)
    gated.telegram.put(GROUP, by_admin)
    assert (await gated.keeper.unprotect(GROUP, OWNER)).freed == 0
    assert gated.telegram.at(GROUP, ANN) == by_admin


async def test_unprotect_asks_for_the_same_proof(gated: World) -> None:
    """I3: a gate is not taken off by whom it holds."""
    for actor, sender_chat in ((ANN, None), (ANONYMOUS, GROUP), (CHANNEL_BOT, CHANNEL)):
        with pytest.raises(GatecrierError):
            await gated.keeper.unprotect(GROUP, actor, sender_chat)
    with pytest.raises(NotFound):
        await gated.keeper.unprotect(GROUP, OWNER, text="@more")
    with pytest.raises(NotFound):
        await gated.keeper.unprotect(OTHER_GROUP, OWNER)
    assert not await gated.write()


async def test_unprotect_in_an_outage_frees_later(gated: World) -> None:
    """The demand ends at once; whom Telegram would not let us free, the healer does."""
    await gated.write()
    gated.telegram.faults["restrict"] = TryLater("server error")
    done = await gated.keeper.unprotect(GROUP, OWNER)
    assert (done.freed, done.waiting) == (0, 1)
    gated.telegram.faults.clear()
    await gated.clock.advance(120)
    assert (await gated.healer.run_once())["finished"] == 1
    assert not gated.telegram.silent(GROUP, ANN)


async def test_release_frees_and_the_gate_goes_on(gated: World) -> None:
    """An operator's word lifts what we did, one or all."""
    await gated.write()
    await gated.write(BEN)
    assert await gated.keeper.release(GROUP.id, ANN.id, actor="cli") == (1, 0)
    assert await gated.keeper.release(GROUP.id, actor="cli") == (1, 0)
    with pytest.raises(NotFound):
        await gated.keeper.release(GROUP.id, actor="cli")
    assert not await gated.write()


async def test_status_tells_what_is_demanded_and_done(gated: World) -> None:
    """Channels, people held, decisions by reason; a group without a gate is told how to get one."""
    await gated.write()
    await gated.write(OWNER)
    status = await gated.keeper.status(GROUP.id)
    assert [channel.label for channel in status.gate.channels] == ["@news"]
    assert status.held == 1
    assert status.decisions == {Reason.NOT_MEMBER: 1, Reason.ADMIN: 1}
    with pytest.raises(NotFound):
        await gated.keeper.status(OTHER_GROUP.id)


async def test_every_change_is_in_the_audit_log(gated: World) -> None:
    """Who did what to which group, with the change itself."""
    await gated.write()
    await gated.keeper.release(GROUP.id, actor="operator:7")
    await gated.keeper.unprotect(GROUP, OWNER)
    async with gated.database.read() as connection:
        columns = (audit_log.c.actor, audit_log.c.action, audit_log.c.subject)
        rows = await connection.execute(sa.select(*columns).order_by(audit_log.c.id))
    owner, group = f"person:{OWNER.id}", f"chat:{GROUP.id}"
    assert [tuple(row) for row in rows] == [
        (owner, "gate.protect", group),
        ("gatecrier", "gate.delete", group),
        ("gatecrier", "gate.hold", group),
        ("operator:7", "gate.release", group),
        ("gatecrier", "gate.close", group),
        (owner, "gate.unprotect", group),
    ]


async def test_another_process_change_is_seen_within_a_run_of_the_healer(gated: World) -> None:
    """The command line changes the same tables."""
    other = await gated.restarted()
    await other.keeper.unprotect(GROUP, OWNER)
    await gated.healer.run_once()
    assert await gated.write()
