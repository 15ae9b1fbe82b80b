"""Hostile names, and what people write to name a channel."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate import strict_html
from gate.speaking import make_case, make_channel, make_held
from gatecrier.gate.cards import texts
from gatecrier.gate.governing.demands import parse
from gatecrier.gate.model import Reason
from gatecrier.gate.policy import InChannel, Not
from gatecrier.kernel import names
from gatecrier.kernel.errors import Refused
from gatecrier_sandbox.entities.formatted import formatted


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ann Lee", "Ann Lee"),
        ("  Ann \n\t Lee ", "Ann Lee"),
        ("\u202eevil", "evil"),
        ("a\u2066b\u200bc\u0000d\ufeff", "abcd"),
        ("\u200f\u200e", ""),
        ("\u200d\u200d", ""),
        ("\u3164\u2800\u115f", ""),
        ("👩\u200d💻", "👩\u200d💻"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("a\u200c\u200c\u200d\u200db \u200dc\u200d d", "a\u200cb c d"),
        ("\U0001fae9", "\U0001fae9"),
        ("x" * 5000, "x" * 64),
        ("😀" * 40, "😀" * 32),
        ("Z" + "\u0301" * 50, "Z" + "\u0301" * 2),
        ("\ud800lone", "lone"),
    ],
)
def test_a_name_cannot_turn_hide_or_tower(name: str, expected: str) -> None:
    """Attack 19: control, bidi and invisible characters go, joiners join, and 64 UTF-16 units stay."""
    assert names.plain(name) == expected


@pytest.mark.long
@given(st.text())
def test_any_name_becomes_safe_html(name: str) -> None:
    """No name opens a tag, an entity of its own or a second line, or is left empty."""
    shown = names.shown(name, otherwise="Somebody")
    assert shown
    assert not set("<>\"'\n\u202e\u2066") & set(shown)
    assert names.utf16(names.plain(name)) <= 64


@pytest.mark.long
@given(st.text(st.sampled_from("@./:#$abcxyz019com ") | st.characters(), max_size=80))
def test_no_name_becomes_a_link_by_itself(name: str) -> None:
    """Telegram finds no mention, address, hashtag or command in a name that stands outside our links."""
    html = names.unlinked(name, otherwise="Somebody")
    assert not {each["type"] for each in formatted(html, "HTML", "")[1]} - {"phone_number"}


SPOKEN = ("en", "ar")
"""A language of each direction."""


def card_of(name: str, language: str) -> strict_html.Page:
    """The card with this name between two others and on a channel, read strictly."""
    channel = make_channel(1, title=name, join_url="https://t.me/+abc")
    held = make_held(make_case("Ann", 1), make_case(name, 2), make_case("محمد", 3), total=8)
    page = strict_html.read(texts.card(language, held, InChannel(1), [channel]))
    assert [address for _, address in page.links] == [
        "tg://user?id=1",
        "tg://user?id=2",
        "tg://user?id=3",
        "https://t.me/+abc",
    ]
    assert page.links[0][0] == "Ann"
    assert page.links[2][0] == "محمد"
    assert not re.search("[\u202a-\u202e\u2066\u2067\u0000-\u001f]", page.text)
    assert page.text.count("\u2068") == page.text.count("\u2069") == 4
    for label, _ in page.links:
        assert f"\u2068{label}\u2069" in page.text
    return page


@pytest.mark.parametrize("language", SPOKEN)
def test_attack_19_a_name_of_4096_characters_is_cut(language: str) -> None:
    """Nobody pushes the card's other words off the screen."""
    page = card_of("x" * 4096, language)
    assert page.links[1][0] == "x" * 64
    assert names.utf16(page.text) < 300


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("mark", "\u202e\u202d\u202b\u2067\u2066\u2068\u2069\u200f\u061c")
def test_attack_19_no_name_turns_the_line_around(language: str, mark: str) -> None:
    """Overrides, embeddings and the ends of our own isolates are taken out of names."""
    assert card_of(f"{mark}gnp.exe{mark}", language).links[1][0] == "gnp.exe"


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize(
    "name", ["", "\u200b\u200b", "\u200d", "\u3164", "\u2800 \u2800", "\ufeff", "\U000e0041"]
)
def test_attack_19_a_name_of_nothing_visible_is_somebody(language: str, name: str) -> None:
    """A mention that nobody can see, or press, is no mention."""
    label = card_of(name, language).links[1][0]
    assert label == {"en": "Somebody", "ar": "شخص ما"}[language]


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize(
    "name",
    [
        '</a><a href="https://evil">Win',
        "*_`[x](https://evil)",
        "&amp;lt;",
        "{ $task }",
        "{people}",
        "\ue000task\ue001",
    ],
)
def test_attack_19_markup_in_a_name_is_text(language: str, name: str) -> None:
    """HTML, Markdown, Fluent and our own placeholders in a name are letters and nothing else."""
    assert card_of(name, language).links[1][0] == name.replace("\ue000", "").replace("\ue001", "")


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", ["👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "👍🏽"])
def test_attack_19_emoji_of_many_parts_stay_whole(language: str, name: str) -> None:
    """A family is one emoji, not three: the joiners inside stay."""
    assert card_of(name, language).links[1][0] == name


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", ["\ud83d", "\ude00x", "a\udfffb"])
def test_attack_19_half_a_character_is_left_out(language: str, name: str) -> None:
    """A lone surrogate can be written to no socket and no database."""
    label = card_of(name, language).links[1][0]
    assert not re.search("[\ud800-\udfff]", label)
    label.encode()


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("name", ["＠durov", "﹫durov", "@durov", "аdmin.com", "t.me/evil"])
def test_attack_19_a_look_alike_of_an_address_leads_nowhere(language: str, name: str) -> None:
    """A title that reads like a channel's name, or nearly, stays a title: only our address is a link."""
    assert card_of(name, language).links[3] == (name, "https://t.me/+abc")
    channel = make_channel(1, title=name)
    for text in (
        texts.card(language, make_held(make_case(name)), InChannel(1), [channel]),
        texts.card(language, make_held(make_case(name)), Not(InChannel(1)), [channel]),
        texts.personal_card(
            language,
            name=name,
            group_title=name,
            remainder=None,
            channels=(),
            reason=Reason.NOT_MEMBER,
        ),
    ):
        kinds = {each["type"] for each in formatted(text, "HTML", "")[1]}
        assert kinds <= {"text_mention", "text_link", "bold"}


@pytest.mark.parametrize("language", SPOKEN)
def test_attack_19_the_largest_id_is_written_in_full(language: str) -> None:
    """Ids of 52 bits are no floating-point numbers, and get no thousands separators."""
    text = texts.card(language, make_held(make_case("Ann", 2**52 - 1)), InChannel(1), [make_channel(1)])
    assert f'href="tg://user?id={2**52 - 1}"' in text


def test_a_card_with_hostile_names_stays_one_card() -> None:
    """Names and titles are text on the card, never markup; links come from us alone."""
    channel = make_channel(1, title="<b>&News\u202e", join_url="https://t.me/+abc")
    held = make_held(make_case('</a><a href="https://evil">Win'), total=3)
    card = texts.card("en", held, InChannel(1), [channel])
    assert card.count("<a ") == 2
    assert "&lt;b&gt;&amp;News</a>" in card
    assert "and 2 more" in card
    assert texts.buttons("en", "id", InChannel(1), [channel])[0][0].text == "Join \u2068<b>&News\u2069"


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
