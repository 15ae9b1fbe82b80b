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
    ("HTML", "<b>a<u>b</u></b>", "ab", [("bold", 0, 1), ("bold", 1, 1), ("underline", 1, 1)]),
    ("HTML", "<code>a<b>b</b></code><b>c</b>", "abc", [("code", 0, 2), ("bold", 2, 1)]),
    ("HTML", "<blockquote>a<pre>b</pre></blockquote>", "ab", [("blockquote", 0, 2), ("pre", 1, 1)]),
    ("HTML", "<b>x <a href='a.com'>y</a></b>", "x y", [("bold", 0, 2), ("text_link", 2, 1), ("bold", 2, 1)]),
    ("HTML", "a<i>\tb\r </i>\n", "a b", [("italic", 1, 2)]),
    ("HTML", "x\0<i>y</i>", "x y", [("italic", 2, 1)]),
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
    ('<pre> <code class="language-py">x</code></pre>', [{"type": "pre"}]),
    ('<code class="language-py">x</code><pre> y</pre>', [{"type": "code"}, {"type": "pre"}]),
]


@pytest.mark.parametrize(("raw", "expected"), LANGUAGES)
def test_code_has_a_language_only_where_it_fills_pre(raw: str, expected: list[dict[str, str]]) -> None:
    """A lone <code class="language-x">, or one that leaves part of its <pre> free, has none."""
    _, entities = formatted(raw, "HTML", "")
    assert [{key: entity[key] for key in entity if key in {"type", "language"}} for entity in entities] == (
        expected
    )


HALVES = (
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
    "code units"
)
WRONG = [
    ("HTML", "&#57311;", HALVES),
    ("HTML", "&#xD83D;&#xDFDF;", HALVES),
    ("HTML", "<i ", 'Empty attribute name in the tag "i" at byte offset 0'),
    ("HTML", "🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
    ("HTML", "🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
    ("HTML", "<i aba", 'Unclosed start tag "i" at byte offset 0'),
    ("HTML", "<i aba  =  ", 'Unclosed start tag "i" at byte offset 0'),
    ("HTML", "🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
    ("HTML", '<i aba = "&lt;>', "Unclosed start tag at byte offset 0"),
    ("HTML", "<b\0>x</b>", "Unclosed start tag at byte offset 0"),
    ("HTML", "<b>x</b\0>", "Unclosed end tag at byte offset 4"),
    ("HTML", '<tg-time unix="5" format="rt">x</tg-time>', "Invalid date format used"),
    ("HTML", '<tg-emoji emoji-id="0">x</tg-emoji>', "Invalid custom emoji identifier specified"),
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


ESCAPES = {
    "HTML": {"&": "&amp;", "<": "&lt;", ">": "&gt;"},
    "MarkdownV2": {sign: f"\\{sign}" for sign in "_*[]()~`>#+-=|{}.!\\"},
    "Markdown": {sign: f"\\{sign}" for sign in "_*`["},
}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(ESCAPES)), st.text("ab<>&_*[]()~`>#+-=|{}.!\\\n 😀é\u200d", max_size=40))
def test_escaped_text_comes_back_as_it_was(mode: str, text: str) -> None:
    """Whoever escapes what the mode reserves gets the same text and entities as without a mode."""
    if mode == "Markdown":
        text = text.replace("\\", "")  # it has no way to write one before a sign
    escaped = "".join(ESCAPES[mode].get(char, char) for char in text)
    assert formatted(escaped, mode, "") == formatted(text, "", "")


TIMES = [
    ("wDT", "wDT"),
    ("Tw", "wT"),
    ("tttTTdDwW", "wdt"),
    ("R", "r"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "shown"), TIMES)
def test_a_time_shows_its_format_in_telegrams_order(written: str, shown: str) -> None:
    """Of two lengths of one part markup keeps the short one; a moment of 0 is no time."""
    _, (entity,) = formatted(f'<tg-time unix="12345", format="{written}">x</tg-time>', "HTML", "")
    assert entity == {
        "offset": 0, "length": 1, "type": "date_time", "unix_time": 12345, "date_time_format": shown
    }  # fmt: skip
    assert formatted('<tg-time unix="x">a</tg-time>', "HTML", "") == ("a", [])


def test_a_text_nobody_can_see_is_empty() -> None:
    """Blanks of all sorts, and entities around them, leave nothing; marks of direction fall together."""
    for text in ("\t\r\n ", "\u200b\u2800\u3000\ufeff", "<b> </b>", "\U000e0041"):
        assert formatted(text, "HTML", "") == ("", [])
    assert formatted("a\u200f\u200f\u200eb\u2028c\u030ad", "", "") == ("a\u200c\u200c\u200ebcd", [])
    assert formatted("", "nonsense", "") == ("", [])


def test_a_text_is_cut_at_its_bytes_before_it_is_read() -> None:
    """More than 32768 bytes are refused, however they would be read; so is an unknown mode."""
    for text, mode, said in (("é" * 16385, "HTML", "text is too long"), ("a", "x", "unsupported parse_mode")):
        with pytest.raises(ApiError, match=said):
            formatted(text, mode, "")
