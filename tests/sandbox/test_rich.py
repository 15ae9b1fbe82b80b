"""Rich messages as requests give them: blocks, media, limits, edits. Source: the Bot API, "Rich messages"."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.town import Town
from sandbox.uploads import GIF, MP4, OGG, error, png, result, upload

Blocks = list[dict[str, Any]]


def paragraph(*parts: Any) -> dict[str, Any]:
    """A paragraph; several parts are an array."""
    return {"type": "paragraph", "text": parts[0] if len(parts) == 1 else list(parts)}


def of(kind: str, text: Any, **fields: Any) -> dict[str, Any]:
    """A RichText of a type."""
    return {"type": kind, "text": text, **fields}


def cell(text: Any, align: str = "left", **fields: Any) -> dict[str, Any]:
    """A cell of a table."""
    return {"text": text, **fields, "align": align, "valign": "middle"}


def item(*blocks: Any, mark: str = "•", **fields: Any) -> dict[str, Any]:
    """An item of a list."""
    return {"label": mark, "blocks": list(blocks), **fields}


def blocks_of(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A rich message for one of the two groups."""
    return {"rich_message": {"blocks": list(blocks), **more}}


async def test_a_rich_message_arrives_as_it_was_written() -> None:
    """Blocks come back in the documented form, with what Telegram finds in their texts and whom it knows."""
    town = Town()
    given_blocks: Blocks = [
        {"type": "heading", "text": ["a", "b"], "size": 1},
        paragraph("see t.me and @olga_, #tag $USD /go a@b.co 4242 4242 4242 4242"),
        paragraph(
            of("text_mention", "O", user={"id": town.owner.id}), of("text_mention", "x", user={"id": 1})
        ),
        paragraph(of("code", "@olga_"), of("bold", "@olga_"), of("mention", "plain", username="x")),
        {"type": "list", "items": [{"blocks": [paragraph("x")], "type": "i"}, {"blocks": [], "type": "i"}]},
        {"type": "map", "location": {"latitude": 1.5, "longitude": 2}, "zoom": 13},
        {
            "type": "buttons",
            "buttons": [{"text": "Go", "callback_data": "1", "style": "link"}],
            "align": "center",
        },
        {"type": "expandable_blockquote", "text": "q"},
        {"type": "table", "cells": [[{"text": "h", "is_header": True}, {}]], "is_compact": True},
        {"type": "details", "summary": "s", "blocks": [{"type": "divider"}]},
    ]
    sent = await town.result(
        "sendRichMessage", chat_id=town.group.id, **blocks_of(*given_blocks, is_rtl=True)
    )
    blocks = sent["rich_message"]["blocks"]
    assert sent["rich_message"]["is_rtl"] is True
    assert "text" not in sent
    assert blocks[0] == {"type": "heading", "text": "ab", "size": 1}
    assert blocks[1]["text"] == [
        "see ",
        of("url", "t.me", url="http://t.me/"),
        " and ",
        of("mention", "@olga_", username="olga_"),
        ", ",
        of("hashtag", "#tag", hashtag="#tag"),
        " ",
        of("cashtag", "$USD", cashtag="$USD"),
        " ",
        of("bot_command", "/go", bot_command="/go"),
        " ",
        of("email_address", "a@b.co", email_address="a@b.co"),
        " ",
        of("bank_card_number", "4242 4242 4242 4242", bank_card_number="4242424242424242"),
    ]
    assert [part if isinstance(part, str) else part["user"]["id"] for part in blocks[2]["text"]] == [
        town.owner.id,
        "x",
    ]
    assert blocks[3]["text"] == [
        of("code", "@olga_"),
        of("bold", of("mention", "@olga_", username="olga_")),
        "plain",
    ]
    assert [entry["label"] for entry in blocks[4]["items"]] == ["i.", "ii."]
    place = {"latitude": 1.5, "longitude": 2.0}
    assert blocks[5] == {"type": "map", "location": place, "zoom": 13, "width": 0, "height": 0}
    assert blocks[8]["cells"] == [
        [cell("h", "center", is_header=True), {"align": "left", "valign": "middle"}]
    ]


