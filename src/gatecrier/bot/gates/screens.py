"""The settings as people see them: pure functions from facts to a text (HTML) and a keyboard."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple
from zlib import crc32

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from gatecrier.bot.gates.buttons import button
from gatecrier.bot.gates.options import PAGES, SHOWN, said, value_of
from gatecrier.gate.cards.texts import explain, suspension_cause
from gatecrier.gate.governing.doctor import Checkup
from gatecrier.gate.model import Case, Exemption, Gate, GateStatus, Mode, Subject
from gatecrier.kernel.names import plain, shown
from gatecrier.registry.model import AuditEntry

PAGE = 8  # rows of a list
MODES = {Mode.ENFORCE: "On", Mode.OBSERVE: "Observe", Mode.OFF: "Off"}
MODES_MEAN = {
    Mode.ENFORCE: "on: who lacks a channel is held",
    Mode.OBSERVE: "observing: it counts, and touches nobody",
    Mode.OFF: "off",
}
CHOSEN = "● "

Row = list[InlineKeyboardButton]


class Screen(NamedTuple):
    """What one message shows."""

    text: str
    rows: list[Row]

    @property
    def markup(self) -> InlineKeyboardMarkup:
        """Its keyboard."""
        return InlineKeyboardMarkup(inline_keyboard=self.rows)


def home(status: GateStatus) -> Screen:
    """One group's gate: what it is, and where each of its settings is."""
    gate = status.gate
    group = gate.chat_id
    lines = [
        f"<b>{shown(gate.title, otherwise='The group')}</b>",
        f"The gate is {MODES_MEAN[gate.mode]}.",
        f"Required: {escape(explain('en', gate.policy, gate.channels))}",
        f"Held now: {status.held}",
    ]
    if gate.suspension:
        lines.append(f"⚠️ Suspended: {escape(suspension_cause('en', gate))} Everybody may write until then.")
    if gate.raid:
        lines.append(f"🌊 On guard against a raid until {gate.raid.until:%H:%M} UTC.")
    modes = [
        button(f"{CHOSEN if mode is gate.mode else ''}{label}", group, "mode", mode)
        for mode, label in MODES.items()
    ]
    pages = [button(title, group, "page", page) for page, (title, _) in PAGES.items()]
    return Screen(
        "\n".join(lines),
        [
            modes,
            [button(f"Who is held: {status.held}", group, "held", 0), button("Exemptions", group, "exempt")],
            *_paired(pages),
            [button("Log", group, "log"), button("Rights", group, "rights")],
            [button("End protection", group, "end")],
            [button("« All groups", 0, "groups", 0)],
        ],
    )


def groups(gates: Sequence[Gate], page: int) -> Screen:
    """The groups that somebody administers."""
    if not gates:
        return Screen(
            "I know of no group of yours that is protected.\n\n"
            "Write /protect @channel in your group; then /settings there leads here.",
            [],
        )
    rows = [
        [button(plain(gate.title) or str(gate.chat_id), gate.chat_id, "home")]
        for gate in gates[page * PAGE : (page + 1) * PAGE]
    ]
    return Screen("Which group?", [*rows, *_turning(0, "groups", page, len(gates))])


def page(gate: Gate, name: str) -> Screen:
    """Some options with their values."""
    title, names = PAGES[name]
    rows = [
        [button(f"{SHOWN[each].label}: {said(gate.options, each)}", gate.chat_id, "option", each)]
        for each in names
    ]
    if name == "card":
        rows.append([button("Text of the card", gate.chat_id, "text")])
    return Screen(_titled(gate, title), [*rows, _back(gate)])


def option(gate: Gate, name: str) -> Screen:
    """One option: what it means, and the values on offer, the present one marked."""
    known, present = SHOWN[name], value_of(gate.options, name)
    values = [
        button(f"{CHOSEN if value == present else ''}{label}", gate.chat_id, "set", f"{name}={value}")
        for value, label in known.choices.items()
    ]
    text = f"{_titled(gate, known.label)}\n\n{escape(known.text)}\nNow: {escape(said(gate.options, name))}"
    back = next(page for page, (_, names) in PAGES.items() if name in names)
    return Screen(text, [*_paired(values), _back(gate, "page", back)])


def held(gate: Gate, cases: Sequence[Case], page: int) -> Screen:
    """Who is held, each with a button that frees them."""
    if not cases:
        return Screen(f"{_titled(gate, 'Who is held')}\n\nNobody.", [_back(gate)])
    some = cases[page * PAGE : (page + 1) * PAGE]
    lines = [
        f"• {shown(case.name, otherwise='Somebody')} <code>{case.person_id}</code>: lacks "
        f"{escape(_lacking(gate, case))}, since {case.opened_at:%d %b %H:%M} UTC"
        for case in some
    ]
    rows = [
        [
            button(
                f"Free {plain(case.name) or case.person_id}",
                gate.chat_id,
                "free",
                f"{case.person_id}.{page}",
            )
        ]
        for case in some
    ]
    return Screen(
        f"{_titled(gate, f'Who is held: {len(cases)}')}\n\n" + "\n".join(lines),
        [
            *rows,
            *_turning(gate.chat_id, "held", page, len(cases)),
            [button("Free everybody", gate.chat_id, "freeall")],
            _back(gate),
        ],
    )


