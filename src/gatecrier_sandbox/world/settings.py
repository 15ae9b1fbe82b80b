"""What people set: about themselves, about their bots (as BotFather asks them), about their chats."""

from collections.abc import Mapping
from typing import Any

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, permissions, population
from gatecrier_sandbox.world.feed import Event
from gatecrier_sandbox.world.model import Bot, Chat, ChatType, Person, Status
from gatecrier_sandbox.world.population import named
from gatecrier_sandbox.world.state import ANONYMOUS_ADMIN, State

STAR = 1_000_000_000
OF_BOT = {
    "can_join_groups": "can_join_groups",
    "can_read_all_group_messages": "reads_all",
    "supports_inline_queries": "supports_inline",
    "inline_feedback": "inline_feedback",
    "supports_guest_queries": "supports_guests",
    "supports_join_request_queries": "supports_join_request_queries",
    "logged_out": "logged_out",
}
"""A bot's switches: as the Bot API calls them, and as the record does."""
ONLY_SUPERGROUP = ("slow_mode_delay", "join_by_request", "join_to_send_messages", "has_hidden_members")


def edit_person(state: State, user_id: int, changes: Mapping[str, Any]) -> Person:
    """Change fields of a person; `Refused` if the username is taken or they are a bot or gone."""
    person = state.need_person(user_id)
    if person.is_bot or person.deactivated:
        raise Refused("a bot" if person.is_bot else "deactivated", field="user_id")
    rename(state, person, changes.get("username", person.username))
    for name, value in changes.items():
        setattr(person, name, value)
    state.feed.publish(Event("person", person_id=user_id))
    return person


def rename(state: State, owner: Person | Chat, username: str) -> None:
    """Give an account or chat another username; the old one is free again."""
    if username == owner.username:
        return
    if username:
        population.check_username(username)
        state.claim_username(username, owner.id)
    if owner.username and owner.username.lower() != username.lower():
        state.usernames.pop(owner.username.lower(), None)
    owner.username = username


def edit_bot(state: State, bot_id: int, changes: Mapping[str, Any]) -> Bot:
    """Change a bot's switches, its name, or its balance of `stars`."""
    bot = state.need_bot(bot_id)
    for name, value in changes.items():
        if name == "first_name":
            state.people[bot_id].first_name = value
        elif name == "stars":
            bot.nanostars = round(value * STAR)
        else:
            setattr(bot, OF_BOT[name], value)
    state.feed.publish(Event("bot", bot_id=bot_id))
    return bot


def edit_chat(state: State, chat_id: int, changes: Mapping[str, Any]) -> Chat:
    """
    Change a chat as its owner would; all of it, or nothing if one part is refused.

    Raises:
        Refused: what this type of chat does not have, a username taken, an unknown permission, chat or bot.
    """
    chat, changes = state.need_chat(chat_id), dict(changes)
    _check(state, chat, changes)
    if "permissions" in changes:
        chat.permissions = named(changes.pop("permissions"), permissions.ALL, "permissions")
    rename(state, chat, changes.pop("username", chat.username))
    _link(state, chat, changes.pop("linked_chat_id", chat.linked_chat_id))
    title = changes.pop("title", chat.title)
    for name, value in changes.items():
        setattr(chat, name, value)
    if title != chat.title:
        chat.title = title
        conversation.serve(state, chat, {"new_chat_title": title}, actor=_owner(chat))
    state.happened("chat", chat)
    return chat


def _owner(chat: Chat) -> int:
    owners = (user_id for user_id, member in chat.members.items() if member.status is Status.CREATOR)
    return next(owners, ANONYMOUS_ADMIN)


def _check(state: State, chat: Chat, changes: Mapping[str, Any]) -> None:
    for name in (*ONLY_SUPERGROUP, "is_forum"):
        if changes.get(name) and chat.type is not ChatType.SUPERGROUP:
            raise Refused("only supergroups have this", field=name)
    username = changes.get("username", "")
    if username and chat.type is ChatType.GROUP:
        raise Refused("a basic group has no username", field="username")
    if username and state.usernames.get(username.lower(), chat.id) != chat.id:
        raise Refused(f"the username {username} is taken", field="username", status=409)
    if username:
        population.check_username(username)
    named(changes.get("permissions", {}), permissions.ALL, "permissions")
    guard = changes.get("guard_bot_id", 0)
    if guard and not state.need_bot(guard, "guard_bot_id").supports_join_request_queries:
        raise Refused("this bot guards no doors", field="guard_bot_id")
    if changes.get("linked_chat_id"):
        other = state.need_chat(changes["linked_chat_id"], "linked_chat_id")
        population.check_link(chat.type, other.type)


def _link(state: State, chat: Chat, other_id: int) -> None:
    if other_id == chat.linked_chat_id:
        return
    if other_id:
        population.link_chats(state, chat, other_id)
    else:
        state.chats[chat.linked_chat_id].linked_chat_id = chat.linked_chat_id = 0
