"""The bot itself: who it is, which commands and menu it offers, which rights it asks for, its Stars."""

import re
from typing import Any

from gatecrier_sandbox.botapi.access import Access, reach
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.entities.links import checked
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import rights, wire
from gatecrier_sandbox.world.model import Chat, ChatType, Dialog, Wire

COMMAND = re.compile(r"/?([a-z0-9_]{1,32})")
LANGUAGE = re.compile(r"[a-z]{2}|")
SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
MOST_COMMANDS = 100
LONGEST_DESCRIPTION = 256
LARGEST_ID = 2**52
STAR = 1_000_000_000
MOST_TRANSACTIONS = 100
DEFAULT_BUTTON: Wire = {"type": "default"}


@method("getMe")
def get_me(call: Call) -> Wire:
    """The bot's own User."""
    return wire.myself(call.bot, call.world.people[call.bot.id])


@method("setMyCommands")
def set_my_commands(call: Call) -> bool:
    """Remember a list of commands for a scope and a language."""
    commands = _commands(call.text("commands"))
    call.bot.commands[_scope(call)] = commands
    return True


@method("getMyCommands")
def get_my_commands(call: Call) -> list[Wire]:
    """The commands of exactly this scope and language."""
    return call.bot.commands.get(_scope(call), [])


@method("deleteMyCommands")
def delete_my_commands(call: Call) -> bool:
    """Forget the commands of this scope and language."""
    call.bot.commands.pop(_scope(call), None)
    return True


def _commands(raw: str) -> list[Wire]:
    values = decode(raw, "commands") if raw else []
    if not isinstance(values, list):
        raise bad_request("expected an Array of BotCommand")
    if len(values) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return [_command(value) for value in values]


