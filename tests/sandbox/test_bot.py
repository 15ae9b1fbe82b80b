"""What a bot says of itself: commands, menu, rights, name, photo, Stars."""

import json
from typing import Any

import pytest

from gatecrier_sandbox.botapi.params import Params, Upload
from sandbox.town import Town

START = {"command": "start", "description": "Begin"}
GIF = "474946383961010001008000008080800000002c00000000010001000002024401003b"
HIDDEN = {"command": "secret", "description": "Only for you", "is_ephemeral": True}


async def test_get_me_tells_the_switches() -> None:
    """What BotFather switches is what getMe says."""
    town = Town()
    town.bot.can_join_groups, town.bot.supports_join_request_queries = False, True
    me = await town.result("getMe")
    assert (me["can_join_groups"], me["supports_join_request_queries"]) == (False, True)


async def test_commands_are_kept_by_scope_and_language() -> None:
    """Exactly what was set for a scope and language comes back, nothing wider; deleting forgets it."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    scope = {"type": "chat", "chat_id": town.reader.id}
    await town.result("setMyCommands", commands=[START])
    await town.result("setMyCommands", commands=[HIDDEN], scope=scope, language_code="de")
    assert await town.result("getMyCommands") == [START]
    assert await town.result("getMyCommands", scope=scope, language_code="de") == [HIDDEN]
    assert await town.result("getMyCommands", scope=scope) == []
    await town.result("deleteMyCommands")
    assert await town.result("getMyCommands") == []


async def test_a_chat_is_one_scope_by_name_and_by_number() -> None:
    """The same group is the same scope however it is named."""
    town = Town()
    group = town.world.chat("supergroup", "Public", username="public")
    town.world.set_member(group.id, town.bot.id, "administrator")
    await town.result("setMyCommands", commands=[START], scope={"type": "chat", "chat_id": "@Public"})
    assert await town.result("getMyCommands", scope={"type": "chat", "chat_id": group.id}) == [START]


BAD_SCOPES: list[tuple[dict[str, Any], str]] = [
    ({"type": "chat_administrators", "chat_id": 100_000_002}, "can't use specified scope in private chats"),
    ({"type": "chat", "chat_id": "@news"}, "can't change commands in channel chats"),
    ({"type": "everyone"}, "can't parse BotCommandScope: Unsupported type specified"),
    ({"type": "chat", "chat_id": 5}, "chat not found"),
]


@pytest.mark.parametrize(("scope", "text"), BAD_SCOPES)
async def test_some_scopes_have_no_commands(scope: dict[str, Any], text: str) -> None:
    """Channels, unknown chats and unknown types are refused."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    assert await town.error("setMyCommands", commands=[START], scope=scope) == (400, f"Bad Request: {text}")


async def test_a_language_is_two_letters() -> None:
    """Anything else is refused wherever a language is given."""
    town = Town()
    for method in ("getMyCommands", "getMyName", "setMyDescription"):
        assert await town.error(method, language_code="english") == (
            400,
            "Bad Request: invalid language code specified",
        )


@pytest.mark.parametrize(
    ("which", "longest"), [("name", 64), ("description", 512), ("short_description", 120)]
)
async def test_texts_are_kept_by_language(which: str, longest: int) -> None:
    """A language without a text of its own has the general one; an empty text is forgotten."""
    town = Town()
    noun = which.title().replace("_", "")
    set_it, get_it = f"setMy{noun}", f"getMy{noun}"
    await town.result(set_it, **{which: "general"})
    await town.result(set_it, **{which: "deutsch"}, language_code="de")
    assert (await town.result(get_it, language_code="de"))[which] == "deutsch"
    assert (await town.result(get_it, language_code="fr"))[which] == "general"
    await town.result(set_it, **{which: ""}, language_code="de")
    assert (await town.result(get_it, language_code="de"))[which] == "general"
    assert (await town.error(set_it, **{which: "x" * (longest + 1)}))[0] == 400


async def test_a_bots_name_is_seen_by_all() -> None:
    """setMyName without a language renames the User."""
    town = Town()
    await town.result("setMyName", name="Porter")
    assert (await town.result("getMe"))["first_name"] == "Porter"


