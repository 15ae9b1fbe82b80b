"""Inline mode and guest bots."""

from typing import Any

import pytest

from gatecrier_sandbox.errors import ApiError, Refused
from gatecrier_sandbox.world import inline
from sandbox.town import Town

HEARD = '["message","inline_query","chosen_inline_result","callback_query","guest_message"]'
TOO_OLD = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
KEYBOARD = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
ARTICLE: dict[str, Any] = {
    "type": "article",
    "id": "1",
    "title": "T",
    "input_message_content": {"message_text": "*x*", "parse_mode": "Markdown"},
}


async def make_town() -> Town:
    """A town whose bot has inline mode with feedback."""
    town = Town()
    town.bot.supports_inline = town.bot.inline_feedback = True
    town.world.start(town.reader.id, town.bot.id)
    await town.updates(allowed_updates=HEARD)
    return town


async def choose(town: Town, result: dict[str, Any], chat_id: int = 0) -> dict[str, Any]:
    """The reader asks, the bot answers with one result, the reader sends it; what the bot hears of it."""
    asked = town.world.inline_query(town.reader.id, town.bot.id, str(result), chat_id=chat_id)
    await town.updates()
    await town.result("answerInlineQuery", inline_query_id=asked.id, results=[result])
    town.world.choose_result(asked.id, result["id"])
    message: dict[str, Any] = (await town.updates())[0]["message"]
    return message


PLACES = [("group", "supergroup"), ("dialog", "sender")]


@pytest.mark.parametrize(("where", "chat_type"), PLACES)
async def test_a_query_reaches_the_bot_with_its_place(where: str, chat_type: str) -> None:
    """Who asked what, from which offset, in which kind of chat."""
    town = await make_town()
    chat_id = town.group.id if where == "group" else 0
    town.world.inline_query(town.reader.id, town.bot.id, "cats", offset="20", chat_id=chat_id)
    query = (await town.updates())[0]["inline_query"]
    assert (query["query"], query["offset"], query["chat_type"]) == ("cats", "20", chat_type)
    assert query["from"]["id"] == town.reader.id
    town.bot.supports_inline = False
    with pytest.raises(Refused, match="no inline mode"):
        town.world.inline_query(town.reader.id, town.bot.id, "cats")


async def test_a_query_is_answered_once_and_in_time() -> None:
    """Ten seconds; an unknown, answered or late one is too old."""
    town = await make_town()
    asked = town.world.inline_query(town.reader.id, town.bot.id, "a")
    assert await town.result("answerInlineQuery", inline_query_id=asked.id, results=[ARTICLE])
    late = town.world.inline_query(town.reader.id, town.bot.id, "b")
    town.clock.advance(11)
    for number in (asked.id, late.id, "x"):
        assert await town.error("answerInlineQuery", inline_query_id=number, results=[]) == TOO_OLD


async def test_answers_are_remembered_for_a_while() -> None:
    """The same question brings the same results without asking the bot; personal ones to that person."""
    town = await make_town()
    for number, personal in enumerate((False, True)):
        asked = town.world.inline_query(town.reader.id, town.bot.id, f"q{number}")
        given = {"cache_time": 60, "is_personal": personal, "next_offset": "5"}
        await town.result("answerInlineQuery", inline_query_id=asked.id, results=[ARTICLE], **given)
    await town.updates()
    town.world.start(town.owner.id, town.bot.id)
    await town.updates()
    again = town.world.inline_query(town.owner.id, town.bot.id, "q0")
    assert (list(again.results or {}), again.next_offset) == (["1"], "5")
    assert town.world.inline_query(town.owner.id, town.bot.id, "q1").results is None
    town.clock.advance(60)
    assert town.world.inline_query(town.owner.id, town.bot.id, "q0").results is None


