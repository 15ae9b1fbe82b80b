"""
Who watches the bot: every call is judged at the moment it is done, by the sandbox's world alone.

    I1  nobody who governs a group, no channel of its own and no account of Telegram's is touched
    I2  what somebody else restricted is not lifted, what an admin freed is not muted again
    I3  gates change only by who may change them
    I4  the same update twice has one effect (the test delivers it twice; see `Witness.effects`)
    I5  nobody is muted who belongs to all that is required, unless that changed under the call

A call is excused where the world changed after the bot's last look at what the call rests on: Telegram
offers no way to look and act at once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gate_world.stage import Stage
from gatecrier.telegram.updates import Update
from gatecrier_sandbox.botapi.api import Answer
from gatecrier_sandbox.world.model import Member, Message, Status
from gatecrier_sandbox.world.permissions import ALL
from gatecrier_sandbox.world.state import PSEUDO

READS = frozenset({"getChatMember", "getChatAdministrators", "getChat", "getMe"})
PROMPT = 10
"""Seconds: an update of somebody's leave that came in so short a time may be believed without a look."""
NEVER = frozenset({"banChatMember", "unbanChatMember", "kickChatMember", "promoteChatMember"})
"""What a gate with the usual options has no business with."""

Key = tuple[int, int]
"""A chat and a person."""


BANNED = frozenset({"banned"})


class Terms(NamedTuple):
    """What somebody may do in a group, until when (Unix seconds; 0: for good), as restrictions go."""

    permissions: frozenset[str]
    until: int = 0

    @classmethod
    def of(cls, member: Member) -> "Terms":
        """The terms of a member."""
        if member.status is Status.RESTRICTED:
            return cls(member.permissions, member.until)
        if member.status is Status.KICKED:
            return cls(BANNED, member.until)  # another thing than our mute, which takes every permission too
        return cls(ALL)


class Look(NamedTuple):
    """The bot's last look at somebody: how often the world had changed it until then, and what it saw."""

    changes: int
    member: Member


class Told(NamedTuple):
    """That somebody left: when the bot was told, and when that was (Unix seconds)."""

    at: float
    date: int


