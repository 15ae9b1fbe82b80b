"""Placeholders: what strangers call themselves stays text, whatever the markup around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecrier.broadcast.content.lint import check
from gatecrier.broadcast.content.markup import parse
from gatecrier.broadcast.content.model import Album, Media, MediaKind, ParseMode, Recipient, Text
from gatecrier.broadcast.content.placeholders import has_any, personal
from gatecrier.broadcast.model import Options
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.language import FSI, PDI

HTML, MARKDOWN, PLAIN = ParseMode.HTML, ParseMode.MARKDOWN, ParseMode.PLAIN
ANN = Recipient(42, "Ann", "ann_lee", "de-AT")
NOBODY = Recipient(42)


def text_for(recipient: Recipient, text: str, mode: ParseMode = PLAIN) -> str:
    message = personal(Text(text=text, parse_mode=mode), recipient)
    assert isinstance(message, Text)
    return message.text


@pytest.mark.parametrize(
    ("text", "mode", "ann", "nobody"),
    [
        ("Hi {first_name}!", PLAIN, f"Hi {FSI}Ann{PDI}!", "Hi !"),
        ("Hi {first_name|friend}!", PLAIN, f"Hi {FSI}Ann{PDI}!", "Hi friend!"),
        ("{username|you} {language|xx} {id}", PLAIN, "ann_lee de-AT 42", "you xx 42"),
        ("@{username|you}", MARKDOWN, "@ann\\_lee", "@you"),
        ("{first_name|a.b}", MARKDOWN, f"{FSI}Ann{PDI}", "a\\.b"),
        ("{first_name|<x>}", HTML, f"{FSI}Ann{PDI}", "&lt;x&gt;"),
        ("{{first_name}", PLAIN, "{first_name}", "{first_name}"),
        ("{{x}", MARKDOWN, "\\{x}", "\\{x}"),
        ("\\{first_name\\}", MARKDOWN, "\\{first_name\\}", "\\{first_name\\}"),
        (':{ { 1 } {"a": 1} }}', PLAIN, ':{ { 1 } {"a": 1} }}', ':{ { 1 } {"a": 1} }}'),
        ("{older}", PLAIN, "{older}", "{older}"),
        ('<a href="https://a.bc/?u={id}">x</a>', HTML, '<a href="https://a.bc/?u=42">x</a>', None),
    ],
)
def test_a_placeholder_says_what_is_known(text: str, mode: ParseMode, ann: str, nobody: str | None) -> None:
    """The value, else the fallback, else nothing; a doubled brace is one, and others stand for themselves."""
    assert text_for(ANN, text, mode) == ann
    if nobody is not None:
        assert text_for(NOBODY, text, mode) == nobody


names = st.text(st.sampled_from("<>&\"'*_[]()~`|\\.!{}#-=+ \n\u202e\u200fa👍@/:") | st.characters())


@given(names, names, names, st.sampled_from([HTML, MARKDOWN, PLAIN]))
def test_no_name_marks_breaks_or_turns_anything(
    first_name: str, username: str, language: str, mode: ParseMode
) -> None:
    """Every text that the lint let pass is accepted, with the same entities, for every person there is."""
    text = {
        HTML: '<b>{first_name}</b> <a href="https://a.bc/{username}">x</a> <code>{first_name|a}</code>',
        MARKDOWN: "*{first_name|x}* [x](https://a.bc/{username}) `{first_name|a}`{language}",
        PLAIN: "{first_name}{username}{language}{id}",
    }[mode]
    check("news", Text(text=text, parse_mode=mode), Options())
    parsed = parse(text_for(Recipient(1, first_name, username, language), text, mode), mode)
    kinds = {one.kind for one in parsed.entities}
    assert kinds <= {HTML: {"bold", "text_link", "code"}, MARKDOWN: {"bold", "text_link", "code"}}.get(
        mode, set()
    )
    assert "\u202e" not in parsed.text
    assert parsed.text.count(FSI) == parsed.text.count(PDI)


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("Hi {firstname}", PLAIN, "Line 1, column 4"),
        ("Hi\n{first_name", PLAIN, "Line 2, column 1"),
        ("{first name}", PLAIN, "{first_name}"),
        ("{username}", PLAIN, "For some recipients the message is empty"),
        ("_{username}_", MARKDOWN, "For some recipients"),
        ('<a href="https://a.bc/{first_name}">x</a>', HTML, "a name cannot stand in an address or a tag"),
        ("[x](https://a.bc/{first_name})", MARKDOWN, "a name cannot stand in an address or a tag"),
        ("x <{username}>", HTML, "Line 1, column 3"),
        ("x" * 4050 + "{first_name|you}", PLAIN, "up to 4116 characters"),
    ],
)
def test_what_would_fail_for_some_is_refused_for_all(text: str, mode: ParseMode, told: str) -> None:
    """A typo, an empty message, an address made of a name must not show at recipient 9,000."""
    with pytest.raises(Refused) as refused:
        check("news", Text(text=text, parse_mode=mode), Options())
    assert refused.value.field == "text"
    assert told in str(refused.value)


def test_captions_and_follow_ups_greet_too() -> None:
    """Wherever an operator writes, the reader can be named."""
    media = personal(Media(kind=MediaKind.PHOTO, file="https://a.bc/x", caption="{id}"), ANN)
    assert isinstance(media, Media)
    assert media.caption == "42"
    album = personal(Album(from_chat_id=1, message_ids=(1,), follow_up=Text(text="{id}")), ANN)
    assert isinstance(album, Album)
    assert album.follow_up == Text(text="42")


@pytest.mark.parametrize(("text", "expected"), [("{id}", True), ("{ x }", False), ("{{id}", False)])
def test_people_are_looked_up_only_for_placeholders(text: str, expected: bool) -> None:
    """Plain content costs no second query."""
    assert has_any(Text(text=text)) is expected
