"""
What kind of call a Bot API method is: which budget it spends, and what a repetition does.

Bot API names tell: `get*` reads, `send*`, `copy*` and `forward*` send. Telegram has no
idempotency key (tdlib/telegram-bot-api #126), so what sends is never repeated once its body left;
nor is an edit, because a newer one may have come in between.
"""

from enum import Enum
from functools import cache


class Kind(Enum):
    """What a method does, seen from the budgets."""

    SEND = "send"
    """Makes a new message; spends the budgets of the bot and of the chat."""

    EDIT = "edit"
    """Changes a message; Telegram counts it like a send (about 20/min in groups)."""

    READ = "read"
    """Changes nothing; its own budget."""

    ACT = "act"
    """Deletes, restricts, answers a press, sets something: outside Telegram's sending limits."""

    POLL = "poll"
    """getUpdates: waits on purpose, and its caller has its own way with errors."""

    def __hash__(self) -> int:
        return id(self)  # members are singletons; Enum's own hash is Python code on the hot path


_NOT_REALLY_SENDS = frozenset({"sendchataction"})

_SENDS = ("send", "copy", "forward")

_EDITS = ("editmessage", "editephemeralmessage", "stoppoll", "stopmessagelivelocation")

_REPEATABLE_ACTS = (
    "delete",
    "restrict",
    "ban",
    "unban",
    "answercallbackquery",
    "answerinlinequery",
    "answerchatjoinrequestquery",
    "set",
    "pin",
    "unpin",
    "promote",
    "approvechatjoinrequest",
    "declinechatjoinrequest",
    "closeforumtopic",
    "reopenforumtopic",
    "sendchataction",
    "leavechat",
)
"""Twice the same state. What creates, buys or answers with a message is not here, nor anything unheard of."""

_SHOWS_IT_WORKED = frozenset(
    {
        ("leavechat", "not_member"),
        ("approvechatjoinrequest", "already_member"),
        ("approvechatjoinrequest", "no_join_request"),
        ("declinechatjoinrequest", "no_join_request"),
        ("deletemessage", "message_gone"),
        ("deleteforumtopic", "topic_gone"),
        ("answercallbackquery", "press_too_old"),
    }
)
"""(method, code) by which Telegram refuses to do a second time what it did the first time."""


@cache
def kind_of(method: str) -> Kind:
    """The kind of `method`; names are compared without case, as the server does."""
    name = method.lower()
    if name == "getupdates":
        return Kind.POLL
    if name.startswith("get"):
        return Kind.READ
    if name.startswith(_SENDS) and name not in _NOT_REALLY_SENDS:
        return Kind.SEND
    return Kind.EDIT if name.startswith(_EDITS) else Kind.ACT


@cache
def is_repeatable(method: str) -> bool:
    """Whether the same call, made again at once after an unknown outcome, does no harm."""
    kind = kind_of(method)
    if kind is Kind.ACT:
        return method.lower().startswith(_REPEATABLE_ACTS)
    return kind in (Kind.READ, Kind.POLL)


@cache
def is_replaceable(method: str) -> bool:
    """Whether its caller may make it anew after an unknown outcome: the last edit is what people see."""
    return is_repeatable(method) or kind_of(method) is Kind.EDIT


def shows_it_worked(method: str, code: str) -> bool:
    """Whether a repetition that is refused with `code` proves that the call before it worked."""
    return code == "not_modified" or (method.lower(), code) in _SHOWS_IT_WORKED
