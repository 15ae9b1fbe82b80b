"""
Telegram's objects as our own event records: only the fields we use, decoded by msgspec in 1 to 2 µs.

A full typed parse costs 60 to 230 µs, so group traffic never sees one; screens (aiogram) get
the raw bytes. Field names follow our glossary where it has a word: `sender` is `from`,
`thread_id` is `message_thread_id`. Dates are Unix seconds, as Telegram sends them.
Source: Bot API 10.3, Update and the objects it carries.
"""

from enum import StrEnum
from typing import Literal

import msgspec

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "message_reaction",
)
"""What we subscribe to. `chat_member` and reactions are not in Telegram's default set and must be named."""


class Record(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A decoded object; `gc=False`: records never form cycles, and a large heap makes the collector slow."""


class Person(Record, frozen=True):
    """A Telegram user, human or bot (Bot API User)."""

    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    is_premium: bool = False

    @property
    def name(self) -> str:
        """First and last name, as Telegram shows them: hostile text, escape before use."""
        return f"{self.first_name} {self.last_name}".strip()


class ChatType(StrEnum):
    """Kinds of chats."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
"""Where people talk with one another."""


class Chat(Record, frozen=True):
    """Any peer with an id."""

    id: int
    type: ChatType
    title: str = ""
    username: str = ""


class Marker(Record, frozen=True):
    """Stands for an object of which only the presence matters."""


class Entity(Record, frozen=True):
    """A marked part of a text; offset and length in UTF-16 units."""

    type: str
    offset: int
    length: int


class Message(Record, frozen=True, rename={"sender": "from", "thread_id": "message_thread_id"}):
    """
    A message, or a service message.

    `sender` is a pseudo person (777000, 1087968824, 136817688) whenever `sender_chat` is set:
    decide by `sender_chat`, never by those numbers.
    """

    message_id: int
    date: int
    chat: Chat
    sender: Person | None = None
    sender_chat: Chat | None = None
    is_automatic_forward: bool = False
    media_group_id: str = ""
    thread_id: int | None = None
    text: str = ""
    entities: tuple[Entity, ...] = ()
    edit_date: int | None = None
    reply_to_message: Marker | None = None
    via_bot: Person | None = None
    forward_origin: Marker | None = None
    guest_bot_caller_user: Person | None = None
    new_chat_members: tuple[Person, ...] = ()
    left_chat_member: Person | None = None
    new_chat_title: str = ""
    new_chat_photo: tuple[Marker, ...] = ()
    delete_chat_photo: bool = False
    group_chat_created: bool = False
    supergroup_chat_created: bool = False
    pinned_message: Marker | None = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None
    video_chat_started: Marker | None = None
    video_chat_ended: Marker | None = None
    video_chat_scheduled: Marker | None = None
    video_chat_participants_invited: Marker | None = None
    message_auto_delete_timer_changed: Marker | None = None
    forum_topic_created: Marker | None = None
    forum_topic_edited: Marker | None = None
    forum_topic_closed: Marker | None = None
    forum_topic_reopened: Marker | None = None
    boost_added: Marker | None = None
    community_chat_joined: Marker | None = None

    @property
    def is_service(self) -> bool:
        """Whether Telegram itself reports something (joined, pinned, renamed...); such carry no text."""
        return not self.text and bool(
            self.new_chat_members
            or self.left_chat_member
            or self.new_chat_title
            or self.new_chat_photo
            or self.delete_chat_photo
            or self.group_chat_created
            or self.supergroup_chat_created
            or self.pinned_message
            or self.migrate_to_chat_id
            or self.migrate_from_chat_id
            or self.video_chat_started
            or self.video_chat_ended
            or self.video_chat_scheduled
            or self.video_chat_participants_invited
            or self.message_auto_delete_timer_changed
            or self.forum_topic_created
            or self.forum_topic_edited
            or self.forum_topic_closed
            or self.forum_topic_reopened
            or self.boost_added
            or self.community_chat_joined
        )

    @property
    def command(self) -> str:
        """The bot command that opens the text, lower-case, without "/" and "@bot"; "" when there is none."""
        if not self.entities or self.entities[0].type != "bot_command" or self.entities[0].offset != 0:
            return ""
        return self.text[1 : self.entities[0].length].partition("@")[0].lower()


class Permissions(Record, frozen=True):
    """
    What a member may do in a group: the sixteen flags of Bot API ChatPermissions.

    Telegram takes an omitted flag for false (or derives it), so we always send all sixteen.
    """

    can_send_messages: bool = False
    can_send_audios: bool = False
    can_send_documents: bool = False
    can_send_photos: bool = False
    can_send_videos: bool = False
    can_send_video_notes: bool = False
    can_send_voice_notes: bool = False
    can_send_polls: bool = False
    can_send_other_messages: bool = False
    can_add_web_page_previews: bool = False
    can_react_to_messages: bool = False
    can_edit_tag: bool = False
    can_change_info: bool = False
    can_invite_users: bool = False
    can_pin_messages: bool = False
    can_manage_topics: bool = False

    @classmethod
    def all(cls) -> "Permissions":
        """Every right a group can give: the only value that leaves no trace in its exceptions list."""
        return cls(**dict.fromkeys(cls.__struct_fields__, True))

    def as_params(self) -> dict[str, bool]:
        """All sixteen flags, false ones too, as Telegram wants them."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


MemberStatus = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]


class ChatMember(Permissions, frozen=True, rename={"person": "user"}):
    """
    One person's place in one chat (the six Bot API ChatMember kinds in one record).

    The sixteen flags are Telegram's only for `restricted`; for administrators `can_restrict_members`
    and its like tell their rights. `until_date` 0 means for ever.
    """

    status: MemberStatus = "left"
    person: Person = Person(id=0)
    is_member: bool = False
    is_anonymous: bool = False
    until_date: int = 0
    can_restrict_members: bool = False
    can_delete_messages: bool = False
    can_promote_members: bool = False
    can_post_messages: bool = False

    @property
    def belongs(self) -> bool:
        """Whether the person is in the chat: restricted people may be, or may not."""
        return self.status in ("creator", "administrator", "member") or (
            self.status == "restricted" and self.is_member
        )

    @property
    def is_admin(self) -> bool:
        """Owner or administrator."""
        return self.status in ("creator", "administrator")

    @property
    def permissions(self) -> Permissions:
        """Just the sixteen flags."""
        return Permissions(**{name: getattr(self, name) for name in Permissions.__struct_fields__})


class ChatInfo(Record, frozen=True):
    """What getChat tells (Bot API ChatFullInfo, the parts we use)."""

    id: int
    type: ChatType
    title: str = ""
    username: str = ""
    linked_chat_id: int | None = None
    invite_link: str = ""
    permissions: Permissions | None = None
    join_by_request: bool = False


class InviteLink(Record, frozen=True):
    """A link by which somebody comes; of another admin's a bot sees the beginning only, and three dots."""

    invite_link: str = ""


class MemberChange(
    Record, frozen=True, rename={"sender": "from", "old": "old_chat_member", "new": "new_chat_member"}
):
    """Somebody's place in a chat changed; `sender` is who did it (Bot API ChatMemberUpdated)."""

    chat: Chat
    sender: Person
    date: int
    old: ChatMember
    new: ChatMember
    invite_link: InviteLink | None = None

    @property
    def link(self) -> str:
        """The link they came by; "" when they came otherwise."""
        return self.invite_link.invite_link if self.invite_link else ""

    @property
    def person(self) -> Person:
        """Whose place it is."""
        return self.new.person


class JoinRequest(Record, frozen=True, rename={"person": "from", "private_chat_id": "user_chat_id"}):
    """
    Somebody asks to be let in (Bot API ChatJoinRequest).

    Args:
        private_chat_id: Where the bot may write to them, for five minutes, while the request waits.
        query_id: Only for the chat's guard bot, which must answer within ten seconds.
    """

    chat: Chat
    person: Person
    private_chat_id: int
    date: int
    invite_link: InviteLink | None = None
    query_id: str = ""

    @property
    def link(self) -> str:
        """The link they ask by; "" when they ask without one."""
        return self.invite_link.invite_link if self.invite_link else ""


class Reaction(Record, frozen=True, rename={"person": "user"}):
    """
    Somebody changed their reaction to a message (Bot API MessageReactionUpdated).

    Args:
        person, actor_chat: Who it was: a person, or a chat as which somebody speaks.
        new_reaction: Empty when they took it back.
    """

    chat: Chat
    message_id: int
    date: int
    person: Person | None = None
    actor_chat: Chat | None = None
    new_reaction: tuple[Marker, ...] = ()

    @property
    def actor_id(self) -> int:
        """Who reacted: a person's id, or a chat's; 0 when Telegram does not say."""
        actor = self.person or self.actor_chat
        return actor.id if actor else 0


class CardMessage(Record, frozen=True, rename={"thread_id": "message_thread_id"}):
    """The message a pressed button hangs on; Telegram sends date 0 when it is no longer accessible."""

    message_id: int
    chat: Chat
    date: int = 0
    thread_id: int | None = None


class ButtonPress(Record, frozen=True, rename={"sender": "from"}):
    """Somebody pressed an inline button (Bot API CallbackQuery); `data` is forgeable."""

    id: str
    sender: Person
    message: CardMessage | None = None
    data: str = ""


class Update(Record, frozen=True):
    """One update: exactly one of the optional fields is set; none when it is a kind we do not use."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: ButtonPress | None = None
    my_chat_member: MemberChange | None = None
    chat_member: MemberChange | None = None
    chat_join_request: JoinRequest | None = None
    message_reaction: Reaction | None = None


_decoder = msgspec.json.Decoder(Update)


def decode(body: bytes | msgspec.Raw) -> Update:
    """
    One update from its JSON.

    Raises:
        msgspec.DecodeError: not JSON, or not an Update (a field we use has another type).
    """
    return _decoder.decode(body)


class _Numbered(Record, frozen=True):
    update_id: int


_numbers = msgspec.json.Decoder(_Numbered)


def number_of(body: bytes | msgspec.Raw) -> int | None:
    """The number of an update that we do not understand; None when it has none, or is not JSON."""
    try:
        return _numbers.decode(body).update_id
    except msgspec.DecodeError:
        return None


class Received(Record, frozen=True):
    """An update as we read it, and its JSON for whoever needs all of it (aiogram)."""

    update: Update
    body: bytes
