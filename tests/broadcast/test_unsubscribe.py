"""The button by which a campaign's category ends: in every message, and it does its own work."""

from dataclasses import replace

import pytest

from broadcast.stage import BOT, NOW, Stage
from gatecrier.broadcast.amending.service import Amendments
from gatecrier.broadcast.clicks import counted
from gatecrier.broadcast.consent import Consent
from gatecrier.broadcast.content.model import Album, Button, Text, Variant, Variants, messages_of
from gatecrier.broadcast.content.written import buttons_in
from gatecrier.broadcast.model import Campaign, Options
from gatecrier.broadcast.service import Broadcast
from gatecrier.broadcast.unsubscribe import category_of, has_unsubscribe, with_unsubscribe
from gatecrier.kernel.errors import Refused
from gatecrier.registry.store import read_audit
from gatecrier.storage.database import Database

OUT = Button(text="Unsubscribe from news", data="out:news")
HELLO = Text(text="Hello", buttons=((Button(text="Site", url="https://example.org"),),))


async def made(database: Database, *, consent: Consent, category: str, text: Text = HELLO) -> Campaign:
    stage = Stage(database)
    broadcast = Broadcast(database, clock=stage.clock, jobs=stage.jobs, consent=consent)
    return await broadcast.create(BOT, "x", text, actor="cli", category=category)


def test_the_row_is_last_in_every_variant_and_there_once() -> None:
    """An album carries it under the text that follows; without one Telegram shows no buttons."""
    album = Album(from_chat_id=1, message_ids=(1, 2), follow_up=Text(text="more"))
    content = Variants(variants=(Variant(content=HELLO), Variant(content=album, language="de")))
    once = with_unsubscribe(content, "news")
    for done in (once, with_unsubscribe(once, "news")):
        for message in messages_of(done):
            assert buttons_in(message)[-1] == (OUT,)
            assert sum(row == (OUT,) for row in buttons_in(message)) == 1
    assert buttons_in(messages_of(once)[0])[0] == HELLO.buttons[0]
    bare = replace(album, follow_up=None)
    assert with_unsubscribe(bare, "news") == bare


def test_counting_leaves_it_its_work() -> None:
    """A counted button's data is replaced; this one's must come back as it is."""
    message = with_unsubscribe(Text(text="x", buttons=((Button(text="a", data="later"),),)), "news")
    assert isinstance(message, Text)
    (first,), (last,) = counted(message, 41, 5, None).buttons
    assert (first.data, last) == ("k:41:0", OUT)


@pytest.mark.parametrize(("data", "category"), [("out:news", "news"), ("out:", ""), ("k:1:2", ""), ("", "")])
def test_what_a_press_says(data: str, category: str) -> None:
    """Only what begins so, and names something."""
    assert category_of(data) == category


async def test_a_campaign_of_a_category_gets_it_unless_the_deployment_says_no(
    sqlite_database: Database,
) -> None:
    """By default; a campaign of no category has nothing to opt out of."""
    assert has_unsubscribe((await made(sqlite_database, consent=Consent(), category="news")).content)
    assert not has_unsubscribe((await made(sqlite_database, consent=Consent(), category="")).content)
    plain = await made(sqlite_database, consent=Consent(unsubscribe_row=False), category="news")
    assert (plain.content, plain.category) == (HELLO, "news")


@pytest.mark.parametrize(
    ("categories", "remedy"), [(("offers",), "offers"), ((), "GATECRIER_BROADCAST__CATEGORIES")]
)
async def test_a_category_nobody_can_choose_is_refused(
    sqlite_database: Database, categories: tuple[str, ...], remedy: str
) -> None:
    """People could not opt in again: the remedy names those that exist, or the setting."""
    with pytest.raises(Refused) as caught:
        await made(sqlite_database, consent=Consent(categories=categories), category="news")
    assert (caught.value.field, remedy in caught.value.remedy) == ("category", True)


async def test_a_message_that_is_changed_keeps_the_row(sqlite_database: Database) -> None:
    """Changing a text everywhere must not take the way out away."""
    stage = Stage(sqlite_database)
    await stage.subscribe(1)
    campaign = await stage.broadcast.create(BOT, "x", HELLO, actor="cli", category="news")
    await stage.broadcast.start(campaign.id, actor="cli")
    await stage.sender().run()
    assert list(stage.telegram.buttons[-1])[-1][0].data == "out:news"
    amendments = Amendments(sqlite_database, clock=stage.clock, jobs=stage.jobs)
    amended = await amendments.edit(campaign.id, Text(text="better"), actor="cli")
    assert amended.content is not None
    assert amended.content.buttons == ((OUT,),)


async def test_what_passes_cap_and_quiet_hours_is_in_the_audit_log(sqlite_database: Database) -> None:
    """No bypass without a trace."""
    stage = Stage(sqlite_database)
    for options in (Options(), Options(service=True, urgent=True)):
        campaign = await stage.broadcast.create(BOT, "x", HELLO, actor="cli", options=options)
    async with sqlite_database.read() as connection:
        newest, _ = await read_audit(connection, subject=f"campaign:{campaign.id}", limit=9)
    assert (newest.action, newest.detail, newest.at) == (
        "campaign.pass",
        "frequency cap, quiet hours",
        NOW,
    )
