"""What the control API is asked: the records of bodies. Unknown fields are refused."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gatecrier_sandbox.control.scalars import (
    Count,
    Date,
    Duration,
    FileKind,
    Id,
    MessageId,
    Pixels,
    Seconds,
    Share,
    Text,
)
from gatecrier_sandbox.world.things import Thing

# Accounts


class NewBot(Struct, forbid_unknown_fields=True):
    """A bot to be made; without a token it gets one from the seed."""

    username: str
    first_name: str = ""
    token: str = ""
    can_read_all_group_messages: bool = True


class BotEdit(Struct, forbid_unknown_fields=True):
    """What of a bot changes (what its owner tells BotFather); `logged_out` can only be undone."""

    first_name: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    can_join_groups: bool | UnsetType = UNSET
    can_read_all_group_messages: bool | UnsetType = UNSET
    supports_inline_queries: bool | UnsetType = UNSET
    inline_feedback: bool | UnsetType = UNSET
    supports_guest_queries: bool | UnsetType = UNSET
    supports_join_request_queries: bool | UnsetType = UNSET
    stars: Annotated[float, Meta(ge=0, le=1e9)] | UnsetType = UNSET
    logged_out: Literal[False] | UnsetType = UNSET


class NewPerson(Struct, forbid_unknown_fields=True):
    """A person to be made; id 0 takes the next free one."""

    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    is_premium: bool = False
    id: Id = 0


class PersonEdit(Struct, forbid_unknown_fields=True):
    """What of a person changes."""

    first_name: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    last_name: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    username: str | UnsetType = UNSET
    language_code: Annotated[str, Meta(max_length=16)] | UnsetType = UNSET
    is_premium: bool | UnsetType = UNSET
    hides_forwards: bool | UnsetType = UNSET
    bio: Annotated[str, Meta(max_length=140)] | UnsetType = UNSET


class NewSubscribers(Struct, forbid_unknown_fields=True):
    """Many people who started a bot `started_ago` seconds ago; shares of them are lost since."""

    bot_id: Id
    count: Count
    started_ago: Annotated[float, Meta(ge=0, le=1e9)] = 0
    blocked: Share = 0
    deactivated: Share = 0
    announce: bool = True
    language_code: Annotated[str, Meta(max_length=16)] = "en"


class Deactivation(Struct, forbid_unknown_fields=True):
    """A person who deletes their account."""

    user_id: Id


class Start(Struct, forbid_unknown_fields=True):
    """A person who presses Start, perhaps by a link with a payload."""

    user_id: Id
    bot_id: Id
    payload: Annotated[str, Meta(max_length=64)] = ""


class Pair(Struct, forbid_unknown_fields=True):
    """A person and a bot."""

    user_id: Id
    bot_id: Id


# Chats


class NewChat(Struct, forbid_unknown_fields=True):
    """A chat to be made, without members; id 0 takes the next free one."""

    type: Literal["group", "supergroup", "channel"]
    title: Annotated[str, Meta(min_length=1, max_length=128)]
    username: str = ""
    linked_chat_id: Id = 0
    permissions: dict[str, bool] | None = None
    id: Id = 0


class ChatEdit(Struct, forbid_unknown_fields=True):
    """
    What of a chat changes, as its owner would do it. `linked_chat_id` 0 unlinks, `guard_bot_id` 0 frees.

    `permissions` are those that are true; what is left out is taken away.
    """

    title: Annotated[str, Meta(min_length=1, max_length=128)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    username: str | UnsetType = UNSET
    permissions: dict[str, bool] | UnsetType = UNSET
    linked_chat_id: Id | UnsetType = UNSET
    is_forum: bool | UnsetType = UNSET
    slow_mode_delay: Annotated[int, Meta(ge=0, le=86_400)] | UnsetType = UNSET
    join_by_request: bool | UnsetType = UNSET
    join_to_send_messages: bool | UnsetType = UNSET
    guard_bot_id: Id | UnsetType = UNSET
    has_protected_content: bool | UnsetType = UNSET
    has_hidden_members: bool | UnsetType = UNSET


class NewMember(Struct, forbid_unknown_fields=True):
    """What somebody becomes; `by` is who does it, 0 the owner."""

    status: Literal["creator", "administrator", "member", "restricted", "left", "kicked"]
    rights: dict[str, bool] | None = None
    permissions: dict[str, bool] | None = None
    until_date: Date = 0
    is_anonymous: bool = False
    custom_title: Annotated[str, Meta(max_length=16)] = ""
    by: Id = 0


class Membership(Struct, forbid_unknown_fields=True):
    """A person and a chat they leave."""

    chat_id: Id
    user_id: Id


class NewJoin(Struct, forbid_unknown_fields=True):
    """A person and a chat they enter, perhaps by an invite link."""

    chat_id: Id
    user_id: Id
    link: Text = ""


class NewJoinRequest(Struct, forbid_unknown_fields=True):
    """A person who asks to be let in."""

    chat_id: Id
    user_id: Id
    bio: Annotated[str, Meta(max_length=140)] = ""
    link: Text = ""


class JoinDecision(Struct, forbid_unknown_fields=True):
    """What an administrator decides about somebody who asked to join."""

    chat_id: Id
    user_id: Id
    by: Id
    let_in: bool


class Migration(Struct, forbid_unknown_fields=True):
    """A basic group that becomes a supergroup."""

    chat_id: Id


class NewTopic(Struct, forbid_unknown_fields=True):
    """A topic somebody makes in a forum."""

    chat_id: Id
    user_id: Id
    name: Annotated[str, Meta(min_length=1, max_length=128)]


class TopicChange(Struct, forbid_unknown_fields=True):
    """Somebody closes a topic, or opens it again."""

    user_id: Id
    closed: bool


class NewLink(Struct, forbid_unknown_fields=True):
    """An invite link to be made; 0 means no end and no limit."""

    chat_id: Id
    by: Id
    name: Annotated[str, Meta(max_length=32)] = ""
    expire_date: Date = 0
    member_limit: Annotated[int, Meta(ge=0, le=99_999)] = 0
    creates_join_request: bool = False


class NewBotMember(Struct, forbid_unknown_fields=True):
    """A bot that is brought into a chat; `by` is who does it, 0 the owner."""

    chat_id: Id
    bot_id: Id
    by: Id = 0
    rights: dict[str, bool] | None = None


class Pin(Struct, forbid_unknown_fields=True):
    """A message somebody pins, or unpins."""

    chat_id: Id
    user_id: Id
    message_id: MessageId
    pinned: bool = True


# Talking


class NewMessage(Struct, forbid_unknown_fields=True):
    """What a person writes; in a private chat `chat_id` is the bot's id."""

    chat_id: Id
    from_id: Id
    text: Text
    anonymous: bool | None = None
    sender_chat_id: Id = 0
    reply_to_message_id: MessageId = 0
    media_group_id: Annotated[str, Meta(max_length=64)] = ""
    message_thread_id: MessageId = 0


