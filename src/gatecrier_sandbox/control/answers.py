"""
What the control API answers: the records a client reads.

Persons, chats, members and messages are JSON as a bot sees it, with what only people know added; the
fields named here are those a client reads most, others may come along.
"""

from typing import Any, Literal

from msgspec import Struct, field

Wire = dict[str, Any]


class Refusal(Struct, omit_defaults=True):
    """Why something was refused; `field` is the part of the request that was wrong, if one was."""

    error: str
    field: str = ""


class Person(Struct):
    """An account: a User of the Bot API, and what bots cannot see."""

    id: int
    is_bot: bool
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    is_premium: bool = False
    deactivated: bool = False
    hides_forwards: bool = False
    bio: str = ""
    photos: int = 0


class People(Struct):
    """Accounts in the order of their making, and how many there are in all."""

    people: list[Person]
    total: int


class Bot(Struct):
    """A bot: its token, its settings, and how it stands."""

    id: int
    token: str
    username: str
    first_name: str
    can_join_groups: bool
    can_read_all_group_messages: bool
    supports_inline_queries: bool
    inline_feedback: bool
    supports_guest_queries: bool
    supports_join_request_queries: bool
    logged_out: bool
    stars: float
    webhook_url: str
    subscribers: int
    pending_updates: int
    dropped_updates: int


class NewBotToken(Struct):
    """A bot that was just made."""

    id: int
    token: str
    username: str


class Chat(Struct):
    """A Chat of the Bot API, and what its owner set."""

    id: int
    type: Literal["group", "supergroup", "channel"]
    title: str
    permissions: dict[str, bool]
    username: str = ""
    linked_chat_id: int = 0
    is_forum: bool = False
    member_count: int = 0


class Member(Struct):
    """A ChatMember of the Bot API; `may` says what holds for them now."""

    user: Wire
    status: Literal["creator", "administrator", "member", "restricted", "left", "kicked"]
    may: dict[str, bool]
    custom_title: str = ""
    until_date: int = 0
    is_member: bool = False


class Message(Struct):
    """
    A Message of the Bot API; media stand in fields of their own (`photo`, `document`, ...).

    `keyboard` is what the person sees instead of their own (a reply keyboard), `reacted` who reacted how.
    """

    message_id: int
    date: int
    chat: Wire
    sender: Wire | None = field(default=None, name="from")
    sender_chat: Wire | None = None
    text: str = ""
    caption: str = ""
    entities: list[Wire] = field(default_factory=list)
    caption_entities: list[Wire] = field(default_factory=list)
    reply_markup: Wire | None = None
    reply_to_message: Wire | None = None
    edit_date: int = 0
    message_thread_id: int = 0
    media_group_id: str = ""
    photo: list[Wire] = field(default_factory=list)
    poll: Wire | None = None
    keyboard: Wire | None = None
    reacted: list["Reacted"] = field(default_factory=list)


class Reacted(Struct):
    """One reaction to a message and who gave it (a chat's id where somebody anonymous did)."""

    type: Wire
    user_ids: list[int]


class ClickMade(Struct):
    """A press of a button; ask for it by this id."""

    callback_query_id: str


class Click(Struct):
    """Whether a press was answered, and how."""

    answered: bool
    text: str
    show_alert: bool
    url: str


class Blocking(Struct):
    """Whether a person has blocked a bot now."""

    user_id: int
    bot_id: int
    blocked: bool


class Deactivated(Struct):
    """A person who is no more."""

    user_id: int
    deactivated: bool


class Call(Struct):
    """One call of a bot. `time` is Unix seconds; long `params` are cut."""

    seq: int
    time: float
    bot_id: int
    method: str
    chat_id: str
    params: Wire
    ok: bool
    error_code: int | None = None
    description: str | None = None


class Calls(Struct):
    """Calls, oldest first, and how many there were ever."""

    calls: list[Call]
    total: int


class Count(Struct):
    """How many."""

    count: int


class Update(Struct):
    """An update as the bot gets it; `confirmed` when it will not come again."""

    update_id: int
    confirmed: bool
    update: Wire


class Deleted(Struct):
    """How many were deleted."""

    deleted: int


class WebhookLaw(Struct, forbid_unknown_fields=True):
    """`strict`: webhooks must be HTTPS, on Telegram's ports and at public addresses."""

    strict: bool


class Saved(Struct):
    """Where the world was written to, and how long the file is, in bytes."""

    path: str
    size: int


class StoredFile(Struct):
    """A file that can be sent; `file_id` is what bots know it by. `size` in bytes."""

    file_id: str
    file_unique_id: str
    kind: str
    path: str
    name: str
    mime_type: str
    size: int


class JoinRequest(Struct):
    """Somebody's wish to come in. `link` is empty where they came without; `date` is Unix seconds."""

    user_id: int
    chat_id: int
    date: int
    bio: str
    link: str


class Link(Struct):
    """A ChatInviteLink of the Bot API."""

    invite_link: str
    creator: Wire
    creates_join_request: bool
    is_primary: bool
    is_revoked: bool
    name: str = ""
    expire_date: int = 0
    member_limit: int = 0


class Topic(Struct):
    """A topic of a forum; its id is the `message_thread_id` of its messages."""

    message_thread_id: int
    name: str
    is_closed: bool
    is_hidden: bool


class InlineQuery(Struct):
    """What a person typed behind a bot's name, and the bot's answer; without one there are no results."""

    inline_query_id: str
    answered: bool
    results: list[Wire]
    next_offset: str
    button: Wire | None


class Coverage(Struct):
    """The methods of the Bot API: supported, partial (and what is missing), absent."""

    version: str
    supported: list[str]
    partial: dict[str, list[str]]
    absent: list[str]


class CoverageCount(Struct):
    """How many methods are supported, partial, absent."""

    supported: int
    partial: int
    absent: int


class Summary(Struct):
    """What there is."""

    bots: list[Bot]
    people: int
    chats: list[Wire]
    calls: int
    faults: int
    limits: Wire
    coverage: CoverageCount
