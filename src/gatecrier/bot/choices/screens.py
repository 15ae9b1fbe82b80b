"""What subscribers see of their own choices: pure functions from facts to a text (HTML) and a keyboard."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from gatecrier.bot.choices.buttons import button
from gatecrier.bot.choices.reception import ZONES, Offer, Settings
from gatecrier.bot.gates.buttons import button as gates_button

PAGE = 3500
"""Characters of a message that holds data: Telegram's 4096 count what escaping adds as one."""
MOST_PAGES = 3
"""Messages that one press may cause."""

AGREE = "✅ I agree"
STOPPED = "You get no messages of this bot."
PRIVACY = (
    "This bot keeps your number in Telegram, your name, username and language as Telegram tells them; when "
    "you started it and were last seen; by which link you came; what you chose in /settings; which of its "
    "messages were sent to you, and which of their buttons you pressed.\n\n"
    "It keeps neither your phone number nor what you write to it. It uses all this to send you its messages, "
    "and for nothing else. Whoever runs the bot can read it.\n\n"
    "You can see it all, and have it erased, at any time."
)

Row = list[InlineKeyboardButton]


class Screen(NamedTuple):
    """What one message shows."""

    text: str
    rows: Sequence[Row] = ()

    @property
    def markup(self) -> InlineKeyboardMarkup | None:
        """Its keyboard."""
        return InlineKeyboardMarkup(inline_keyboard=list(self.rows)) if self.rows else None


def greeting(first_name: str, settings: Settings) -> Screen:
    """The answer to /start: the terms first, where there are any to agree to."""
    name = escape(first_name[:64]) or "friend"
    if settings.lacks_terms:
        return Screen(
            f"Welcome, {name}! Before you get messages here, please read the terms:\n\n"
            f"{escape(settings.offer.terms)}",
            [[button(AGREE, "agree")]],
        )
    choose = " /settings chooses which." if settings.offer.categories else ""
    return Screen(
        f"Welcome, {name}! You will get this bot's messages here.{choose}\n\n"
        "/stop ends them at once, /start brings you back."
    )


def agreed() -> Screen:
    """Instead of the terms, once they are accepted."""
    return Screen(
        "Thank you: you have agreed to the terms, and will get this bot's messages here.\n\n"
        "/settings chooses which, /stop ends them, /privacy shows what is kept of you."
    )


def settings(shown: Settings, *, now: datetime, has_groups: bool) -> Screen:
    """
    What somebody may choose.

    Args:
        has_groups: They administer groups with a gate.
    """
    lines = ["<b>Your settings</b>"]
    rows: list[Row] = []
    if shown.lacks_terms:
        lines.append(f"You get nothing before you agree to the terms:\n\n{escape(shown.offer.terms)}")
        rows.append([button(AGREE, "agree")])
    if shown.chosen.has_stopped:
        lines.append(STOPPED)
    if shown.categories:
        lines.append("What you get: press to change it.")
        rows += [[_toggle(name, wanted=wanted)] for name, wanted in shown.categories.items()]
    lines.append(_clock(shown, now))
    rows.append([button(f"🕑 {_city(shown)}", "zones"), button("🔒 Privacy", "privacy")])
    if shown.chosen.has_stopped:
        rows.append([button("▶️ Get messages again", "resume")])
    else:
        rows.append([button("⏹ Get no messages", "stop")])
    if has_groups:
        rows.append([gates_button("The groups I administer »", 0, "groups", 0)])
    return Screen("\n\n".join(lines), rows)


def zones(shown: Settings, *, now: datetime) -> Screen:
    """The time zones on offer, with what their clocks say."""
    buttons = [
        button(f"{'● ' if zone == shown.chosen.time_zone else ''}{city} {_time(zone, now)}", "zone", zone)
        for zone, city in ZONES.items()
    ]
    rows = [list(buttons[start : start + 2]) for start in range(0, len(buttons), 2)]
    return Screen(
        "<b>Your time zone</b>\n\nWhich of these clocks says what yours does?",
        [*rows, [button("« Back", "home")]],
    )


def privacy(offer: Offer) -> Screen:
    """The answer to /privacy."""
    return Screen(
        f"<b>Privacy</b>\n\n{escape(offer.privacy or PRIVACY)}",
        [[button("📄 My data", "data"), button("🗑 Erase me", "erase")]],
    )


def sure() -> Screen:
    """Asks before what cannot be taken back."""
    return Screen(
        "<b>Erase me</b>\n\nYour name, your choices and what you got and pressed are forgotten, and you get "
        "no more messages. A number stays that keeps you from being added again, and a ban if there is one. "
        "What groups keep of their members is theirs. It cannot be taken back; /start begins anew.",
        [[button("Yes, erase me", "erase!")], [button("No", "privacy")]],
    )


def erased() -> Screen:
    """It is done."""
    return Screen("You are erased. /start would make you a new subscriber.")


def data(kept: Mapping[str, Any]) -> list[Screen]:
    """All that is kept of somebody as JSON, in as many messages as it takes, three at most."""
    text = msgspec.json.format(msgspec.json.encode(kept), indent=1).decode()
    pages = [text[start : start + PAGE] for start in range(0, len(text), PAGE)]
    shown = [Screen(f"<pre>{escape(page)}</pre>") for page in pages[:MOST_PAGES]]
    if len(pages) > MOST_PAGES:
        shown.append(Screen("There is more than fits in here: whoever runs this bot can give you all of it."))
    return shown


def _toggle(category: str, *, wanted: bool) -> InlineKeyboardButton:
    return button(f"{'✓' if wanted else '✗'} {category}", "off" if wanted else "on", category)


def _clock(shown: Settings, now: datetime) -> str:
    zone = shown.chosen.time_zone or shown.offer.time_zone
    text = f"Your clock: {_time(zone, now)} ({escape(ZONES.get(zone, zone))})."
    if shown.offer.quiet is None:
        return text
    since, until = (moment.strftime("%H:%M") for moment in shown.offer.quiet if moment)
    return f"{text} Nothing is sent to you between {since} and {until}."


def _city(shown: Settings) -> str:
    zone = shown.chosen.time_zone
    return ZONES.get(zone, zone) or "My time zone"


def _time(zone: str, now: datetime) -> str:
    return now.astimezone(ZoneInfo(zone)).strftime("%H:%M")