class Witness:
    """
    Watches one stage.

    Args:
        groups, channels, people: Whom it keeps an eye on.
    Attributes:
        wrongs: What broke an invariant, in words; a test asserts that there are none.
        ours: Whom the bot holds by the world's word → on what terms they were before.
        touched: Where a human admin decided something about somebody.
        effects: How many calls did something, for a test that repeats an update.
    """

    def __init__(
        self, stage: Stage, groups: Iterable[int], channels: Iterable[int], people: Iterable[int]
    ) -> None:
        self._stage = stage
        self._groups = tuple(groups)
        self._chats = (*self._groups, *channels)
        self._people = tuple(people)
        self.wrongs: list[str] = []
        self.ours: dict[Key, Terms] = {}
        self.touched: set[Key] = set()
        self.freed: set[Key] = set()
        self.effects = 0
        self._changes: Counter[Key] = Counter()
        self._looks: dict[Key, Look] = {}
        self._members: dict[Key, Member] = {}
        self._told: dict[Key, Told] = {}
        self._changed_at: dict[Key, float] = {}
        self._gates = self._demands()
        self.look(first=True)

    def meet(self, person: int) -> None:
        """Keep an eye on one more."""
        self._people = (*self._people, person)

    # What others do

    def look(self, *, first: bool = False) -> None:
        """See what people and time have changed since the last look; call it after each of their acts."""
        for key in ((chat, person) for chat in self._chats for person in self._people):
            member = self._stage.world.member(*key)
            before = self._members.get(key)
            self._members[key] = member
            if first or before is None or before == member:
                continue
            self._changes[key] += 1
            self._changed_at[key] = self._stage.world.clock.now()
            if Terms.of(before) != Terms.of(member) or before.is_admin != member.is_admin:
                self._decided(key, member)

    def tell(self, update: Update) -> None:
        """The bot is handed an update: a leave that it hears at once may be believed."""
        change = update.chat_member
        if change is not None and not change.new.belongs:
            now = self._stage.world.clock.now()
            self._told[change.chat.id, change.person.id] = Told(now, change.date)

    def _decided(self, key: Key, member: Member) -> None:
        """A human admin has spoken, or a time has run out."""
        speaks = member.present and "can_send_messages" in Terms.of(member).permissions
        if self.ours.pop(key, None) is not None and speaks:  # who is thrown out was not freed
            self.freed.add(key)
        else:
            self.freed.discard(key)
        self.touched.add(key)

    def check_gates(self) -> None:
        """I3, after each step."""
        governed, self._stage.screens.governed = self._stage.screens.governed, []
        self.wrongs += [f"I3: {one} changed a gate" for one in governed if not one.was_allowed]
        before, self._gates = self._gates, self._demands()
        changed = {id_ for id_ in before | self._gates if before.get(id_) != self._gates.get(id_)}
        for chat_id in changed - {one.chat_id for one in governed}:
            self.wrongs.append(f"I3: nobody changed the gate of {chat_id}, and it did")

    def _demands(self) -> dict[int, tuple[int, ...]]:
        return {live.gate.chat_id: live.channels for live in self._stage.app.first.gate.gates.all()}

    # What the bot does

    def before(self, method: str, params: Mapping[str, str]) -> Message | None:
        """Keep what would be gone afterwards."""
        if method == "restrictChatMember":
            self.look()  # a time may have run out
        if method != "deleteMessage":
            return None
        chat = self._stage.world.chats.get(int(params["chat_id"]))
        return chat.messages.get(int(params["message_id"])) if chat else None

    def after(self, method: str, params: Mapping[str, str], seen: object, answer: Answer) -> None:
        """Judge a call."""
        if method == "getChatMember":
            if answer.status == 200 and not answer.is_dropped:
                self._looked((int(params["chat_id"]), int(params["user_id"])))
        elif method not in READS:
            self._acted(method, params, seen, answer)

    def _looked(self, key: Key) -> None:
        self._looks[key] = Look(self._changes[key], self._stage.world.member(*key))

    def _acted(self, method: str, params: Mapping[str, str], seen: object, answer: Answer) -> None:
        if answer.status == 200 or answer.is_dropped:
            self.effects += 1
        if method in NEVER:
            self.wrongs.append(f"I1: {method} {dict(params)}")
        elif method == "restrictChatMember":
            self._restricted((int(params["chat_id"]), int(params["user_id"])))
        elif method == "banChatSenderChat":
            self._banned_channel(int(params["chat_id"]), int(params["sender_chat_id"]))
        elif isinstance(seen, Message):
            self._deleted(int(params["chat_id"]), seen)

    def _restricted(self, key: Key) -> None:
        member = self._stage.world.member(*key)
        before = self._members.get(key, member)
        self._members[key] = member
        if key[1] in PSEUDO or key[1] == self._stage.bot.id:
            self.wrongs.append(f"I1: {key} was to be restricted")
        old, new = Terms.of(before), Terms.of(member)
        if old == new:
            return
        if before.is_admin:
            self.wrongs.append(f"I1: {key}, an admin, was restricted")
        if new.permissions < old.permissions:
            self._muted(key, old)
        else:
            self._lifted(key, new)

    def _muted(self, key: Key, old: Terms) -> None:
        self.ours.setdefault(key, old)
        if key in self.freed and self._knows(key):
            self.wrongs.append(f"I2: {key}, freed by an admin, was muted again")
        if old.permissions == BANNED and self._knows(key):
            self.wrongs.append(f"I2: {key}, whom an admin banned, was let in again")
        group, person = key
        required = self._demands().get(group, ())
        if required and all(self._belongs_for_sure((channel, person)) for channel in required):
            self.wrongs.append(f"I5: {key}, who belongs to all of {required}, was muted")

    def _belongs_for_sure(self, key: Key) -> bool:
        """Whether somebody belongs, and the bot did not just see them outside, or hear it in time."""
        look, told = self._looks.get(key), self._told.get(key)
        if look is not None and not look.member.present and look.changes < self._changes[key]:
            return False
        was_prompt = told is not None and told.at - told.date <= PROMPT + 1
        if told is not None and was_prompt and self._changed_at.get(key, 0.0) >= told.date:
            return False
        return self._stage.world.member(*key).present

    def _lifted(self, key: Key, new: Terms) -> None:
        prior = self.ours.pop(key, None)
        if prior is None:
            if self._knows(key):
                self.wrongs.append(f"I2: {key} was restricted by somebody else, and was freed")
        elif prior.permissions != new.permissions and not 0 < prior.until <= self._stage.world.today:
            self.wrongs.append(f"I2: {key} got {len(new.permissions)} back, not {len(prior.permissions)}")

    def _knows(self, key: Key) -> bool:
        """Whether nothing changed since the bot last looked at somebody."""
        look = self._looks.get(key)
        return look is not None and look.changes == self._changes[key]

    def _banned_channel(self, group: int, channel: int) -> None:
        if channel in (group, self._stage.world.chats[group].linked_chat_id):
            self.wrongs.append(f"I1: {channel} was banned in {group}")

    def _deleted(self, group: int, message: Message) -> None:
        chat = self._stage.world.chats[group]
        if message.message_id in chat.messages:
            return
        member = self._stage.world.member(group, message.sender_id) if message.sender_id else None
        own = message.sender_chat_id in (group, chat.linked_chat_id) and message.sender_chat_id != 0
        if own or (member is not None and member.status is Status.CREATOR):
            self.wrongs.append(f"I1: {message.text!r} of {message.sender_id} was deleted in {group}")
