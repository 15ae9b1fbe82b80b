"""What bots send, edit, copy and delete: facts/botapi.md §2 to §5."""

import pytest

from gatecrier_sandbox.botapi.methods.editing import NOT_MODIFIED
from gatecrier_sandbox.world.model import Message
from sandbox.town import Town

KEYBOARD = {
    "inline_keyboard": [[{"text": "Join", "url": "t.me/news"}, {"text": "Verify", "callback_data": "v:1"}]]
}


def make_town() -> Town:
    """A town whose reader has started the bot."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    town.bot.queue.clear()
    return town


BUTTON = "can't parse inline keyboard button: "
WRONG_BUTTONS: list[tuple[dict[str, object], str]] = [
    ({"callback_data": "b", "style": "blink"}, "invalid button style specified"),
    ({"callback_data": "b", "style": []}, f'{BUTTON}Field "style" must be of type String'),
    (
        {"callback_data": "b", "icon_custom_emoji_id": [1]},
        f'{BUTTON}Field "icon_custom_emoji_id" must be of type String',
    ),
    ({"login_url": {}}, f'{BUTTON}Can\'t find field "url"'),
    ({"login_url": {"url": []}}, f'{BUTTON}Field "url" must be of type String'),
    (
        {"login_url": {"url": "http://a.b"}},
        "inline keyboard button login URL 'http://a.b' is invalid: Only HTTPS links are allowed",
    ),
    ({"copy_text": {"text": {}}}, f'{BUTTON}Field "text" must be of type String'),
    (
        {"switch_inline_query_chosen_chat": {"query": True}},
        f'{BUTTON}Field "query" must be of type String',
    ),
]
REFUSED = [
    ({"text": ""}, "message text is empty"),
    ({"text": "   "}, "text must be non-empty"),
    ({"text": "x" * 4097}, "message is too long"),
    ({"text": "x" * 40_000}, "text is too long"),
    ({"text": "x", "parse_mode": "latex"}, "unsupported parse_mode"),
    ({"text": "x", "parse_mode": None}, "unsupported parse_mode"),
    ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": None}},
        'field "inline_keyboard" must be of type Array',
    ),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": [{}]}},
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "nowhere"}]]}},
        "inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL",
    ),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "d" * 65}]]}},
        "BUTTON_DATA_INVALID",
    ),
    (
        {
            "text": "x",
            "reply_markup": {"inline_keyboard": [[{"text": "a", "web_app": {"url": "http://a.b"}}]]},
        },
        "inline keyboard button Web App URL 'http://a.b' is invalid: Only HTTPS links are allowed",
    ),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "web_app": {}}]]}},
        "can't parse inline keyboard button: Can't find field \"url\"",
    ),
    *[
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"} | button]]}}, text)
        for button, text in WRONG_BUTTONS
    ],
    ({"text": "x", "link_preview_options": "{"}, "can't parse link preview options JSON object"),
    ({"text": "x", "link_preview_options": []}, "object expected as link preview options"),
    ({"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
    ({"text": "x", "message_thread_id": 99}, "message thread not found"),
]


@pytest.mark.parametrize(("given", "text"), REFUSED)
async def test_what_cannot_be_sent_is_refused_in_telegrams_words(given: dict[str, object], text: str) -> None:
    """Each text is the one the real server sends."""
    town = make_town()
    assert await town.error("sendMessage", chat_id=town.reader.id, **given) == (400, f"Bad Request: {text}")


async def test_who_cannot_be_reached_is_said_by_403() -> None:
    """Blocked, deactivated, and people known from a group who never started the bot."""
    town = make_town()
    assert await town.error("sendMessage", chat_id=town.owner.id, text="x") == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )
    town.world.block(town.reader.id, town.bot.id)
    assert await town.error("sendMessage", chat_id=town.reader.id, text="x") == (
        403,
        "Forbidden: bot was blocked by the user",
    )
    town.world.unblock(town.reader.id, town.bot.id)
    town.world.deactivate(town.reader.id)
    assert await town.error("sendMessage", chat_id=town.reader.id, text="x") == (
        403,
        "Forbidden: user is deactivated",
    )
    barred, freed = await town.updates()
    assert barred["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert freed["my_chat_member"]["new_chat_member"]["status"] == "member"


async def test_a_keyboard_is_kept_changed_and_taken_away() -> None:
    """Links are completed; the same content again is refused; an edit without markup removes it."""
    town = make_town()
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="Hi", reply_markup=KEYBOARD)
    assert sent["reply_markup"]["inline_keyboard"][0][0]["url"] == "http://t.me/news"
    place = {"chat_id": town.reader.id, "message_id": sent["message_id"]}
    error = await town.error("editMessageText", **place, text="Hi", reply_markup=KEYBOARD)
    assert error == (400, f"Bad Request: {NOT_MODIFIED}")
    error = await town.error("editMessageText", **place, text="Hi", link_preview_options="{")
    assert error == (400, "Bad Request: can't parse link preview options JSON object")
    edited = await town.result("editMessageText", **place, text="Hi")
    assert "reply_markup" not in edited
    assert edited["edit_date"]
    assert (await town.result("editMessageReplyMarkup", **place, reply_markup=KEYBOARD))["reply_markup"]


SHOWN_BUTTONS: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"login_url": {"url": "https://a.b/", "bot_username": "x"}}, {"url": "https://a.b/"}),
    ({"copy_text": {"text": "c", "more": 1}}, {"copy_text": {"text": "c"}}),
    ({"callback_game": {"x": [1]}}, {"callback_game": {}}),
    ({"url": "https://a.b/", "style": "default"}, {"url": "https://a.b/"}),
    (
        {"switch_inline_query_chosen_chat": {"allow_user_chats": True, "allow_bot_chats": False}},
        {"switch_inline_query_chosen_chat": {"query": "", "allow_user_chats": True}},
    ),
]


@pytest.mark.parametrize(("given", "shown"), SHOWN_BUTTONS)
async def test_a_button_shows_what_is_documented(given: dict[str, object], shown: dict[str, object]) -> None:
    """Unknown members are gone, and a login button looks like one with a URL."""
    town = make_town()
    markup = {"inline_keyboard": [[{"text": "a"} | given]]}
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="?", reply_markup=markup)
    assert sent["reply_markup"]["inline_keyboard"] == [[{"text": "a"} | shown]]


async def test_only_own_messages_with_inline_markup_can_be_edited() -> None:
    """Missing, another's, and messages with a reply keyboard are not edited."""
    town = make_town()
    said = town.world.say(town.bot.id, town.reader.id, "mine")
    forced = await town.result(
        "sendMessage", chat_id=town.reader.id, text="?", reply_markup={"force_reply": True}
    )
    cases = [
        (999, "message to edit not found"),
        (said.message_id, "message can't be edited"),
        (forced["message_id"], "message can't be edited"),
    ]
    for message_id, text in cases:
        error = await town.error("editMessageText", chat_id=town.reader.id, message_id=message_id, text="x")
        assert error == (400, f"Bad Request: {text}")


