"""Commands and buttons in groups: for the admins who protect one, and for the people who are held."""

from datetime import timedelta

from aiogram import Bot, Router
from aiogram.filters import Command, Filter
from aiogram.types import CallbackQuery, Message

from gatecrier.bot import screens
from gatecrier.bot.records import person_of
from gatecrier.gate.cards.texts import Toast, card_id_of, door_id_of, toast
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import Refused
from gatecrier.kernel.language import best
from gatecrier.telegram.updates import GROUPS, Chat, ChatType, Update
from gatecrier.telegram.updates import Message as Asked

PROOF_LIFE = timedelta(seconds=60)
"""How long an anonymous admin has to show who they are."""


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


class IsProof(Filter):
    """A press of "I am an admin"."""

    async def __call__(self, query: CallbackQuery) -> bool:
        return query.data == screens.PROVE


async def protect(message: Message, record: Update, gate: Gatekeeper, bot: Bot) -> None:
    """/protect @channel"""
    asked = record.message
    if asked is None or await _asked_for_proof(message, asked):
        return
    done = await gate.protect(asked.chat, asked.sender, asked.sender_chat, asked.text)
    await message.reply(
        screens.protected(done),
        reply_markup=screens.protected_buttons(done.gate, await _username(bot)),
        disable_web_page_preview=True,
    )


async def unprotect(message: Message, record: Update, gate: Gatekeeper) -> None:
    """/unprotect [@channel]"""
    asked = record.message
    if asked is None or await _asked_for_proof(message, asked):
        return
    done = await gate.unprotect(asked.chat, asked.sender, asked.sender_chat, asked.text)
    await message.reply(screens.unprotected(done), disable_web_page_preview=True)


async def settings(message: Message, record: Update, gate: Gatekeeper, bot: Bot) -> None:
    """/settings: they open in private, where whoever presses is proven again."""
    asked = record.message
    if asked is None:
        return
    if not _is_anonymous(asked):
        if asked.sender_chat is not None:
            raise Refused("Only a person can do that.", remedy="Write as yourself.", code="not_a_person")
        await gate.steering.administer(asked.chat.id, person_of(message.from_user))
    markup = screens.settings_button(asked.chat.id, await _username(bot))
    await message.reply("The settings open in a private chat with me.", reply_markup=markup)


async def prove(query: CallbackQuery, gate: Gatekeeper, clock: Clock, bot: Bot) -> None:
    """
    "I am an admin", pressed under a command of an anonymous admin: the command is run as this person.

    The command itself is the message that ours replies to: Telegram's word, and it outlives a restart.
    """
    shown, language = query.message, best(query.from_user.language_code or "")
    asked = shown.reply_to_message if isinstance(shown, Message) else None
    is_late = not isinstance(shown, Message) or clock.now() - shown.date > PROOF_LIFE
    is_late = is_late or asked is None or asked.edit_date is not None  # whoever presses runs what was asked
    if is_late or asked is None or asked.sender_chat is None or asked.sender_chat.id != asked.chat.id:
        await query.answer(toast(language, Toast.PROOF_TOO_OLD).text, show_alert=True)
        return
    chat = Chat(id=asked.chat.id, type=ChatType(asked.chat.type), title=asked.chat.title or "")
    person, text = person_of(query.from_user), asked.text or ""
    command = text.split(maxsplit=1)[0].partition("@")[0] if text else ""
    if command == "/protect":
        done = await gate.protect(chat, person, None, text)
        answer, markup = screens.protected(done), screens.protected_buttons(done.gate, await _username(bot))
    elif command == "/unprotect":
        answer, markup = screens.unprotected(await gate.unprotect(chat, person, None, text)), None
    else:
        await query.answer(toast(language, Toast.PROOF_TOO_OLD).text, show_alert=True)
        return
    if isinstance(shown, Message):
        await shown.edit_text(answer, reply_markup=markup, disable_web_page_preview=True)
    await query.answer(toast(language, Toast.PROVEN).text)


async def _asked_for_proof(message: Message, asked: Asked) -> bool:
    """Whether an anonymous admin was asked to show who they are."""
    if not _is_anonymous(asked):
        return False
    await message.reply(screens.prove(asked.text), reply_markup=screens.prove_button())
    return True


def _is_anonymous(asked: Asked) -> bool:
    """Written by the group itself: nobody else can, so whoever it is, is an admin of it."""
    return asked.sender_chat is not None and asked.sender_chat.id == asked.chat.id


async def _username(bot: Bot) -> str:
    return (await bot.me()).username or ""


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
        ("settings", settings),
        ("help", show_help),
    ):
        router.message.register(handler, Command(name), InGroup())
    router.callback_query.register(prove, IsProof())
    router.callback_query.register(verify, IsVerify())
    router.callback_query.register(verify_at_door, IsDoor())
    return router
