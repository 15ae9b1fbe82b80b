"""What each button of the settings leads to: proven, done, and the screen that shows it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from gatecrier.bot.gates import screens
from gatecrier.bot.gates.options import PAGES, SHOWN
from gatecrier.bot.gates.screens import Screen
from gatecrier.gate.model import Gate, Mode, Subject
from gatecrier.gate.service import Gatekeeper
from gatecrier.kernel.errors import Refused
from gatecrier.telegram.updates import Person

LOG_ROWS = 15


class Visit(NamedTuple):
    """
    Somebody presses a button of a gate's settings, proven to be an admin of its group at this moment.

    Args:
        value: As the button carried it, which anybody can forge: services check it.
    """

    keeper: Gatekeeper
    gate: Gate
    person: Person
    value: str = ""

    @property
    def group(self) -> int:
        """The group's id."""
        return self.gate.chat_id

    @property
    def actor(self) -> str:
        """As the audit log names them; only for what was proven already."""
        return f"person:{self.person.id}"


class Shown(NamedTuple):
    """A screen, and a word about what was done."""

    screen: Screen
    toast: str = ""


async def home(visit: Visit) -> Shown:
    """The group's gate."""
    return Shown(screens.home(await visit.keeper.status(visit.group)))


async def mode(visit: Visit) -> Shown:
    """On and observing at once; off, or observing while people are held, is asked about first."""
    wanted = _one_of(Mode, visit.value)
    held = (await visit.keeper.status(visit.group)).held
    if wanted is not Mode.ENFORCE and visit.gate.mode is Mode.ENFORCE and (held or wanted is Mode.OFF):
        effect = f"Whoever is held is set free: {held}. Nobody is held from then on."
        return Shown(screens.sure(visit.gate, effect, "Yes", "mode!", wanted))
    return await set_mode(visit)


async def set_mode(visit: Visit) -> Shown:
    """Do it."""
    wanted = _one_of(Mode, visit.value)
    done = await visit.keeper.steering.set_mode(visit.group, wanted, actor=visit.person)
    freed = f" {done.freed} are free." if done.freed else ""
    return Shown((await home(visit)).screen, f"{screens.MODES[wanted]}.{freed}")


async def page(visit: Visit) -> Shown:
    """Some options."""
    return Shown(screens.page(visit.gate, _known(PAGES, visit.value)))


async def option(visit: Visit) -> Shown:
    """One option."""
    return Shown(screens.option(visit.gate, _known(SHOWN, visit.value)))


async def set_option(visit: Visit) -> Shown:
    """Choose a value."""
    name, _, value = visit.value.partition("=")
    gate = await visit.keeper.steering.set_option(visit.group, _known(SHOWN, name), value, actor=visit.person)
    return Shown(screens.option(gate, name), "Saved.")


async def held(visit: Visit) -> Shown:
    """Who is held."""
    cases = await visit.keeper.records.held(visit.group)
    return Shown(screens.held(visit.gate, cases, _number(visit.value)))


async def free(visit: Visit) -> Shown:
    """Free one of them."""
    person, _, page_ = visit.value.partition(".")
    freed, _ = await visit.keeper.release(visit.group, _number(person), actor=visit.actor)
    shown = await held(visit._replace(value=page_ or "0"))
    return Shown(shown.screen, "Free." if freed else "Will be free as soon as Telegram allows it.")


async def free_all(visit: Visit) -> Shown:
    """Ask first."""
    many = (await visit.keeper.status(visit.group)).held
    effect = f"{many} people are set free, whatever they lack. The gate goes on, and may hold them again."
    return Shown(screens.sure(visit.gate, effect, "Free everybody", "freeall!"))


async def do_free_all(visit: Visit) -> Shown:
    """Do it."""
    freed, waiting = await visit.keeper.release(visit.group, actor=visit.actor)
    return Shown((await home(visit)).screen, f"{freed} are free, {waiting} will be.")


async def exemptions(visit: Visit) -> Shown:
    """Who need not belong."""
    return Shown(screens.exemptions(visit.gate, await visit.keeper.steering.exemptions(visit.group)))


async def add_exemption(visit: Visit) -> Shown:
    """Ask for somebody; `exempt` takes the answer."""
    return Shown(screens.ask_exemption(visit.gate))


async def exempt(visit: Visit) -> Shown:
    """Somebody was named in a reply."""
    subject = _subject(visit.value)
    await visit.keeper.steering.exempt(visit.group, subject, actor=visit.person)
    return Shown((await exemptions(visit)).screen, "Exempt.")


