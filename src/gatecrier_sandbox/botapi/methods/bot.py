"""The bot itself: who it is, which commands it offers."""

import re

from gatecrier_sandbox.botapi.access import Access, reach
from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import Wire

COMMAND = re.compile(r"/?([a-z0-9_]{1,32})")
SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
MOST_COMMANDS = 100
LONGEST_DESCRIPTION = 256


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
    match = COMMAND.fullmatch(value["command"])
    if match is None:
        raise bad_request("BOT_COMMAND_INVALID")
    if not 0 < len(value["description"]) <= LONGEST_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": match[1], "description": value["description"]}


def _scope(call: Call) -> str:
    """The key of the commands a request means; chat scopes need a chat the bot can reach."""
    scope = decode(call.text("scope") or '{"type":"default"}', "BotCommandScope")
    kind = scope.get("type") if isinstance(scope, dict) else None
    if not isinstance(scope, dict) or kind not in (*SCOPES, *CHAT_SCOPES):
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    place = ""
    if kind in CHAT_SCOPES:
        reach(call.world, call.bot, str(scope.get("chat_id", "")), Access.READ)
        place = f"{scope['chat_id']}/{scope.get('user_id', '')}"
    return f"{kind}/{place}/{call.text('language_code')}"
