"""Whom a call is about, as far as its parameters tell."""

from collections.abc import Mapping

ChatId = int | str


def chat_of(params: Mapping[str, object]) -> ChatId | None:
    """The chat a call names, in one spelling: aiogram sends ids as text, people write names as they like."""
    chat = params.get("chat_id")
    if isinstance(chat, str):
        return int(chat) if chat.removeprefix("-").isdecimal() else chat.lower()
    return chat if isinstance(chat, int) else None


def is_private(chat: ChatId | None) -> bool:
    """Whether it is one person: only their ids are positive, and a name may be a channel's."""
    return isinstance(chat, int) and chat > 0


def is_basic_group(chat_id: int) -> bool:
    """Whether a chat is a basic group, in which nobody can be muted: supergroups begin with -100."""
    return -1_000_000_000_000 < chat_id < 0