async def unexempt(visit: Visit) -> Shown:
    """End an exemption."""
    for one in await visit.keeper.steering.exemptions(visit.group):
        if screens.key(one.subject) == visit.value:
            await visit.keeper.steering.unexempt(visit.group, one.subject, actor=visit.person)
    return Shown((await exemptions(visit)).screen, "Ended.")


async def card_text(visit: Visit) -> Shown:
    """The card's own text; `set_text` takes another."""
    return Shown(screens.card_text(visit.gate))


async def cards_page(visit: Visit) -> Shown:
    """Back from the card's text."""
    return Shown(screens.page(visit.gate, "card"))


async def set_text(visit: Visit) -> Shown:
    """A text was given in a reply."""
    language = visit.gate.options.language
    gate = await visit.keeper.steering.set_template(visit.group, language, visit.value, actor=visit.person)
    return Shown(screens.card_text(gate), "Saved.")


async def our_text(visit: Visit) -> Shown:
    """Take ours again."""
    gate = await visit.keeper.steering.set_template(visit.group, visit.value, "", actor=visit.person)
    return Shown(screens.card_text(gate), "Ours again.")


async def log(visit: Visit) -> Shown:
    """The last decisions and changes."""
    return Shown(screens.log(visit.gate, await visit.keeper.records.log(visit.group, limit=LOG_ROWS)))


async def rights(visit: Visit) -> Shown:
    """What the bot may do."""
    return Shown(screens.rights(visit.gate, await visit.keeper.doctor.check(visit.group)))


async def end(visit: Visit) -> Shown:
    """Ask first."""
    many = (await visit.keeper.status(visit.group)).held
    effect = f"The group requires nothing any more, {many} people are set free, and these settings are lost."
    return Shown(screens.sure(visit.gate, effect, "End protection", "end!"))


async def do_end(visit: Visit) -> Shown:
    """Do it."""
    done = await visit.keeper.give_up(visit.group, actor=visit.actor)
    return Shown(screens.ended(visit.gate.title, done.freed, done.waiting), "Ended.")


Act = Callable[[Visit], Awaitable[Shown]]

ACTS: Mapping[str, Act] = {
    "home": home,
    "mode": mode,
    "mode!": set_mode,
    "page": page,
    "option": option,
    "set": set_option,
    "held": held,
    "free": free,
    "freeall": free_all,
    "freeall!": do_free_all,
    "exempt": exemptions,
    "add": add_exemption,
    "unexempt": unexempt,
    "text": card_text,
    "ours": our_text,
    "cards": cards_page,
    "log": log,
    "rights": rights,
    "end": end,
    "end!": do_end,
}
"""Verb of a button → what it leads to."""

REPLIES: Mapping[str, Act] = {"exempt": exempt, "cards": set_text}
"""Verb of the way back under a message that asks for a reply → what takes the reply."""


async def visit(keeper: Gatekeeper, person: Person, group: int, verb: str, value: str) -> Shown:
    """
    Prove the person, and do what their button says.

    Raises:
        NotFound: no such gate. Refused: they may not, the button is none of ours, or its value is wrong.
    """
    if verb == "groups":
        gates = await keeper.steering.administered(person.id)
        return Shown(screens.groups(gates, _number(value)))
    gate = await keeper.steering.administer(group, person)
    act = ACTS.get(verb)
    if act is None:
        raise Refused(
            "This button is out of date.", remedy="Open the settings again: /settings", code="stale"
        )
    return await act(Visit(keeper, gate, person, value))


async def reply(keeper: Gatekeeper, person: Person, group: int, verb: str, text: str) -> Shown | None:
    """Take a reply to a message of ours that asked for one; None: it did not."""
    act = REPLIES.get(verb)
    if act is None:
        return None
    gate = await keeper.steering.administer(group, person)
    return await act(Visit(keeper, gate, person, text))


def _one_of(kind: type[Mode], value: str) -> Mode:
    try:
        return kind(value)
    except ValueError:
        raise _stale() from None


def _known(names: Mapping[str, object], name: str) -> str:
    if name not in names:
        raise _stale()
    return name


def _stale() -> Refused:
    return Refused("This button is out of date.", remedy="Open the settings again: /settings", code="stale")


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 16 else 0


def _subject(text: str) -> Subject:
    text = text.strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= 16 else text