REFUSED = [
    ("{", "can't parse JSON encoded inline query results"),
    ({}, "expected an Array of inline query results"),
    ([ARTICLE] * 51, "too many inline query results specified"),
    ([ARTICLE, ARTICLE], "RESULT_ID_DUPLICATE"),
    ([5], "can't parse inline query result: Inline query result must be an object"),
    ([{}], "can't parse inline query result: Can't find field \"type\""),
    ([{"type": []}], 'can\'t parse inline query result: Field "type" must be of type String'),
    ([{"type": "article"}], "can't parse inline query result: Can't find field \"id\""),
    ([ARTICLE | {"id": "x" * 65}], "RESULT_ID_INVALID"),
    ([ARTICLE | {"id": ""}], "RESULT_ID_EMPTY"),
    ([ARTICLE | {"title": ""}], "ARTICLE_TITLE_EMPTY"),
    (
        [ARTICLE | {"input_message_content": {}}],
        "can't parse inline query result: Input message content is not specified",
    ),
    ([ARTICLE | {"input_message_content": {"message_text": "x" * 4097}}], "MESSAGE_TOO_LONG"),
    (
        [ARTICLE | {"input_message_content": []}],
        'can\'t parse inline query result: Field "input_message_content" must be of type Object',
    ),
    ([ARTICLE | {"reply_markup": {"keyboard": []}}], "inline keyboard expected"),
    (
        [{"type": "elephant", "id": "1"}],
        'can\'t parse inline query result: type "elephant" is unsupported for the inline query result',
    ),
    (
        [{"type": "location", "id": "1", "title": "x"}],
        "can't parse inline query result: Can't find field \"latitude\"",
    ),
]


@pytest.mark.parametrize(("results", "text"), REFUSED)
async def test_results_are_read_strictly(results: object, text: str) -> None:
    """A mistake is named, and the query stays unanswered."""
    town = await make_town()
    asked = town.world.inline_query(town.reader.id, town.bot.id, "a")
    error = await town.error("answerInlineQuery", inline_query_id=asked.id, results=results)
    assert error == (400, f"Bad Request: {text}")
    assert asked.results is None


PREFIX = "can't parse inline query results button: "
BUTTONS = [
    ("{", "can't parse inline query results button JSON object"),
    ([], "can't parse inline query results button: InlineQueryResultsButton must be an Object"),
    (
        {"text": "x"},
        PREFIX + "InlineQueryResultsButton must have exactly one optional field",
    ),
    ({"text": "x", "start_parameter": ""}, "can't use empty start_parameter"),
    ({"text": "x", "start_parameter": "a b"}, "unallowed characters in start_parameter are used"),
    ({"text": "x", "start_parameter": "a" * 65}, "too long start_parameter specified"),
]


@pytest.mark.parametrize(("button", "text"), BUTTONS)
async def test_the_button_above_the_results_is_checked(button: object, text: str) -> None:
    """It starts the bot or opens a Web App."""
    town = await make_town()
    asked = town.world.inline_query(town.reader.id, town.bot.id, "a")
    place = {"inline_query_id": asked.id, "results": []}
    assert await town.error("answerInlineQuery", **place, button=button) == (400, f"Bad Request: {text}")
    await town.result("answerInlineQuery", **place, button={"text": "x", "start_parameter": "ok"})
    assert asked.button == {"text": "x", "start_parameter": "ok"}


async def test_a_chosen_result_is_the_persons_message_through_the_bot() -> None:
    """With a keyboard it has an inline_message_id, and presses bring that instead of a message."""
    town = await make_town()
    message = await choose(town, ARTICLE | {"reply_markup": KEYBOARD}, town.group.id)
    assert (message["from"]["id"], message["via_bot"]["id"]) == (town.reader.id, town.bot.id)
    assert [*message][-2:] == ["reply_markup", "via_bot"]
    assert (message["text"], message["entities"][0]["type"]) == ("x", "bold")
    town.world.click(town.owner.id, town.group.id, message["message_id"], data="go")
    query = (await town.updates())[0]["callback_query"]
    assert "message" not in query
    found = inline.find(town.world, query["inline_message_id"])
    assert found is not None
    assert (found[0], found[1].message_id) == (town.group, message["message_id"])


