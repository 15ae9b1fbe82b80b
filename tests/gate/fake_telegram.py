"""A small Telegram: groups and channels with people in them, restrictions that hold, faults on demand."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gatecrier.kernel.errors import GatecrierError, Misconfigured, NotFound, Refused
from gatecrier.telegram.lanes import Lane
from gatecrier.telegram.messages import Button, Ephemeral
from gatecrier.telegram.updates import (
    Chat,
    ChatInfo,
    ChatMember,
    ChatType,
    InviteLink,
    JoinRequest,
    Marker,
    MemberChange,
    Message,
    Permissions,
    Person,
    Reaction,
)

BOT = Person(id=1, is_bot=True, first_name="Gatecrier", username="gate_bot")
GROUP = Chat(id=-1001000000002, type=ChatType.SUPERGROUP, title="The group")
OTHER_GROUP = Chat(id=-1001000000003, type=ChatType.SUPERGROUP, title="Another group")
CHANNEL = Chat(id=-1001000000001, type=ChatType.CHANNEL, title="News", username="news")
SECOND = Chat(id=-1001000000004, type=ChatType.CHANNEL, title="More", username="more")
OWNER = Person(id=10, first_name="Olga")
ANN = Person(id=20, first_name="Ann")
BEN = Person(id=21, first_name="Ben")
ADA = Person(id=11, first_name="Ada")

FULL_RIGHTS = {"can_restrict_members": True, "can_delete_messages": True}


def place(person: Person, status: str = "member", **fields: Any) -> ChatMember:
    """A person's place in a chat."""
    return ChatMember(person=person, status=status, **fields)  # type: ignore[arg-type]


@dataclass
class Shown:
    """A message of the bot's that people can see."""

    text: str
    buttons: list[Button]
    thread_id: int | None