async def test_the_menu_button_is_one_persons_or_everybodys() -> None:
    """Who has none of their own has the one for all; a Mini App needs HTTPS."""
    town = Town()
    town.world.start(town.reader.id, town.bot.id)
    button = {"type": "web_app", "text": "Open", "web_app": {"url": "https://a.com/"}}
    await town.result("setChatMenuButton", menu_button={"type": "commands"})
    await town.result("setChatMenuButton", chat_id=town.reader.id, menu_button=button)
    assert await town.result("getChatMenuButton", chat_id=town.reader.id) == button
    await town.result("setChatMenuButton", chat_id=town.reader.id)
    assert await town.result("getChatMenuButton", chat_id=town.reader.id) == {"type": "commands"}
    button["web_app"] = {"url": "http://a.com"}
    error = await town.error("setChatMenuButton", menu_button=button)
    assert error[1].endswith("is invalid: Only HTTPS links are allowed")


async def test_default_rights_are_kept_for_groups_and_channels() -> None:
    """One right brings can_manage_chat; groups and channels are asked for apart; nothing clears them."""
    town = Town()
    await town.result("setMyDefaultAdministratorRights", rights={"can_restrict_members": True})
    shown = await town.result("getMyDefaultAdministratorRights")
    assert {name for name, value in shown.items() if value} == {"can_restrict_members", "can_manage_chat"}
    channel = await town.result("getMyDefaultAdministratorRights", for_channels=True)
    assert ("can_post_messages" in channel, any(channel.values())) == (True, False)
    await town.result("setMyDefaultAdministratorRights")
    assert not any((await town.result("getMyDefaultAdministratorRights")).values())
    error = await town.error("setMyDefaultAdministratorRights", rights={"is_anonymous": 1})
    assert 'Field "is_anonymous" must be of type Boolean' in error[1]


async def test_stars_are_whole_and_billionths() -> None:
    """Both parts have the balance's sign."""
    town = Town()
    assert await town.result("getMyStarBalance") == {"amount": 0}
    town.bot.nanostars = 5_900_000_000
    assert await town.result("getMyStarBalance") == {"amount": 5, "nanostar_amount": 900_000_000}
    town.bot.nanostars = -100_000_000
    assert await town.result("getMyStarBalance") == {"amount": 0, "nanostar_amount": -100_000_000}
    assert await town.result("getStarTransactions") == {"transactions": []}


async def test_a_bots_photo_is_uploaded() -> None:
    """attach:// names the file; removing brings the photo before it back; a file_id is refused."""
    town = Town()
    photo = {"type": "static", "photo": "attach://face"}
    upload = Upload("a.png", "image/png", bytes.fromhex(GIF))
    params = Params({"photo": json.dumps(photo)}, {"face": upload})
    for _ in range(2):
        assert (await town.send("setMyProfilePhoto", params))["ok"]
    await town.result("removeMyProfilePhoto")
    photos = await town.result("getUserProfilePhotos", user_id=town.bot.id)
    assert photos["total_count"] == 1
    error = await town.error("setMyProfilePhoto", photo=photo)
    assert error[0] == 400


async def test_a_press_is_answered_with_a_short_text_or_a_start_link() -> None:
    """Too long a text, or a link to elsewhere, is refused; a link that starts the bot opens."""
    town = Town()
    keyboard = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    sent = await town.result("sendMessage", chat_id=town.group.id, text="x", reply_markup=keyboard)
    click = town.world.click(town.reader.id, town.group.id, sent["message_id"], data="a")
    query = {"callback_query_id": click.id}
    assert await town.error("answerCallbackQuery", **query, text="x" * 201) == (
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )
    assert await town.error("answerCallbackQuery", **query, url="https://a.com") == (
        400,
        "Bad Request: URL_INVALID",
    )
    await town.result("answerCallbackQuery", **query, url="https://t.me/gate_bot?start=7")
    assert (click.answered, click.url) == (True, "https://t.me/gate_bot?start=7")
