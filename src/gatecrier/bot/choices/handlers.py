"""Subscribers' commands and presses in aiogram."""

from collections.abc import Awaitable, Callable, Mapping

from aiogram import Router
from aiogram.filters import Command, Filter
from aiogram.types import CallbackQuery, Message

from gatecrier.bot.choices import screens
from gatecrier.bot.choices.buttons import Press
from gatecrier.bot.choices.reception import Reception
from gatecrier.bot.choices.screens import Screen
from gatecrier.bot.gates import handlers as gates
from gatecrier.bot.records import person_of
from gatecrier.bot.refusals import TOAST
from gatecrier.bot.subscribers import InPrivate
from gatecrier.broadcast.unsubscribe import category_of
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.errors import Refused
from gatecrier.telegram.updates import ChatType, Person


class Visit:
    """Somebody presses a button in their own private chat."""

    def __init__(
        self, person: Person, message: Message, value: str, reception: Reception, gate: Gatekeeper
    ) -> None:
        self.person = person
        self.message = message
        self.value = value
        self.reception = reception
        self.gate = gate

    async def home(self) -> Screen:
        """Their settings."""
        return await settings_of(self.person, self.reception, self.gate)


class IsUnsubscribe(Filter):
    """The last row of a campaign's message; hands on which category it ends."""

    async def __call__(self, query: CallbackQuery) -> dict[str, str] | bool:
        category = category_of(query.data or "")
        return {"category": category} if category else False


async def start(message: Message, reception: Reception) -> None:
    """/start [payload]"""
    person = person_of(message.from_user)
    await _answer(message, screens.greeting(person.first_name, await reception.settings(person.id)))


async def open_settings(message: Message, reception: Reception, gate: Gatekeeper) -> None:
    """/settings in private: a subscriber's own; of others, the groups they administer."""
    person = person_of(message.from_user)
    if (await reception.settings(person.id)).chosen.is_subscriber:
        await _answer(message, await settings_of(person, reception, gate))
    else:
        await gates.open_all(message, gate)


async def open_privacy(message: Message, reception: Reception) -> None:
    """/privacy"""
    await _answer(message, screens.privacy(reception.offer))


async def unsubscribe(query: CallbackQuery, category: str, reception: Reception) -> None:
    """ "Unsubscribe from …" under a campaign's message."""
    await reception.choose(query.from_user.id, category, wanted=False)
    await query.answer(f"You get no more of: {category}. /settings brings it back."[:TOAST], show_alert=True)


async def press(query: CallbackQuery, callback_data: Press, reception: Reception, gate: Gatekeeper) -> None:
    """A button of these screens; only in the private chat of whoever presses."""
    message = query.message
    if not isinstance(message, Message):
        raise Refused("This message is too old.", remedy="/settings", code="stale")
    if message.chat.type != ChatType.PRIVATE or message.chat.id != query.from_user.id:
        raise Refused("This is another person's button.", code="not_yours")
    act = ACTS.get(callback_data.verb)
    if act is None:
        raise Refused("This button is out of date.", remedy="/settings", code="stale")
    screen, toast = await act(
        Visit(person_of(query.from_user), message, callback_data.value, reception, gate)
    )
    if screen is not None:
        await _edit(message, screen)
    await query.answer(toast[:TOAST])


async def settings_of(person: Person, reception: Reception, gate: Gatekeeper) -> Screen:
    """Somebody's settings; a way to their groups where they administer any."""
    has_groups = bool(await gate.steering.administered(person.id))
    shown = await reception.settings(person.id)
    return screens.settings(shown, now=reception.clock.now(), has_groups=has_groups)


Done = tuple[Screen | None, str]
"""The screen that is shown instead, and a word about what was done."""


async def _home(visit: Visit) -> Done:
    return await visit.home(), ""


async def _agree(visit: Visit) -> Done:
    await visit.reception.agree(visit.person.id)
    return screens.agreed(), "Thank you."


async def _off(visit: Visit) -> Done:
    await visit.reception.choose(visit.person.id, visit.value, wanted=False)
    return await visit.home(), f"No more of: {visit.value}"


async def _on(visit: Visit) -> Done:
    await visit.reception.choose(visit.person.id, visit.value, wanted=True)
    return await visit.home(), f"You get: {visit.value}"


async def _zones(visit: Visit) -> Done:
    shown = await visit.reception.settings(visit.person.id)
    return screens.zones(shown, now=visit.reception.clock.now()), ""


async def _zone(visit: Visit) -> Done:
    await visit.reception.set_time_zone(visit.person.id, visit.value)
    return await visit.home(), "Saved."


async def _stop(visit: Visit) -> Done:
    await visit.reception.stop(visit.person.id)
    return await visit.home(), "You get no more messages."


async def _resume(visit: Visit) -> Done:
    await visit.reception.resume(visit.person)
    return await visit.home(), "Welcome back."


async def _privacy(visit: Visit) -> Done:
    return screens.privacy(visit.reception.offer), ""


async def _data(visit: Visit) -> Done:
    for page in screens.data(await visit.reception.kept(visit.person.id)):
        await _answer(visit.message, page)
    return None, ""


async def _sure(_visit: Visit) -> Done:
    return screens.sure(), ""


async def _erase(visit: Visit) -> Done:
    await visit.reception.erase(visit.person.id)
    return screens.erased(), "Erased."


ACTS: Mapping[str, Callable[[Visit], Awaitable[Done]]] = {
    "home": _home,
    "agree": _agree,
    "off": _off,
    "on": _on,
    "zones": _zones,
    "zone": _zone,
    "stop": _stop,
    "resume": _resume,
    "privacy": _privacy,
    "data": _data,
    "erase": _sure,
    "erase!": _erase,
}
"""Verb of a button → what it leads to."""


async def _answer(message: Message, screen: Screen) -> None:
    await message.answer(screen.text, reply_markup=screen.markup, disable_web_page_preview=True)


async def _edit(message: Message, screen: Screen) -> None:
    try:
        await message.edit_text(screen.text, reply_markup=screen.markup, disable_web_page_preview=True)
    except Refused as error:
        if error.code != "not_modified":  # the same press twice
            raise


def make_router() -> Router:
    """A new router: aiogram lets each belong to one dispatcher only."""
    router = Router(name="choices")
    router.message.register(start, Command("start"), InPrivate())
    router.message.register(open_settings, Command("settings"), InPrivate())
    router.message.register(open_privacy, Command("privacy"), InPrivate())
    router.callback_query.register(unsubscribe, IsUnsubscribe())
    router.callback_query.register(press, Press.filter())
    return router
