"""The kinds of content, and the options each of them takes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ParseMode(StrEnum):
    """How Telegram reads a text's markup."""

    PLAIN = ""
    HTML = "HTML"
    MARKDOWN = "MarkdownV2"


class MediaKind(StrEnum):
    """What a file is shown as."""

    PHOTO = "photo"
    VIDEO = "video"
    DOCUMENT = "document"
    ANIMATION = "animation"
    AUDIO = "audio"
    VOICE = "voice"

    @property
    def is_seen(self) -> bool:
        """It has a picture: the caption may stand above it, and a spoiler may cover it."""
        return self in (MediaKind.PHOTO, MediaKind.VIDEO, MediaKind.ANIMATION)


@dataclass(frozen=True, kw_only=True)
class Button:
    """An inline button; exactly one of `url`, `data` (1 to 64 bytes), `copy`, `web_app` says what it does."""

    text: str
    url: str = ""
    data: str = ""
    copy: str = ""
    #: An https:// address that opens inside Telegram.
    web_app: str = ""


Buttons = tuple[tuple[Button, ...], ...]
"""Rows of buttons."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A message given as text; it may hold placeholders."""

    text: str
    parse_mode: ParseMode = ParseMode.PLAIN
    buttons: Buttons = ()
    silent: bool = False
    protect: bool = False
    link_preview: bool = True
    #: The link's preview stands above the text.
    preview_above: bool = False
    #: Telegram's id of an effect, digits; "": none.
    effect: str = ""
    #: Pin it once it has arrived; a failure to is no failure of the delivery.
    pin: bool = False


@dataclass(frozen=True, kw_only=True)
class Media:
    """A file with a caption, which may hold placeholders."""

    kind: MediaKind
    #: A file_id of this bot, or an http(s) address from which Telegram fetches it.
    file: str
    caption: str = ""
    parse_mode: ParseMode = ParseMode.PLAIN
    #: The caption stands above (photo, video, animation).
    above: bool = False
    #: Covered until it is tapped (photo, video, animation).
    spoiler: bool = False
    buttons: Buttons = ()
    silent: bool = False
    protect: bool = False
    effect: str = ""
    pin: bool = False


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A message written in Telegram itself, copied from the chat that keeps it."""

    from_chat_id: int
    message_id: int
    buttons: Buttons = ()
    silent: bool = False
    protect: bool = False
    effect: str = ""
    pin: bool = False


@dataclass(frozen=True, kw_only=True)
class Album:
    """
    Several messages, copied at once: albums stay albums.

    Telegram takes neither buttons nor effects with them: `follow_up` is a text sent after them that may.
    """

    from_chat_id: int
    #: 1 to 100, ascending. Telegram leaves out, silently, what it cannot copy.
    message_ids: tuple[int, ...]
    follow_up: Text | None = None
    silent: bool = False
    protect: bool = False
    #: Pin the first of them.
    pin: bool = False


Message = Text | Media | Copy | Album
"""What one person gets."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One of several messages."""

    content: Message
    #: A tag such as "de" or "pt-br"; "": for everybody for whose language there is no other.
    language: str = ""
    #: How many get it, against the other variants of the same language.
    weight: int = 1


@dataclass(frozen=True, kw_only=True)
class Variants:
    """By language, by chance (A/B), or both. A variant's number is its place, from 0."""

    variants: tuple[Variant, ...]
    #: Percent of the audience that gets nothing, to compare with.
    hold_out: int = 0


Content = Message | Variants


class Recipient(NamedTuple):
    """Whom a message greets, as Telegram named them when they last wrote; "" is not known."""

    id: int
    first_name: str = ""
    username: str = ""
    language: str = ""


def messages_of(content: Content) -> tuple[Message, ...]:
    """What it says, in every variant."""
    if isinstance(content, Variants):
        return tuple(variant.content for variant in content.variants)
    return (content,)