def exemptions(gate: Gate, found: Sequence[Exemption]) -> Screen:
    """Who need not belong, each with a button that ends it."""
    some = found[-PAGE:]
    lines = [f"• <code>{escape(str(one.subject))}</code>, {_until(one)}" for one in some]
    if len(found) > PAGE:
        lines.append(f"… and {len(found) - PAGE} more: gatecrier gate exemptions {gate.chat_id}")
    rows = [
        [button(f"End: {str(one.subject)[:40]}", gate.chat_id, "unexempt", key(one.subject))] for one in some
    ]
    text = "\n".join(lines) or "Nobody yet. Admins, and this group's own channel, need none."
    return Screen(
        f"{_titled(gate, 'Exempt')}\n\n{text}",
        [*rows, [button("Add somebody", gate.chat_id, "add")], _back(gate)],
    )


def ask_exemption(gate: Gate) -> Screen:
    """Asks for somebody to exempt; the answer is a reply to this message."""
    return Screen(
        f"{_titled(gate, 'Exempt somebody')}\n\nReply to this message with the number of a person, a bot or "
        "a channel, or with an invite link (https://t.me/+…): whoever comes by it is exempt.",
        [[button("Cancel", gate.chat_id, "exempt")]],
    )


def card_text(gate: Gate) -> Screen:
    """The card's own text, and how to change it: by a reply to this message."""
    language = gate.options.language
    own = gate.options.templates.get(language)
    now = f"<pre>{escape(own)}</pre>" if own else "Ours."
    rows = [[button("Take ours again", gate.chat_id, "ours", language)]] if own else []
    return Screen(
        f"{_titled(gate, f'Text of the card ({language})')}\n\n{now}\n\nReply to this message with another. "
        "{people} and {channels} must be in it, {group} may; Telegram's HTML works.",
        [*rows, _back(gate, "cards")],  # its verb says what a reply is for
    )


def log(gate: Gate, entries: Sequence[AuditEntry]) -> Screen:
    """The last decisions and changes."""
    lines = [
        f"<code>{entry.at:%d %b %H:%M}</code> {entry.action.removeprefix('gate.')}"
        f"{' ' + entry.about.removeprefix('person:') if entry.about else ''}"
        f"{': ' + escape(entry.detail[:80]) if entry.detail else ''}"
        for entry in entries
    ]
    return Screen(f"{_titled(gate, 'Log')}\n\n" + ("\n".join(lines) or "Nothing yet."), [_back(gate)])


def rights(gate: Gate, found: Checkup) -> Screen:
    """What the bot may do, and what is to be mended, with links that mend it."""
    lines = [
        f"{'✅' if row.is_admin else '❌'} {escape(row.label)} ({row.kind})"
        f"{_rights(row.deletes, row.restricts)}"
        for row in found.rights
    ]
    faults = [
        f"• <b>{escape(one.label)}</b>: {escape(one.text)} {escape(one.remedy)}" for one in found.findings
    ]
    links = {one.link for one in found.findings if one.link}
    rows = [[InlineKeyboardButton(text="Give me the rights", url=link)] for link in sorted(links)]
    text = "\n".join([*lines, "", *(faults or ["Everything is as it should be."])])
    return Screen(f"{_titled(gate, 'Rights')}\n\n{text}", [*rows, _back(gate)])


def sure(gate: Gate, effect: str, yes: str, verb: str, value: str = "") -> Screen:
    """Asks once before something that cannot be taken back, and names what it does."""
    return Screen(
        f"{_titled(gate, 'Are you sure?')}\n\n{escape(effect)}",
        [[button(yes, gate.chat_id, verb, value)], [button("No", gate.chat_id, "home")]],
    )


def ended(title: str, freed: int, waiting: int) -> Screen:
    """The gate is gone."""
    later = f" {waiting} more will be as soon as Telegram allows it." if waiting else ""
    text = f"{shown(title, otherwise='The group')} requires nothing any more. {freed} are free again.{later}"
    return Screen(text, [[button("« All groups", 0, "groups", 0)]])


def key(subject: Subject) -> str:
    """A short name for an exemption's subject: links are longer than a button's data."""
    return f"{crc32(str(subject).encode()):08x}"


def _titled(gate: Gate, what: str) -> str:
    return f"<b>{shown(gate.title, otherwise='The group')}</b> › {escape(what)}"


def _lacking(gate: Gate, case: Case) -> str:
    labels = {channel.id: plain(channel.label) for channel in gate.channels}
    return ", ".join(labels.get(id_, str(id_)) for id_ in case.missing)


def _until(one: Exemption) -> str:
    return f"until {one.until:%d %b %Y %H:%M} UTC" if one.until else "for good"


def _rights(deletes: bool | None, restricts: bool | None) -> str:
    if deletes is None or restricts is None:
        return ""
    return f": delete {'✅' if deletes else '❌'}, ban {'✅' if restricts else '❌'}"


def _paired(buttons: Sequence[InlineKeyboardButton]) -> list[Row]:
    return [list(buttons[start : start + 2]) for start in range(0, len(buttons), 2)]


def _turning(group: int, verb: str, page: int, many: int) -> list[Row]:
    """Buttons to the pages before and after this one, where there are any."""
    row = []
    if page > 0:
        row.append(button("‹ Before", group, verb, page - 1))
    if (page + 1) * PAGE < many:
        row.append(button("More ›", group, verb, page + 1))
    return [row] if row else []


def _back(gate: Gate, verb: str = "home", value: str = "") -> Row:
    return [button("« Back", gate.chat_id, verb, value)]