async def test_the_bot_hears_what_was_chosen_if_it_wants_to() -> None:
    """With the query, and with the number of the message if it has a keyboard."""
    town = await make_town()
    asked = town.world.inline_query(town.reader.id, town.bot.id, "a")
    results = [ARTICLE, ARTICLE | {"id": "2", "reply_markup": KEYBOARD}]
    await town.result("answerInlineQuery", inline_query_id=asked.id, results=results)
    await town.updates()
    for number in ("1", "2"):
        town.world.choose_result(asked.id, number)
    chosen = [update["chosen_inline_result"] for update in await town.updates() if "message" not in update]
    assert [(one["result_id"], "inline_message_id" in one) for one in chosen] == [("1", False), ("2", True)]
    assert chosen[0]["query"] == "a"
    with pytest.raises(Refused, match="no such result"):
        town.world.choose_result(asked.id, "3")


CONTENTS = [
    ({"type": "contact", "phone_number": "1", "first_name": "x"}, "contact"),
    ({"type": "location", "latitude": 1, "longitude": 2, "title": "x"}, "location"),
    ({"type": "venue", "latitude": 1, "longitude": 2, "title": "x", "address": "y"}, "venue"),
    (ARTICLE | {"input_message_content": {"latitude": 1, "longitude": 2}}, "location"),
    (ARTICLE | {"input_message_content": {"phone_number": "1", "first_name": "x"}}, "contact"),
]


@pytest.mark.parametrize(("result", "field"), CONTENTS)
async def test_results_become_what_they_are(result: dict[str, Any], field: str) -> None:
    """Or what stands in their place."""
    town = await make_town()
    message = await choose(town, {"id": "1"} | result)
    assert field in message


async def test_who_may_not_use_inline_bots_cannot_send_a_result() -> None:
    """Inline bots belong to can_send_other_messages."""
    town = await make_town()
    asked = town.world.inline_query(town.reader.id, town.bot.id, "a", chat_id=town.group.id)
    await town.result("answerInlineQuery", inline_query_id=asked.id, results=[ARTICLE])
    town.group.permissions -= {"can_send_other_messages"}
    with pytest.raises(Refused, match="restricted"):
        town.world.choose_result(asked.id, "1")


async def test_an_inline_message_is_found_by_its_bot_alone() -> None:
    """Another bot's, a deleted one and garbage are refused."""
    town = await make_town()
    message = await choose(town, ARTICLE | {"reply_markup": KEYBOARD}, town.group.id)
    number = town.group.messages[message["message_id"]].inline_id
    other = town.world.bot("other_bot")
    with pytest.raises(ApiError, match="MESSAGE_ID_INVALID"):
        inline.need(town.world, other.id, number)
    with pytest.raises(ApiError, match="invalid inline message identifier specified"):
        inline.need(town.world, town.bot.id, "x")
    del town.group.messages[message["message_id"]]
    with pytest.raises(ApiError, match="MESSAGE_ID_INVALID"):
        inline.need(town.world, town.bot.id, number)


async def test_a_live_location_moves_by_its_inline_number() -> None:
    """What comes back is true, not the message."""
    town = await make_town()
    live = {"type": "location", "id": "1", "latitude": 1, "longitude": 2, "title": "x", "live_period": 60}
    message = await choose(town, live | {"reply_markup": KEYBOARD}, town.group.id)
    number = town.group.messages[message["message_id"]].inline_id
    assert (
        await town.result("editMessageLiveLocation", inline_message_id=number, latitude=3, longitude=4)
        is True
    )
    assert await town.result("stopMessageLiveLocation", inline_message_id=number) is True
    assert town.group.messages[message["message_id"]].content == {
        "location": {"latitude": 3.0, "longitude": 4.0}
    }


