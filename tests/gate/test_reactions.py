"""Reactions: where a group wants it, who reacts without belonging is held like who writes."""

import pytest

from gate.conftest import World
from gate.fake_telegram import ANN, CHANNEL, GROUP, OTHER_GROUP, OWNER, place
from gate.test_door import choose, let_pass
from gatecrier.gate.model import Reason
from gatecrier.kernel.errors import Misconfigured, Refused, TryLater
from gatecrier.telegram.updates import Chat, ChatType, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOREIGN = Chat(id=-1008, type=ChatType.CHANNEL, title="Theirs")
CLEO = Person(id=50, first_name="Cleo")


async def react(
    world: World, person: Person | None = ANN, chat: Chat = GROUP, actor_chat: Chat | None = None
) -> None:
    reaction = world.pen.reaction(person, chat, actor_chat=actor_chat)
    if world.keeper.minds(reaction):
        await world.keeper.handle_reaction(reaction)


async def test_reactions_are_nobodys_matter_by_default(gated: World) -> None:
    """Off, or no gate at all: not even the database hears of them."""
    calls = len(gated.telegram.calls)
    assert not gated.keeper.minds(gated.pen.reaction())
    assert not gated.keeper.minds(gated.pen.reaction(chat=OTHER_GROUP))
    await gated.keeper.handle_reaction(gated.pen.reaction())
    assert len(gated.telegram.calls) == calls


async def test_attack_18_who_reacts_without_belonging_is_held(gated: World) -> None:
    """Their reactions go, they are muted and told by the card; joining frees them."""
    await choose(gated, reactions=True)
    await react(gated)
    assert gated.telegram.silent(GROUP, ANN)
    assert ("delete_reactions", GROUP.id, ANN.id) in gated.telegram.calls
    case = await gated.case()
    assert case is not None
    assert case.reason is Reason.REACTED
    await gated.join()
    assert not gated.telegram.silent(GROUP, ANN)


async def test_a_known_members_reaction_costs_a_look(gated: World) -> None:
    """Decided in memory, and nothing is taken back that somebody takes back themselves."""
    await choose(gated, reactions=True)
    gated.telegram.put(CHANNEL, place(ANN))
    await react(gated)
    assert not gated.keeper.minds(gated.pen.reaction())
    assert not gated.keeper.minds(gated.pen.reaction(CLEO, new_reaction=()))
    assert gated.telegram.count("delete_reactions") == 0


async def test_admins_exempt_people_and_the_group_itself_may_react(gated: World) -> None:
    """I1: whoever may write may react."""
    await choose(gated, reactions=True)
    await let_pass(gated, CLEO.id)
    for person in (OWNER, CLEO):
        await react(gated, person)
    await react(gated, None, actor_chat=GROUP)
    assert gated.telegram.count("delete_reactions") == gated.telegram.count("restrict") == 0


@pytest.mark.parametrize(
    ("channels", "deleted", "banned"), [("allow", 0, 0), ("delete", 1, 0), ("ban", 1, 1)]
)
async def test_channels_react_as_they_may_post(
    gated: World, channels: str, deleted: int, banned: int
) -> None:
    """The option for channels decides; nobody is restricted."""
    await choose(gated, reactions=True, channels=channels)
    await react(gated, None, actor_chat=FOREIGN)
    assert gated.telegram.counts()["delete_reactions"] == deleted
    assert gated.telegram.counts()["ban_sender_chat"] == banned
    assert gated.telegram.count("restrict") == 0


async def test_doubt_takes_nothing_from_who_reacts(gated: World) -> None:
    """I5: Telegram does not say, so nothing happens until it does."""
    await choose(gated, reactions=True)
    gated.telegram.faults["get_member", CHANNEL.id] = TryLater("server error")
    with pytest.raises(TryLater):
        await react(gated)
    assert gated.telegram.counts()["delete_reactions"] == gated.telegram.count("restrict") == 0


async def test_only_who_is_held_loses_reactions(gated: World) -> None:
    """Who is not in the group, or was muted by an admin, is not ours to touch."""
    await choose(gated, reactions=True)
    await react(gated, CLEO)
    gated.telegram.put(GROUP, place(ANN, "restricted", is_member=True))
    await react(gated)
    assert gated.telegram.counts()["delete_reactions"] == gated.telegram.count("restrict") == 0


async def test_where_messages_are_given_free_reactions_are_too(gated: World) -> None:
    """The ladder is climbed by writing only."""
    await choose(gated, reactions=True, free_messages=1, warnings=1)
    for _ in range(5):
        await react(gated)
    assert gated.telegram.count("restrict") == 0


async def test_a_right_that_is_lost_suspends(gated: World) -> None:
    """Attack 16: who may not take reactions away tells the admins; a refusal is no lost right."""
    await choose(gated, reactions=True)
    gated.telegram.faults["delete_reactions"] = Refused("reaction sender not found")
    await react(gated)
    assert gated.telegram.notices() == []
    gated.telegram.faults["delete_reactions"] = Misconfigured("CHAT_ADMIN_REQUIRED", code="no_rights")
    await react(gated, None, actor_chat=FOREIGN)
    assert len(gated.telegram.notices()) == 1