@dataclass
class FakeTelegram:
    """
    The world, and every call made on it.

    Args:
        whispers: What one person alone sees, by group, person and number.
        is_old: A Bot API server that knows nothing of those, and shows them to everybody.
        faults: method name, or (method name, chat id) → the error that its calls raise.
    """

    bot: Person = BOT
    infos: dict[int, ChatInfo] = field(default_factory=dict)
    places: dict[tuple[int, int], ChatMember] = field(default_factory=dict)
    messages: set[tuple[int, int]] = field(default_factory=set)
    shown: dict[tuple[int, int], Shown] = field(default_factory=dict)
    whispers: dict[tuple[int, int, int], Shown] = field(default_factory=dict)
    calls: list[tuple[str, int, int]] = field(default_factory=list)
    faults: dict[str | tuple[str, int], GatecrierError] = field(default_factory=dict)
    asking: set[tuple[int, int]] = field(default_factory=set)
    queries: dict[str, tuple[int, int]] = field(default_factory=dict)
    next_id: int = 5000
    is_old: bool = False
    sent_at: list[datetime] = field(default_factory=list)

    def add(self, chat: Chat, **fields: Any) -> None:
        """A chat, with the bot and the owner in it."""
        self.infos[chat.id] = ChatInfo(
            id=chat.id, type=chat.type, title=chat.title, username=chat.username, **fields
        )
        self.put(chat, place(BOT, "administrator", **FULL_RIGHTS))
        self.put(chat, place(OWNER, "creator"))

    def put(self, chat: Chat, member: ChatMember) -> None:
        """Give a person a place."""
        self.places[chat.id, member.person.id] = member

    def at(self, chat: Chat, person: Person) -> ChatMember:
        """A person's place."""
        return self.places.get((chat.id, person.id), ChatMember(person=person))

    def silent(self, chat: Chat, person: Person) -> bool:
        """Whether a person cannot write."""
        member = self.at(chat, person)
        return member.status == "kicked" or (member.status == "restricted" and not member.can_send_messages)

    def count(self, method: str, chat: Chat | None = None) -> int:
        """How often a method was called, on this chat or on any."""
        return sum(
            1 for name, chat_id, _ in self.calls if name == method and (not chat or chat_id == chat.id)
        )

    def cards(self, chat: Chat = GROUP) -> list[Shown]:
        """The bot's messages in a chat that carry buttons."""
        return [shown for (chat_id, _), shown in self.shown.items() if chat_id == chat.id and shown.buttons]

    def cards_of(self, person_id: int) -> list[Shown]:
        """The bot's messages with buttons in a person's private chat."""
        return [shown for (chat_id, _), shown in self.shown.items() if chat_id == person_id and shown.buttons]

    def private(self, person: Person = ANN, chat: Chat = GROUP) -> list[Shown]:
        """What one person alone sees in a chat."""
        return [
            shown
            for (chat_id, person_id, _), shown in self.whispers.items()
            if (chat_id, person_id) == (chat.id, person.id)
        ]

    def notices(self, chat: Chat = GROUP) -> list[str]:
        """The bot's messages in a chat without buttons."""
        return [
            shown.text
            for (chat_id, _), shown in self.shown.items()
            if chat_id == chat.id and not shown.buttons
        ]

    def counts(self) -> Counter[str]:
        """Calls by method."""
        return Counter(name for name, _, _ in self.calls)

    async def get_member(self, chat_id: int, person_id: int, *, lane: Lane = Lane.ENFORCE) -> ChatMember:
        self._call("get_member", chat_id, person_id)
        bot = self.places.get((chat_id, BOT.id), ChatMember())
        if self.infos[chat_id].type is ChatType.CHANNEL and not bot.is_admin:
            raise Misconfigured("member list is inaccessible", code="member_list_inaccessible")
        return self.places.get((chat_id, person_id), ChatMember(person=Person(id=person_id)))

    async def get_admins(self, chat_id: int) -> list[ChatMember]:
        self._call("get_admins", chat_id)
        return [member for (chat, _), member in self.places.items() if chat == chat_id and member.is_admin]

    async def get_me(self) -> Person:
        return BOT

    async def get_chat(self, chat: int | str) -> ChatInfo:
        self._call("get_chat", chat if isinstance(chat, int) else 0)
        for info in self.infos.values():
            if chat == info.id or str(chat).lower() == f"@{info.username}".lower():
                return info
        raise NotFound("chat not found", code="chat_not_found")

    async def restrict(
        self, chat_id: int, person_id: int, permissions: Permissions, *, until: datetime | None = None
    ) -> None:
        self._call("restrict", chat_id, person_id)
        if not self.places[chat_id, BOT.id].can_restrict_members:
            raise Misconfigured("not enough rights", code="no_rights")
        before = self.places.get((chat_id, person_id), ChatMember(person=Person(id=person_id)))
        if before.is_admin:
            raise Refused("user is an administrator of the chat", code="member_is_admin")
        if permissions == Permissions.all():
            status = "member" if before.belongs else "left"
            self.places[chat_id, person_id] = place(before.person, status)
            return
        self.places[chat_id, person_id] = place(
            before.person,
            "restricted",
            is_member=before.belongs,
            until_date=int(until.timestamp()) if until else 0,
            **permissions.as_params(),
        )

    async def kick(self, chat_id: int, person_id: int) -> None:
        self._call("kick", chat_id, person_id)
        self.places[chat_id, person_id] = place(self.places[chat_id, person_id].person, "left")

    async def ban_sender_chat(self, chat_id: int, channel_id: int) -> None:
        self._call("ban_sender_chat", chat_id, channel_id)

    async def approve_join_request(self, chat_id: int, person_id: int) -> None:
        self._call("approve_join_request", chat_id, person_id)
        if (chat_id, person_id) not in self.asking:
            raise NotFound("HIDE_REQUESTER_MISSING", code="no_join_request")
        self.asking.discard((chat_id, person_id))
        person = self.places.get((chat_id, person_id), ChatMember(person=Person(id=person_id))).person
        self.places[chat_id, person_id] = place(person)

    async def answer_join_query(self, query_id: str, result: str) -> bool:
        self._call(f"answer_join_query:{result}", 0)
        if query_id not in self.queries:
            return False
        chat_id, person_id = self.queries.pop(query_id)
        if result == "approve":
            self.asking.discard((chat_id, person_id))
            self.places[chat_id, person_id] = place(Person(id=person_id))
        return True

    async def delete_reactions(self, chat_id: int, actor_id: int) -> None:
        self._call("delete_reactions", chat_id, actor_id)
        if not self.places[chat_id, BOT.id].can_delete_messages:
            raise Misconfigured("CHAT_ADMIN_REQUIRED", code="no_rights")

    async def delete_message(self, chat_id: int, message_id: int) -> bool:
        self._call("delete_message", chat_id, message_id)
        if chat_id < 0 and not self.places[chat_id, BOT.id].can_delete_messages:
            raise Refused("message can't be deleted", code="cannot_delete")
        there = (chat_id, message_id) in self.messages | self.shown.keys()
        self.messages.discard((chat_id, message_id))
        self.shown.pop((chat_id, message_id), None)
        return there

    async def delete_messages(self, chat_id: int, message_ids: Sequence[int]) -> None:
        self._call("delete_messages", chat_id, len(message_ids))
        for message_id in message_ids:
            self.shown.pop((chat_id, message_id), None)

    async def send_ephemeral(
        self,
        chat_id: int,
        receiver_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: str = "",
        buttons: Sequence[Sequence[Button]] = (),
        thread_id: int | None = None,
    ) -> Ephemeral:
        self._call("send_ephemeral", chat_id, receiver_id)
        self.next_id += 1
        shown = Shown(text, [each for row in buttons for each in row], thread_id)
        if self.is_old:
            self.shown[chat_id, self.next_id] = shown
            return Ephemeral(0, self.next_id)
        self.whispers[chat_id, receiver_id, self.next_id] = shown
        return Ephemeral(self.next_id)

    async def delete_ephemeral(self, chat_id: int, receiver_id: int, ephemeral_id: int) -> bool:
        self._call("delete_ephemeral", chat_id, receiver_id)
        return self.whispers.pop((chat_id, receiver_id, ephemeral_id), None) is not None

    async def send_message(
        self,
        chat_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: str = "",
        buttons: Sequence[Sequence[Button]] = (),
        thread_id: int | None = None,
        silent: bool = False,
        link_preview: bool = True,
    ) -> int:
        self._call("send_message", chat_id)
        self.next_id += 1
        self.shown[chat_id, self.next_id] = Shown(text, [each for row in buttons for each in row], thread_id)
        return self.next_id

    async def edit_text(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        *,
        lane: Lane,
        parse_mode: str = "",
        buttons: Sequence[Sequence[Button]] = (),
    ) -> None:
        self._call("edit_text", chat_id, message_id)
        if (chat_id, message_id) not in self.shown:
            raise NotFound("message to edit not found", code="message_gone")
        shown = self.shown[chat_id, message_id]
        shown.text, shown.buttons = text, [each for row in buttons for each in row]

    def _call(self, method: str, chat_id: int, about: int = 0) -> None:
        self.calls.append((method, chat_id, about))
        for key in (method, (method, chat_id)):
            if key in self.faults:
                raise self.faults[key]


