"""A group's own words for its card: whatever is kept can be shown."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gate import strict_html
from gate.speaking import CASES, make_case, make_channel, make_held
from gatecrier.gate.cards import templates, texts
from gatecrier.gate.cards.templates import check
from gatecrier.gate.model import Reason
from gatecrier.gate.policy import AllOf, AtLeast, InChannel, Not
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.language import LANGUAGES
from gatecrier.kernel.names import utf16
from gatecrier_sandbox.entities.formatted import formatted

BOTH = "{people} {channels}"
LONG_CHANNELS = [make_channel(n, title="@" * 128) for n in range(10)]
WORST = AllOf(
    (
        AtLeast(2, tuple(InChannel(n) for n in range(4))),
        AtLeast(1, (InChannel(4), AllOf((InChannel(5), Not(InChannel(6)))))),
        Not(InChannel(7)),
        Not(InChannel(8)),
        Not(InChannel(9)),
    )
)


def worst_card(language: str, template: str) -> str:
    """The card with the longest names there are."""
    held = make_held(*(make_case("N" * 64, number) for number in range(5)), total=1_000_000)
    return texts.card(language, held, WORST, LONG_CHANNELS, template=template, group_title="@" * 255)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  {people}: {channels}\r\n", "{people}: {channels}"),
        ("<B>{people}</B > {channels}", "<b>{people}</b> {channels}"),
        ("Q&A > {people} & {channels}", "Q&amp;A &gt; {people} &amp; {channels}"),
        ("&lt;3 &amp; &#233; {people}{channels}", "&lt;3 &amp; é {people}{channels}"),
        (
            "<A  HREF = 'https://e.org/?a=1&b=2'>x</a> {people} {channels}",
            '<a href="https://e.org/?a=1&amp;b=2">x</a> {people} {channels}',
        ),
        ('<a href="tg://resolve?domain=a">x</a>' + BOTH, '<a href="tg://resolve?domain=a">x</a>' + BOTH),
        ("<blockquote><code>x</code></blockquote>" + BOTH, "<blockquote><code>x</code></blockquote>" + BOTH),
        ("سلام\u200cها {people}\n{channels} در {group}", "سلام\u200cها {people}\n{channels} در {group}"),
        ("a\tb " + BOTH, "a b " + BOTH),
    ],
)
def test_a_template_is_written_anew_from_what_was_understood(text: str, kept: str) -> None:
    """What is kept is the plainest form, and checks to itself."""
    assert check(text) == kept
    assert check(kept) == kept


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("Hi\n<b>{people} {channels}", "Line 2, column 1", "unclosed_tag"),
        ("<b><i>{people}</b></i> {channels}", "Line 1, column 15", "unbalanced_tag"),
        (BOTH + "</b>", "Line 1, column 20", "unbalanced_tag"),
        ("\n\na\n <script>x</script>" + BOTH, "Line 2, column 2", "bad_tag"),
        ("<b onclick=x>" + BOTH, "Line 1, column 1", "bad_tag"),
        ("I <3 " + BOTH, "Line 1, column 3", "bad_tag"),
        ('<a href="javascript:x">y</a>' + BOTH, "Line 1, column 1", "bad_link"),
        ('<a href="https://{group}">y</a>' + BOTH, "Line 1, column 1", "bad_link"),
        ('<a href="https://">y</a>' + BOTH, "Line 1, column 1", "bad_link"),
        ("<a href=https://e.org>y</a>" + BOTH, "Line 1, column 1", "bad_tag"),
        ('<a href="https://a">{people}</a> {channels}', "Line 1, column 21", "bad_nesting"),
        ("<code>{channels}</code> {people}", "Line 1, column 7", "bad_nesting"),
        ("<b><code>x</code></b>" + BOTH, "Line 1, column 4", "bad_nesting"),
        ("<code><b>x</b></code>" + BOTH, "Line 1, column 7", "bad_nesting"),
        ("<blockquote><blockquote>x</blockquote></blockquote>" + BOTH, "Line 1, column 13", "bad_nesting"),
        ("{people} {chanels}", "Line 1, column 10", "unknown_placeholder"),
        ("{people} { channels}", "Line 1, column 10", "unknown_placeholder"),
        ("{people} {channels} {", "Line 1, column 21", "unknown_placeholder"),
        ("} {people} {channels}", "Line 1, column 1", "unknown_placeholder"),
        ("&nbsp;" + BOTH, "Line 1, column 1", "unknown_entity"),
        ("&#0;" + BOTH, "Line 1, column 1", "unknown_entity"),
        ("a&#8238;" + BOTH, "Line 1, column 2", "control_character"),
        ("ab\u202e" + BOTH, "Line 1, column 3", "control_character"),
        ("&#xD800;" + BOTH, "Line 1, column 1", "control_character"),
        ("\ue000people\ue001" + BOTH, "Line 1, column 1", "control_character"),
        (f"{'<b>x</b>' * 41}{BOTH}", f"Line 1, column {40 * 8 + 1}", "too_many_tags"),
        ("{channels}", "{people}", "missing_placeholder"),
        ("{people}", "{channels}", "missing_placeholder"),
        ("", "{people}", "missing_placeholder"),
        (BOTH + "😀" * 491, "1001 characters, 1 too many", "too_long"),
        (BOTH + "&" * 300, "characters", "too_long"),
        (BOTH + "{people}" * 10, "4096", "too_long"),
    ],
)
def test_what_telegram_would_not_take_is_refused_with_its_place(text: str, place: str, code: str) -> None:
    """An admin learns where the fault is before anybody is held, not from a card that does not come."""
    with pytest.raises(Refused) as refusal:
        check(text)
    assert refusal.value.code == code
    assert place in refusal.value.text
    assert refusal.value.field == "template"


PIECES = st.sampled_from(
    [
        "{people}", "{channels}", "{group}", "<b>", "</b>", "<i>", "</i>", "<u>", "</u>", "<code>", "</code>",
        "<a href='https://e.org/?a=1&b'>", '<a href="tg://x">', "</a>", "<tg-spoiler>", "</tg-spoiler>",
        "<blockquote>", "</blockquote>", "<", ">", "&", "&amp;", "&#65;", "&#x202e;", "\n", "{", "}", "سلام",
        "@evil", "😀", "\u200d", "\u2068", "</B >", "&lt;b&gt;",
    ]
)  # fmt: skip
WRAPPED = st.recursive(
    st.text(max_size=8) | PIECES,
    lambda inner: st.tuples(
        st.sampled_from(["b", "i", "u", "s", "code", "tg-spoiler", "blockquote"]), inner, inner
    ).map(lambda parts: f"<{parts[0]}>{parts[1]}</{parts[0]}>{parts[2]}"),
    max_leaves=8,
)


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@example("{people}", "{channels}", "")
@given(WRAPPED | st.lists(PIECES, max_size=12).map("".join), WRAPPED, WRAPPED)
def test_whatever_is_kept_can_be_shown(before: str, between: str, after: str) -> None:
    """A strict reader and the sandbox's copy of Telegram's take every card of every template that passes."""
    try:
        kept = check(f"{before}{{people}}{between}{{channels}}{after}")
    except Refused:
        return
    assert check(kept) == kept
    for language in ("en", "ar"):
        shown = worst_card(language, kept)
        page = strict_html.read(shown)
        assert formatted(shown, "HTML", "")[0].split() == page.text.split()
        assert utf16(page.text) <= 4096


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_room_for_names_is_enough_in_every_language(language: str) -> None:
    """The longest names there are fit where `check` said that they would."""
    for name, room in templates.ROOM.items():
        page = strict_html.read(worst_card(language, name))
        assert room / 4 < utf16(page.text) <= room + 1  # and a mark of its direction


def test_a_template_speaks_of_people_channels_and_group() -> None:
    """Each placeholder is filled with escaped, isolated names; what is in a name is filled with nothing."""
    template = check("{group}: {people}, <i>join</i> {channels}!")
    channel = make_channel(1, username="news")
    held = make_held(make_case("{channels}<b>"), *CASES[:1], total=2)
    text = texts.card("en", held, InChannel(1), [channel], template=template, group_title="A&B")
    assert text == (
        "\u200e\u2068<b>A&amp;B</b>\u2069: "
        '\u2068<a href="tg://user?id=9">{channels}&lt;b&gt;</a>\u2069 and '
        '\u2068<a href="tg://user?id=1">Ann</a>\u2069, '
        "<i>join</i> @news!"
    )


def test_a_template_serves_the_personal_cards_too() -> None:
    """One person, in the group, in private or at the door, reads the group's words."""
    template = check("{people}: {channels} ({group})")
    channels = [make_channel(1, username="news")]
    expected = "\u200e\u2068Ann\u2069: @news (\u2068<b>G</b>\u2069)"
    remainder = InChannel(1)
    personal = texts.personal_card(
        "en",
        name="Ann",
        group_title="G",
        remainder=remainder,
        channels=channels,
        reason=Reason.NOT_MEMBER,
        template=template,
    )
    door = texts.door_card(
        "en", name="Ann", group_title="G", remainder=remainder, channels=channels, template=template
    )
    assert expected == personal == door