class NewMedia(Struct, forbid_unknown_fields=True):
    """
    A file somebody sends: `data` (base64, for small ones), or the `file_id` of an uploaded or sent one.

    What is sent with the same `media_group_id`, one after the other, is an album. Width and height in pixels,
    duration in seconds.
    """

    chat_id: Id
    from_id: Id
    kind: FileKind
    file_id: Annotated[str, Meta(max_length=200)] = ""
    data: bytes = b""
    name: Annotated[str, Meta(max_length=255)] = ""
    mime_type: Annotated[str, Meta(max_length=100)] = ""
    caption: Text = ""
    media_group_id: Annotated[str, Meta(max_length=64)] = ""
    width: Pixels = 0
    height: Pixels = 0
    duration: Duration = 0
    title: Annotated[str, Meta(max_length=64)] = ""
    performer: Annotated[str, Meta(max_length=64)] = ""
    emoji: Annotated[str, Meta(max_length=64)] = ""
    has_spoiler: bool = False
    anonymous: bool | None = None
    sender_chat_id: Id = 0
    reply_to_message_id: MessageId = 0
    message_thread_id: MessageId = 0


class NewThing(Struct, forbid_unknown_fields=True):
    """A place, a contact, a dice or a poll somebody sends."""

    chat_id: Id
    from_id: Id
    thing: Thing
    reply_to_message_id: MessageId = 0
    message_thread_id: MessageId = 0


class Edit(Struct, forbid_unknown_fields=True):
    """A person's message that changes."""

    chat_id: Id
    from_id: Id
    message_id: MessageId
    text: Text


class PollOption(Struct, forbid_unknown_fields=True):
    """An answer somebody adds to a poll."""

    user_id: Id
    chat_id: Id
    message_id: MessageId
    text: Annotated[str, Meta(max_length=100)]


class NewClick(Struct, forbid_unknown_fields=True):
    """A press of an inline button, found by its data or its text; `force` sends data no button has."""

    user_id: Id
    chat_id: Id
    message_id: MessageId = 0
    ephemeral_message_id: MessageId = 0
    data: Annotated[str, Meta(max_length=64)] = ""
    text: Text = ""
    force: bool = False


class Vote(Struct, forbid_unknown_fields=True):
    """Options somebody chooses in a poll, by their numbers from 0; none takes the vote back."""

    user_id: Id
    chat_id: Id
    message_id: MessageId
    option_ids: Annotated[list[Annotated[int, Meta(ge=0, le=99)]], Meta(max_length=100)]


class Reaction(Struct, forbid_unknown_fields=True):
    """All the reactions somebody gives to a message: emoji, or ids of custom emoji; none takes them back."""

    user_id: Id
    chat_id: Id
    message_id: MessageId
    reactions: Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=20)]


class NewInlineQuery(Struct, forbid_unknown_fields=True):
    """What somebody types behind a bot's name; `chat_id` is where, a bot's id for its private chat."""

    user_id: Id
    bot_id: Id
    query: Annotated[str, Meta(max_length=256)] = ""
    offset: Annotated[str, Meta(max_length=64)] = ""
    chat_id: Id = 0


class ChosenResult(Struct, forbid_unknown_fields=True):
    """A result of an inline query somebody sends to where they typed it."""

    inline_query_id: str
    result_id: str


# Laws and log


class ClockWish(Struct, forbid_unknown_fields=True):
    """
    `real` is the machine's time. `manual` goes on from `now` (Unix seconds; absent: from where it is) at
    `speed` times the machine's, 0 standing still.
    """

    mode: Literal["real", "manual"]
    now: Annotated[float, Meta(ge=1, le=2_147_483_647)] | UnsetType = UNSET
    speed: Annotated[float, Meta(ge=0, le=100_000)] = 0.0


class Advance(Struct, forbid_unknown_fields=True):
    """Seconds by which the time moves forward."""

    seconds: Seconds
