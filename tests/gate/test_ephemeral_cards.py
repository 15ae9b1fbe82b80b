"""Cards that the held person alone sees, and what happens where Telegram does not take them."""

from typing import Any

import pytest

from gate.conftest import World
from gate.fake_telegram import ANN, BEN, CHANNEL, GROUP, OTHER_GROUP, SECOND, Shown, place
from gatecrier.gate.cards.texts import Toast, toast
from gatecrier.gate.model import Raid
from gatecrier.gate.store import GateStore
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, OutcomeUnknown, Refused, TryLater
from gatecrier.telegram.updates import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNSUPPORTED = Refused("unsupported", code="unknown_400")


@pytest.fixture
async def private(world: World) -> World:
    """The group requires @news, and speaks to single people."""
    world.is_private = True
    await world.protect()
    return world


async def held(world: World, person: Person = ANN, **fields: Any) -> None:
    """A person writes, is held, and is told."""
    await world.write(person, **fields)
    await world.cards.run_once()


def case_id(card: Shown) -> str:
    return card.buttons[-1].data.removeprefix("verify:")


async def test_only_the_held_person_sees_the_card(private: World) -> None:
    """The group stays clean; the card names the group, leads to the channel and can be verified on."""
    await held(private)
    assert private.telegram.shown == {}
    assert private.telegram.private(BEN) == []
    (card,) = private.telegram.private(ANN)
    assert [button.url for button in card.buttons] == ["https://t.me/news", ""]
    assert "The group" in card.text
    private.telegram.put(CHANNEL, place(ANN))
    assert (await private.keeper.verify(case_id(card), ANN.id)).freed
    assert not private.telegram.silent(GROUP, ANN)


async def test_it_goes_when_the_case_closes(private: World) -> None:
    """Defect N10: nothing of ours outlives its reason."""
    await held(private)
    await private.join()
    await private.cards.run_once()
    await private.deletions.run_once()
    assert private.telegram.private(ANN) == []
    assert private.telegram.shown == {}


@pytest.mark.parametrize(("code", "word"), [("de-AT", "Prüfen"), ("pt-br", "Проверить"), ("", "Проверить")])
async def test_it_speaks_the_persons_language(private: World, code: str, word: str) -> None:
    """Else the group's, and with the group's own words for that language."""
    await private.choose(language="ru", templates={"de": "Hallo {people}: {channels}"})
    await held(private, Person(id=ANN.id, first_name="Ann", language_code=code))
    (card,) = private.telegram.private(ANN)
    assert card.buttons[-1].text == word
    assert card.text.lstrip("\u200e").startswith("Hallo") is (code == "de-AT")


async def test_nobody_else_can_use_its_button(private: World) -> None:
    """Attack 1, 2: Ben forges Ann's button; he is refused, nobody is asked about, and her card stays."""
    await held(private)
    (card,) = private.telegram.private(ANN)
    private.telegram.put(CHANNEL, place(ANN))
    calls = len(private.telegram.calls)
    assert await private.keeper.verify(case_id(card), BEN.id) == toast("en", Toast.NOT_YOURS)
    assert len(private.telegram.calls) == calls
    assert private.telegram.silent(GROUP, ANN)
    await private.keeper.verify(case_id(card), ANN.id)
    assert await private.keeper.verify(case_id(card), ANN.id) == toast("en", Toast.TOO_OLD)


async def test_whoever_is_still_held_after_two_minutes_is_named_in_public(private: World) -> None:
    """Telegram does not promise that anybody sees an ephemeral message; until then it is given its time."""
    await held(private)
    await private.clock.advance(119)
    await private.cards.run_once()
    assert private.telegram.cards() == []
    await private.clock.advance(1)
    await private.cards.run_once()
    (card,) = private.telegram.cards()
    assert "Ann" in card.text
    private.telegram.put(CHANNEL, place(ANN))
    assert (await private.keeper.verify(case_id(card), ANN.id)).freed
    await private.clock.advance(3)
    await private.cards.run_once()
    await private.deletions.run_once()
    assert private.telegram.shown == {}
    assert private.telegram.private(ANN) == []


@pytest.mark.parametrize(
    "error",
    [
        UNSUPPORTED,
        Misconfigured("CHAT_ADMIN_REQUIRED", code="no_rights"),
        NotFound("PARTICIPANT_ID_INVALID", code="unknown_person"),
    ],
)
async def test_who_cannot_be_told_alone_is_named_at_once(private: World, error: GatecrierError) -> None:
    """An older server, no right, a person who just left: nobody stays without a way back."""
    private.telegram.faults["send_ephemeral"] = error
    await held(private)
    assert len(private.telegram.cards()) == 1


async def test_where_it_does_not_work_it_is_not_tried_for_an_hour(private: World) -> None:
    """In that group; another has its own try."""
    private.telegram.faults["send_ephemeral", GROUP.id] = UNSUPPORTED
    await private.protect(chat=OTHER_GROUP)
    await held(private)
    await held(private, BEN)
    assert private.telegram.count("send_ephemeral") == 1
    await held(private, BEN, chat=OTHER_GROUP)
    assert len(private.telegram.private(BEN, OTHER_GROUP)) == 1
    private.telegram.faults.clear()
    await private.join(BEN)
    await private.leave(BEN)
    await private.clock.advance(3600)
    await private.join(BEN)
    await private.leave(BEN)
    await private.cards.run_once()
    assert len(private.telegram.private(BEN)) == 1