async def test_entities_are_not_looked_for_on_request() -> None:
    """skip_entity_detection leaves the text alone, but for what no message keeps."""
    town = Town()
    message = blocks_of(paragraph("a\tt.me\r"), skip_entity_detection=True)
    sent = await town.result("sendRichMessage", chat_id=town.group.id, **message)
    assert sent["rich_message"]["blocks"] == [paragraph("a t.me")]


async def test_media_are_uploaded_named_or_fetched_into_their_blocks() -> None:
    """Each kind of file has its block; markup names files of the request by tg:// links."""
    town = Town()
    files = {
        "p": upload(png()),
        "v": upload(MP4, "a.mp4"),
        "o": upload(OGG, "a.ogg"),
        "g": upload(GIF, "a.gif"),
    }
    files |= {"d": upload(b"words", "a.txt"), "m": upload(b"ID3", "a.mp3")}
    kinds = {"photo": "p", "video": "v", "voice_note": "o", "animation": "g", "document": "d", "audio": "m"}
    blocks: Blocks = [
        {"type": kind, kind: {"type": kind, "media": f"attach://{name}"}} for kind, name in kinds.items()
    ]
    blocks[0] |= {"caption": {"text": "c", "credit": "d"}}
    blocks[0]["photo"] |= {"has_spoiler": True}
    place = {"chat_id": str(town.group.id)}
    sent = await result(town, "sendRichMessage", files, **place, rich_message={"blocks": blocks})
    shown = sent["rich_message"]["blocks"]
    assert [block["type"] for block in shown] == list(kinds)
    assert (shown[0]["has_spoiler"], shown[0]["caption"]) == (True, {"text": "c", "credit": "d"})
    photo = shown[0]["photo"][-1]["file_id"]
    html = '<tg-collage><img src="tg://photo?id=x"/></tg-collage>'
    named = {"html": html, "media": [{"id": "x", "media": {"type": "photo", "media": photo}}]}
    again = await town.result("sendRichMessage", chat_id=town.group.id, rich_message=named)
    (held,) = again["rich_message"]["blocks"][0]["blocks"]
    assert held["photo"][-1]["file_id"] == photo


async def test_whoever_may_not_send_pictures_sends_no_rich_ones() -> None:
    """A block with media needs the right to send that media, and nothing is kept when it is refused."""
    town = Town()
    town.world.set_member(town.group.id, town.bot.id, "restricted", permissions={"can_send_messages": True})
    block = {"type": "photo", "photo": {"type": "photo", "media": "attach://p"}}
    before = len(town.world.files.by_id)
    place = {"chat_id": str(town.group.id)}
    told = await error(town, "sendRichMessage", {"p": upload(png())}, **place, **blocks_of(block))
    assert told == "not enough rights to send photos to the chat"
    assert len(town.world.files.by_id) == before
    assert await town.result("sendRichMessage", chat_id=town.group.id, **blocks_of(paragraph("a")))


