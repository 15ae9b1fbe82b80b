"""Clicks: who pressed which button, told by signed addresses, presses and payloads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.stage import BOT, PERSON, Stage, ended, people
from gatecrier.broadcast.clicks import Click, Clicks, Links, Press, counted, labels, pressed, started
from gatecrier.broadcast.model import Album, Button, Options, Text, Variant, Variants
from gatecrier.kernel.errors import NotFound
from gatecrier.storage.database import Database

LINKS = Links("secret", "https://bots.example.org")
BUTTONS = (
    (Button(text="Shop", url="https://shop.example/a?b=c"), Button(text="Code", copy="X1")),
    (Button(text="Yes", data="yes"), Button(text="Chat", url="tg://resolve?domain=x")),
)
CONTENT = Text(text="Hello", buttons=BUTTONS)

clicks_ = st.builds(Click, st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 999))


@given(clicks_)
def test_an_address_says_what_it_was_made_for(click: Click) -> None:
    """Whole, short enough for a button, and only with the same secret."""
    url = LINKS.url(click)
    token = url.removeprefix("https://bots.example.org/r/")
    assert len(token) <= 40
    assert LINKS.read(token) == click
    assert Links("another", "https://bots.example.org").read(token) is None


@given(clicks_, st.integers(0, 39), st.sampled_from("AZaz09-_"))
def test_a_forged_address_says_nothing(click: Click, place: int, letter: str) -> None:
    """Whoever changes a letter counts for nobody."""
    token = LINKS.url(click).rpartition("/")[2]
    forged = token[:place] + letter + token[place + 1 :]
    assert LINKS.read(forged) in (None, click)
    if forged[:38] != token[:38]:
        assert LINKS.read(forged) is None


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(token: str) -> None:
    """Crawlers ask for anything."""
    assert LINKS.read(token) is None


def test_buttons_that_can_count_do() -> None:
    """Addresses of the web lead by ours, data becomes ours; the rest, and the order, stay."""
    (shop, code), (yes, chat) = counted(CONTENT, 41, 7, LINKS).buttons
    assert LINKS.read(shop.url.rpartition("/")[2]) == Click(41, 7, 0)
    assert (code, chat) == (BUTTONS[0][1], BUTTONS[1][1])
    assert pressed(yes.data) == Press(41, 2)
    assert counted(CONTENT, 41, 7, None).buttons[0] == BUTTONS[0]


@pytest.mark.parametrize("data", ["", "k:", "k:1", "k:1:x", "k:-1:0", "verify:abc", "c:1:yes!", "k:1:2:3"])
def test_other_data_is_none_of_ours(data: str) -> None:
    """Forged or foreign presses count nothing."""
    assert pressed(data) is None


def test_payloads_of_start_may_name_a_campaign() -> None:
    """A link in a channel: t.me/bot?start=c41, or its third one."""
    assert started("c41") == Press(41, 0)
    assert started("c41_2") == Press(41, 2)
    assert [started(other) for other in ("", "c", "ad7", "c41x", "c41_", "gate_5")] == [None] * 6


async def test_clicks_are_counted_once_for_each_person(database: Database) -> None:
    """Twice is one person; another's campaign, a stranger, a button that is no more: nothing."""
    stage = Stage(database)
    await stage.subscribe(5)
    campaign = await stage.broadcast.create(BOT, "x", CONTENT, actor="cli", options=Options(track=True))
    clicks = Clicks(database, clock=stage.clock)
    for _ in range(2):
        assert await clicks.follow(Click(campaign.id, 1, 0)) == "https://shop.example/a?b=c"
    await clicks.follow(Click(campaign.id, 2, 0))
    assert await clicks.press(BOT, PERSON + 2, Press(campaign.id, 2))
    assert not await clicks.press(BOT, 99, Press(campaign.id, 2))
    assert not await clicks.press(8, PERSON + 2, Press(campaign.id, 2))
    assert not await clicks.press(BOT, PERSON + 2, Press(campaign.id + 1, 2))
    for lost in (Click(campaign.id, 1, 1), Click(campaign.id, 1, 9), Click(campaign.id + 1, 1, 0)):
        with pytest.raises(NotFound):
            await clicks.follow(lost)
    assert await clicks.of(campaign.id) == {0: 2, 2: 1}
    assert await clicks.people(campaign.id) == 2


async def test_each_recipient_has_buttons_of_their_own(sqlite_database: Database) -> None:
    """What leaves carries the subscriber's number, signed."""
    stage = Stage(sqlite_database)
    await stage.subscribe(3)
    campaign = await stage.broadcast.create(
        BOT, "x", CONTENT, actor="cli", options=Options(track=True, canary=0)
    )
    await stage.broadcast.start(campaign.id, actor="cli")
    await stage.sender(links=LINKS).run()
    await ended(stage, campaign)
    told = [LINKS.read(buttons[0][0].url.rpartition("/")[2]) for buttons in stage.telegram.buttons]
    rows = {row["person_id"]: row["subscriber_id"] for row in await stage.rows(campaign)}
    assert told == [Click(campaign.id, rows[person], 0) for person in people(1, 2, 3)]


async def test_variants_number_their_buttons_through(sqlite_database: Database) -> None:
    """One variant's first button is not another's; an album's buttons are those of the text after it."""
    stage = Stage(sqlite_database)
    await stage.subscribe(3)
    follow_up = Text(text="x", buttons=((Button(text="Two", url="https://two.example"),),))
    album = Album(from_chat_id=-100, message_ids=(1, 2), follow_up=follow_up)
    content = Variants(variants=(Variant(content=CONTENT, language="fr"), Variant(content=album)))
    options = Options(track=True, canary=0)
    campaign = await stage.broadcast.create(BOT, "x", content, actor="cli", options=options)
    await stage.broadcast.start(campaign.id, actor="cli")
    await stage.sender(links=LINKS).run()
    clicks = Clicks(sqlite_database, clock=stage.clock)
    pressed_ = [LINKS.read(buttons[0][0].url.rpartition("/")[2]) for buttons in stage.telegram.buttons]
    assert [click.link for click in pressed_ if click] == [4, 4, 4]
    for click in pressed_:
        assert click is not None
        assert await clicks.follow(click) == "https://two.example"
    assert labels(content)[3:] == ["Chat (variant 0)", "Two (variant 1)"]
