"""Chats, their members, requests and topics."""

from collections.abc import Mapping
from typing import Any, Literal

from gatecrier_sandbox.client.connection import Connection
from gatecrier_sandbox.control import answers, queries, requests


class Chats(Connection):
    """Chats, their members, requests and topics."""

    async def make_chat(
        self,
        kind: Literal["group", "supergroup", "channel"],
        title: str,
        *,
        username: str = "",
        linked_chat_id: int = 0,
        permissions: Mapping[str, bool] | None = None,
        chat_id: int = 0,
    ) -> answers.Chat:
        """Make a chat without members; `chat_id` 0 takes the next free one."""
        granted = None if permissions is None else dict(permissions)
        wish = requests.NewChat(kind, title, username, linked_chat_id, granted, chat_id)
        return await self.ask("POST", "/chats", answers.Chat, wish)

    async def chats(self) -> list[answers.Chat]:
        """All groups and channels, oldest first."""
        return await self.ask("GET", "/chats", list[answers.Chat])

    async def chat(self, chat_id: int) -> answers.Chat:
        """One chat."""
        return await self.ask("GET", f"/chats/{chat_id}", answers.Chat)

    async def edit_chat(self, chat_id: int, **changes: Any) -> answers.Chat:
        """Change a chat as its owner; the names are those of `requests.ChatEdit`."""
        return await self.ask("PATCH", f"/chats/{chat_id}", answers.Chat, requests.ChatEdit(**changes))

    async def set_member(
        self,
        chat_id: int,
        user_id: int,
        status: Literal["creator", "administrator", "member", "restricted", "left", "kicked"],
        *,
        rights: Mapping[str, bool] | None = None,
        permissions: Mapping[str, bool] | None = None,
        until_date: int = 0,
        is_anonymous: bool = False,
        custom_title: str = "",
        by: int = 0,
    ) -> answers.Member:
        """Make somebody something, as an administrator would (`by`; 0 is the owner)."""
        wish = requests.NewMember(
            status,
            None if rights is None else dict(rights),
            None if permissions is None else dict(permissions),
            until_date,
            is_anonymous,
            custom_title,
            by,
        )
        return await self.ask("PUT", f"/chats/{chat_id}/members/{user_id}", answers.Member, wish)

    async def member(self, chat_id: int, user_id: int) -> answers.Member:
        """What somebody is in a chat, and may do there."""
        return await self.ask("GET", f"/chats/{chat_id}/members/{user_id}", answers.Member)

    async def members(self, chat_id: int, *, after: int = 0, limit: int = 100) -> list[answers.Member]:
        """A page of a chat's members, also the banned, by id; `after` is the last id seen."""
        page = queries.Page(after, limit)
        return await self.ask("GET", f"/chats/{chat_id}/members", list[answers.Member], query=page)

    async def join(self, chat_id: int, user_id: int, *, link: str = "") -> answers.Member:
        """Come in, perhaps by an invite link."""
        return await self.ask("POST", "/joins", answers.Member, requests.NewJoin(chat_id, user_id, link))

    async def leave(self, chat_id: int, user_id: int) -> answers.Member:
        """Go."""
        return await self.ask("POST", "/leaves", answers.Member, requests.Membership(chat_id, user_id))

    async def request_join(
        self, chat_id: int, user_id: int, *, bio: str = "", link: str = ""
    ) -> answers.JoinRequest:
        """Ask to be let in."""
        wish = requests.NewJoinRequest(chat_id, user_id, bio, link)
        return await self.ask("POST", "/join_requests", answers.JoinRequest, wish)

    async def join_requests(self, chat_id: int) -> list[answers.JoinRequest]:
        """Who asks to be let in."""
        return await self.ask("GET", f"/chats/{chat_id}/join_requests", list[answers.JoinRequest])

    async def cancel_request(self, chat_id: int, user_id: int) -> None:
        """Ask no longer."""
        await self.ask("DELETE", f"/chats/{chat_id}/join_requests/{user_id}", answers.Deleted)

    async def create_link(
        self,
        chat_id: int,
        by: int,
        *,
        name: str = "",
        expire_date: int = 0,
        member_limit: int = 0,
        creates_join_request: bool = False,
    ) -> answers.Link:
        """Make an invite link as the administrator `by`; 0 means no end and no limit."""
        wish = requests.NewLink(chat_id, by, name, expire_date, member_limit, creates_join_request)
        return await self.ask("POST", "/links", answers.Link, wish)

    async def add_bot(
        self, chat_id: int, bot_id: int, *, by: int = 0, rights: Mapping[str, bool] | None = None
    ) -> answers.Member:
        """Bring a bot in as `by` (0 is the owner): a member, or with rights an administrator."""
        wish = requests.NewBotMember(chat_id, bot_id, by, None if rights is None else dict(rights))
        return await self.ask("POST", "/bot_members", answers.Member, wish)

    async def decide_join(self, chat_id: int, user_id: int, *, by: int, let_in: bool) -> answers.Member:
        """Let somebody in who asked, or do not, as an administrator."""
        wish = requests.JoinDecision(chat_id, user_id, by, let_in)
        return await self.ask("POST", "/join_decisions", answers.Member, wish)

    async def migrate(self, chat_id: int) -> answers.Chat:
        """Make a supergroup of a basic group; returns the new chat."""
        return await self.ask("POST", "/migrations", answers.Chat, requests.Migration(chat_id))

    async def create_topic(self, chat_id: int, user_id: int, name: str) -> answers.Topic:
        """Make a topic in a forum."""
        return await self.ask("POST", "/topics", answers.Topic, requests.NewTopic(chat_id, user_id, name))

    async def close_topic(
        self, chat_id: int, user_id: int, message_thread_id: int, *, closed: bool = True
    ) -> answers.Topic:
        """Close a topic, or open it again."""
        wish = requests.TopicChange(user_id, closed)
        return await self.ask("PATCH", f"/chats/{chat_id}/topics/{message_thread_id}", answers.Topic, wish)

    async def delete_topic(self, chat_id: int, user_id: int, message_thread_id: int) -> None:
        """Delete a topic with all its messages."""
        path = f"/chats/{chat_id}/topics/{message_thread_id}"
        await self.ask("DELETE", path, answers.Deleted, query=queries.Who(user_id))

    async def topics(self, chat_id: int) -> list[answers.Topic]:
        """The topics of a forum."""
        return await self.ask("GET", f"/chats/{chat_id}/topics", list[answers.Topic])
