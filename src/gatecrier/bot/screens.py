"""What people read: pure functions from facts to HTML. Whatever came from Telegram is escaped here."""

from html import escape

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from gatecrier.bot.commands import SETTINGS_LINK
from gatecrier.bot.gates.buttons import OBSERVE, button
from gatecrier.gate.cards.texts import explain, suspension_cause
from gatecrier.gate.cards.texts import prove as prove_text
from gatecrier.gate.cards.texts import prove_button as prove_label
from gatecrier.gate.model import Channel, Gate, GateStatus, Mode, Protected, Unprotected
from gatecrier.kernel.language import ENGLISH
from gatecrier.kernel.names import shown

MODES = {
    Mode.OFF: "off",
    Mode.OBSERVE: "observing: nobody is held",
    Mode.ENFORCE: "on",
}

PROVE = "prove"
"""The data of the button that an anonymous admin presses."""


FAREWELL = "You will get no more messages from this bot. /start brings you back."
PRIVATE_HELP = (
    "/start – get this bot's messages\n/stop – get none\n"
    "/settings – choose which, and tell me your time zone\n/privacy – see what is kept of you, or end it\n\n"
    "Group admins: add me to your group, then /help there. /settings leads to your groups, too."
)
GROUP_HELP = (
    "I let people write here only if they have joined the channels this group requires.\n\n"
    "/protect @channel – require a channel (you and I must be admins there)\n"
    "/protect 2 of @a @b @c – or: @a or @b, @a not @b, @a and (@b or @c)\n"
    "/unprotect @channel – no longer require it; /unprotect alone ends it all and frees everyone I hold\n"
    "/status – what is required, and how many people are held\n"
    "/settings – how strict I am, who is exempt, whom I hold"
)


def protected(done: Protected) -> str:
    """The answer to /protect."""
    return (
        f"Protected: to write here, people need {required(done.gate)}.\n"
        "Whoever lacks it is held until they have joined. /status shows how many, /unprotect ends it."
    )


def protected_buttons(gate: Gate, username: str) -> InlineKeyboardMarkup:
    """What an admin may want next: to see first who would be held, or to choose how people are treated."""
    observe = button("Observe first", gate.chat_id, OBSERVE)
    settings = InlineKeyboardButton(text="Settings", url=settings_url(gate.chat_id, username))
    return InlineKeyboardMarkup(inline_keyboard=[[observe, settings]])


def settings_button(chat_id: int, username: str) -> InlineKeyboardMarkup:
    """Leads to a group's settings in the private chat."""
    link = InlineKeyboardButton(text="Open the settings", url=settings_url(chat_id, username))
    return InlineKeyboardMarkup(inline_keyboard=[[link]])


def settings_url(chat_id: int, username: str) -> str:
    """The deep link to a group's settings."""
    return f"https://t.me/{username}?start={SETTINGS_LINK}{-chat_id}"


def prove(command: str) -> str:
    """Asks an anonymous admin for a proof; whoever presses sees what they set in motion (HTML)."""
    return f"{escape(prove_text(ENGLISH))}\n<code>{escape(command[:200])}</code>"


def prove_button() -> InlineKeyboardMarkup:
    """What an anonymous admin is to press."""
    text = prove_label(ENGLISH, PROVE).text
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=PROVE)]])


def required(gate: Gate) -> str:
    """The policy in words, with links to the channels (HTML)."""
    return explain(ENGLISH, gate.policy, gate.channels, html=True)


def unprotected(done: Unprotected) -> str:
    """The answer to /unprotect."""
    freed = f"{done.freed} {'person is' if done.freed == 1 else 'people are'} free again."
    later = f" {done.waiting} more will be as soon as Telegram allows it." if done.waiting else ""
    if done.gate is None:
        return f"This group requires nothing any more. {freed}{later}"
    return f"{channels(done.removed)} is no longer required; {required(done.gate)} still is. {freed}{later}"


def status(found: GateStatus) -> str:
    """The answer to /status."""
    gate = found.gate
    lines = [
        f"<b>Gate</b>: {MODES[gate.mode]}",
        f"<b>Required</b>: {required(gate)}",
        f"<b>Held now</b>: {found.held}",
    ]
    if gate.raid:
        lines.append(f"<b>Raid</b>: newcomers are held without a word until {gate.raid.until:%H:%M} UTC.")
    if gate.suspension:
        cause = escape(suspension_cause(ENGLISH, gate))
        lines.append(f"<b>Suspended</b>: {cause} Everybody may write until it works again.")
    return "\n".join(lines)


def channels(required: tuple[Channel, ...]) -> str:
    """Channels as links or names, escaped."""
    return ", ".join(
        f'<a href="{escape(channel.join_url)}">{shown(channel.label, otherwise="the channel")}</a>'
        for channel in required
    )
