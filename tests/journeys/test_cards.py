"""Cards from outside: what the group sees, what the held person sees, and what Verify does."""

import pytest

from gatecrier_sandbox.world.model import Message
from journeys.conftest import Stage, is_card, until
from journeys.test_gate import Group, buttons_of, group

__all__ = ["group"]

pytestmark = pytest.mark.story


def public_cards(group: Group) -> list[Message]:
    messages = group.stage.sandbox.world.chats[group.id].messages.values()
    return [one for one in messages if is_card(one)]


async def test_the_card_is_seen_by_one_person_alone_and_verify_on_it_frees(group: Group) -> None:
    """No channel update needed: she joins while none arrives, presses, may write, and her card is gone."""
    await group.protect()
    group.says(group.nora, "hello")
    await until(lambda: group.card() is not None, "Nora is shown a card")
    card = group.card()
    assert card is not None
    assert card.receiver_id == group.nora
    assert [button.get("url", "") for button in buttons_of(card)] == ["https://t.me/daily", ""]
    assert public_cards(group) == []
    world = group.stage.sandbox.world
    world.set_member(group.channel, group.stage.bot.id, "administrator")
    world.join(group.channel, group.nora)
    text = await group.press(group.nora)
    assert "write here" in text or "out of date" in text  # the update about the join may have been faster
    await until(lambda: group.may_write(group.nora), "Nora is free")
    await until(lambda: group.card() is None, "her card is gone")


async def test_a_group_may_want_one_card_for_all_to_see(group: Group, stage: Stage) -> None:
    """Without ephemeral messages everybody sees it; it serves, and goes."""
    await group.protect()
    await stage.app.first.gate.steering.set_option(group.id, "ephemeral", "off", actor="operator:1")
    group.says(group.nora, "hello")
    await until(lambda: len(public_cards(group)) == 1, "the card of all is shown")
    assert group.card() is None
    stage.sandbox.world.join(group.channel, group.nora)
    await until(lambda: public_cards(group) == [], "it is gone")


async def test_a_warning_is_told_alone_and_the_message_stays(group: Group, stage: Stage) -> None:
    """The first step of the ladder, over HTTP."""
    await group.protect()
    await stage.app.first.gate.steering.set_option(group.id, "warnings", "1", actor="operator:1")
    group.says(group.nora, "first")
    await until(lambda: group.card() is not None, "Nora is warned")
    card = group.card()
    assert card is not None
    assert "stays this time" in card.text
    assert group.may_write(group.nora)
    group.says(group.nora, "second")
    await until(lambda: not group.may_write(group.nora), "Nora is held")
