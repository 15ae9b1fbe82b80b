"""
What kind of call a Bot API method is: which budget it spends, and whether repeating it is harmless.

Bot API names tell: `get*` reads, `send*`, `copy*` and `forward*` send. Telegram has no
idempotency key (tdlib/telegram-bot-api #126), so what sends is never repeated once its body left.
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
    """Whether a second call after an unknown outcome does no harm."""
    kind = kind_of(method)
    if kind is Kind.ACT:
        return method.lower().startswith(_REPEATABLE_ACTS)
    return kind is not Kind.SEND
