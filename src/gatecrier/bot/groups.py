"""Commands and buttons in groups: for the admins who protect one, and for the people who are held."""

from aiogram import Router
from aiogram.filters import Command, Filter
from aiogram.types import CallbackQuery, Message

from gatecrier.bot import screens
from gatecrier.gate.cards.texts import card_id_of, door_id_of
from gatecrier.gate.service import Gatekeeper
from gatecrier.telegram.updates import GROUPS, Update


class InGroup(Filter):
    """Groups only."""

    async def __call__(self, message: Message) -> bool:
        return message.chat.type in GROUPS


class IsVerify(Filter):
    """A press of a card's Verify button; hands the card's id on."""

    async def __call__(self, query: CallbackQuery) -> dict[str, str] | bool:
        card_id = card_id_of(query.data or "")
        return {"card_id": card_id} if card_id is not None else False


class IsDoor(Filter):
    """A press of Verify on the private card of somebody who waits; hands the request's id on."""

    async def __call__(self, query: CallbackQuery) -> dict[str, str] | bool:
        door_id = door_id_of(query.data or "")
        return {"door_id": door_id} if door_id is not None else False


async def protect(message: Message, record: Update, gate: Gatekeeper) -> None:
    """/protect @channel"""
    asked = record.message
    if asked is not None:
        done = await gate.protect(asked.chat, asked.sender, asked.sender_chat, asked.text)
        await message.reply(screens.protected(done), disable_web_page_preview=True)


async def unprotect(message: Message, record: Update, gate: Gatekeeper) -> None:
    """/unprotect [@channel]"""
    asked = record.message
    if asked is not None:
        done = await gate.unprotect(asked.chat, asked.sender, asked.sender_chat, asked.text)
        await message.reply(screens.unprotected(done), disable_web_page_preview=True)


async def status(message: Message, gate: Gatekeeper) -> None:
    """/status"""
    await message.reply(screens.status(await gate.status(message.chat.id)), disable_web_page_preview=True)


async def show_help(message: Message) -> None:
    """/help"""
    await message.reply(screens.GROUP_HELP)


async def verify(query: CallbackQuery, card_id: str, gate: Gatekeeper) -> None:
    """The Verify button of a card."""
    verdict = await gate.verify(card_id, query.from_user.id, query.from_user.language_code or "")
    await query.answer(verdict.text, show_alert=verdict.alert)


async def verify_at_door(query: CallbackQuery, door_id: str, gate: Gatekeeper) -> None:
    """The Verify button of somebody who waits to be let in."""
    verdict = await gate.verify_at_door(door_id, query.from_user.id, query.from_user.language_code or "")
    await query.answer(verdict.text, show_alert=verdict.alert)


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
    router.callback_query.register(verify_at_door, IsDoor())
    return router