def _command(value: object) -> Wire:
    if not isinstance(value, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    for name in ("command", "description"):
        if not isinstance(value.get(name), str):
            raise bad_request(f"can't parse BotCommand: Can't find field \"{name}\"")
    is_ephemeral = value.get("is_ephemeral", False)
    if not isinstance(is_ephemeral, bool):
        raise bad_request('can\'t parse BotCommand: Field "is_ephemeral" must be of type Boolean')
    match = COMMAND.fullmatch(value["command"])
    if match is None:
        raise bad_request("BOT_COMMAND_INVALID")
    if not 0 < len(value["description"]) <= LONGEST_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    shown: Wire = {"command": match[1], "description": value["description"]}
    return shown | ({"is_ephemeral": True} if is_ephemeral else {})


def language(call: Call) -> str:
    """The language of a request: two letters, or none for everybody."""
    code = call.text("language_code")
    if LANGUAGE.fullmatch(code) is None:
        raise bad_request("invalid language code specified")
    return code


def _scope(call: Call) -> str:
    """The key of the commands a request means; chat scopes need a chat the bot can reach."""
    code = language(call)
    scope = decode(call.text("scope") or '{"type":"default"}', "BotCommandScope")
    kind = scope.get("type") if isinstance(scope, dict) else None
    if not isinstance(scope, dict) or kind not in (*SCOPES, *CHAT_SCOPES):
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    place = _place(call, scope) if kind in CHAT_SCOPES else ""
    return f"{kind}/{place}/{code}"


def _place(call: Call, scope: dict[str, Any]) -> str:
    """The chat, and perhaps the person, for whom commands are."""
    room = reach(call.world, call.bot, str(scope.get("chat_id", "")), Access.READ)
    if isinstance(room, Dialog) and scope["type"] != "chat":
        raise bad_request("can't use specified scope in private chats")
    if isinstance(room, Chat) and room.type is ChatType.CHANNEL:
        raise bad_request("can't change commands in channel chats")
    number = room.id if isinstance(room, Chat) else room.person_id
    if scope["type"] != "chat_member":
        return f"{number}/"
    user_id = scope.get("user_id")
    if not isinstance(user_id, int) or user_id not in call.world.people:
        raise bad_request("invalid user_id specified")
    return f"{number}/{user_id}"


@method("setChatMenuButton")
def set_chat_menu_button(call: Call) -> bool:
    """What opens beside the input field, for one person or for all."""
    button = _menu_button(call.text("menu_button"))
    call.bot.menu_buttons[_menu_owner(call)] = button
    return True


@method("getChatMenuButton")
def get_chat_menu_button(call: Call) -> Wire:
    """What opens beside the input field: one person's own, else the one for all."""
    buttons = call.bot.menu_buttons
    mine = buttons.get(_menu_owner(call), DEFAULT_BUTTON)
    return buttons.get(0, DEFAULT_BUTTON) if mine == DEFAULT_BUTTON else mine


def _menu_owner(call: Call) -> int:
    if not call.text("chat_id"):
        return 0
    number = call.params.integer("chat_id", 0, low=0, high=LARGEST_ID)
    if not number:
        raise bad_request("invalid chat_id specified")
    if number not in call.bot.dialogs:
        raise bad_request("chat not found")
    return number


def _menu_button(raw: str) -> Wire:
    value = decode(raw or '{"type":"default"}', "menu button")
    if not isinstance(value, dict):
        raise bad_request("can't parse menu button: expected an Object")
    kind = value.get("type")
    if kind in ("default", "commands"):
        return {"type": kind}
    if kind != "web_app":
        raise bad_request("can't parse menu button: Menu button has unsupported type")
    text, app = value.get("text"), value.get("web_app")
    if not isinstance(text, str) or not text:
        raise bad_request("BOT_MENU_BUTTON_TEXT_INVALID" if text == "" else _missing("text"))
    if not isinstance(app, dict) or not isinstance(app.get("url"), str):
        raise bad_request(_missing("web_app" if not isinstance(app, dict) else "url"))
    return {"type": "web_app", "text": text, "web_app": {"url": _secure(app["url"])}}


def _missing(name: str) -> str:
    return f"can't parse menu button: Can't find field \"{name}\""


def _secure(url: str) -> str:
    try:
        return checked(url, https_only=True)
    except ValueError as error:
        raise bad_request(f"menu button Web App URL '{url}' is invalid: {error}") from None


@method("setMyDefaultAdministratorRights")
def set_my_default_administrator_rights(call: Call) -> bool:
    """Which rights are proposed to people who make the bot an administrator."""
    raw = call.text("rights")
    value = decode(raw, "ChatAdministratorRights") if raw else {}
    if not isinstance(value, dict):
        raise bad_request("can't parse chat administrator rights: expected an Object")
    known = rights.OF_TYPE[_kind(call)]
    wrong = (name for name in ("is_anonymous", *known) if not isinstance(value.get(name, False), bool))
    if (name := next(wrong, "")) != "":
        text = f'Field "{name}" must be of type Boolean'
        raise bad_request(f"can't parse chat administrator rights: {text}")
    wished = {name for name in ("is_anonymous", *known) if value.get(name)}
    if wished:
        wished.add("can_manage_chat")
    call.bot.default_rights[call.flag("for_channels")] = frozenset(wished)
    return True


def _kind(call: Call) -> ChatType:
    return ChatType.CHANNEL if call.flag("for_channels") else ChatType.SUPERGROUP


@method("getMyDefaultAdministratorRights")
def get_my_default_administrator_rights(call: Call) -> Wire:
    """Which rights are proposed to people who make the bot an administrator."""
    wished = call.bot.default_rights.get(call.flag("for_channels"), frozenset())
    names = ("is_anonymous", *rights.OF_TYPE[_kind(call)])
    shown: Wire = {name: name in wished for name in names}
    return shown | {"can_manage_voice_chats": "can_manage_video_chats" in wished}


@method("getMyStarBalance")
def get_my_star_balance(call: Call) -> Wire:
    """What the bot has, in whole Stars and billionths of one."""
    held = call.bot.nanostars
    sign = -1 if held < 0 else 1
    whole, rest = divmod(abs(held), STAR)
    shown: Wire = {"amount": sign * whole}
    return shown | ({"nanostar_amount": sign * rest} if rest else {})


@method("getStarTransactions", missing=("payments; only what the world was given",))
def get_star_transactions(call: Call) -> Wire:
    """What came in and went out, oldest first."""
    offset = call.params.integer("offset", 0, low=0)
    limit = call.params.integer("limit", MOST_TRANSACTIONS, low=1, high=MOST_TRANSACTIONS)
    return {"transactions": call.bot.transactions[offset : offset + limit]}
