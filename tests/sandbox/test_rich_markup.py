"""Rich messages written as HTML and Markdown. Source: the documentation's rich message formatting options."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecrier_sandbox.entities.rich.blocks import built
from gatecrier_sandbox.entities.rich.labels import label
from gatecrier_sandbox.entities.rich.markdown import read_markdown
from gatecrier_sandbox.entities.rich.nodes import read_html
from gatecrier_sandbox.errors import ApiError
from sandbox.schema import check
from sandbox.test_rich import Blocks, cell, item, of, paragraph

BOTH: list[tuple[str, str, Blocks]] = [
    ("a\nb", "a\n <!-- --> b", [paragraph("a b")]),
    ("**a** __b__", "<b>a</b> <strong>b</strong>", [paragraph(of("bold", "a"), " ", of("bold", "b"))]),
    ("*a* _b_", "<i>a</i> <em>b</em>", [paragraph(of("italic", "a"), " ", of("italic", "b"))]),
    ("~~a~~==b==", "<del>a</del><mark>b</mark>", [paragraph(of("strikethrough", "a"), of("marked", "b"))]),
    (
        "||a||`b`",
        "<tg-spoiler>a</tg-spoiler><code>b</code>",
        [paragraph(of("spoiler", "a"), of("code", "b"))],
    ),
    ("**a _b_**", "<b>a <i>b</i></b>", [paragraph(of("bold", ["a ", of("italic", "b")]))]),
    ("a<sub>b</sub>", "a<sub>b</sub>", [paragraph("a", of("subscript", "b"))]),
    ("[a](t.me)", "<a href='t.me'>a</a>", [paragraph(of("url", "a", url="http://t.me/"))]),
    (
        "[a](mailto:b@c.d)",
        "<a href='mailto:b@c.d'>a</a>",
        [paragraph(of("email_address", "a", email_address="b@c.d"))],
    ),
    ("[a](tel:+1)", "<a href='tel:+1'>a</a>", [paragraph(of("phone_number", "a", phone_number="+1"))]),
    ("[a](#b)", "<a href='#b'>a</a>", [paragraph(of("anchor_link", "a", anchor_name="b"))]),
    ("[a](x)", "<a href='x'>a</a>", [paragraph("a")]),
    (
        "![👍](tg://emoji?id=5)",
        "<tg-emoji emoji-id='5'>👍</tg-emoji>",
        [paragraph({"type": "custom_emoji", "custom_emoji_id": "5", "alternative_text": "👍"})],
    ),
    (
        "![a](tg://time?unix=9&format=Tw)",
        "<tg-time unix='9' format='Tw'>a</tg-time>",
        [paragraph(of("date_time", "a", unix_time=9, date_time_format="wT"))],
    ),
    (
        "$x<y$",
        "<tg-math>x&lt;y</tg-math>",
        [paragraph({"type": "mathematical_expression", "expression": "x<y"})],
    ),
    ("$$x$$", "<tg-math-block>x</tg-math-block>", [{"type": "mathematical_expression", "expression": "x"}]),
    ("## a #", "<h2>a</h2>", [{"type": "heading", "text": "a", "size": 2}]),
    ("a\n# b", "a<h1>b</h1>", [paragraph("a"), {"type": "heading", "text": "b", "size": 1}]),
    (
        "```py\n a\n```",
        "<pre><code class='language-py'> a</code></pre>",
        [{"type": "pre", "text": " a", "language": "py"}],
    ),
    ("~~~\na\n~~~", "<pre>a</pre>", [{"type": "pre", "text": "a"}]),
    ("---", "<hr/>", [{"type": "divider"}]),
    ("<footer>a</footer>", "<footer>a</footer>", [{"type": "footer", "text": "a"}]),
    ("> a\n> b", "<blockquote>a b</blockquote>", [{"type": "blockquote", "blocks": [paragraph("a b")]}]),
    (
        "<aside>a<cite>b</cite></aside>",
        "<aside>a<cite>b</cite></aside>",
        [{"type": "pullquote", "text": "a", "credit": "b"}],
    ),
    (
        "- a\n- b",
        "<ul><li>a</li><li>b</li></ul>",
        [{"type": "list", "items": [item(paragraph("a")), item(paragraph("b"))]}],
    ),
    (
        "3. a\n4. b",
        "<ol start=3><li>a</li><li>b</li></ol>",
        [
            {
                "type": "list",
                "items": [
                    item(paragraph("a"), mark="3.", value=3, type="1"),
                    item(paragraph("b"), mark="4.", value=4, type="1"),
                ],
            }
        ],
    ),
    (
        "- [ ] a\n- [x] b",
        "<ul><li><input type='checkbox'>a</li><li><input type='checkbox' checked>b</li></ul>",
        [
            {
                "type": "list",
                "items": [
                    item(paragraph("a"), has_checkbox=True),
                    item(paragraph("b"), has_checkbox=True, is_checked=True),
                ],
            }
        ],
    ),
    (
        "- a\n  - b",
        "<ul><li>a<ul><li>b</li></ul></li></ul>",
        [
            {
                "type": "list",
                "items": [item(paragraph("a"), {"type": "list", "items": [item(paragraph("b"))]})],
            }
        ],
    ),
    (
        "| a | b |\n|---|:-:|\n| c | **d** |",
        (
            "<table><tr><th align='left'>a</th><th>b</th></tr>"
            "<tr><td>c</td><td align='center'><b>d</b></td></tr></table>"
        ),
        [
            {
                "type": "table",
                "cells": [
                    [cell("a", is_header=True), cell("b", "center", is_header=True)],
                    [cell("c"), cell(of("bold", "d"), "center")],
                ],
            }
        ],
    ),
    (
        "<details open><summary>**a**</summary>\n\n# b\n</details>",
        "<details open><summary><b>a</b></summary><h1>b</h1></details>",
        [
            {
                "type": "details",
                "summary": of("bold", "a"),
                "blocks": [{"type": "heading", "text": "b", "size": 1}],
                "is_open": True,
            }
        ],
    ),
    (
        "a[^n]\n\n[^n]: b",
        "<p>a<a href='#n'>n</a></p><p><tg-reference name='n'>b</tg-reference></p>",
        [
            paragraph("a", of("reference_link", "n", reference_name="n")),
            paragraph(of("reference", "b", name="n")),
        ],
    ),
    ("<a name='x'></a>", "<a name='x'></a>", [{"type": "anchor", "name": "x"}]),
    (
        r"\*a\* 2 * 3 snake_case_name ` [x]",
        "*a* 2 * 3 snake_case_name ` [x]",
        [paragraph("*a* 2 * 3 snake_case_name ` [x]")],
    ),
    ("&lt;&hellip;&#65;&foo;", "&lt;&hellip;&#65;&foo;", [paragraph("<…A&foo;")]),
    ("a  \nb", "a<br>b", [paragraph("a\nb")]),
]


@pytest.mark.parametrize(("markdown", "html", "blocks"), BOTH)
def test_markdown_and_html_say_the_same(markdown: str, html: str, blocks: Blocks) -> None:
    """Each form has its way to write a block; both become what the documentation says, and only that."""
    assert built(read_markdown(markdown)).blocks == blocks
    assert built(read_html(html)).blocks == blocks
    for block in blocks:
        check(block, "RichBlock")


HTML_ONLY: list[tuple[str, Blocks]] = [
    ("<p>a</p><p> b </p>", [paragraph("a"), paragraph("b")]),
    (
        "<blockquote expandable>a<cite>b</cite></blockquote>",
        [{"type": "expandable_blockquote", "text": "a", "credit": "b"}],
    ),
    (
        "<ol type=a reversed><li>x</li><li value=9 type=I>y</li></ol>",
        [
            {
                "type": "list",
                "items": [
                    item(paragraph("x"), mark="b.", value=2, type="a"),
                    item(paragraph("y"), mark="IX.", value=9, type="I"),
                ],
            }
        ],
    ),
    (
        (
            "<table bordered striped compact><caption>a</caption>"
            "<tr><td colspan=2 valign=top>b</td></tr></table>"
        ),
        [
            {
                "type": "table",
                "cells": [[{"text": "b", "colspan": 2, "align": "left", "valign": "top"}]],
                "is_bordered": True,
                "is_striped": True,
                "is_compact": True,
                "caption": "a",
            }
        ],
    ),
    (
        "<img src='tg://emoji?id=5' alt='👍'/>",
        [paragraph({"type": "custom_emoji", "custom_emoji_id": "5", "alternative_text": "👍"})],
    ),
]


@pytest.mark.parametrize(("html", "blocks"), HTML_ONLY)
def test_html_has_forms_of_its_own(html: str, blocks: Blocks) -> None:
    """Attributes count as documented."""
    assert built(read_html(html)).blocks == blocks
    for block in blocks:
        check(block, "RichBlock")


BROKEN = [
    ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
    ("é<script>", 'Unsupported start tag "script" at byte offset 2'),
    ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ("a</b>", "Unexpected end tag at byte offset 1"),
    ("a < b", "Unclosed start tag at byte offset 2"),
    ("<li>a</li>", 'Unexpected tag "li"'),
    ("<b><p>a</p></b>", 'Tag "p" can\'t be used inside of a text'),
    ("<tg-math>a", 'Can\'t find end tag corresponding to start tag "tg-math"'),
]


@pytest.mark.parametrize(("html", "said"), BROKEN)
def test_broken_html_is_refused_with_the_place(html: str, said: str) -> None:
    """As with parse_mode HTML; tags stand only where they can."""
    with pytest.raises(ApiError) as caught:
        built(read_html(html))
    assert caught.value.description == f"Bad Request: can't parse entities: {said}"


def test_labels_count_as_their_type_says() -> None:
    """Letters go on behind z; Roman numbers end before 4000; where there is none, digits stand."""
    labels = [
        label(n, kind) for n, kind in ((26, "a"), (28, "A"), (1994, "i"), (4000, "I"), (0, "a"), (-3, "1"))
    ]
    assert labels == ["z.", "AB.", "mcmxciv.", "4000.", "0.", "-3."]


@settings(max_examples=200, deadline=None)
@given(st.text("ab *_~=|`[]()<>/!#-+>1.\n\\$&;:'\"", max_size=80))
def test_any_markdown_becomes_blocks_or_a_refusal(source: str) -> None:
    """No source breaks the reader; what comes out is as documented."""
    try:
        rich = built(read_markdown(source))
    except ApiError:
        return
    for block in rich.blocks:
        if not rich.media:
            check(block, "RichBlock")
