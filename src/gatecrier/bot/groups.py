"""Commands and buttons in groups: for the admins who protect one, and for the people who are held."""

from aiogram import Router
from aiogram.filters import Command, Filter
from aiogram.types import CallbackQuery, Message

from gatecrier.bot import screens
from gatecrier.gate.service import Gatekeeper
from gatecrier.gate.texts import VERIFY
from gatecrier.telegram.updates import ChatType, Update


class InGroup(Filter):
    """Groups only."""

    async def __call__(self, message: Message) -> bool:
        return message.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP)


class IsVerify(Filter):
    """A press of the card's Verify button."""

    async def __call__(self, query: CallbackQuery) -> bool:
        return (query.data or "").startswith(VERIFY)


async def protect(message: Message, record: Update, gate: Gatekeeper) -> None:
    """/protect @channel"""
    asked = record.message
    if asked is not None:
        done = await gate.protect(asked.chat, asked.sender, asked.sender_chat, argument(asked.text))
        await message.reply(screens.protected(done), disable_web_page_preview=True)


async def unprotect(message: Message, record: Update, gate: Gatekeeper) -> None:
    """/unprotect [@channel]"""
    asked = record.message
    if asked is not None:
        done = await gate.unprotect(asked.chat, asked.sender, asked.sender_chat, argument(asked.text))
        await message.reply(screens.unprotected(done), disable_web_page_preview=True)


async def status(message: Message, gate: Gatekeeper) -> None:
    """/status"""
    await message.reply(screens.status(await gate.status(message.chat.id)), disable_web_page_preview=True)


async def show_help(message: Message) -> None:
    """/help"""
    await message.reply(screens.GROUP_HELP)


async def verify(query: CallbackQuery, gate: Gatekeeper) -> None:
    """The Verify button of a card."""
    verdict = await gate.verify((query.data or "").removeprefix(VERIFY), query.from_user.id)
    await query.answer(verdict.text, show_alert=verdict.alert)


def argument(text: str) -> str:
    """What follows the command."""
    return text.partition(" ")[2].strip()


def make_router() -> Router:
    """A new router: aiogram lets each belong to one dispatcher only."""
    router = Router(name="groups")
    for name, handler in (
        ("protect", protect),
        ("unprotect", unprotect),
        ("status", status),
        ("help", show_help),
    ):
        router.message.register(handler, Command(name), InGroup())
    router.callback_query.register(verify, IsVerify())
    return router