async def test_one_person_outside_does_not_switch_it_off(private: World) -> None:
    """That somebody left the group meanwhile says nothing about the group."""
    private.telegram.faults["send_ephemeral"] = NotFound("PARTICIPANT_ID_INVALID", code="unknown_person")
    await held(private)
    private.telegram.faults.clear()
    await held(private, BEN)
    assert len(private.telegram.private(BEN)) == 1


async def test_a_server_that_is_too_old_shows_nothing_to_everybody_for_long(private: World) -> None:
    """It ignores whom a message is for: what it showed goes at once, and no other is tried, anywhere."""
    private.telegram.is_old = True
    await private.protect(chat=OTHER_GROUP)
    await private.write()
    await private.cards.run_once()
    await private.deletions.run_once()
    (card,) = private.telegram.cards()
    assert "Ann" in card.text
    await held(private, BEN, chat=OTHER_GROUP)
    assert private.telegram.count("send_ephemeral") == 1


async def test_what_perhaps_was_shown_is_not_shown_twice(private: World) -> None:
    """In doubt the public card is the certain one, after two minutes."""
    private.telegram.faults["send_ephemeral"] = OutcomeUnknown("timeout")
    await held(private)
    private.telegram.faults.clear()
    await private.cards.run_once()
    assert private.telegram.count("send_ephemeral") == 1
    await private.clock.advance(120)
    await private.cards.run_once()
    assert len(private.telegram.cards()) == 1


async def test_a_flood_limit_is_sat_out(private: World) -> None:
    """The card comes late, and once."""
    private.telegram.faults["send_ephemeral"] = TryLater("slow down", retry_after=30)
    await held(private)
    await private.clock.advance(29)
    assert (await private.cards.run_once())["waiting"] == 1
    assert private.telegram.count("send_ephemeral") == 1
    private.telegram.faults.clear()
    await private.clock.advance(1)
    await private.cards.run_once()
    assert len(private.telegram.private(ANN)) == 1


async def test_comments_from_outside_get_the_public_card(private: World) -> None:
    """Whoever never joined the group can be shown nothing alone there."""
    private.telegram.put(GROUP, place(ANN, "left"))
    await held(private)
    assert private.telegram.count("send_ephemeral") == 0
    assert len(private.telegram.cards()) == 1


async def test_in_a_raid_nobody_is_told_alone(private: World) -> None:
    """A thousand cards for a thousand accounts would be what a raid wants."""
    now = private.clock.now()
    async with private.database.transaction() as connection:
        raid = Raid(since=now, until=now.replace(year=now.year + 1))
        await GateStore(connection, 1).set_raid(GROUP.id, raid)
    await private.keeper.gates.renew(GROUP.id)
    await held(private)
    assert private.telegram.count("send_ephemeral") == 0
    case = await private.case()
    assert case is not None
    assert case.private_at is None
    assert private.telegram.shown == {}


async def test_switched_off_everybody_sees_the_card(private: World) -> None:
    """The group's choice."""
    await private.choose(ephemeral="off")
    await held(private)
    assert private.telegram.count("send_ephemeral") == 0
    assert len(private.telegram.cards()) == 1


@pytest.mark.long
async def test_many_at_once_do_not_keep_the_public_card_waiting(private: World) -> None:
    """Eight wait for a card of their own at most; the public one serves the rest, and is not behind them."""
    for number in range(20):
        person = Person(id=100 + number, first_name=f"Person {number}")
        private.telegram.put(GROUP, place(person))
        await private.write(person)
    counts = await private.cards.run_once()
    assert (counts["told"], counts["shown"]) == (8, 1)
    assert "7 more" in private.telegram.cards()[0].text


async def test_somebody_who_lacks_something_else_by_now_gets_another_card(private: World) -> None:
    """Replaced, not appended: each missing channel has its button, what is missing no more has none."""
    await private.protect("@news @more")
    await held(private)
    await private.join()
    await private.cards.run_once()
    await private.deletions.run_once()
    (card,) = private.telegram.private(ANN)
    assert [button.url for button in card.buttons] == ["https://t.me/more", ""]
    await private.join(chat=SECOND)
    await private.deletions.run_once()
    assert private.telegram.private(ANN) == []


async def test_a_case_closed_while_its_card_is_sent_leaves_none(private: World) -> None:
    """They joined in that moment: what arrives after is taken back."""
    original = private.telegram.send_ephemeral

    async def slow(*args: Any, **fields: Any) -> Any:
        sent = await original(*args, **fields)
        await private.join()
        return sent

    private.telegram.send_ephemeral = slow  # type: ignore[method-assign]
    await held(private)
    await private.deletions.run_once()
    assert private.telegram.private(ANN) == []


async def test_a_restart_between_mute_and_card_loses_nothing(private: World) -> None:
    """It is shown by the next process; what that one finds half shown is named in public in time."""
    await private.write()
    again = await private.restarted()
    await again.cards.run_once()
    assert len(again.telegram.private(ANN)) == 1
    await again.cards.run_once()
    assert again.telegram.count("send_ephemeral") == 1


async def test_who_left_the_group_is_not_told(private: World) -> None:
    """Their case stays open, and is named when they come back after its time."""
    await private.write()
    await private.keeper.handle_member_change(
        private.pen.change(GROUP, place(ANN, "restricted", is_member=False))
    )
    await private.cards.run_once()
    assert private.telegram.count("send_ephemeral") == 0
    await private.clock.advance(120)
    await private.cards.run_once()
    assert private.telegram.cards() == []
