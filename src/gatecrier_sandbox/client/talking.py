"""What people do in rooms."""

from collections.abc import Sequence
from typing import Any

from gatecrier_sandbox.client.connection import Connection
from gatecrier_sandbox.control import answers, queries, requests
from gatecrier_sandbox.control.scalars import FileKind
from gatecrier_sandbox.world.things import Thing


class Talking(Connection):
    """What people do in rooms."""

    async def say(
        self,
        chat_id: int,
        from_id: int,
        text: str,
        *,
        anonymous: bool | None = None,
        sender_chat_id: int = 0,
        reply_to: int = 0,
        message_thread_id: int = 0,
    ) -> answers.Message:
        """Write; in a private chat `chat_id` is the bot's id. See `World.say`."""
        wish = requests.NewMessage(chat_id, from_id, text, anonymous, sender_chat_id, reply_to)
        wish.message_thread_id = message_thread_id
        return await self.ask("POST", "/messages", answers.Message, wish)

    async def say_media(self, chat_id: int, from_id: int, kind: FileKind, **about: Any) -> answers.Message:
        """Send a file: `data` or a `file_id`, and what else `requests.NewMedia` has."""
        wish = requests.NewMedia(chat_id, from_id, kind, **about)
        return await self.ask("POST", "/media", answers.Message, wish)

    async def say_thing(
        self, chat_id: int, from_id: int, thing: Thing, *, reply_to: int = 0, message_thread_id: int = 0
    ) -> answers.Message:
        """Send a place, a contact, a dice or a poll (`world.things`)."""
        wish = requests.NewThing(chat_id, from_id, thing, reply_to, message_thread_id)
        return await self.ask("POST", "/things", answers.Message, wish)

    async def edit(self, chat_id: int, from_id: int, message_id: int, text: str) -> answers.Message:
        """Change one's own message."""
        wish = requests.Edit(chat_id, from_id, message_id, text)
        return await self.ask("POST", "/edits", answers.Message, wish)

    async def take_back(self, chat_id: int, user_id: int, message_id: int) -> None:
        """Delete a message for everybody."""
        path = f"/chats/{chat_id}/messages/{message_id}"
        await self.ask("DELETE", path, answers.Deleted, query=queries.Who(user_id))

    async def messages(
        self, chat_id: int, *, after: int = 0, limit: int = 100, bot_id: int = 0
    ) -> list[answers.Message]:
        """A page of a room; a private chat is named by the person, and `bot_id` if there are several."""
        page = queries.RoomPage(after, limit, bot_id)
        return await self.ask("GET", f"/chats/{chat_id}/messages", list[answers.Message], query=page)

    async def click(
        self,
        user_id: int,
        chat_id: int,
        message_id: int,
        *,
        data: str = "",
        text: str = "",
        force: bool = False,
    ) -> str:
        """Press an inline button, found by its data or its text; returns the id to ask `clicked` by."""
        wish = requests.NewClick(user_id, chat_id, message_id, data=data, text=text, force=force)
        return (await self.ask("POST", "/clicks", answers.ClickMade, wish)).callback_query_id

    async def clicked(self, callback_query_id: str) -> answers.Click:
        """Whether a press was answered, and how."""
        return await self.ask("GET", f"/clicks/{callback_query_id}", answers.Click)

    async def vote(
        self, user_id: int, chat_id: int, message_id: int, option_ids: Sequence[int]
    ) -> answers.Message:
        """Choose options of a poll by their numbers from 0; none takes the vote back."""
        wish = requests.Vote(user_id, chat_id, message_id, list(option_ids))
        return await self.ask("POST", "/votes", answers.Message, wish)

    async def add_poll_option(
        self, user_id: int, chat_id: int, message_id: int, text: str
    ) -> answers.Message:
        """Add an answer to a poll that allows it."""
        wish = requests.PollOption(user_id, chat_id, message_id, text)
        return await self.ask("POST", "/poll_options", answers.Message, wish)

    async def react(
        self, user_id: int, chat_id: int, message_id: int, reactions: Sequence[str]
    ) -> answers.Message:
        """Set one's reactions to a message: emoji, or ids of custom emoji."""
        wish = requests.Reaction(user_id, chat_id, message_id, list(reactions))
        return await self.ask("POST", "/reactions", answers.Message, wish)

    async def pin(
        self, user_id: int, chat_id: int, message_id: int, *, pinned: bool = True
    ) -> answers.Message:
        """Pin a message, or unpin it."""
        wish = requests.Pin(chat_id, user_id, message_id, pinned)
        return await self.ask("POST", "/pins", answers.Message, wish)

    async def type_inline(
        self, user_id: int, bot_id: int, query: str, *, offset: str = "", chat_id: int = 0
    ) -> answers.InlineQuery:
        """Type something behind a bot's name, in `chat_id` or (0) in the bot's private chat."""
        wish = requests.NewInlineQuery(user_id, bot_id, query, offset, chat_id)
        return await self.ask("POST", "/inline_queries", answers.InlineQuery, wish)

    async def inline_query(self, inline_query_id: str) -> answers.InlineQuery:
        """Whether the bot answered, and with what."""
        return await self.ask("GET", f"/inline_queries/{inline_query_id}", answers.InlineQuery)

    async def choose_inline(self, inline_query_id: str, result_id: str) -> answers.Message:
        """Send a result of an inline query."""
        wish = requests.ChosenResult(inline_query_id, result_id)
        return await self.ask("POST", "/inline_results", answers.Message, wish)

    async def upload(
        self, kind: FileKind, data: bytes, *, name: str = "", mime_type: str = "", **sizes: int
    ) -> answers.StoredFile:
        """Store a file that can be sent; `sizes` are width, height (pixels) and duration (seconds)."""
        about = queries.NewFile(kind, name, mime_type, **sizes)
        return await self.ask("POST", "/files", answers.StoredFile, data, query=about)

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file."""
        return await self.ask("GET", f"/files/{file_id}", bytes)
