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


class Person(Struct, gc=False, omit_defaults=True):
    """An account: a human, the face of a bot, or one of Telegram's pseudo accounts. Newest photo first."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    is_premium: bool = False
    is_bot: bool = False
    deactivated: bool = False
    hides_forwards: bool = False
    bio: str = ""
    photo_ids: tuple[str, ...] = ()


class Member(Struct, frozen=True, gc=False, omit_defaults=True):
    """
    What one account is in one chat.

    `present` matters for restricted ones: a restriction outlives leaving. `until` is Unix seconds, 0 means
    for ever; a member's is the end of a paid subscription. `promoter` is who made this administrator: only
    they (and the owner) may edit or remove it.
    """

    status: Status
    present: bool = False
    rights: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    until: int = 0
    is_anonymous: bool = False
    custom_title: str = ""
    promoter: int = 0
    tag: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether this is the owner or an administrator."""
        return self.status in {Status.CREATOR, Status.ADMINISTRATOR}


OUTSIDE = Member(Status.LEFT)
INSIDE = Member(Status.MEMBER, present=True)


class Message(Struct, gc=False, omit_defaults=True):
    """
    One message. Dates are Unix seconds; what is held as `Wire` is JSON as a bot sees it.

    `text` is the text, or the caption where there is `content`: the fields of what is carried besides words
    (`{"photo": [...]}`). `service` holds the fields of a service message (`new_chat_members`, ...). `markup`
    is the inline keyboard, `keyboard` a markup of another kind: such a message is not `editable`. `forward`
    is forward_origin with its legacy twins, `reply_extra` a quote or external_reply. `bot_id` is the bot
    that sent it, also where `sender_id` hides it (a channel's posts). `receiver_id`: an ephemeral message,
    seen by this person only, in place of `replaces_id`. `inline_id`: how the bot it came by edits it.
    `guest_caller_id`: who called the guest bot that wrote it (a chat's id if somebody anonymous did).
    `reactions`: by the reaction's JSON, who gave it (a chat's id where somebody anonymous did).
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
    replaces_id: int = 0
    inline_id: str = ""
    guest_caller_id: int = 0
    reactions: dict[str, list[int]] | None = None

    @property
    def is_media(self) -> bool:
        """Whether its words are a caption."""
        return self.content is not None or bool(self.poll_id)


class InviteLink(Struct, gc=False, omit_defaults=True):
    """
    A link that lets people in. `expire_date` in Unix seconds and `member_limit`: 0 means none.

    `joined` holds who came in by it. A subscription has a price in Stars per period in seconds.
    """

    url: str
    creator_id: int
    is_primary: bool = False
    name: str = ""
    expire_date: int = 0
    member_limit: int = 0
    creates_join_request: bool = False
    is_revoked: bool = False
    subscription_period: int = 0
    subscription_price: int = 0
    joined: set[int] = field(default_factory=set)


class JoinRequest(Struct, gc=False, omit_defaults=True):
    """
    Somebody's wish to come in, by a link or (None) directly.

    `query_id`: the guard bot is being asked, so no other bot knows yet. `web_app_url`: the Mini App it
    showed; from then on it may take its time.
    """

    user_id: int
    date: int
    bio: str = ""
    link: InviteLink | None = None
    query_id: str = ""
    web_app_url: str = ""


GENERAL = 1
"""The number of a forum's first topic, which has no first message."""


class Topic(Struct, gc=False, omit_defaults=True):
    """A forum topic; its number is that of the message that created it. Only General can be hidden."""

    id: int
    name: str
    icon_color: int
    icon_emoji_id: str = ""
    creator_id: int = 0
    is_closed: bool = False
    is_hidden: bool = False


class Chat(Struct, omit_defaults=True):
    """
    A group, supergroup or channel.

    `deleted` are the last messages that are here no more. `pinned` stands in the order of sending.
    `available_reactions`: None for all emoji. `last_bot_id` is the bot that spoke last, which hears bare
    commands. `slow_mode_delay`: seconds between two messages of one member; `spoke` is when (Unix seconds).
    `banned_senders`: chats as which nobody may speak. `guard_bot_id`: the bot that decides join requests.
    `migrated_to`: the supergroup this group became.
    """

    id: int
    type: ChatType
    title: str
    username: str = ""
    linked_chat_id: int = 0
    permissions: frozenset[str] = frozenset()
    members: dict[int, Member] = field(default_factory=dict)
    bot_ids: set[int] = field(default_factory=set)
    messages: dict[int, Message] = field(default_factory=dict)
    deleted: dict[int, Message] = field(default_factory=dict)
    ephemeral: dict[int, Message] = field(default_factory=dict)
    next_ephemeral_id: int = 1
    pinned: list[int] = field(default_factory=list)
    next_message_id: int = 1
    links: list[InviteLink] = field(default_factory=list)
    has_protected_content: bool = False
    available_reactions: list[Wire] | None = None
    last_bot_id: int = 0
    description: str = ""
    photo_id: str = ""
    slow_mode_delay: int = 0
    spoke: dict[int, float] = field(default_factory=dict)
    join_by_request: bool = False
    join_to_send_messages: bool = False
    has_hidden_members: bool = False
    banned_senders: set[int] = field(default_factory=set)
    join_requests: dict[int, JoinRequest] = field(default_factory=dict)
    guard_bot_id: int = 0
    is_forum: bool = False
    topics: dict[int, Topic] = field(default_factory=dict)
    deleted_topics: set[int] = field(default_factory=set)
    migrated_to: int = 0
    is_deleted: bool = False

    @property
    def is_group(self) -> bool:
        """Whether people talk here (a basic group or a supergroup)."""
        return self.type is not ChatType.CHANNEL


