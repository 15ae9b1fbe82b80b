"""The records of the world. Rooms hold messages; a message knows no room, so nothing here is circular."""

from enum import StrEnum

from msgspec import Struct, field

from gatecrier_sandbox.world.updates import UpdateQueue

Wire = dict[str, object]
"""A JSON object as a bot sees it."""


class ChatType(StrEnum):
    """What kind of chat it is; a private chat is a `Dialog`."""

    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class Status(StrEnum):
    """A member's status, in Telegram's words."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"


class Person(Struct, gc=False):
    """An account: a human, the face of a bot, or one of Telegram's pseudo accounts."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    is_premium: bool = False
    is_bot: bool = False
    deactivated: bool = False
    hides_forwards: bool = False


class Member(Struct, frozen=True, gc=False):
    """
    What one account is in one chat.

    `present` matters for restricted ones: a restriction outlives leaving. `until` is Unix seconds, 0 means
    for ever. `promoter` is who made this administrator: only they (and the owner) may edit or remove it.
    """

    status: Status
    present: bool = False
    rights: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    until: int = 0
    is_anonymous: bool = False
    custom_title: str = ""
    promoter: int = 0

    @property
    def is_admin(self) -> bool:
        """Whether this is the owner or an administrator."""
        return self.status in {Status.CREATOR, Status.ADMINISTRATOR}


OUTSIDE = Member(Status.LEFT)
INSIDE = Member(Status.MEMBER, present=True)


class Message(Struct, gc=False):
    """
    One message. Dates are Unix seconds; what is held as `Wire` is JSON as a bot sees it.

    `text` is the text, or the caption where there is `content`: the fields of what is carried besides words
    (`{"photo": [...]}`). `service` holds the fields of a service message (`new_chat_members`, ...). `markup`
    is the inline keyboard, `keyboard` a markup of another kind: such a message is not `editable`. `forward`
    is forward_origin with its legacy twins, `reply_extra` a quote or external_reply. `bot_id` is the bot
    that sent it, also where `sender_id` hides it (a channel's posts). `receiver_id`: an ephemeral message,
    seen by this person only. `reactions`: by the reaction's JSON, who gave it.
    """

    message_id: int
    date: int
    sender_id: int = 0
    sender_chat_id: int = 0
    text: str = ""
    entities: list[Wire] = field(default_factory=list)
    content: Wire | None = None
    poll_id: str = ""
    markup: Wire | None = None
    keyboard: Wire | None = None
    editable: bool = True
    edit_date: int = 0
    thread_id: int = 0
    is_topic: bool = False
    media_group_id: str = ""
    reply_to: "Message | None" = None
    reply_extra: Wire | None = None
    forward: Wire | None = None
    service: Wire | None = None
    protected: bool = False
    signature: str = ""
    effect_id: str = ""
    bot_id: int = 0
    via_bot_id: int = 0
    receiver_id: int = 0
    reactions: dict[str, list[int]] | None = None

    @property
    def is_media(self) -> bool:
        """Whether its words are a caption."""
        return self.content is not None or bool(self.poll_id)


class InviteLink(Struct, gc=False):
    """A link that lets people in. `expire_date` in Unix seconds and `member_limit`: 0 means none."""

    url: str
    creator_id: int
    is_primary: bool = False
    name: str = ""
    expire_date: int = 0
    member_limit: int = 0
    creates_join_request: bool = False
    is_revoked: bool = False


class Chat(Struct):
    """A group, supergroup or channel."""

    id: int
    type: ChatType
    title: str
    username: str = ""
    linked_chat_id: int = 0
    permissions: frozenset[str] = frozenset()
    members: dict[int, Member] = field(default_factory=dict)
    bot_ids: set[int] = field(default_factory=set)
    messages: dict[int, Message] = field(default_factory=dict)
    ephemeral: dict[int, Message] = field(default_factory=dict)
    next_ephemeral_id: int = 1
    pinned: list[int] = field(default_factory=list)
    next_message_id: int = 1
    links: list[InviteLink] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        """Whether people talk here (a basic group or a supergroup)."""
        return self.type is not ChatType.CHANNEL


class Dialog(Struct):
    """The private chat of one bot and one person. It exists once the person has written to the bot."""

    bot_id: int
    person_id: int
    blocked: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)


Room = Chat | Dialog


class Bot(Struct):
    """
    A bot: its token, its queue, what it has seen. Message ids of its private chats are one sequence.

    `nanostars` is its balance of Telegram Stars, in billionths.
    """

    id: int
    token: str
    queue: UpdateQueue
    reads_all: bool = True
    dialogs: dict[int, Dialog] = field(default_factory=dict)
    known_chats: set[int] = field(default_factory=set)
    commands: dict[str, list[Wire]] = field(default_factory=dict)
    next_message_id: int = 1
    nanostars: int = 0


class Click(Struct):
    """A press of an inline button, waiting for the bot's answer."""

    id: str
    bot_id: int
    user_id: int
    date: float
    chat_id: int = 0
    answered: bool = False
    text: str = ""
    show_alert: bool = False
    url: str = ""
