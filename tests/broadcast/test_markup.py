"""Our reading of markup against the sandbox's, which was written from Telegram's source by somebody else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatecrier.broadcast.content.markup import Broken, Parsed, parse
from gatecrier.broadcast.content.model import ParseMode
from gatecrier.kernel.names import utf16
from gatecrier_sandbox.entities.formatted import formatted
from gatecrier_sandbox.errors import ApiError

HTML, MARKDOWN, PLAIN = ParseMode.HTML, ParseMode.MARKDOWN, ParseMode.PLAIN

HTML_TEXTS = [
    "<b>bold</b> <STRONG>x</strong> <i>i</em>",
    "<b>bold</b> <STRONG>x</STRONG> <i>i</i> <em>e</em> <u>u</u> <ins>n</ins> <s>s</s> <del>d</del>",
    "<b>open",
    "</b>",
    "<b>x</i>",
    "<b>x</>",
    "<b>x</b y>",
    "<b",
    "<b >x</b >",
    "<b/>x</b>",
    "<br>",
    "a < b",
    "a > b",
    "1 &lt; 2 &amp; 3 &quot; &nbsp; &#65; &#x41; &#0; &#xD800; &",
    "&lt;b&gt; &ampx &lt &#65",
    '<a href="https://example.com/?a=1&amp;b=2">x</a>',
    "<a href='https://example.com'>x</a> <a href=example.com>y</a>",
    "<a href=https://example.com>y</a>",
    "<a>example.com</a>",
    '<a href="tg://user?id=42">x</a>',
    '<a href="x>y</a>',
    '<a href = "x" >y</a>',
    "<a href>y</a>",
    "<a =x>y</a>",
    '<span class="tg-spoiler">x</span>',
    '<span class="x">y</span>',
    "<span>y</span>",
    "<tg-spoiler>x</tg-spoiler>",
    '<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>',
    '<tg-emoji emoji-id="x">👍</tg-emoji>',
    '<tg-emoji emoji-id="x"></tg-emoji>!',
    '<tg-time unix="1647531900" format="wDT">x</tg-time>',
    '<tg-time unix="1647531900" format="q">x</tg-time>',
    '<pre><code class="language-python">x = 1</code></pre>',
    "<pre>x\n  y</pre>",
    "<blockquote expandable>x</blockquote>",
    "<blockquote>x</blockquote>\n\n y",
    "  \n <b> x </b> \n ",
    "<b>\r</b>  x\t\u200e\u200e!",
    "\u3164 \u2800",
    "<b> </b>",
    "<b>\u200b</b>",
    "<b\0>x</b>",
    "x\0y<i>z</i>",
    "<b><i>👩‍💻</i></b>",
]
MARKDOWN_TEXTS = [
    "*bold* _italic_ __under__ ~strike~ ||spoiler||",
    "*bold _italic ~strike ||spoiler||~ __under___*",
    "___italic under_**\r__",
    "*open",
    "_open",
    "`open",
    "```py\nx = 1\n```",
    "```\nx```",
    "`a.b!c`",
    "`a\\`b`",
    "a.b",
    "a\\.b \\\\ \\a",
    "\\",
    "\\é",
    "[x](https://example.com)",
    "[x](https://example.com/a\\)b)",
    "[x](https://example.com",
    "[x]",
    "[x] (y)",
    "![👍](tg://emoji?id=5368324170671202286)",
    "![👍](tg://emoji?id=x)",
    "![👍]",
    "![x](tg://time?unix=1647531900&format=wDT)",
    ">quote\n>more\nafter",
    ">quote||",
    ">quote\n>more||\nafter",
    ">*open\nafter",
    ">*open*\nafter",
    "a\n>b",
    "a>b",
    ">a>b",
    "**>x\n>y||",
    "{x}",
    "#x",
    "1\\. x\n2\\. y",
    "**",
    "__",
    "_ _",
    "  *x*  ",
    "*\r*x",
    "-",
    "||x",
    "a|b",
    "!x",
]


def ours(text: str, mode: ParseMode) -> Parsed | None:
    try:
        return parse(text, mode)
    except Broken:
        return None


def theirs(text: str, mode: ParseMode) -> str | None:
    try:
        return formatted(text, mode.value, "")[0]
    except ApiError:
        return None


@pytest.mark.parametrize(
    ("text", "mode"),
    [(text, HTML) for text in HTML_TEXTS]
    + [(text, MARKDOWN) for text in MARKDOWN_TEXTS]
    + [(text, PLAIN) for text in (*HTML_TEXTS, *MARKDOWN_TEXTS)],
)
def test_what_a_reader_sees_is_known_before_sending(text: str, mode: ParseMode) -> None:
    """The same texts are refused, and of the others the same is left."""
    parsed = ours(text, mode)
    assert (parsed.text if parsed else None) == theirs(text, mode)


def pieces(*signs: str) -> st.SearchStrategy[str]:
    plain = st.sampled_from(["a", "é", "👍", " ", "\n", "\r", "\t", ".", "x y", "\u200e", "\u2028", "0"])
    return st.lists(st.sampled_from(signs) | plain, max_size=12).map("".join)


html_pieces = pieces(
    "<b>", "</b>", "<i>", "</i>", "</>", "<code>", "</code>", "<pre>", "</pre>", "<", ">", "/", "&lt;", "&",
    "&#65;", "&#x1F44D;", ";", "=", '"', "'", "<a href=", "https://a.bc", "</a>", "<span class=",
    "tg-spoiler", "</span>", "<tg-emoji emoji-id=", "</tg-emoji>", "<tg-time unix=", "format=", "</tg-time>",
    "\0", "\v", "<blockquote", "expandable", "</blockquote>",
)  # fmt: skip
markdown_pieces = pieces(
    "*", "_", "__", "~", "||", "|", "`", "```", "[", "]", "(", ")", "![", ">", "\n>", "\\", "#", "-", "!",
    "tg://emoji?id=5", "tg://time?unix=9", "https://a.bc", "{", "}", "\0",
)  # fmt: skip


@given(html_pieces)
def test_html_is_read_as_telegram_does(text: str) -> None:
    """Whatever is written: the same verdict and the same text, but for blanks that a dead link would keep."""
    agree(text, HTML)


@given(markdown_pieces)
@example("_a__b__c_")
@example(">a\r\n>b||\r\nc")
def test_markdown_is_read_as_telegram_does(text: str) -> None:
    """Whatever is written: the same verdict and the same text, but for blanks that a dead link would keep."""
    agree(text, MARKDOWN)


def agree(text: str, mode: ParseMode) -> None:
    parsed, told = ours(text, mode), theirs(text, mode)
    assert (parsed is None) == (told is None)
    if parsed is not None and told is not None:
        assert parsed.text.strip("\n ") == told.strip("\n ")
        assert parsed.length == utf16(parsed.text)
        assert all(0 <= one.offset < one.offset + one.length <= parsed.length for one in parsed.entities)


@pytest.mark.parametrize(
    ("text", "mode", "at"),
    [
        ("one <b>two", HTML, 4),
        ("👍 <i>x</b>", HTML, 6),
        ("a & b <br> c", HTML, 6),
        ("one *two", MARKDOWN, 4),
        ("👍 a.b", MARKDOWN, 3),
        ("see [x](y", MARKDOWN, 7),
    ],
)
def test_the_place_is_where_to_look(text: str, mode: ParseMode, at: int) -> None:
    """In characters of what was written, not in bytes of what was sent."""
    with pytest.raises(Broken) as broken:
        parse(text, mode)
    assert broken.value.at == at


def test_entities_are_measured_in_utf16() -> None:
    """An emoji counts two; blanks at the start that no entity holds are gone."""
    parsed = parse(" 👍 <b>bold <i>both</i></b> ", HTML)
    assert parsed.text == "👍 bold both"
    assert [tuple(one) for one in parsed.entities] == [("bold", 3, 9), ("italic", 8, 4)]
