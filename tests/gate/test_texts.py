"""What people read of the gate, in seven languages."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import babel
import pytest
from fluent.runtime import FluentResource
from fluent.syntax import ast
from fluent.syntax.visitor import Visitor

from gate import strict_html
from gate.speaking import CASES, CHANNELS, make_case, make_channel, make_gate, make_held
from gatecrier.gate.cards import texts, wording
from gatecrier.gate.cards.texts import Toast
from gatecrier.gate.model import Cause, Reason
from gatecrier.gate.policy import AllOf, AtLeast, InChannel, Not, Policy
from gatecrier.kernel.language import LANGUAGES, is_rtl
from gatecrier.kernel.names import utf16
from gatecrier_sandbox.entities.formatted import formatted

FOLDER = Path(wording.__file__).with_name("phrases")
FILES = sorted(path.stem for path in FOLDER.glob("*.ftl"))
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.ftl")}
ENGLISH = "en"
A, B, C, RIVAL = (InChannel(channel.id) for channel in CHANNELS)
HIDDEN = re.compile("[\u200e\u200f\u2060\u2066-\u2069]")

REMAINDERS: list[tuple[Policy | None, str, str]] = [
    (A, "@a", "join @a"),
    (AllOf((A, B)), "@a and @b", "join @a and @b"),
    (AllOf((A, B, C)), "@a, @b and @c", "join @a, @b and @c"),
    (AllOf((A, AtLeast(1, (B, C)))), "@a; and one of @b, @c", "join @a; and one of @b, @c"),
    (AtLeast(2, (A, B, C)), "at least 2 of @a, @b, @c", "join at least 2 of @a, @b, @c"),
    (Not(RIVAL), "leave @rival", "leave @rival"),
    (AllOf((A, Not(RIVAL))), "@a; and leave @rival", "join @a; and leave @rival"),
    (AtLeast(1, (A, AllOf((B, C)))), "one of @a, (@b and @c)", "join one of @a, (@b and @c)"),
    (AtLeast(1, (A, Not(RIVAL))), "one of @a, leave @rival", "one of join @a, leave @rival"),
    (
        AtLeast(1, (A, AllOf((B, Not(RIVAL))))),
        "one of @a, (@b; and leave @rival)",
        "one of join @a, (join @b; and leave @rival)",
    ),
    (None, "the channel", "join the group’s channel"),
    (AllOf(()), "the channel", "join the group’s channel"),
    (InChannel(404), "the channel", "join the channel"),
]


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phrase that is missing or broken fails the test, where a person would read English."""
    monkeypatch.setattr(wording.PHRASES, "strict", True)


class Placeables(Visitor):
    """The variables that a message takes, and the keys of each of its selections."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.selections: list[list[str]] = []

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 # Fluent's name
        self.variables.add(node.id.name)

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802 # Fluent's name
        keys = (variant.key for variant in node.variants)
        self.selections.append([key.name if isinstance(key, ast.Identifier) else key.value for key in keys])
        self.generic_visit(node)


def messages(language: str) -> dict[str, ast.Message]:
    """A language's messages by id; fails for what Fluent cannot read and for a message said twice."""
    found: dict[str, ast.Message] = {}
    for entry in FluentResource(SOURCES[language]).body:
        assert not isinstance(entry, ast.Junk), f"{language}: {entry.content}"
        if isinstance(entry, ast.Message):
            assert entry.id.name not in found, f"{language}: {entry.id.name} twice"
            assert entry.value is not None
            found[entry.id.name] = entry
    return found


def placeables(message: ast.Message) -> Placeables:
    seen = Placeables()
    seen.visit(message)
    return seen


