"""What admins and operators choose: proven at that moment, validated, audited, and in force at once."""

from datetime import timedelta
from typing import Any

import pytest

from gate.conftest import World
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, OTHER_GROUP, OWNER, place
from gatecrier.gate.model import Mode, Subject
from gatecrier.gate.options import Options, as_json, changed, from_json
from gatecrier.kernel.errors import GatecrierError, NotFound, Refused
from gatecrier.telegram.updates import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def refusal(world: World, method: str, *arguments: Any, actor: Person | str = "cli") -> str:
    with pytest.raises(GatecrierError) as caught:
        await getattr(world.keeper.steering, method)(*arguments, actor=actor)
    return caught.value.code


async def test_an_admin_may_choose_and_others_may_not(gated: World) -> None:
    """Attack 7: only who may restrict members at this moment, whatever was known before."""
    steering = gated.keeper.steering
    assert (await steering.set_option(GROUP.id, "grace", 60, actor=OWNER)).options.grace == 60
    assert await refusal(gated, "set_option", GROUP.id, "grace", 0, actor=ANN) == "not_admin"
    gated.telegram.put(GROUP, place(BEN, "administrator", can_delete_messages=True))
    assert await refusal(gated, "set_mode", GROUP.id, Mode.OFF, actor=BEN) == "not_admin"
    gated.telegram.put(GROUP, place(BEN, "administrator", can_restrict_members=True))
    await steering.set_option(GROUP.id, "grace", 30, actor=BEN)
    gated.telegram.put(GROUP, place(BEN))
    assert await refusal(gated, "exempt", GROUP.id, BEN.id, actor=BEN) == "not_admin"


async def test_another_groups_admin_is_nobody_here(gated: World) -> None:
    """Attack 9: an admin of one group names another: refused, and nothing is changed."""
    await gated.protect(chat=OTHER_GROUP)
    gated.telegram.put(OTHER_GROUP, place(ANN, "creator"))
    for method, *arguments in (
        ("set_option", "grace", 60),
        ("set_mode", Mode.OFF),
        ("set_template", "en", ""),
        ("exempt", ANN.id),
        ("unexempt", ANN.id),
    ):
        assert await refusal(gated, method, GROUP.id, *arguments, actor=ANN) == "not_admin"
    assert await refusal(gated, "set_mode", -100, Mode.OFF, actor=ANN) == "no_gate"


async def test_whoever_is_held_is_free_when_a_gate_enforces_no_more(gated: World) -> None:
    """Observing and resting touch nobody, those held before included."""
    for mode in (Mode.OBSERVE, Mode.OFF):
        await gated.write()
        assert gated.telegram.silent(GROUP, ANN)
        done = await gated.keeper.steering.set_mode(GROUP.id, mode, actor="cli")
        assert (done.gate.mode, done.freed, done.waiting) == (mode, 1, 0)
        assert not gated.telegram.silent(GROUP, ANN)
        assert await gated.write()
        await gated.keeper.steering.set_mode(GROUP.id, Mode.ENFORCE, actor="cli")


async def test_who_is_exempt_may_write_until_then(gated: World) -> None:
    """Freed at once; when the time is over the channels decide again."""
    await gated.write()
    until = gated.clock.now() + timedelta(hours=1)
    await gated.keeper.steering.exempt(GROUP.id, ANN.id, until=until, actor=OWNER)
    assert not gated.telegram.silent(GROUP, ANN)
    assert await gated.write()
    (one,) = await gated.keeper.steering.exemptions(GROUP.id)
    assert (one.subject, one.until, one.added_by) == (ANN.id, until, f"person:{OWNER.id}")
    await gated.clock.advance(3601)
    assert not await gated.write()
    await gated.keeper.steering.unexempt(GROUP.id, ANN.id, actor=OWNER)
    with pytest.raises(NotFound):
        await gated.keeper.steering.unexempt(GROUP.id, ANN.id, actor=OWNER)


async def test_an_exempt_channel_may_post(gated: World) -> None:
    """A partner's channel is let in by its number; others are not."""
    sender = Person(id=136817688, is_bot=True)
    assert not await gated.write(sender, sender_chat=CHANNEL)
    await gated.keeper.steering.exempt(GROUP.id, "@news", actor=OWNER)
    assert await gated.write(sender, sender_chat=CHANNEL)
    (one,) = await gated.keeper.steering.exemptions(GROUP.id)
    assert one.subject == CHANNEL.id
    assert await refusal(gated, "exempt", GROUP.id, "@nobody") == "channel_not_found"


@pytest.mark.parametrize("subject", ["somebody", "https://evil.example/+x", ""])
async def test_what_cannot_be_exempt_is_refused(gated: World, subject: Subject) -> None:
    """Numbers, names that lead somewhere, and invite links; nothing else."""
    assert await refusal(gated, "exempt", GROUP.id, subject) == "bad_subject"


async def test_an_exemption_in_the_past_is_refused(gated: World) -> None:
    """It would hold for nobody."""
    with pytest.raises(Refused):
        await gated.keeper.steering.exempt(GROUP.id, 5, until=gated.clock.now(), actor="cli")


async def test_a_group_may_have_its_own_words(gated: World) -> None:
    """Checked when saved, shown on the card, and taken back."""
    steering = gated.keeper.steering
    assert await refusal(gated, "set_template", GROUP.id, "en", "<b>{people}") == "unclosed_tag"
    assert await refusal(gated, "set_template", GROUP.id, "xx", "{people}") == "no_such_language"
    await steering.set_template(GROUP.id, "en", "Hey {people}, go to {channels}!", actor=OWNER)
    await gated.write()
    await gated.cards.run_once()
    (card,) = gated.telegram.cards()
    assert card.text.startswith("Hey ")
    gate = await steering.set_template(GROUP.id, "en", "", actor=OWNER)
    assert not gate.options.templates


WRONG = [
    ("grace", "-1", "bad_option"),
    ("grace", "²", "bad_option"),
    ("grace", 10**9, "bad_option"),
    ("door", "window", "bad_option"),
    ("reactions", "maybe", "bad_option"),
    ("language", "xx", "bad_option"),
    ("templates", "x", "no_such_option"),
    ("anything", 1, "no_such_option"),
]


@pytest.mark.parametrize(("name", "value", "code"), WRONG)
async def test_an_option_takes_what_it_takes(name: str, value: object, code: str) -> None:
    """Attack 24: each refusal names the option and its range or list."""
    with pytest.raises(Refused) as caught:
        changed(Options(), name, value)
    assert caught.value.code == code


async def test_options_survive_the_database_and_other_versions() -> None:
    """Only what differs from the defaults is kept; what we do not know is left out."""
    chosen = changed(changed(Options(), "door", "message"), "reactions", "on")
    assert as_json(chosen) == {"door": "message", "reactions": True}
    assert from_json(as_json(chosen) | {"of_a_newer_version": 7}) == chosen
