"""What the control API is asked: bodies, paths and queries, and how wrong ones are refused."""

import re
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from gatecrier_sandbox.errors import Refused
from gatecrier_sandbox.structured import BROKEN
from gatecrier_sandbox.world.calls import CallFilter

T = TypeVar("T")
PLACE = re.compile(r"\$\.(\w+)|field `(\w+)`")
LARGEST_BODY = 1 << 20


class NewBot(Struct, forbid_unknown_fields=True):
    """POST /sandbox/bots."""

    username: str
    first_name: str = ""
    token: str = ""
    can_read_all_group_messages: bool = True


class NewPerson(Struct, forbid_unknown_fields=True):
    """POST /sandbox/people."""

    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    is_premium: bool = False
    id: int = 0


class NewChat(Struct, forbid_unknown_fields=True):
    """POST /sandbox/chats."""

    type: Literal["group", "supergroup", "channel"]
    title: str
    username: str = ""
    linked_chat_id: int = 0
    permissions: dict[str, bool] | None = None
    id: int = 0


class NewMember(Struct, forbid_unknown_fields=True):
    """PUT /sandbox/chats/{chat_id}/members/{user_id}."""

    status: Literal["creator", "administrator", "member", "restricted", "left", "kicked"]
    rights: dict[str, bool] | None = None
    permissions: dict[str, bool] | None = None
    until_date: int = 0
    is_anonymous: bool = False
    custom_title: str = ""
    by: int = 0


class Membership(Struct, forbid_unknown_fields=True):
    """POST /sandbox/joins, /sandbox/leaves."""

    chat_id: int
    user_id: int


class NewMessage(Struct, forbid_unknown_fields=True):
    """POST /sandbox/messages."""

    chat_id: int
    from_id: int
    text: str
    anonymous: bool | None = None
    sender_chat_id: int = 0
    reply_to_message_id: int = 0
    media_group_id: str = ""
    message_thread_id: int = 0


class Edit(Struct, forbid_unknown_fields=True):
    """POST /sandbox/edits."""

    chat_id: int
    from_id: int
    message_id: int
    text: str


class Start(Struct, forbid_unknown_fields=True):
    """POST /sandbox/starts."""

    user_id: int
    bot_id: int
    payload: str = ""


class Pair(Struct, forbid_unknown_fields=True):
    """POST /sandbox/blocks, /sandbox/unblocks."""

    user_id: int
    bot_id: int


class Deactivation(Struct, forbid_unknown_fields=True):
    """POST /sandbox/deactivations."""

    user_id: int


class NewClick(Struct, forbid_unknown_fields=True):
    """POST /sandbox/clicks."""

    user_id: int
    chat_id: int
    message_id: int
    data: str = ""
    text: str = ""
    force: bool = False


class NewSubscribers(Struct, forbid_unknown_fields=True):
    """POST /sandbox/subscribers."""

    bot_id: int
    count: int
    started_ago: float = 0
    blocked: float = 0
    deactivated: float = 0
    announce: bool = True
    language_code: str = "en"


async def read(request: Request, kind: type[T], *, null_means_off: bool = False) -> T:
    """The body as a record. A null is as if left out, unless it `null_means_off`."""
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise Refused("the body is too large", status=413)
    try:
        value = msgspec.json.decode(body or b"{}")
        if isinstance(value, dict) and not null_means_off:
            value = {name: content for name, content in value.items() if content is not None}
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Refused(str(error), field=_field(str(error)), status=422) from None
    except BROKEN:
        raise Refused("the body is not JSON") from None


def _field(text: str) -> str | None:
    match = PLACE.search(text)
    return (match[1] or match[2]) if match else None


def path_id(request: Request, name: str) -> int:
    """An id in the path; 404 if it is no number."""
    try:
        return int(request.path_params[name])
    except ValueError:
        raise Refused("not a number", field=name, status=404) from None


def number(request: Request, name: str, default: int) -> int:
    """A number in the query."""
    value = request.query_params.get(name, "")
    try:
        return int(value) if value else default
    except ValueError:
        raise Refused("not a number", field=name) from None


def call_filter(request: Request) -> CallFilter:
    """Which calls a query asks for."""
    query = request.query_params
    ok = query.get("ok")
    return CallFilter(
        bot_id=number(request, "bot_id", 0) or None,
        method=query.get("method") or None,
        chat_id=query.get("chat_id") or None,
        ok=None if ok is None else ok.lower() in {"true", "1"},
        after=number(request, "after", 0),
    )
