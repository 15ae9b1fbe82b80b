"""The settings in aiogram: commands, presses and replies in, one edited message out."""

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject, Filter
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from gatecrier.bot.commands import SETTINGS_LINK
from gatecrier.bot.gates import visits
from gatecrier.bot.gates.buttons import OBSERVE, Press
from gatecrier.bot.gates.visits import Shown
from gatecrier.bot.records import person_of
from gatecrier.bot.subscribers import InPrivate
from gatecrier.gate.model import Mode
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.errors import Refused


class IsGateLink(Filter):
    """/start by a deep link to a group's settings; hands the group's id on."""

    async def __call__(self, message: Message, command: CommandObject | None = None) -> dict[str, int] | bool:
        del message
        payload = (command.args or "") if command else ""
        number = payload.removeprefix(SETTINGS_LINK)
        if not payload.startswith(SETTINGS_LINK) or not number.isascii() or not number.isdecimal():
            return False
        return {"group": -int(number[:16])}


class IsAnswer(Filter):
    """A reply to one of our messages that asks for one; hands on which."""

    async def __call__(self, message: Message, bot: Bot) -> dict[str, Press] | bool:
        asked = message.reply_to_message
        if asked is None or asked.from_user is None or asked.from_user.id != bot.id or not message.text:
            return False
        press = _first_press(asked.reply_markup)
        return {"press": press} if press is not None else False


async def open_group(message: Message, group: int, gate: Gatekeeper) -> None:
    """/start gate_<id>"""
    await _answer(message, await visits.visit(gate, person_of(message.from_user), group, "home", ""))


async def open_all(message: Message, gate: Gatekeeper) -> None:
    """/settings in private, of somebody who is no subscriber (see `choices`)."""
    await _answer(message, await visits.visit(gate, person_of(message.from_user), 0, "groups", "0"))


async def press(query: CallbackQuery, callback_data: Press, gate: Gatekeeper) -> None:
    """A button of the settings."""
    data = callback_data
    if data.verb == OBSERVE:
        await _observe(query, data.group, gate)
        return
    shown = await visits.visit(gate, person_of(query.from_user), data.group, data.verb, data.value)
    if isinstance(query.message, Message):
        try:
            await query.message.edit_text(
                shown.screen.text, reply_markup=shown.screen.markup, disable_web_page_preview=True
            )
        except Refused as error:
            if error.code != "not_modified":  # the same press twice
                raise
    await query.answer(shown.toast)


async def _observe(query: CallbackQuery, group: int, gate: Gatekeeper) -> None:
    """ "Observe first", pressed in the group under the answer to /protect."""
    person = person_of(query.from_user)
    await gate.steering.administer(group, person)
    if held := (await gate.status(group)).held:
        raise Refused(f"{held} people are held already: choose in the settings whether to free them.")
    await gate.steering.set_mode(group, Mode.OBSERVE, actor=person)
    await query.answer("Observing: nobody is held. /settings switches it on.", show_alert=True)


async def answer(message: Message, press: Press, gate: Gatekeeper) -> None:
    """A reply that names somebody, or gives a text."""
    text = message.html_text if press.verb == "cards" and message.entities else message.text or ""
    shown = await visits.reply(gate, person_of(message.from_user), press.group, press.verb, text)
    if shown is not None:
        await _answer(message, shown)


async def _answer(message: Message, shown: Shown) -> None:
    await message.answer(shown.screen.text, reply_markup=shown.screen.markup, disable_web_page_preview=True)


def _first_press(markup: InlineKeyboardMarkup | None) -> Press | None:
    """What the last row's first button presses: Back or Cancel, which name the group."""
    if markup is None or not markup.inline_keyboard:
        return None
    data = markup.inline_keyboard[-1][0].callback_data or ""
    try:
        return Press.unpack(data)
    except (TypeError, ValueError):
        return None


def make_router() -> Router:
    """A new router: aiogram lets each belong to one dispatcher only."""
    router = Router(name="gates")
    router.message.register(open_group, Command("start"), InPrivate(), IsGateLink())
    router.message.register(answer, InPrivate(), IsAnswer())
    router.callback_query.register(press, Press.filter())
    return router
