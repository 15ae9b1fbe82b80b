"""A basic group becomes a supergroup, or is no more."""

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.world import conversation, population
from gatecrier_sandbox.world.model import Chat, ChatType, Status
from gatecrier_sandbox.world.state import ANONYMOUS_ADMIN, State


def upgrade(state: State, chat: Chat) -> Chat:
    """
    Make a supergroup of a basic group, with its title, photo, members and administrators.

    Bots get both service messages: `migrate_to_chat_id` in the old group, `migrate_from_chat_id` in the new.

    Raises:
        Refused: it is no basic group, or none any more.
    """
    _check_basic(chat)
    owner = owner_of(chat)
    new = population.make_chat(state, ChatType.SUPERGROUP, chat.title, chat_id=0, username="", granted=None)
    new.permissions, new.description, new.photo_id = chat.permissions, chat.description, chat.photo_id
    _move(state, chat, new)
    conversation.serve(state, chat, {"migrate_to_chat_id": new.id}, actor=owner)
    chat.migrated_to = new.id
    chat.bot_ids.clear()
    conversation.serve(state, new, {"migrate_from_chat_id": chat.id}, actor=owner)
    state.happened("chat", chat)
    return new


def _check_basic(chat: Chat) -> None:
    if chat.type is not ChatType.GROUP:
        raise Refused("not a basic group", field="chat_id")
    if chat.migrated_to or chat.is_deleted:
        raise Refused("not in use any more", field="chat_id", status=409)


def owner_of(chat: Chat) -> int:
    """The owner's id; of a chat without one, who speaks for the unseen."""
    owners = (key for key, member in chat.members.items() if member.status is Status.CREATOR)
    return next(owners, ANONYMOUS_ADMIN)


def _move(state: State, chat: Chat, new: Chat) -> None:
    """Everybody is in the new chat as what they were; in the old one nothing changes any more."""
    new.members.update(chat.members)
    for bot in state.bots_in(chat):
        new.bot_ids.add(bot.id)
        bot.known_chats.add(new.id)


def dissolve(state: State, chat: Chat) -> None:
    """The owner deletes a basic group; bots find out by 403."""
    _check_basic(chat)
    chat.is_deleted = True
    chat.members.clear()
    chat.bot_ids.clear()
    state.happened("chat", chat)
