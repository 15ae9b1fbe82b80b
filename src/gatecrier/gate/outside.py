"""What the gate needs of Telegram: a part of `telegram.bot.Bot`, whose docstrings hold here too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button, Ephemeral
from gatecrier.telegram.updates import ChatInfo, ChatMember, Permissions, Person


class Reads(Protocol):
    """Questions about people and chats."""

    async def get_member(self, chat_id: int, person_id: int, *, lane: Lane = ...) -> ChatMember:
        """A person's place in a chat."""

    async def get_admins(self, chat_id: int) -> list[ChatMember]:
        """Owner and administrators."""

    async def get_me(self) -> Person:
        """The bot itself."""

    async def get_chat(self, chat: int | str) -> ChatInfo:
        """A chat by id or by "@name"."""


class Acts(Protocol):
    """What is done about people and their messages."""

    async def restrict(
        self, chat_id: int, person_id: int, permissions: Permissions, *, until: datetime | None = None
    ) -> None:
        """Set what a person may do."""

    async def kick(self, chat_id: int, person_id: int) -> None:
        """Remove a person, who may come again."""

    async def ban_sender_chat(self, chat_id: int, channel_id: int) -> None:
        """Let a channel post in a group no more."""

    async def delete_message(self, chat_id: int, message_id: int) -> bool:
        """Delete a message; False when it was already gone."""

    async def delete_messages(self, chat_id: int, message_ids: Sequence[int]) -> None:
        """Delete messages; those that are gone are skipped."""

    async def delete_ephemeral(self, chat_id: int, receiver_id: int, ephemeral_id: int) -> bool:
        """Delete a message that one person sees; False when it was already gone."""

    async def delete_reactions(self, chat_id: int, actor_id: int) -> None:
        """Take away all that a person, or (negative) a chat, reacted with."""

    async def approve_join_request(self, chat_id: int, person_id: int) -> None:
        """Let somebody in who asked."""

    async def answer_join_query(self, query_id: str, result: Literal["approve", "queue"]) -> bool:
        """As guard bot, let somebody in or leave them to the admins; False: too late."""


class Sends(Protocol):
    """What people are shown."""

    async def send_message(
        self,
        chat_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: Literal["", "HTML", "MarkdownV2"] = ...,
        buttons: Sequence[Sequence[Button]] = ...,
        thread_id: int | None = ...,
        silent: bool = ...,
        link_preview: bool = ...,
    ) -> int:
        """Send a text; answer the message's id."""

    async def send_ephemeral(
        self,
        chat_id: int,
        receiver_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: Literal["", "HTML", "MarkdownV2"] = ...,
        buttons: Sequence[Sequence[Button]] = ...,
        thread_id: int | None = ...,
    ) -> Ephemeral:
        """Send a text that one person of a group alone sees."""

    async def edit_text(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: Literal["", "HTML", "MarkdownV2"] = ...,
        buttons: Sequence[Sequence[Button]] = ...,
    ) -> None:
        """Replace text and buttons."""


class Telegram(Reads, Acts, Sends, Protocol):
    """All of it."""