@dataclass
class Pen:
    """Writes messages and changes as Telegram would report them."""

    telegram: FakeTelegram
    now: Any
    next_id: int = 100

    def message(self, sender: Person | None = ANN, chat: Chat = GROUP, **fields: Any) -> Message:
        """A message that is there to be deleted."""
        self.next_id += 1
        self.telegram.messages.add((chat.id, self.next_id))
        given = {"text": "Hello", "date": int(self.now().timestamp()), **fields}
        return Message(message_id=self.next_id, chat=chat, sender=sender, **given)

    def request(self, person: Person = ANN, chat: Chat = GROUP, **fields: Any) -> JoinRequest:
        """A person asks to be let in; with `query_id` the bot guards the door."""
        self.telegram.asking.add((chat.id, person.id))
        given = {"private_chat_id": person.id, "date": int(self.now().timestamp()), **fields}
        if query_id := given.get("query_id"):
            self.telegram.queries[query_id] = (chat.id, person.id)
        return JoinRequest(chat=chat, person=person, **given)

    def reaction(self, person: Person | None = ANN, chat: Chat = GROUP, **fields: Any) -> Reaction:
        """A person, or with `actor_chat` a chat, reacts to a message."""
        given = {"new_reaction": (Marker(),), "date": int(self.now().timestamp()), **fields}
        return Reaction(chat=chat, message_id=7, person=person, **given)

    def change(
        self,
        chat: Chat,
        new: ChatMember,
        *,
        by: Person | None = None,
        date: int | None = None,
        link: str = "",
    ) -> MemberChange:
        """A person's place becomes `new`, by their own act or by `by`'s; reported like this."""
        old = self.telegram.at(chat, new.person)
        self.telegram.put(chat, new)
        when = int(self.now().timestamp()) if date is None else date
        return MemberChange(
            chat=chat, sender=by or new.person, date=when, old=old, new=new, invite_link=InviteLink(link)
        )