async def test_deleting_needs_a_message_a_right_and_youth() -> None:
    """Missing, not allowed, too old; deleteMessages overlooks what is gone."""
    town = make_town()
    said = town.world.say(town.group.id, town.reader.id, "spam")
    place = {"chat_id": town.group.id, "message_id": said.message_id}
    town.world.set_member(town.group.id, town.bot.id, "administrator", rights={"can_pin_messages": True})
    assert await town.error("deleteMessage", **place) == (400, "Bad Request: message can't be deleted")
    town.world.set_member(town.group.id, town.bot.id, "administrator")
    await town.result("deleteMessage", **place)
    assert await town.error("deleteMessage", **place) == (400, "Bad Request: message to delete not found")
    await town.result("deleteMessages", chat_id=town.group.id, message_ids=[said.message_id, 5000])
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="old")
    town.clock.advance(48 * 3600 + 1)
    error = await town.error("deleteMessage", chat_id=town.reader.id, message_id=sent["message_id"])
    assert error == (400, "Bad Request: message can't be deleted for everyone")


async def test_a_copy_has_the_words_and_entities_of_its_original() -> None:
    """copyMessage keeps entities, takes a new keyboard, and refuses what is missing or service."""
    town = make_town()
    original = await town.result(
        "sendMessage", chat_id=town.group.id, text="<b>big</b> news", parse_mode="HTML"
    )
    source = {"from_chat_id": town.group.id, "chat_id": town.reader.id}
    copied = await town.result(
        "copyMessage", **source, message_id=original["message_id"], reply_markup=KEYBOARD
    )
    copy = town.bot.dialogs[town.reader.id].messages[copied["message_id"]]
    assert (copy.text, copy.entities) == ("big news", original["entities"])
    service = next(message for message in town.group.messages.values() if message.service)
    error = await town.error("copyMessage", **source, message_id=service.message_id)
    assert error == (400, "Bad Request: the message can't be copied")
    assert await town.error("copyMessage", **source, message_id=999) == (
        400,
        "Bad Request: message to copy not found",
    )


