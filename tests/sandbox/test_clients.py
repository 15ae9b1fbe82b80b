"""
Two libraries that are not ours, unmodified, believe the sandbox is Telegram.

They are imported where they are used: together they take four seconds, which runs without stories save.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gatecrier_sandbox import Limits, Sandbox, World
from gatecrier_sandbox.world.model import Bot, Chat, Person

if TYPE_CHECKING:
    import aiogram

    import telegram

pytestmark = pytest.mark.story


class Scene:
    """A group with a reader who has also started the bot."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.bot: Bot = world.bot("gate_bot")
        self.reader: Person = world.person("Rudi")
        self.group: Chat = world.chat("supergroup", "Talk")
        world.set_member(self.group.id, self.bot.id, "administrator")
        world.join(self.group.id, self.reader.id)
        world.start(self.reader.id, self.bot.id)
        self.bot.queue.clear()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A running sandbox without limits."""
    async with Sandbox.start(limits=Limits.off()) as sandbox:
        yield Scene(sandbox.world, sandbox.url)


@pytest.fixture
async def ptb(scene: Scene) -> AsyncIterator[telegram.Bot]:
    """python-telegram-bot's own client."""
    import telegram

    async with telegram.Bot(scene.bot.token, base_url=f"{scene.url}/bot") as bot:
        yield bot


@pytest.fixture
async def aio(scene: Scene) -> AsyncIterator[aiogram.Bot]:
    """aiogram's own client."""
    import aiogram
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    session = AiohttpSession(api=TelegramAPIServer.from_base(scene.url))
    async with aiogram.Bot(scene.bot.token, session=session) as bot:
        yield bot


async def test_python_telegram_bot_lives_a_day_here(scene: Scene, ptb: telegram.Bot) -> None:
    """Send, press, edit, delete, look up, restrict: every answer is one the library understands."""
    import telegram

    world, reader, group = scene.world, scene.reader, scene.group
    assert (await ptb.get_me()).username == "gate_bot"
    button = telegram.InlineKeyboardButton("Verify", callback_data="v")
    sent = await ptb.send_message(
        reader.id, "<b>Hi</b>", parse_mode="HTML", reply_markup=telegram.InlineKeyboardMarkup([[button]])
    )
    assert sent.entities[0].type == "bold"
    click = world.click(reader.id, scene.bot.id, sent.message_id, data="v")
    (update,) = await ptb.get_updates(timeout=1)
    assert update.callback_query is not None
    assert await update.callback_query.answer("Thanks")
    assert click.text == "Thanks"
    edited = await ptb.edit_message_text("Bye", reader.id, sent.message_id)
    assert isinstance(edited, telegram.Message)
    assert edited.text == "Bye"
    assert (await ptb.get_chat_member(group.id, reader.id)).status == "member"
    assert await ptb.restrict_chat_member(group.id, reader.id, telegram.ChatPermissions.no_permissions())
    member = await ptb.get_chat_member(group.id, reader.id)
    assert isinstance(member, telegram.ChatMemberRestricted)
    assert not member.can_send_messages
    assert await ptb.delete_message(reader.id, sent.message_id)
    assert (await ptb.get_chat(group.id)).permissions is not None


async def test_python_telegram_bot_hears_every_error(
    scene: Scene, ptb: telegram.Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refusal arrives as the library's own exception."""
    import telegram.error

    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    reader = scene.reader
    sent = await ptb.send_message(reader.id, "x")
    with pytest.raises(telegram.error.BadRequest, match="not modified"):
        await ptb.edit_message_text("x", reader.id, sent.message_id)
    with pytest.raises(telegram.error.BadRequest, match="Chat not found"):
        await ptb.send_message(1, "x")
    scene.world.set_limits(Limits(per_bot=None, per_private_chat=0.2))
    for _ in range(3):
        await ptb.send_message(reader.id, "x")
    with pytest.raises(telegram.error.RetryAfter) as caught:
        await ptb.send_message(reader.id, "x")
    assert caught.value.retry_after == timedelta(seconds=5)
    scene.world.set_limits(Limits.off())
    scene.world.block(reader.id, scene.bot.id)
    with pytest.raises(telegram.error.Forbidden, match="bot was blocked by the user"):
        await ptb.send_message(reader.id, "x")
    scene.world.deactivate(reader.id)
    with pytest.raises(telegram.error.Forbidden, match="user is deactivated"):
        await ptb.send_message(reader.id, "x")


async def test_aiogram_lives_a_day_here(scene: Scene, aio: aiogram.Bot) -> None:
    """The same day with the other library."""
    import aiogram.types

    world, reader, group = scene.world, scene.reader, scene.group
    assert (await aio.me()).username == "gate_bot"
    button = aiogram.types.InlineKeyboardButton(text="Verify", callback_data="v")
    under = aiogram.types.InlineKeyboardMarkup(inline_keyboard=[[button]])
    sent = await aio.send_message(reader.id, "<b>Hi</b>", parse_mode="HTML", reply_markup=under)
    assert sent.entities is not None
    assert sent.entities[0].type == "bold"
    click = world.click(reader.id, scene.bot.id, sent.message_id, data="v")
    (update,) = await aio.get_updates(timeout=1)
    assert update.callback_query is not None
    assert await aio.answer_callback_query(update.callback_query.id, text="Thanks")
    assert click.text == "Thanks"
    edited = await aio.edit_message_text("Bye", chat_id=reader.id, message_id=sent.message_id)
    assert isinstance(edited, aiogram.types.Message)
    assert edited.text == "Bye"
    assert (await aio.get_chat_member(group.id, reader.id)).status == "member"
    silence = aiogram.types.ChatPermissions(can_send_messages=False)
    assert await aio.restrict_chat_member(group.id, reader.id, permissions=silence)
    member = await aio.get_chat_member(group.id, reader.id)
    assert isinstance(member, aiogram.types.ChatMemberRestricted)
    assert not member.can_send_messages
    assert await aio.delete_message(reader.id, sent.message_id)
    assert (await aio.get_chat(group.id)).permissions is not None


async def test_aiogram_hears_every_error(scene: Scene, aio: aiogram.Bot) -> None:
    """Each refusal arrives as the library's own exception."""
    import aiogram.exceptions

    reader = scene.reader
    sent = await aio.send_message(reader.id, "x")
    with pytest.raises(aiogram.exceptions.TelegramBadRequest, match="message is not modified"):
        await aio.edit_message_text("x", chat_id=reader.id, message_id=sent.message_id)
    with pytest.raises(aiogram.exceptions.TelegramBadRequest, match="chat not found"):
        await aio.send_message(1, "x")
    scene.world.set_limits(Limits(per_bot=None, per_private_chat=0.2))
    for _ in range(3):
        await aio.send_message(reader.id, "x")
    with pytest.raises(aiogram.exceptions.TelegramRetryAfter) as caught:
        await aio.send_message(reader.id, "x")
    assert caught.value.retry_after == 5
    scene.world.set_limits(Limits.off())
    scene.world.block(reader.id, scene.bot.id)
    with pytest.raises(aiogram.exceptions.TelegramForbiddenError, match="bot was blocked by the user"):
        await aio.send_message(reader.id, "x")
    scene.world.deactivate(reader.id)
    with pytest.raises(aiogram.exceptions.TelegramForbiddenError, match="user is deactivated"):
        await aio.send_message(reader.id, "x")
