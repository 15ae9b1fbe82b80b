"""What is written in a message, and what can be pressed under it."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeVar, cast

from gatecrier.broadcast.content.model import Album, Buttons, Media, Message, ParseMode, Text

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
"""UTF-16 units after the markup is parsed (Bot API sendMessage, sendPhoto)."""


M = TypeVar("M", bound=Message)


class Written(NamedTuple):
    """A text, as its author wrote it, and the field it stands in."""

    field: str
    text: str
    parse_mode: ParseMode
    longest: int = LONGEST_TEXT
    may_be_empty: bool = False


def written(message: Message) -> tuple[Written, ...]:
    """What an operator wrote in it; nothing in what is copied."""
    match message:
        case Text():
            return (Written("text", message.text, message.parse_mode),)
        case Media():
            return (
                Written("caption", message.caption, message.parse_mode, LONGEST_CAPTION, may_be_empty=True),
            )
        case Album(follow_up=Text() as text):
            return (Written("follow_up", text.text, text.parse_mode),)
        case _:
            return ()


def rewritten(message: M, change: Callable[[str, ParseMode], str]) -> M:
    """The message with each text changed."""
    changed: Message = message
    match message:
        case Text():
            changed = replace(message, text=change(message.text, message.parse_mode))
        case Media():
            changed = replace(message, caption=change(message.caption, message.parse_mode))
        case Album(follow_up=Text() as text):
            changed = replace(message, follow_up=replace(text, text=change(text.text, text.parse_mode)))
    return cast("M", changed)


def buttons_in(message: Message) -> Buttons:
    """The buttons under it, or under the text that follows it."""
    if isinstance(message, Album):
        return message.follow_up.buttons if message.follow_up else ()
    return message.buttons


def with_buttons(message: M, buttons: Buttons) -> M:
    """The message with other buttons in the same place."""
    changed: Message = message
    if not isinstance(message, Album):
        changed = replace(message, buttons=buttons)
    elif message.follow_up:
        changed = replace(message, follow_up=replace(message.follow_up, buttons=buttons))
    return cast("M", changed)