async def test_a_copied_picture_may_get_another_caption() -> None:
    """A given caption replaces that of a photo, even with nothing, up to 1024 characters; a text stays."""
    town = make_town()
    photo = town.world.say(town.group.id, town.reader.id, "old", media_group_id="7")
    words = town.world.say(town.group.id, town.reader.id, "words")
    place = {"from_chat_id": town.group.id, "chat_id": town.reader.id}

    async def copy(original: Message, **given: str) -> Message:
        copied = await town.result("copyMessage", **place, message_id=original.message_id, **given)
        return town.bot.dialogs[town.reader.id].messages[copied["message_id"]]

    assert (await copy(photo)).text == "old"
    assert (await copy(photo, caption="")).text == ""
    captioned = await copy(photo, caption="<b>new</b>", parse_mode="HTML")
    assert (captioned.text, [entity["type"] for entity in captioned.entities]) == ("new", ["bold"])
    assert (await copy(photo, caption="x" * 1024)).text == "x" * 1024
    assert (await copy(words, caption="new")).text == "words"
    long = await town.error("copyMessage", **place, message_id=photo.message_id, caption="x" * 1025)
    assert long == (400, "Bad Request: message caption is too long")


async def test_a_protected_message_says_so() -> None:
    """protect_content is shown as has_protected_content, and only where it was asked for."""
    town = make_town()
    place = {"chat_id": town.reader.id, "text": "x"}
    assert (await town.result("sendMessage", **place, protect_content=True))["has_protected_content"] is True
    assert "has_protected_content" not in await town.result("sendMessage", **place)


async def test_deletions_come_by_the_hundred() -> None:
    """deleteMessages takes 1 to 100 ids, refuses more, and deletes nothing then."""
    town = make_town()
    said = town.world.say(town.group.id, town.reader.id, "spam").message_id
    many = [said, *range(1000, 1100)]
    error = await town.error("deleteMessages", chat_id=town.group.id, message_ids=many)
    assert error == (400, "Bad Request: too many message identifiers specified")
    assert said in town.group.messages
    assert await town.result("deleteMessages", chat_id=town.group.id, message_ids=many[:100])
    assert said not in town.group.messages
    error = await town.error("deleteMessages", chat_id=town.group.id, message_ids=[])
    assert error == (400, "Bad Request: message identifiers are not specified")


async def test_a_press_can_be_answered_for_150_seconds() -> None:
    """Then it is too old; presses nobody can answer any more are forgotten with the next one."""
    town = make_town()
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="?", reply_markup=KEYBOARD)

    def press() -> str:
        return town.world.click(town.reader.id, town.bot.id, sent["message_id"], data="v:1").id

    timely, late = press(), press()
    town.clock.advance(150)
    assert await town.result("answerCallbackQuery", callback_query_id=timely)
    town.clock.advance(1)
    assert (await town.error("answerCallbackQuery", callback_query_id=late))[0] == 400
    assert press() in town.world.clicks
    assert len(town.world.clicks) == 1


async def test_a_press_reaches_the_bot_and_is_answered_once() -> None:
    """The query carries the button's data; a second or late answer is refused."""
    town = make_town()
    sent = await town.result("sendMessage", chat_id=town.reader.id, text="?", reply_markup=KEYBOARD)
    click = town.world.click(town.reader.id, town.bot.id, sent["message_id"], text="Verify")
    late = town.world.click(town.reader.id, town.bot.id, sent["message_id"], data="v:1")
    query = (await town.updates())[0]["callback_query"]
    assert (query["id"], query["data"]) == (click.id, "v:1")
    assert query["message"]["message_id"] == sent["message_id"]
    await town.result("answerCallbackQuery", callback_query_id=click.id, text="Thanks", show_alert=True)
    assert (click.answered, click.text, click.show_alert) == (True, "Thanks", True)
    town.clock.advance(200)
    text = "query is too old and response timeout expired or query ID is invalid"
    for number in (click.id, late.id, "nonsense"):
        error = await town.error("answerCallbackQuery", callback_query_id=number)
        assert error == (400, f"Bad Request: {text}")


async def test_a_bot_posts_in_a_channel_only_with_the_right() -> None:
    """Without can_post_messages it needs administrator rights; with it the post hides its author."""
    town = make_town()
    post = await town.result("sendMessage", chat_id="@news", text="news")
    assert "from" not in post
    assert post["sender_chat"]["id"] == town.channel.id
    await town.result("editMessageText", chat_id="@news", message_id=post["message_id"], text="newer")
    town.world.set_member(town.channel.id, town.bot.id, "administrator", rights={"can_edit_messages": True})
    assert await town.error("sendMessage", chat_id="@news", text="x") == (
        400,
        "Bad Request: need administrator rights in the channel chat",
    )


async def test_what_is_not_supported_is_not_found() -> None:
    """An unknown or absent method never answers true."""
    town = make_town()
    for method in ("sendInvoice", "noSuchMethod", "getMe/"):
        assert await town.error(method) == (404, "Not Found: method not found")
