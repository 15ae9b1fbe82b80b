"""Languages, and phrases in them."""

from pathlib import Path

import pytest

from gatecrier.kernel.language import LANGUAGES, Phrases, Said, best, is_rtl, isolated, with_direction

NAME = "\u2068Ann\u2069"


@pytest.fixture
def phrases(tmp_path: Path) -> Phrases:
    """Two languages, the second of which knows half, and some of that badly."""
    (tmp_path / "en.ftl").write_text(
        "hello = Hello, { $name }!\n"
        "welcome = { $name } is <b>here</b>.\n"
        "count = { $n ->\n    [one] { $n } person\n   *[other] { $n } people\n}\n"
        "only-english = English\n"
        "comma = ,{' '}\nand = {' '}and{' '}\n".replace("'", '"'),
        encoding="utf-8",
    )
    (tmp_path / "ar.ftl").write_text("hello = { $nobody }\nwelcome = { $name } هنا.\n", encoding="utf-8")
    return Phrases(tmp_path)


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("en", "en"), ("de", "de"), ("de-AT", "de"), ("pt-br", "en"), ("", "en"), ("fa_IR", "fa"),
        ("RU", "ru"), (" es-419 ", "es"), ("in", "id"), ("zh-hans", "en"), ("-", "en"), ("ara", "en"),
    ],
)  # fmt: skip
def test_telegrams_tags_find_a_language(code: str, language: str) -> None:
    """Whatever a person's program sends, they are addressed in a language we have."""
    assert best(code) == language


def test_two_languages_are_written_from_the_right() -> None:
    """Persian and Arabic, whatever the region."""
    assert {code for code in LANGUAGES if is_rtl(code)} == {"fa", "ar"}
    assert is_rtl("ar-EG")


def test_what_is_foreign_is_isolated_and_escaped(phrases: Phrases) -> None:
    """A name is a name in both kinds of text, and markup in neither."""
    assert phrases.say("en", "hello", name="<Ann>") == "Hello, \u2068<Ann>\u2069!"
    assert phrases.html("en", "hello", name="<Ann>") == "Hello, \u2068&lt;Ann&gt;\u2069!"
    assert phrases.html("en", "hello", name=Said("<i>x</i>")) == "Hello, <i>x</i>!"


def test_no_value_is_too_long_or_fills_another(phrases: Phrases) -> None:
    """Fluent refuses 2,500 characters; and what looks like our token in a name is a name."""
    assert len(phrases.say("en", "hello", name="x" * 9_000)) > 9_000
    assert phrases.say("en", "hello", name="\ue000name\ue001") == "Hello, \u2068\ue000name\ue001\u2069!"


def test_a_line_that_begins_with_a_name_begins_in_its_own_direction(phrases: Phrases) -> None:
    """The first letter turns a line in many programs; it must be ours."""
    assert phrases.say("en", "welcome", name="Ann").startswith(f"\u200e{NAME}")
    assert phrases.say("ar", "welcome", name="Ann").startswith(f"\u200f{NAME}")
    assert with_direction("en", f"a\n{NAME}\n\n<b>b</b>\n👋 {NAME}").split("\n") == [
        "a", f"\u200e{NAME}", "", "<b>b</b>", f"\u200e👋 {NAME}",
    ]  # fmt: skip


def test_numbers_choose_the_form(phrases: Phrases) -> None:
    """One person, two people."""
    assert phrases.say("en", "count", n=1) == "1 person"
    assert phrases.say("en", "count", n=2) == "2 people"


def test_lists_have_a_last_separator_of_their_own(phrases: Phrases) -> None:
    """None, one, two or three parts."""
    parts = [isolated(Said(name)) for name in "abc"]
    listed = [phrases.listed("en", parts[:n], comma="comma", last="and").text for n in range(4)]
    bare = [text.replace("\u2068", "").replace("\u2069", "") for text in listed]
    assert bare == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize("language", ["ar", "de"])
def test_what_a_language_lacks_or_says_badly_is_said_in_english(phrases: Phrases, language: str) -> None:
    """A person never meets an exception, nor a language without a file."""
    assert phrases.say(language, "only-english") == "English"
    assert phrases.say(language, "hello", name="Ann") == f"Hello, {NAME}!"
    assert phrases.say(language, "nowhere") == "nowhere"


def test_where_it_is_strict_a_fault_is_an_error(phrases: Phrases) -> None:
    """Tests find what people would not be shown."""
    phrases.strict = True
    for message_id in ("hello", "only-english"):
        with pytest.raises(ValueError, match=message_id):
            phrases.say("ar", message_id, name="Ann")
