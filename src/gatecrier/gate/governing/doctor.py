"""The permission doctor: what the bot may do in each group and channel, what it lacks, what mends it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from gatecrier.gate.gates import Gates
from gatecrier.gate.knowledge.verification import meaning, place_or_outside
from gatecrier.gate.model import Channel, Gate
from gatecrier.gate.outside import Reads
from gatecrier.gate.standing import Standing
from gatecrier.gate.store import GateStore
from gatecrier.kernel.errors import GatecrierError, NotFound
from gatecrier.kernel.names import plain
from gatecrier.storage.database import Database
from gatecrier.telegram.peers import is_basic_group
from gatecrier.telegram.updates import ChatInfo, ChatMember


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # the gate cannot work
    WARNING = "warning"  # something it could do is out of reach


@dataclass(frozen=True, kw_only=True)
class Rights:
    """One row of the matrix: what the bot may do in one chat; None: it does not matter there."""

    chat_id: int
    label: str
    kind: str
    is_admin: bool
    deletes: bool | None
    restricts: bool | None
    invites: bool


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    Something to mend.

    Args:
        link: A t.me address that opens the right dialog; "" when there is none.
    """

    severity: Severity
    chat_id: int
    label: str
    text: str
    remedy: str
    link: str = ""


@dataclass(frozen=True)
class Checkup:
    """What the doctor saw."""

    rights: tuple[Rights, ...]
    findings: tuple[Finding, ...]


class Doctor:
    """
    Looks at the chats of one bot's gates.

    Raises (every method): NotFound: no such gate. TryLater: Telegram does not answer.
    """

    def __init__(self, database: Database, telegram: Reads, bot_id: int, *, gates: Gates) -> None:
        self._database = database
        self._telegram = telegram
        self._bot_id = bot_id
        self._gates = gates

    async def check(self, chat_id: int | None = None) -> Checkup:
        """Look at every gated group, or one, and at the channels they require; renews the channels' names."""
        gates = [live.gate for live in self._gates.all() if chat_id in (None, live.gate.chat_id)]
        if chat_id is not None and not gates:
            raise NotFound("This group is not protected.", code="no_gate")
        links = _Links((await self._telegram.get_me()).username)
        rights: list[Rights] = []
        findings: list[Finding] = []
        for gate in gates:
            row, found = await self._group(gate, links)
            rights.append(row)
            findings += found
        for channel in {channel.id: channel for gate in gates for channel in gate.channels}.values():
            row, found = await self._channel(channel, links)
            rights.append(row)
            findings += found
        return Checkup(tuple(rights), tuple(findings))

    async def _group(self, gate: Gate, links: "_Links") -> tuple[Rights, list[Finding]]:
        place, info = (
            await place_or_outside(self._telegram, gate.chat_id, self._bot_id),
            await self._info(gate.chat_id),
        )
        label = plain(gate.title) or str(gate.chat_id)
        row = Rights(
            chat_id=gate.chat_id,
            label=label,
            kind="group",
            is_admin=place.is_admin,
            deletes=place.can_delete_messages,
            restricts=place.can_restrict_members,
            invites=place.can_invite_users,
        )
        return row, [
            Finding(chat_id=gate.chat_id, label=label, severity=severity, text=text, remedy=remedy, link=link)
            for severity, text, remedy, link in _group_faults(gate, place, info, links)
        ]

    async def _channel(self, channel: Channel, links: "_Links") -> tuple[Rights, list[Finding]]:
        place, info = (
            await place_or_outside(self._telegram, channel.id, self._bot_id),
            await self._info(channel.id),
        )
        label = plain(channel.label) or str(channel.id)
        row = Rights(
            chat_id=channel.id,
            label=label,
            kind="channel",
            is_admin=place.is_admin,
            deletes=None,
            restricts=None,
            invites=place.can_invite_users,
        )
        if info is not None:
            await self._renew(channel, info)
        return row, [
            Finding(chat_id=channel.id, label=label, severity=severity, text=text, remedy=remedy, link=link)
            for severity, text, remedy, link in _channel_faults(channel, place, info, links)
        ]

    async def _renew(self, channel: Channel, info: ChatInfo) -> None:
        """The id binds; title, name and link are for people, and may have changed."""
        url = f"https://t.me/{info.username}" if info.username else info.invite_link or channel.join_url
        fresh = replace(channel, title=info.title, username=info.username, join_url=url)
        if fresh == channel:
            return
        async with self._database.transaction() as connection:
            await GateStore(connection, self._bot_id).rename_channel(fresh)
        for live in list(self._gates.requiring(channel.id)):
            await self._gates.renew(live.gate.chat_id)

    async def _info(self, chat_id: int) -> ChatInfo | None:
        """None when the bot cannot see the chat, or there is none any more."""
        try:
            return await self._telegram.get_chat(chat_id)
        except NotFound:
            return None
        except GatecrierError as error:
            if meaning(error) is Standing.MISCONFIGURED:
                return None
            raise


class _Links:
    """Addresses that open Telegram's dialog for making this bot an administrator."""

    def __init__(self, username: str) -> None:
        self._bot = f"https://t.me/{username}" if username else ""

    def group(self) -> str:
        return (
            f"{self._bot}?startgroup&admin=delete_messages+restrict_members+invite_users" if self._bot else ""
        )

    def channel(self) -> str:
        return f"{self._bot}?startchannel&admin=invite_users" if self._bot else ""


Fault = tuple[Severity, str, str, str]
"""Severity, text, remedy, link."""


def _group_faults(gate: Gate, place: ChatMember, info: ChatInfo | None, links: _Links) -> Iterable[Fault]:
    if not place.belongs:
        yield Severity.ERROR, "I am not in this group.", "Add me as an administrator.", links.group()
        return
    lacking = [
        name
        for name, given in (
            ("Delete messages", place.can_delete_messages),
            ("Ban users", place.can_restrict_members),
        )
        if not given
    ]
    if lacking:
        text = f"I lack the right: {', '.join(lacking)}."
        yield Severity.ERROR, text, "Give it to me in the group's list of admins.", links.group()
    if is_basic_group(gate.chat_id):
        yield (
            Severity.WARNING,
            "This is a basic group: nobody can be muted, messages are deleted again and again.",
            "Turn it into a supergroup: show the chat history to new members.",
            "",
        )
    if info is not None and info.join_by_request and not place.can_invite_users:
        yield (
            Severity.WARNING,
            "People ask to join here, and I may not answer them.",
            'Give me the right "Invite users via link".',
            links.group(),
        )


def _channel_faults(
    channel: Channel, place: ChatMember, info: ChatInfo | None, links: _Links
) -> Iterable[Fault]:
    if info is None or not place.is_admin:
        yield (
            Severity.ERROR,
            "I am no administrator of this channel, so nobody can be verified.",
            "Make me one, or take the channel off: /unprotect.",
            links.channel(),
        )
        return
    if channel.username and info.username != channel.username:
        now = f"@{info.username}" if info.username else "private"
        text = f"It was @{channel.username} and is {now} now; its number binds, so nothing else changed."
        yield Severity.WARNING, text, "Nothing to do: the cards show its new name.", ""
    if not info.username and not info.invite_link:
        text = "It is private, and I have no invite link to show."
        yield Severity.WARNING, text, 'Give me the right "Invite users via link".', links.channel()
