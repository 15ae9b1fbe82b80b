"""What hostile people, and many people, try with cards; numbers as in facts/gate.md §1.1 and §5."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest

from gate import strict_html
from gate.conftest import World
from gate.fake_telegram import ADA, ANN, BEN, BOT, CHANNEL, GROUP, SECOND, Shown, place
from gate.speaking import make_case
from gatecrier.gate.cards.texts import Toast, toast
from gatecrier.gate.holding.ledger import Ledger
from gatecrier.telegram.updates import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = (
    "x" * 4096,
    "\u202egro.live//:sptth",
    "</a><a href='https://evil.example'>free",
    "*_`[click](https://evil.example)",
    "\u200b\u2060\u3164",
    "👩\u200d👩\u200d👧\u200d👦" * 20,
)


async def card_of(world: World) -> Shown:
    """The group's one card, as it is by now; shown to everybody, whatever Telegram offers besides."""
    await world.clock.advance(3)
    await world.cards.run_once()
    (card,) = world.telegram.cards()
    return card


def card_id(card: Shown) -> str:
    return card.buttons[-1].data.removeprefix("verify:")


@pytest.fixture(autouse=True)
async def in_public(gated: World) -> None:
    """Cards for everybody are what these tests are about."""
    await gated.choose(ephemeral="off")


async def test_every_missing_channel_has_its_button(gated: World) -> None:
    """Defect N10: whoever lacks two channels is led to both."""
    await gated.protect("@news @more")
    await gated.write()
    urls = [button.url for button in (await card_of(gated)).buttons]
    assert urls == ["https://t.me/news", "https://t.me/more", ""]


async def test_nobody_is_led_into_a_channel_that_they_must_leave(gated: World) -> None:
    """A button for a forbidden channel would hold them for good; the card says "leave"."""
    await gated.protect("@news not @more")
    gated.telegram.put(SECOND, place(ANN))
    await gated.write()
    card = await card_of(gated)
    assert [button.url for button in card.buttons] == ["https://t.me/news", ""]
    assert "leave @more" in strict_html.read(card.text).text


async def test_the_card_names_who_was_judged_and_not_who_added_them(gated: World) -> None:
    """Defect N10: Ada, an admin, adds Ben; it is Ben who must join."""
    gated.telegram.put(GROUP, place(ADA, "administrator"))
    gated.telegram.put(GROUP, place(BEN, "left"))
    await gated.keeper.handle_member_change(gated.pen.change(GROUP, place(BEN), by=ADA))
    links = strict_html.read((await card_of(gated)).text).links
    assert [address for _, address in links if address.startswith("tg:")] == [f"tg://user?id={BEN.id}"]


async def test_no_warning_outlives_its_reason(gated: World) -> None:
    """Defect N10: with the last person freed the group is as clean as before."""
    await gated.write()
    await card_of(gated)
    await gated.join()
    await gated.clock.advance(3)
    await gated.cards.run_once()
    assert gated.telegram.shown == {}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_changes_nothing_but_itself(gated: World, name: str) -> None:
    """Attack 19: Telegram takes the card, its only links are ours, and it stays short."""
    mallory = Person(id=66, first_name=name, last_name=name)
    gated.telegram.put(GROUP, place(mallory))
    await gated.write(mallory)
    text = (await card_of(gated)).text
    page = strict_html.read(text)
    assert [address for _, address in page.links] == [f"tg://user?id={mallory.id}"]
    assert len(page.text) < 300


async def test_a_press_by_anybody_else_leaves_the_card_as_it_is(gated: World) -> None:
    """Attack 1: "not for you"; the held person's card, case and mute are untouched."""
    await gated.write()
    card = await card_of(gated)
    gated.telegram.put(CHANNEL, place(ANN))
    verdict = await gated.keeper.verify(card_id(card), BEN.id)
    assert verdict == toast("en", Toast.NOT_YOURS)
    assert await card_of(gated) == card
    assert gated.telegram.silent(GROUP, ANN)


async def test_an_old_card_frees_nobody_who_is_free_and_frees_who_is_held(gated: World) -> None:
    """Attack 2: what the button says counts for nothing; whoever presses has a case here, or has not."""
    await gated.write()
    old = card_id(await card_of(gated))
    await gated.write(BEN)
    await card_of(gated)
    gated.telegram.put(CHANNEL, place(BEN))
    assert (await gated.keeper.verify(old, BEN.id)).freed
    assert await gated.keeper.verify(old, BEN.id) == toast("en", Toast.NOT_YOURS)


async def test_everybody_is_answered_in_their_language(gated: World) -> None:
    """Where we do not speak theirs, the group's serves; a card speaks the group's."""
    await gated.choose(language="de")
    await gated.write()
    card = await card_of(gated)
    assert card.buttons[-1].text == "Prüfen"
    for language, spoken in (("es", "es"), ("pt-br", "de"), ("", "de"), ("en-GB", "en")):
        verdict = await gated.keeper.verify(card_id(card), BEN.id, language)
        assert verdict == toast(spoken, Toast.NOT_YOURS)
    assert await gated.keeper.verify("forged", BEN.id, "fa") == toast("fa", Toast.TOO_OLD)


@pytest.mark.long
async def test_the_bot_is_never_the_spammer(gated: World) -> None:
    """Attack 10: a thousand people held make one message in three seconds, and one card in the end."""
    said: list[datetime] = []
    send, edit = gated.telegram.send_message, gated.telegram.edit_text

    async def sent(*args: object, **fields: object) -> int:
        said.append(gated.clock.now())
        return await send(*args, **fields)  # type: ignore[arg-type]

    async def edited(*args: object, **fields: object) -> None:
        said.append(gated.clock.now())
        await edit(*args, **fields)  # type: ignore[arg-type]

    gated.telegram.send_message, gated.telegram.edit_text = sent, edited  # type: ignore[method-assign]
    for number in range(100):
        person = Person(id=1000 + number, first_name=f"Person {number}")
        gated.telegram.put(GROUP, place(person))
        await gated.write(person)
        if number % 5 == 0:
            await gated.cards.run_once()
            await gated.clock.advance(1)
    async with gated.database.transaction() as connection:
        ledger = Ledger(connection, BOT.id)
        for number in range(100, 1000):
            case = make_case(f"Person {number}", 1000 + number)
            await ledger.open_case(replace(case, chat_id=GROUP.id, opened_at=gated.clock.now()))
            await ledger.touch(GROUP.id, 0, raised=True)
    assert "and 995 more" in (await card_of(gated)).text
    pauses = [(later - sooner).total_seconds() for sooner, later in pairwise(said)]
    assert min(pauses) >= 3
