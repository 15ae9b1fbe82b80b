"""What people read: pure functions from facts to HTML. Whatever came from Telegram is escaped here."""

from html import escape

from gatecrier.gate.cards.texts import suspension_cause
from gatecrier.gate.model import Channel, GateStatus, Mode, Protected, Unprotected
from gatecrier.gate.names import shown
from gatecrier.kernel.errors import GatecrierError, TryLater
from gatecrier.kernel.language import ENGLISH

MODES = {
    Mode.OFF: "off",
    Mode.OBSERVE: "observing: nobody is held",
    Mode.ENFORCE: "on",
}

TOAST = 200  # characters Telegram shows of an answer to a button

GREETING = (
    "Welcome, {name}! You will get this bot's messages here.\n\n"
    "/stop ends them at once, /start brings you back."
)
FAREWELL = "You will get no more messages from this bot. /start brings you back."
PRIVATE_HELP = (
    "/start – get this bot's messages\n/stop – get none\n\n"
    "Group admins: add me to your group, then /help there."
)
GROUP_HELP = (
    "I let people write here only if they have joined the channels this group requires.\n\n"
    "/protect @channel – require a channel (you and I must be admins there)\n"
    "/unprotect @channel – no longer require it; /unprotect alone ends it all and frees everyone I hold\n"
    "/status – what is required, and how many people are held"
)


def greeting(first_name: str) -> str:
    """The answer to /start."""
    return GREETING.format(name=escape(first_name[:64]) or "friend")


def refused(error: GatecrierError) -> str:
    """An error as a person reads it: what is wrong, what to do."""
    remedy = "Please try again in a minute." if isinstance(error, TryLater) else error.remedy
    return f"{escape(error.text)}\n{escape(remedy)}".rstrip()


def toast(error: GatecrierError) -> str:
    """The same in an answer to a button: plain text."""
    return error.text[:TOAST]


def protected(done: Protected) -> str:
    """The answer to /protect."""
    return (
        f"Protected: whoever writes here must have joined {channels(done.gate.channels)}.\n"
        "Whoever has not is held until they join. /status shows how many, /unprotect ends it."
    )


def unprotected(done: Unprotected) -> str:
    """The answer to /unprotect."""
    freed = f"{done.freed} {'person is' if done.freed == 1 else 'people are'} free again."
    later = f" {done.waiting} more will be as soon as Telegram allows it." if done.waiting else ""
    if done.gate is None:
        return f"This group requires nothing any more. {freed}{later}"
    still = channels(done.gate.channels)
    return f"{channels(done.removed)} is no longer required; {still} still is. {freed}{later}"


def status(found: GateStatus) -> str:
    """The answer to /status."""
    gate = found.gate
    lines = [
        f"<b>Gate</b>: {MODES[gate.mode]}",
        f"<b>Required</b>: {channels(gate.channels)}",
        f"<b>Held now</b>: {found.held}",
    ]
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