def start_message(message_id: int, date: int, person_id: int, payload: str = "") -> Message:
    """What pressing Start writes: `/start` or `/start payload`."""
    text = f"/start {payload}" if payload else "/start"
    entity: Wire = {"offset": 0, "length": 6, "type": "bot_command"}
    return Message(message_id, date, sender_id=person_id, text=text, entities=[entity])


class Dialog(Struct, gc=False, omit_defaults=True):
    """
    The private chat of one bot and one person. It exists once the person has written to the bot.

    `open_until`: the bot wrote first, to somebody who asked to join; it may until then (Unix seconds, 0: the
    person started the bot). `start_id` and `start_date` are those of the first /start: a million dialogs fit
    into memory because `history`, `pins` and `removed` are made when somebody looks at `messages`, `pinned`
    and `deleted`.
    """

    bot_id: int
    person_id: int
    blocked: bool = False
    open_until: float = 0.0
    start_id: int = 0
    start_date: int = 0
    history: dict[int, Message] | None = None
    pins: list[int] | None = None
    removed: dict[int, Message] | None = None

    @property
    def messages(self) -> dict[int, Message]:
        """What was said, by message id, oldest first."""
        if self.history is None:
            self.history = {}
            if self.start_id:
                self.history[self.start_id] = start_message(self.start_id, self.start_date, self.person_id)
        return self.history

    @property
    def deleted(self) -> dict[int, Message]:
        """What was deleted last, by message id (see `deletion.remove`)."""
        if self.removed is None:
            self.removed = {}
        return self.removed

    @property
    def pinned(self) -> list[int]:
        """The pinned messages, in the order of sending."""
        if self.pins is None:
            self.pins = []
        return self.pins


Room = Chat | Dialog


class Webhook(Struct, omit_defaults=True):
    """
    Where a bot's updates go, as setWebhook said; `ip_address` is given, or what the host's name means.

    `certificate` is the self-signed one it trusts (PEM). `last_error_date` is Unix seconds, 0 is never;
    `gone_since` is when the first HTTP 410 of the present row came, 0 if the last answer was another.
    """

    url: str
    secret_token: str = ""
    max_connections: int = 40
    ip_address: str = ""
    has_fixed_address: bool = False
    certificate: bytes = b""
    last_error_date: int = 0
    last_error_message: str = ""
    gone_since: float = 0.0


class Bot(Struct, omit_defaults=True):
    """
    A bot: its token, its queue, what it has seen. Message ids of its private chats are one sequence.

    `guests`: who asked to join a chat of its, and until when it may write to them (Unix seconds). `texts`:
    name, description and short_description, by "<which>/<language>". `menu_buttons`: by person, 0 for all.
    `default_rights`: what it asks for in groups (False) and channels (True); is_anonymous is one of them.

    `nanostars` is its balance of Telegram Stars, in billionths. `next_webhook_set`: when setWebhook may be
    called again; `launched_at`: when it was made, or last closed (both Unix seconds). Who is `logged_out`
    is answered 400 until that is undone.
    """

    id: int
    token: str
    queue: UpdateQueue
    reads_all: bool = True
    dialogs: dict[int, Dialog] = field(default_factory=dict)
    known_chats: set[int] = field(default_factory=set)
    commands: dict[str, list[Wire]] = field(default_factory=dict)
    guests: dict[int, float] = field(default_factory=dict)
    can_join_groups: bool = True
    supports_join_request_queries: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    menu_buttons: dict[int, Wire] = field(default_factory=dict)
    default_rights: dict[int, frozenset[str]] = field(default_factory=dict)
    transactions: list[Wire] = field(default_factory=list)
    next_message_id: int = 1
    nanostars: int = 0
    supports_inline: bool = False
    inline_feedback: bool = False
    supports_guests: bool = False
    webhook: Webhook | None = None
    next_webhook_set: float = 0.0
    launched_at: float = 0.0
    logged_out: bool = False


class Click(Struct, omit_defaults=True):
    """A press of an inline button, waiting for the bot's answer; `message_id` is 0 under an ephemeral one."""

    id: str
    bot_id: int
    user_id: int
    date: float
    chat_id: int = 0
    message_id: int = 0
    answered: bool = False
    text: str = ""
    show_alert: bool = False
    url: str = ""