async def test_a_guest_bot_answers_once_where_it_was_called() -> None:
    """It is no member and hears only what names it; its answer names who called."""
    town = await make_town()
    town.world.leave(town.group.id, town.bot.id)
    await town.updates()
    town.world.say(town.group.id, town.reader.id, "what does @gate_bot say?")
    assert not await town.updates()
    town.bot.supports_guests = True
    said = town.world.say(town.group.id, town.reader.id, "what does @gate_bot say?")
    asked = (await town.updates())[0]["guest_message"]
    assert asked["message_id"] == said.message_id
    place = {"guest_query_id": asked["guest_query_id"]}
    sent = await town.result("answerGuestQuery", **place, result=ARTICLE)
    found = inline.find(town.world, sent["inline_message_id"])
    assert found is not None
    assert (found[1].text, found[1].guest_caller_id) == ("x", town.reader.id)
    assert found[1].reply_to is said
    assert await town.error("answerGuestQuery", **place, result=ARTICLE) == TOO_OLD
    assert await town.error("answerGuestQuery", **place) == (400, "Bad Request: result isn't specified")


FILES = [
    ("photo", "photo", "photo", {}),
    ("gif", "gif", "animation", {}),
    ("mpeg4_gif", "mpeg4", "animation", {}),
    ("video", "video", "video", {"title": "t", "mime_type": "video/mp4", "video_duration": 3}),
    ("audio", "audio", "audio", {"title": "t", "performer": "p"}),
    ("voice", "voice", "voice", {"title": "t"}),
    ("document", "document", "document", {"title": "t", "mime_type": "application/pdf"}),
]


@pytest.mark.parametrize(("kind", "word", "field", "more"), FILES)
async def test_results_that_are_files_carry_them(
    kind: str, word: str, field: str, more: dict[str, Any]
) -> None:
    """By URL, where a grey pixel stands for what is not fetched, and again by file_id, with a caption."""
    town = await make_town()
    url = f"http://example.com/a.{word}"
    given = {"type": kind, "id": "1", f"{word}_url": url, "thumbnail_url": url, "caption": "c"} | more
    first = await choose(town, given, town.group.id)
    held = first[field][0] if field == "photo" else first[field]
    again = {"type": kind, "id": "2", f"{word}_file_id": held["file_id"], "title": "t"}
    second = await choose(town, again, town.group.id)
    assert (field in second, first["caption"], "caption" in second) == (True, "c", False)


FAULTY = [
    ({"type": "photo"}, "can't parse inline query result: Can't find field \"photo_file_id\""),
    ({"type": "photo", "photo_url": "http://e.com/a.jpg"}, "PHOTO_THUMB_URL_EMPTY"),
    ({"type": "photo", "photo_file_id": "abc"}, "wrong remote file identifier specified"),
    ({"type": "video", "title": ""}, "VIDEO_TITLE_EMPTY"),
    ({"type": "document", "title": ""}, "FILE_TITLE_EMPTY"),
    ({"type": "voice"}, "can't parse inline query result: Can't find field \"title\""),
    ({"type": "gif", "gif_url": "nowhere"}, "WEBDOCUMENT_URL_INVALID"),
]


@pytest.mark.parametrize(("result", "text"), FAULTY)
async def test_files_of_results_are_checked(result: dict[str, Any], text: str) -> None:
    """A title where one is needed, a URL that is one, a file that is known; nothing is kept of a refusal."""
    town = await make_town()
    asked = town.world.inline_query(town.reader.id, town.bot.id, "a")
    count = len(town.world.files.by_id)
    good = {"type": "gif", "id": "0", "gif_url": "http://e.com/a.gif"}
    results = [good, {"id": "1"} | result]
    code, said = await town.error("answerInlineQuery", inline_query_id=asked.id, results=results)
    assert (code, said.startswith(f"Bad Request: {text}")) == (400, True)
    assert len(town.world.files.by_id) == count
