"""
The least of an update that can let a group message pass: who wrote where, and that it is nothing special.

Nearly all traffic is plain messages of people who are known to belong. Decoding only this much of them
takes half the time of decoding all that we use of a message (docs/benchmarks.md); whatever a glance does
not settle is decoded whole.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec

Knows = Callable[[int, int], bool]
"""Whether a plain message in this chat by this person may stay, and nothing is to be done about it."""


def nobody(chat_id: int, person_id: int) -> bool:
    """Nobody is known: every update is decoded whole."""
    del chat_id, person_id
    return False


class _Chat(msgspec.Struct, frozen=True, gc=False):
    """A group or channel: the ids of people are positive."""

    id: Annotated[int, msgspec.Meta(lt=0)]


class _Sender(msgspec.Struct, frozen=True, gc=False):
    id: int
    is_bot: bool


class _Present(msgspec.Struct, frozen=True, gc=False):
    """Stands for an object of which only the presence matters."""


_NOTHING = msgspec.Raw(b"")


class _Message(msgspec.Struct, frozen=True, gc=False, rename={"sender": "from"}):
    """
    Fields beyond these are skipped without being looked at; texts are not unescaped.

    What makes a message special is declared as None: to meet it there ends the glance, and costs the
    plain ones nothing.
    """

    chat: _Chat
    sender: _Sender
    text: msgspec.Raw = _NOTHING
    photo: msgspec.Raw = _NOTHING
    video: _Present | None = None
    sticker: _Present | None = None
    animation: _Present | None = None
    voice: _Present | None = None
    document: _Present | None = None
    sender_chat: None = None
    guest_bot_caller_user: None = None
    is_automatic_forward: None = None


class Glance(msgspec.Struct, frozen=True, gc=False):
    """An update as far as a glance sees it."""

    update_id: int
    message: _Message | None = None
    edited_message: _Message | None = None


_decode = msgspec.json.Decoder(Glance).decode


def passed(body: bytes | msgspec.Raw, knows: Knows) -> int | None:
    """
    The number of an update that is a plain group message and may stay; None: decode it whole.

    Plain is what a person wrote or showed as themselves, and no command; a service message is not
    (it has neither text nor media), nor is one whose kind we have not named here.
    """
    try:
        seen = _decode(body)
    except msgspec.DecodeError:
        return None
    message = seen.message or seen.edited_message
    if message is None:
        return None
    sender = message.sender
    if sender.is_bot:
        return None
    text = message.text
    if text is _NOTHING:
        if not _shows_something(message):
            return None
    else:
        start = bytes(text)  # a quotation mark first
        if start[1] == _SLASH or (start[1] == _BACKSLASH and start.startswith(_ESCAPED_SLASHES)):
            return None  # a command, perhaps
    return seen.update_id if knows(message.chat.id, sender.id) else None


_SLASH, _BACKSLASH = b"/\\"
_ESCAPED_SLASHES = (b'"\\/', b'"\\u002f', b'"\\u002F')
"""The other ways in which JSON may write a text that begins with a slash."""


def _shows_something(message: _Message) -> bool:
    return (
        message.photo is not _NOTHING
        or message.video is not None
        or message.sticker is not None
        or message.animation is not None
        or message.voice is not None
        or message.document is not None
    )
