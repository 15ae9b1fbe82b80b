"""What the control API is asked behind the question mark. Unknown parameters are refused."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gatecrier_sandbox.control.scalars import After, Duration, FileKind, Id, Limit, MessageId, Pixels


class Page(Struct, forbid_unknown_fields=True):
    """A part of a list: what comes after an id, and how many at most."""

    after: After = 0
    limit: Limit = 100


class RoomPage(Struct, forbid_unknown_fields=True):
    """A part of a room's messages; a private chat is named by the person with `bot_id`, or the reverse."""

    after: MessageId = 0
    limit: Limit = 100
    bot_id: Id = 0
    user_id: Id = 0


class Who(Struct, forbid_unknown_fields=True):
    """The person who does it."""

    user_id: Id


class NewFile(Struct, forbid_unknown_fields=True):
    """What an uploaded file is; width and height in pixels, duration in seconds."""

    kind: FileKind
    name: Annotated[str, Meta(max_length=255)] = ""
    mime_type: Annotated[str, Meta(max_length=100)] = ""
    width: Pixels = 0
    height: Pixels = 0
    duration: Duration = 0


class CallsQuery(Struct, forbid_unknown_fields=True):
    """Which calls: an absent field matches all. `after` is a `seq`."""

    bot_id: Id = 0
    method: str = ""
    chat_id: str = ""
    ok: bool | UnsetType = UNSET
    after: After = 0


class CallsPage(CallsQuery, forbid_unknown_fields=True):
    """Which calls, and how many at most."""

    limit: Limit = 100


class UpdatesQuery(Struct, forbid_unknown_fields=True):
    """Whose updates; `after` is an update_id."""

    bot_id: Id
    after: After = 0


class DeliveriesQuery(Struct, forbid_unknown_fields=True):
    """Whose messages; only those of exactly this text, if one is given."""

    bot_id: Id
    text: str | UnsetType = UNSET
