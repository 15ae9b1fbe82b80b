"""Hostile names, and what people write to name a channel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.fake_telegram import GROUP
from gatecrier.gate import names
from gatecrier.gate.cards import texts
from gatecrier.gate.governing.demands import parse
from gatecrier.gate.model import Case, Channel, Held, Reason
from gatecrier.kernel.clock import FakeClock
from gatecrier.kernel.errors import Refused


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ann Lee", "Ann Lee"),
        ("  Ann \n\t Lee ", "Ann Lee"),
        ("\u202eevil", "evil"),
        ("a\u2066b\u200bc\u0000d\ufeff", "abcd"),
        ("\u200f\u200e", ""),
        ("\u200d\u200d", ""),
        ("👩\u200d💻", "👩\u200d💻"),
        ("x" * 5000, "x" * 64),
        ("😀" * 40, "😀" * 32),
        ("Z" + "\u0301" * 50, "Z" + "\u0301" * 2),
        ("\ud800lone", "lone"),
    ],
)
def test_a_name_cannot_turn_hide_or_tower(name: str, expected: str) -> None:
    """Attack 19: control, bidi and invisible characters go, and 64 UTF-16 units stay."""
    assert names.plain(name) == expected


@given(st.text())
def test_any_name_becomes_safe_html(name: str) -> None:
    """No name opens a tag, an entity of its own or a second line, or is left empty."""
    shown = names.shown(name, otherwise="Somebody")
    assert shown
    assert not set("<>\"'\n\u202e\u2066") & set(shown)
    assert len(names.plain(name).encode("utf-16-le")) <= 128


def test_a_card_with_hostile_names_stays_one_card(clock: FakeClock) -> None:
    """Names and titles are text on the card, never markup; links come from us alone."""
    case = Case(
        id="c",
        chat_id=GROUP.id,
        person_id=9,
        name='</a><a href="https://evil">Win',
        thread_id=0,
        reason=Reason.NOT_MEMBER,
        missing=(1,),
        opened_at=clock.now(),
    )
    channel = Channel(id=1, title="<b>&News\u202e", username="", join_url="https://t.me/+abc")
    card = texts.card(Held(cases=(case,), total=3, missing=(1,)), [channel])
    assert card.count("<a ") == 1
    assert "&lt;b&gt;&amp;News, then" in card
    assert "and 2 more" in card
    assert texts.card_buttons("id", [channel])[0][0].text == "Join <b>&News"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("/protect", []),
        ("/protect@gatecrier_bot @news", ["@news"]),
        ("@news, @News\n@more", ["@news", "@more"]),
        ("news", ["@news"]),
        ("https://t.me/news?boost", ["@news"]),
        ("t.me/news/", ["@news"]),
        ("HTTP://Telegram.me/news", ["@news"]),
        ("-1001234567890", [-1001234567890]),
    ],
)
def test_channels_are_named_in_the_ways_people_write(text: str, expected: list[int | str]) -> None:
    """A name with or without @, a link, a number; each channel once."""
    assert list(parse(text).references) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("t.me/+AbCdEf", "invite_link"),
        ("https://t.me/joinchat/AbCdEf", "invite_link"),
        ("@ab", "bad_channel_name"),
        ("@né\u200bws", "bad_channel_name"),
        ("-5", "bad_channel_name"),
        ("https://t.me/news/15", "bad_channel_name"),
        ("https://example.com/news", "bad_channel_name"),
        (" ".join(f"@channel{n}" for n in range(11)), "too_many_channels"),
    ],
)
def test_what_names_no_channel_is_refused_with_a_remedy(text: str, code: str) -> None:
    """Attack 24: look-alikes, invite links and a thousand channels stop at the door."""
    with pytest.raises(Refused) as refusal:
        parse(text)
    assert refusal.value.code == code