REFUSED: list[tuple[Any, str]] = [
    ("", "rich message must be non-empty"),
    ("{", "can't parse rich message JSON object"),
    ([], "object expected as rich message"),
    ({}, "rich message must be non-empty"),
    ({"blocks": []}, "rich message must be non-empty"),
    ({"blocks": "x"}, 'field "blocks" must be of type Array'),
    ({"blocks": [5]}, "object expected as InputRichMessageBlock"),
    ({"blocks": [{}]}, 'can\'t find field "type"'),
    ({"blocks": [{"type": "x"}]}, 'type "x" is unsupported'),
    ({"blocks": [paragraph(5)]}, "invalid rich text specified"),
    ({"blocks": [paragraph({"type": "x"})]}, "unsupported rich text type"),
    ({"blocks": [{"type": "heading", "text": "a", "size": 7}]}, "invalid section heading size specified"),
    ({"blocks": [{"type": "list", "items": []}]}, "list must be non-empty"),
    (
        {"blocks": [{"type": "list", "items": [{"blocks": []}, {"blocks": [], "type": "1"}]}]},
        "list must be either ordered or unordered",
    ),
    (
        {"blocks": [{"type": "list", "items": [{"blocks": [], "type": "x"}]}]},
        "invalid list item type specified",
    ),
    ({"blocks": [{"type": "table", "cells": [[{"align": "x"}]]}]}, "invalid horizontal alignment specified"),
    ({"blocks": [{"type": "table", "cells": [[{"colspan": -1}]]}]}, "invalid table cell colspan specified"),
    ({"blocks": [{"type": "table", "cells": [[{}] * 21]}]}, "RICH_MESSAGE_TABLE_TOO_WIDE"),
    (
        {"blocks": [{"type": "map", "location": {"latitude": 91, "longitude": 0}}]},
        "invalid location specified",
    ),
    (
        {"blocks": [{"type": "map", "location": {"latitude": 1, "longitude": 0}, "zoom": 25}]},
        "invalid map properties specified",
    ),
    ({"blocks": [{"type": "buttons", "buttons": []}]}, "button row must be non-empty"),
    (
        {"blocks": [{"type": "buttons", "buttons": [{"text": "a"}]}]},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        {"blocks": [{"type": "buttons", "buttons": [{"text": "a", "callback_data": "x" * 65}]}]},
        "BUTTON_DATA_INVALID",
    ),
    (
        {"blocks": [{"type": "photo", "photo": {"type": "video", "media": "x"}}]},
        'unexpected media type "video" for block "photo"',
    ),
    (
        {"blocks": [{"type": "photo", "photo": {"type": "photo", "media": "attach://x"}}]},
        "can't parse InputMedia: media not found",
    ),
    ({"blocks": [paragraph("a" * 32769)]}, "RICH_MESSAGE_TEXT_TOO_LONG"),
    ({"blocks": [{"type": "divider"}] * 501}, "RICH_MESSAGE_BLOCKS_TOO_MUCH"),
    ({"blocks": [{"type": "thinking", "text": "a"}]}, "RICH_MESSAGE_THINKING_NOT_ALLOWED"),
    ({"html": "<img src='tg://photo?id=x'/>"}, "RICH_MESSAGE_MEDIA_NOT_FOUND"),
    ({"html": "<img src='x'/>"}, "wrong HTTP URL specified"),
    (
        {"html": "a", "media": [{"id": "?", "media": {}}]},
        "can't parse InputRichMessageMedia: Invalid identifier specified",
    ),
    ({"markdown": 5, "html": []}, 'field "html" must be of type String'),
]


@pytest.mark.parametrize(("message", "said"), REFUSED)
async def test_what_is_no_rich_message_is_refused(message: Any, said: str) -> None:
    """Every refusal is a 400, and nothing was sent."""
    town = Town()
    before = dict(town.group.messages)
    raw = message if isinstance(message, str) else json.dumps(message)
    code, text = await town.error("sendRichMessage", chat_id=town.group.id, rich_message=raw)
    assert (code, text) == (400, f"Bad Request: {said}")
    assert town.group.messages == before


def nested(depth: int) -> Any:
    """A text in as many styles."""
    return of("bold", nested(depth - 1)) if depth else "x"


@pytest.mark.parametrize(
    "message",
    [
        {"blocks": [paragraph(nested(17))]},
        {"blocks": [paragraph(json.loads("[" * 400 + '"x"' + "]" * 400))]},
        {"html": "<b>" * 200 + "x" + "</b>" * 200},
        {"markdown": ">" * 100 + "x"},
        {"markdown": "\n".join("  " * n + "- x" for n in range(40))},
    ],
)
async def test_nothing_is_nested_without_end(message: Any) -> None:
    """Sixteen levels are the most, in every form."""
    town = Town()
    code, text = await town.error("sendRichMessage", chat_id=town.group.id, rich_message=message)
    assert (code, text) == (400, "Bad Request: RICH_MESSAGE_NESTED_TOO_DEEP")


