"""Markup and entities: facts/botapi.md §4."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecrier_sandbox.entities.formatted import formatted
from gatecrier_sandbox.errors import ApiError

SHOWN = [("hashtag", 0, 2), ("cashtag", 3, 4), ("url", 8, 5), ("email", 14, 6)]
KINDS = ("bold", "italic", "underline", "strikethrough", "spoiler")
PARSED = [
    ("HTML", "<b>a</b>", "a", [("bold", 0, 1)]),
    ("HTML", "😀<i>x</i>", "😀x", [("italic", 2, 1)]),
    ("HTML", "é > 😀 &amp; <b>é😀</b>&<i>x</i>", "é > 😀 & é😀&x", [("bold", 9, 3), ("italic", 13, 1)]),
    ("HTML", "<b>bold</B> <I\n>x</ >", "bold x", [("bold", 0, 4), ("italic", 5, 1)]),
    ("HTML", "&ltx &#00000065; &gt ", "&ltx &#00000065; >", []),
    ("HTML", " \n <b> a</b>", " a", [("bold", 0, 2)]),
    ("HTML", "<b>a<u>b</u></b>", "ab", [("bold", 0, 2), ("underline", 1, 1)]),
    ("HTML", "&lt;&#65;&#x42;&amp;&quot;&nbsp;", '<AB&"&nbsp;', []),
    ("HTML", 'x <a href="a.com?x=1&amp;y=2">y</a>', "x y", [("text_link", 2, 1)]),
    ("HTML", '<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
    ("HTML", '<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
    ("HTML", "<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
    ("HTML", "a > b", "a > b", []),
    ("HTML", "<code>@olga</code> <pre>/go</pre>", "@olga /go", [("code", 0, 5), ("pre", 6, 3)]),
    ("html", "<b></b>x  ", "x", []),
    (
        "MarkdownV2",
        r"*a* _b_ __c__ ~d~ ||e||",
        "a b c d e",
        [(kind, 2 * n, 1) for n, kind in enumerate(KINDS)],
    ),
    ("MarkdownV2", r"1\.5 `a.b`", "1.5 a.b", [("code", 4, 3)]),
    ("MarkdownV2", "```py\nx```", "x", [("pre", 0, 1)]),
    ("MarkdownV2", r"[x](http://a.com/\))", "x", [("text_link", 0, 1)]),
    ("MarkdownV2", ">q\n>r\nx", "q\nr\nx", [("blockquote", 0, 4)]),
    ("Markdown", "*a* _b_ [c](a.com)", "a b c", [("bold", 0, 1), ("italic", 2, 1), ("text_link", 4, 1)]),
    (
        "",
        "  \n /go@gate_bot 😀 @olga\t\n",
        "/go@gate_bot 😀 @olga",
        [("bot_command", 0, 12), ("mention", 16, 5)],
    ),
    ("", "#x $USD b.com a@b.co", "#x $USD b.com a@b.co", SHOWN),
    ("", "see https://a.com/b.", "see https://a.com/b.", [("url", 4, 15)]),
]


@pytest.mark.parametrize(("mode", "raw", "plain", "expected"), PARSED)
def test_markup_becomes_text_and_entities(mode: str, raw: str, plain: str, expected: list[Any]) -> None:
    """Offsets and lengths count UTF-16 units of the plain text; blanks go at the end and up to an entity."""
    text, entities = formatted(raw, mode, "")
    assert text == plain
    assert [(entity["type"], entity["offset"], entity["length"]) for entity in entities] == expected


LANGUAGES = [
    ('<pre><code class="language-py">x</code></pre>', [{"type": "pre", "language": "py"}]),
    ('<code class="language-py"><pre>x</pre></code>', [{"type": "pre", "language": "py"}]),
    ('<code class="language-py">x</code>', [{"type": "code"}]),
    ('<pre> <code class="language-py">x</code></pre>', [{"type": "pre"}, {"type": "code"}]),
    ('<pre><code class="language-py">x</code> y</pre>', [{"type": "pre"}, {"type": "code"}]),
]


@pytest.mark.parametrize(("raw", "expected"), LANGUAGES)
def test_code_has_a_language_only_where_it_fills_pre(raw: str, expected: list[dict[str, str]]) -> None:
    """A lone <code class="language-x">, or one that leaves part of its <pre> free, has none."""
    _, entities = formatted(raw, "HTML", "")
    assert [{key: entity[key] for key in entity if key in {"type", "language"}} for entity in entities] == (
        expected
    )


WRONG = [
    ("HTML", "x <b", "Unclosed start tag at byte offset 2"),
    ("HTML", "é<q>", 'Unsupported start tag "q" at byte offset 2'),
    ("HTML", "</b>", "Unexpected end tag at byte offset 0"),
    ("HTML", "<b>x</b", "Unclosed end tag at byte offset 4"),
    ("HTML", "<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ("HTML", "<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("HTML", "<b =1>x</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
    ("HTML", '<tg-emoji emoji-id="x">x</tg-emoji>', "Invalid custom emoji identifier specified"),
    ("HTML", "<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ("MarkdownV2", "a.b", "Character '.' is reserved and must be escaped with the preceding '\\'"),
    ("MarkdownV2", "a *b", "Can't find end of Bold entity at byte offset 2"),
    ("MarkdownV2", "[a](b", "Can't find end of a URL at byte offset 4"),
    ("Markdown", "a *b", "Can't find end of the entity starting at byte offset 2"),
]


@pytest.mark.parametrize(("mode", "raw", "text"), WRONG)
def test_broken_markup_is_refused_with_the_place(mode: str, raw: str, text: str) -> None:
    """Places are UTF-8 offsets in the input; the texts are the server's."""
    with pytest.raises(ApiError) as caught:
        formatted(raw, mode, "")
    assert caught.value.description == f"Bad Request: can't parse entities: {text}"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["HTML", "Markdown", "MarkdownV2", ""]),
    st.text("<>/ab &#;x\"'=*_[]()`~|!\\\n😀@.", max_size=40),
)
def test_any_text_is_parsed_or_refused(mode: str, raw: str) -> None:
    """No input breaks a parser, and no entity reaches beyond its text."""
    try:
        text, entities = formatted(raw, mode, "")
    except ApiError:
        return
    length = len(text.encode("utf-16-le")) // 2
    for entity in entities:
        assert 0 <= int(str(entity["offset"])) <= length - int(str(entity["length"]))


def test_given_entities_are_taken_when_there_is_no_parse_mode() -> None:
    """Detected kinds are ignored, others kept, broken ones refused."""
    _, entities = formatted(
        "abc", "", '[{"type":"bold","offset":0,"length":2},{"type":"url","offset":0,"length":1}]'
    )
    assert entities == [{"offset": 0, "length": 2, "type": "bold"}]
    with pytest.raises(ApiError, match="can't parse MessageEntity: Can't find field \"type\""):
        formatted("abc", "", "[{}]")