def test_every_language_has_a_file_and_no_other_has_one() -> None:
    """What is offered is spoken."""
    assert sorted(LANGUAGES) == FILES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_exactly_the_messages_of_english(language: str) -> None:
    """Nobody reads a text half in English, and no dead text is kept up."""
    assert messages(language).keys() == messages(ENGLISH).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_takes_what_english_takes(language: str) -> None:
    """No translation forgets a name, or asks for one that is not given."""
    taken = {id_: placeables(message).variables for id_, message in messages(language).items()}
    assert taken == {id_: placeables(message).variables for id_, message in messages(ENGLISH).items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_the_categories_of_their_language(language: str) -> None:
    """Every whole number up to a thousand finds its own form, and no form waits for a number in vain."""
    rule = babel.Locale(language).plural_form
    needed = {rule(number) for number in range(1000)} | {"other"}
    for id_, message in messages(language).items():
        for keys in placeables(message).selections:
            categories = {key for key in keys if not key.isdigit()}
            if (
                categories != {"other"} or id_ != "some-of"
            ):  # the one that tells "one of" from "at least 3 of"
                assert categories == needed, f"{language}: {id_}"


def test_every_message_is_used() -> None:
    """No text is translated seven times for nobody."""
    folder = FOLDER.parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    said = {f"toast-{which}" for which in Toast} | {f"cause-{which.replace('_', '-')}" for which in Cause}
    unused = {id_ for id_ in messages(ENGLISH) if f'"{id_}"' not in code} - said
    assert not unused


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_that_name_the_button_name_it_as_it_is(language: str) -> None:
    """Whoever is told to press "Verify" finds a button of that name."""
    name = texts.verify_button(language, "c").text
    sources = re.findall(r"^(?:card|personal-\w+|door) = .*$", SOURCES[language], re.MULTILINE)
    assert len(sources) == 5
    assert all(f"<b>{name}</b>" in source for source in sources)


def everything(language: str, remainder: Policy | None) -> Iterator[str]:
    """Every HTML text there is, with hostile names in it."""
    for name in ("Ann", "محمد", "<b>&", "\u202eevil.com @admin"):
        held = make_held(make_case(name), make_case("Ben"), total=14)
        yield texts.card(language, held, remainder, CHANNELS)
        yield texts.card(language, make_held(make_case(name)), remainder, CHANNELS)
        yield texts.card(language, make_held(total=3), remainder, CHANNELS)
        for reason in Reason:
            yield texts.personal_card(
                language, name=name, group_title=name, remainder=remainder, channels=CHANNELS, reason=reason
            )
        yield texts.door_card(language, name=name, group_title="G", remainder=remainder, channels=CHANNELS)
        for left in (0, 1, 2, 5, 11, 100):
            for step in (texts.warning, texts.deleted):
                yield step(language, name=name, left=left, remainder=remainder, channels=CHANNELS)
                yield step(
                    language, name=name, left=left, remainder=remainder, channels=CHANNELS, person_id=9
                )
    yield texts.gate_resumed(language)
    for cause in Cause:
        yield texts.gate_suspended(language, make_gate(cause))


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_strict_html_whatever_the_names(language: str) -> None:
    """Isolating marks are balanced and never inside a tag; Telegram reads the same text as we do."""
    for remainder, _, _ in REMAINDERS:
        for text in everything(language, remainder):
            page = strict_html.read(text)
            seen, _ = formatted(text, "HTML", "")
            assert seen == page.text
            assert not re.search(r"[{}\ue000\ue001]", page.text)


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_only_links_are_ours(language: str) -> None:
    """People, and the channels by name or by their invite link; the marks break none of them."""
    for remainder, _, _ in REMAINDERS:
        for text in everything(language, remainder):
            seen, entities = formatted(text, "HTML", "")
            units = seen.encode("utf-16-le")
            for each in entities:
                start, length = int(str(each["offset"])), int(str(each["length"]))
                words = units[start * 2 : (start + length) * 2].decode("utf-16-le")
                assert each["type"] in {"bold", "text_mention", "text_link", "mention", "bot_command"}
                if each["type"] == "mention":
                    assert words in {"@a", "@b", "@c", "@rival", "@channel_a"}
                elif each["type"] == "bot_command":
                    assert words == "/unprotect"


def test_a_card_links_people_and_channels_through_the_marks() -> None:
    """A public channel is a mention, a private one its invite link, a person a mention by number."""
    channels = [
        make_channel(1, username="channel_a"),
        make_channel(2, title="@durov", join_url="https://t.me/+x"),
    ]
    held = make_held(make_case("آن", 9))
    for language in LANGUAGES:
        text = texts.card(language, held, AllOf((InChannel(1), InChannel(2))), channels)
        assert ("@durov", "https://t.me/+x") in strict_html.read(text).links
        assert ("آن", "tg://user?id=9") in strict_html.read(text).links
        kinds = {each["type"] for each in formatted(text, "HTML", "")[1]}
        assert {"mention", "text_link"} <= kinds


@pytest.mark.parametrize(("remainder", "missing", "task"), REMAINDERS)
def test_what_is_missing_is_said_as_things_and_as_acts(
    remainder: Policy | None, missing: str, task: str
) -> None:
    """Every shape of policy can be said, and says what helps."""
    assert HIDDEN.sub("", texts.explain(ENGLISH, remainder, CHANNELS)) == missing
    card = HIDDEN.sub("", texts.card(ENGLISH, make_held(make_case("Ann", 9)), remainder, CHANNELS))
    assert f": to write here, {task}, then press <b>Verify</b>." in card


@pytest.mark.parametrize(
    ("total", "expected"),
    [(1, "A: to"), (2, "A and B: to"), (5, "A, B, C, D and E: to"), (6, "A, B, C, D, E and 1 more: to")],
)
def test_a_card_names_five_people_and_counts_the_rest(total: int, expected: str) -> None:
    """However many are held, the card stays one line or two."""
    cases = [make_case(name, number) for number, name in enumerate("ABCDEF", 1)]
    text = texts.card(ENGLISH, make_held(*cases[:total], total=total), A, CHANNELS)
    assert strict_html.read(HIDDEN.sub("", text)).text.startswith(expected)


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("en", {1: "and 1 more", 2: "and 2 more"}),
        ("de", {1: "und 1 weitere Person", 2: "und 2 weitere"}),
        ("ru", {1: "ещё 1 человек", 3: "ещё 3 человека", 12: "ещё 12 человек", 21: "ещё 21 человек"}),
        ("ar", {1: "وشخص آخر", 2: "وشخصان", 3: "و3 أشخاص", 12: "و12 شخصًا", 100: "و100 شخص"}),
        ("id", {1: "dan 1 orang", 5: "dan 5 orang"}),
        ("fa", {1: "و 1 نفر", 5: "و 5 نفر"}),
        ("es", {1: "y 1 persona más", 2: "y 2 personas más"}),
    ],
)
def test_the_rest_is_counted_as_the_language_counts(language: str, counts: dict[int, str]) -> None:
    """One, few and many are different words."""
    for rest, expected in counts.items():
        text = texts.card(language, make_held(*CASES[:5], total=5 + rest), A, CHANNELS)
        assert expected in HIDDEN.sub("", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", Toast)
def test_a_toast_fits_and_is_plain(language: str, which: Toast) -> None:
    """Telegram cuts a toast at 200 characters, in the middle of a word."""
    verdict = texts.toast(language, which, A, CHANNELS)
    assert 0 < utf16(verdict.text) <= 200
    assert "…" not in verdict.text
    assert "<" not in verdict.text
    assert not (verdict.freed and verdict.alert)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wraps", [lambda part: part, lambda part: AllOf((part, Not(RIVAL)))])
def test_a_long_explanation_is_cut_in_utf16_units(language: str, wraps: Callable[[Policy], Policy]) -> None:
    """Ten titles of emoji do not fit: the toast ends in an ellipsis, with every isolate closed."""
    channels = [make_channel(number, title="😀" * 32) for number in range(10)]
    remainder = wraps(AllOf(tuple(InChannel(channel.id) for channel in channels)))
    text = texts.toast(language, Toast.STILL_MISSING, remainder, channels).text
    assert 190 <= utf16(text) <= 200
    assert "…" in text
    assert text.count("\u2068") == text.count("\u2069")


def test_a_toast_says_what_to_leave() -> None:
    """Who is in a forbidden channel is not told to join one."""
    verdict = texts.toast(ENGLISH, Toast.STILL_MISSING, Not(RIVAL), CHANNELS)
    assert HIDDEN.sub("", verdict.text) == "Not yet: leave @rival."
    assert verdict.alert


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_are_offered_for_what_joining_helps_with(language: str) -> None:
    """Nobody gets a Join button for a channel they must leave; Verify comes last."""
    rows = texts.buttons(language, "c1", AllOf((A, Not(RIVAL))), CHANNELS)
    assert [row[0].url for row in rows] == ["https://t.me/a", ""]
    assert "@a" in rows[0][0].text
    assert texts.card_id_of(rows[-1][0].data) == "c1"


def test_the_raids_digest_counts() -> None:
    """The digest says how many came, were held and are free."""
    text = texts.raid_over(ENGLISH, came=37, minutes=5, held=31, freed=4)
    assert HIDDEN.sub("", text) == (
        "37 people came within 5 minutes; 31 were held without a word, 4 have been freed since."
    )
    text = texts.raid_over("ru", came=21, minutes=2, held=3, freed=0)
    assert HIDDEN.sub("", text) == (
        "21 человек пришёл за 2 минуты; 3 ограничены без сообщений, с 0 ограничение уже снято."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_in_every_text_can_be_said(language: str) -> None:
    """No number finds a hole in a phrase."""
    for number in [*range(25), 100, 101, 111, 1_000_000]:
        text = texts.raid_over(language, came=number, minutes=number, held=number, freed=number)
        assert not re.search(r"[{}\ue000]", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", Cause)
def test_every_cause_of_a_suspension_is_said_in_every_language(language: str, cause: Cause) -> None:
    """The database keeps a code; people read a sentence, and the channel's name in it."""
    gate = make_gate(cause)
    sentence = texts.suspension_cause(language, gate)
    assert ("@a" in sentence) == (cause is Cause.CHANNEL)
    assert HIDDEN.sub("", sentence) in HIDDEN.sub("", texts.gate_suspended(language, gate))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_begins_in_the_direction_of_its_language(language: str) -> None:
    """Programs that look at the first letter find the language's, not that of a stranger's name."""
    name = "Ann" if is_rtl(language) else "محمد"
    text = texts.card(language, make_held(make_case(name)), A, CHANNELS)
    assert text[0] == ("\u200f" if is_rtl(language) else "\u200e")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_anonymous_admin_is_asked_in_the_groups_language(language: str) -> None:
    """The proof is one sentence and one button, whose data is the caller's."""
    assert texts.prove(language)
    assert texts.prove_button(language, "prove:1").data == "prove:1"


def test_a_cards_text_fits_with_ten_long_titles() -> None:
    """Fluent refuses what is longer than 2,500 characters, Telegram what is longer than 4,096."""
    channels = [
        make_channel(number, title="&" * 128, join_url=f"https://t.me/+{number}") for number in range(10)
    ]
    held = make_held(*(make_case('"' * 128, number) for number in range(5)), total=5_000_000)
    remainder = AllOf(tuple(InChannel(channel.id) for channel in channels))
    for language in LANGUAGES:
        text = texts.card(language, held, remainder, channels)
        assert utf16(strict_html.read(text).text) < 1_500