async def test_a_text_becomes_rich_and_plain_again() -> None:
    """editMessageText takes either; a rich message has no text, the same again is not modified."""
    town = Town()
    sent = await town.result("sendMessage", chat_id=town.group.id, text="a")
    place = {"chat_id": town.group.id, "message_id": sent["message_id"]}
    rich = await town.result("editMessageText", **place, rich_message={"markdown": "# a"})
    assert rich["rich_message"] == {"blocks": [{"type": "heading", "text": "a", "size": 1}]}
    assert "text" not in rich
    _, told = await town.error("editMessageText", **place, rich_message={"html": "<h1>a</h1>"})
    assert told.startswith("Bad Request: message is not modified")
    plain = await town.result("editMessageText", **place, text="b")
    assert (plain["text"], "rich_message" in plain) == ("b", False)
    photo = await result(town, "sendPhoto", {"photo": upload(png())}, chat_id=str(town.group.id))
    place["message_id"] = photo["message_id"]
    _, told = await town.error("editMessageText", **place, rich_message={"markdown": "a"})
    assert told == "Bad Request: there is no text in the message to edit"


HOSTILE = [
    *(
        sign * 8000
        for sign in (
            "*",
            "_",
            "`",
            "[",
            "](",
            "$",
            "<",
            "<a ",
            "|",
            "~",
            "=",
            "&",
            "![",
            "**a",
            "`` ` ",
            "[^",
            '](a "',
            "\\|",
        )
    ),
    *(
        line * 3000
        for line in (
            "- a\n",
            "> a\n",
            "# \n",
            "|-|\n",
            "<hr>\n",
            "$$\n",
            "1. \n\n",
            "<p>a</p>\n",
            "[^a]: b\n",
        )
    ),
    "a" + " " * 30000 + "|\n" + " " * 2000 + "-x",
    "# " + " " * 30000 + "x",
    "```" + "x" * 30000 + "`",
    "[a](" + " " * 30000 + "x",
    "|" + "a" * 30000 + "\\\n|-",
    "<p " * 9000,
    "<b a='" * 5000,
]


@pytest.mark.long
@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.timeout(5)
async def test_no_source_makes_reading_slow(source: str) -> None:
    """Reading takes time in proportion to the source, and ends in a message or a 400."""
    town = Town()
    for form in ("markdown", "html"):
        envelope = await town.call("sendRichMessage", chat_id=town.group.id, rich_message={form: source})
        assert envelope["ok"] or envelope["error_code"] == 400


KINDS = ["paragraph", "heading", "list", "table", "map", "buttons", "photo", "voice_note", "details", "bold"]
NAMES = st.sampled_from(
    [
        "type",
        "text",
        "blocks",
        "items",
        "cells",
        "caption",
        "credit",
        "size",
        "value",
        "location",
        "media",
        "buttons",
        "callback_data",
        "url",
        "user",
        "id",
        "zoom",
        "photo",
        "voice_note",
        "summary",
        "align",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(KINDS)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
BLOCK = st.builds(
    lambda kind, more: more | {"type": kind}, st.sampled_from(KINDS), st.dictionaries(NAMES, VALUES)
)


@pytest.mark.long
@settings(max_examples=200, deadline=None)
@given(
    st.lists(BLOCK, min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["html", "media", "is_rtl"]), VALUES),
)
async def test_no_json_breaks_a_rich_message(blocks: Blocks, more: dict[str, Any]) -> None:
    """Whatever stands where, the answer is a message as documented or a 400."""
    town = Town()
    given_message = json.dumps({"blocks": blocks, **more})
    envelope = await town.call("sendRichMessage", chat_id=town.group.id, rich_message=given_message)
    assert envelope["ok"] or envelope["error_code"] == 400
