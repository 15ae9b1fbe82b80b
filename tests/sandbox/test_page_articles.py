"""Rich messages and paid media on the chat page: drawn as meant, harmless whatever they hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecrier_sandbox.page import articles, media, render, richtext
from gatecrier_sandbox.page.bubbles import Bubble
from gatecrier_sandbox.page.faces import Face
from gatecrier_sandbox.page.place import Place
from gatecrier_sandbox.world.model import Wire
from sandbox.browser import Tags

GO = "/page/go?as=7&to="
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
ALLOWED = {
    *("article", "div", "b", "i", "u", "s", "sub", "sup", "mark", "span", "code", "pre", "blockquote", "a"),
    *(
        "time",
        "p",
        "h4",
        "ul",
        "li",
        "hr",
        "cite",
        "details",
        "summary",
        "table",
        "caption",
        "tr",
        "td",
        "th",
    ),
    *("button", "svg", "use", "rect", "img", "video", "small"),
}


PARAGRAPH: Wire = {"type": "paragraph", "text": "said"}
PLACE: Wire = {"latitude": 1, "longitude": 2}


def drawn(blocks: object) -> str:
    """The blocks as the page draws them."""
    made = articles.Article({}, GO, "a1").blocks(blocks)
    bubble = Bubble(1, False, Face(1, "Guide", "G", 1, "bot"), "12:00", "12:00", article=made)
    macros: Any = render.environment.get_template("items.html").module
    return str(macros.bubble("m1", bubble, Place(person=7)))


NAMES = [
    "type",
    "text",
    "blocks",
    "items",
    "cells",
    "caption",
    "credit",
    "summary",
    "size",
    "label",
    "buttons",
    "button",
    "url",
    "name",
    "photo",
    "video",
    "location",
    "language",
    "callback_data",
    "expression",
    "user",
    "align",
    "colspan",
    "anchor_name",
    "username",
]
KINDS = [
    "paragraph",
    "heading",
    "list",
    "table",
    "details",
    "blockquote",
    "photo",
    "button",
    "url",
    "mention",
    "code",
    "anchor",
    "anchor_link",
    "map",
    "buttons",
    "pre",
    "spoiler",
    "collage",
]
values = st.sampled_from([HOSTILE, "words", "", None, True, 7, -1, 1e9, *KINDS])
anything = st.recursive(
    values,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner | values, max_size=5)
    ),
    max_leaves=20,
)


@pytest.mark.long
@given(st.lists(anything, max_size=4))
def test_no_article_becomes_anything_but_our_own_tags(blocks: list[Any]) -> None:
    """Whatever blocks hold, only our tags come out, without handlers, styles or scripts."""
    seen = Tags(drawn(blocks))
    assert {tag for tag, _ in seen.tags} <= ALLOWED
    for tag, attributes in seen.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not (tag == "img" and attributes.get("src") == "x")
        assert attributes.get("href", "#").startswith(("#", "http://", "https://", "mailto:", "tel:"))


@pytest.mark.parametrize(
    ("block", "tag", "words"),
    [
        ({"type": "paragraph", "text": "one"}, "p", "one"),
        ({"type": "heading", "text": "two", "size": 1}, "h4", "two"),
        ({"type": "pre", "text": "three", "language": "py"}, "pre", "three"),
        ({"type": "footer", "text": "four"}, "p", "four"),
        ({"type": "divider"}, "hr", ""),
        ({"type": "mathematical_expression", "expression": "x^2"}, "code", "x^2"),
        (
            {"type": "list", "items": [{"label": "7.", "blocks": [PARAGRAPH]}]},
            "li",
            "7.said",
        ),
        (
            {"type": "blockquote", "blocks": [PARAGRAPH], "credit": "Rudi"},
            "cite",
            "saidRudi",
        ),
        ({"type": "expandable_blockquote", "text": "long"}, "blockquote", "long"),
        ({"type": "pullquote", "text": "pulled"}, "blockquote", "pulled"),
        ({"type": "table", "cells": [[{"text": "c", "align": "right", "valign": "top"}]]}, "td", "c"),
        ({"type": "details", "summary": "more", "blocks": []}, "summary", "more"),
        ({"type": "photo", "photo": [], "caption": {"text": "shot", "credit": "Ida"}}, "svg", "shot"),
        (
            {"type": "map", "location": PLACE, "caption": {"text": "here"}},
            "svg",
            "here",
        ),
        ({"type": "buttons", "buttons": [{"text": ["Go"], "callback_data": "g"}]}, "button", "Go"),
        ({"type": "thinking", "text": "hm"}, "p", "hm"),
        ({"type": "collage", "blocks": [], "caption": {"text": "both"}}, "p", "both"),
    ],
)
def test_every_block_is_drawn(block: Wire, tag: str, words: str) -> None:
    """Each kind of block has its form, and none of its words is lost."""
    seen = Tags(drawn([block]))
    assert tag in {name for name, _ in seen.tags}
    assert words in seen.words


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a<b", "a&lt;b"),
        (["a", {"type": "bold", "text": ["b", {"type": "italic", "text": "c"}]}], "a<b>b<i>c</i></b>"),
        ({"type": "subscript", "text": "2"}, "<sub>2</sub>"),
        ({"type": "custom_emoji", "custom_emoji_id": "1", "alternative_text": "🙂"}, "🙂"),
        ({"type": "url", "text": "x", "url": "javascript:alert(1)"}, '<span class="tag">x</span>'),
        ({"type": "url", "text": "x", "url": "https://a.b"}, 'href="https://a.b"'),
        ({"type": "mention", "text": "@x", "username": "x"}, "t.me%2Fx"),
        (
            {"type": "button", "button": {"text": "<G>", "callback_data": '"'}},
            'data-press="&#34;">&lt;G&gt;',
        ),
    ],
)
def test_texts_are_written_as_their_types_say(text: object, html: str) -> None:
    """Formatting nests, links go where they may, everything else is escaped."""
    assert html in str(richtext.Writer(GO, "a1").write(text))


def test_a_text_nested_without_end_ends() -> None:
    """A hostile depth is cut off, not followed."""
    text: Any = "deep"
    for _ in range(500):
        text = {"type": "bold", "text": [text]}
    assert "deep" not in str(richtext.Writer(GO, "a").write(text))


def test_links_inside_of_an_article_find_their_anchors() -> None:
    """An anchor and the link to it agree, and differ from those of another message."""
    text = [
        {"type": "anchor", "name": "top x"},
        {"type": "anchor_link", "text": "up", "anchor_name": "top x"},
    ]
    one, other = (Tags(str(richtext.Writer("", prefix).write(text))).tags for prefix in ("a1", "a2"))
    anchor, link = one
    assert link[1]["href"] == "#" + anchor[1]["id"]
    assert anchor[1]["id"] != other[0][1]["id"]


def test_a_chat_list_shows_the_first_words_of_an_article() -> None:
    """The line in the list is what one would read first."""
    blocks = [{"type": "divider"}, {"type": "heading", "text": ["Ferry ", {"type": "bold", "text": "guide"}]}]
    assert media.snippet({"rich_message": {"blocks": blocks}}) == "Ferry guide"


def test_paid_media_shows_its_price_and_no_picture_in_the_clear() -> None:
    """Each piece is behind its price, also where there are no bytes at all."""
    pieces = [{"type": "preview", "width": 800, "height": 600}, {"type": "photo", "photo": []}, HOSTILE]
    found = media.all_media({"paid_media": {"star_count": 5, "paid_media": pieces}}, {})
    assert [(one.kind, one.price) for one in found] == [("photo", 5), ("photo", 5)]
    macros: Any = render.environment.get_template("items.html").module
    html = str(macros.picture(found[0]))
    assert "Unlock for 5" in html
    assert "frosted" in html
