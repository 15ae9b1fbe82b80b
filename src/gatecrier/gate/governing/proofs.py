"""
Proofs before a gate is changed: each asks Telegram at that moment, and trusts no memory.

Who changes a group's gate must administer that group, and the channel too: else one could probe
who belongs to a stranger's channel. Every refusal says what is wrong and what to do about it.
"""

from gatecrier.gate.governing.references import Reference
from gatecrier.gate.holding.suspension import can_enforce
from gatecrier.gate.knowledge.verification import meaning, place_or_outside
from gatecrier.gate.model import Channel
from gatecrier.gate.outside import Reads
from gatecrier.gate.standing import Standing
from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, PeerGone, Refused
from gatecrier.kernel.names import plain
from gatecrier.telegram.updates import GROUPS, Chat, ChatInfo, ChatMember, ChatType, Person


class Proofs:
    """
    Asks Telegram about actors, the bot and channels.

    Raises (every method): Refused or Misconfigured, as said; TryLater when Telegram does not answer.
    """

    def __init__(self, telegram: Reads, bot_id: int) -> None:
        self._telegram = telegram
        self._bot_id = bot_id

    async def admin_of_group(self, chat: Chat, actor: Person | None, sender_chat: Chat | None) -> Person:
        """The person who asks, proven to be an admin of this group who may restrict members."""
        require_group(chat)
        return await self.admin(chat.id, _require_person(chat, actor, sender_chat))

    async def admin(self, chat_id: int, person: Person) -> Person:
        """A person, proven to be an admin of this group who may restrict members."""
        place = await self._place_in_group(chat_id, person)
        if place.status == "creator" or (place.status == "administrator" and place.can_restrict_members):
            return person
        raise Refused(
            "Only an admin of this group who may ban members can do that.",
            remedy="Ask the group's owner.",
            code="not_admin",
        )

    async def group(self, chat_id: int) -> Chat:
        """The group of this id, which this bot can look at."""
        info = await self._find(chat_id)
        chat = Chat(id=info.id, type=info.type, title=info.title, username=info.username)
        require_group(chat)
        return chat

    async def number_of(self, name: str) -> int:
        """The id of the chat that has this @name now."""
        return (await self._find(name)).id

    async def bot_can_enforce(self, chat: Chat) -> None:
        """This bot may delete messages and restrict members in the group."""
        place = await place_or_outside(self._telegram, chat.id, self._bot_id)
        if can_enforce(place):
            return
        rights = {"delete messages": place.can_delete_messages, "ban users": place.can_restrict_members}
        lacking = " and ".join(f'"{name}"' for name, given in rights.items() if not given)
        raise Misconfigured(
            f"I am not allowed to do that here: I lack {lacking or 'administrator rights'}.",
            remedy="Make me an administrator with these rights, then try again.",
            code="bot_lacks_rights",
        )

    async def channel(self, reference: Reference, actor: Person | None) -> Channel:
        """The channel that is named, which this bot and the actor both administer; None: an operator."""
        info = await self._find(reference)
        _require_channel(info, reference)
        label = _label(info)
        if not (await place_or_outside(self._telegram, info.id, self._bot_id)).is_admin:
            raise Misconfigured(
                f"I am no administrator of {label}, so Telegram does not tell me who belongs to it.",
                remedy="Add me there as an administrator (no special right is needed), then try again.",
                code="bot_not_in_channel",
            )
        if actor is not None and not (await place_or_outside(self._telegram, info.id, actor.id)).is_admin:
            raise Refused(
                f"You are no administrator of {label}.",
                remedy="One of its administrators, who is an admin here too, must send this command.",
                code="channel_not_yours",
            )
        return Channel(id=info.id, title=info.title, username=info.username, join_url=_join_url(info))

    async def _find(self, reference: Reference) -> ChatInfo:
        try:
            return await self._telegram.get_chat(reference)
        except NotFound as error:
            raise NotFound(
                f"I can find no channel {reference}.",
                remedy="Check the spelling. A private channel must make me an administrator first.",
                code="channel_not_found",
            ) from error
        except GatecrierError as error:
            if meaning(error) is not Standing.MISCONFIGURED:
                raise
            raise Misconfigured(
                f"I cannot look at {reference}: {error.text}.",
                remedy="Add me to the channel as an administrator, then try again.",
                code="bot_not_in_channel",
            ) from error

    async def _place_in_group(self, chat_id: int, person: Person) -> ChatMember:
        try:
            return await self._telegram.get_member(chat_id, person.id)
        except NotFound:
            return ChatMember()
        except (Misconfigured, PeerGone) as error:
            raise Misconfigured(
                "I cannot see who is an admin here.",
                remedy="Make me an administrator of this group, then try again.",
                code="bot_lacks_rights",
            ) from error


def require_group(chat: Chat) -> None:
    """
    Only groups can be gated.

    Raises:
        Refused: it is another kind of chat.
    """
    if chat.type not in GROUPS:
        raise Refused("This works in groups only.", remedy="Send it in the group.", code="not_a_group")


def _require_person(chat: Chat, actor: Person | None, sender_chat: Chat | None) -> Person:
    if sender_chat is not None and sender_chat.id == chat.id:
        raise Refused(
            "You are writing as an anonymous admin, so I cannot tell who you are.",
            remedy='Write as yourself: switch off "Remain anonymous" in your admin rights for a moment.',
            code="anonymous_admin",
        )
    if sender_chat is not None or actor is None or actor.is_bot:
        raise Refused(
            "Only a person can do that.", remedy="Write as yourself, not as a channel.", code="not_a_person"
        )
    return actor


def _require_channel(info: ChatInfo, reference: Reference) -> None:
    if info.type is ChatType.CHANNEL:
        return
    what = "a person or a bot" if info.type is ChatType.PRIVATE else "a group"
    raise Refused(
        f"{reference} is {what}, not a channel.",
        remedy="Give me a channel: /protect @channel",
        code="not_a_channel",
    )


def _label(info: ChatInfo) -> str:
    return f"@{info.username}" if info.username else plain(info.title) or str(info.id)


def _join_url(info: ChatInfo) -> str:
    if info.username:
        return f"https://t.me/{info.username}"
    if info.invite_link:
        return info.invite_link
    raise Misconfigured(
        f"{_label(info)} is private, and I have no invite link to show.",
        remedy='Give me the right "invite users via link" in the channel, then try again.',
        code="no_invite_link",
    )
